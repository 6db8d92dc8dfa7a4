"""Patience: when a visitor's connection has taken too long, by one look at the clock now and then."""

import asyncio
import fcntl
import struct
import termios
from asyncio import TimerHandle
from typing import Any, Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from guardware.proxy.cycle import Cycle
from guardware.proxy.request_reader import RequestReader

STALL = 60.0
"""Seconds without a byte of a request's body, or without one taken of an answer (nginx's defaults)."""

_GOODBYE = 0.1
"""Seconds between two looks at whether a visitor has all that was written to him."""

_TOO_SLOW = 408


class Watched(Protocol):
    """The connection: what is read, what is answered, and whether anything was answered or may still be asked."""

    transport: asyncio.Transport
    flow: FlowControl
    reader: RequestReader
    running: Cycle | None
    served: bool
    closed_to_more: bool

    def close(self) -> None:
        """End it once all that is written has gone."""

    def refuse(self, status: int) -> None:
        """Read no more, and say why."""


class Patience:
    """The time of one connection. ``since``: when what it waits for now began, by the loop's clock."""

    __slots__ = ("_connection", "_header", "_keep_alive", "_loop", "_progress", "_progress_at", "_timer", "since")

    def __init__(
        self, connection: Watched, loop: asyncio.AbstractEventLoop, header_timeout: float, keep_alive: float
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._header = header_timeout
        self._keep_alive = keep_alive
        self._timer: TimerHandle | None = None
        self._progress: tuple[Cycle | None, int] = (None, 0)
        self._progress_at = 0.0
        self.since = loop.time()

    def start(self) -> None:
        self.since = self._loop.time()
        self._timer = self._loop.call_later(self._period(), self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def see_off(self) -> None:
        """To be called once the connection is closed and the server stops: end it when the visitor has everything.

        By TLS he is to say goodbye, too, for which asyncio waits 30 s; RFC 8446 section 6.1 lets us leave.
        """
        self._loop.call_later(_GOODBYE, self._leave)

    def _leave(self) -> None:
        transport = self._connection.transport
        if self._timer is None:
            return  # it has ended
        if transport.get_write_buffer_size() or _unsent(transport.get_extra_info("socket")):
            self.see_off()
        else:
            transport.abort()

    def _period(self) -> float:
        return min(self._header, self._keep_alive, STALL)

    def _tick(self) -> None:
        """One look, instead of a timer for each request."""
        now = self._loop.time()
        limit = self._limit(now)
        wait = self._period()
        if limit is not None and now >= self.since + limit:
            self._time_is_up()
        elif limit is not None:
            wait = min(wait, self.since + limit - now)
        self._timer = self._loop.call_later(max(wait, 0.001), self._tick)

    def _limit(self, now: float) -> float | None:
        """Seconds after ``since`` at which this connection has taken too long; None if it is not its turn."""
        connection = self._connection
        if self._stalls(now):
            return 0.0
        if connection.running is None and connection.closed_to_more:
            return None  # it is about to be closed
        if connection.running is None and not connection.transport.is_closing():
            idle = connection.served and not connection.reader.in_head()
            return self._keep_alive if idle else self._header
        return STALL if connection.reader.in_body and not connection.flow.read_paused else None

    def _stalls(self, now: float) -> bool:
        """Whether the visitor has taken nothing for too long of what is ready for him."""
        cycle = self._connection.running
        outlet = cycle.outlet if cycle is not None else None
        left = self._connection.transport.get_write_buffer_size()
        if not left and (outlet is None or not outlet.waiting):
            self._progress_at = now
            return False
        taken = (cycle.sent if cycle is not None else 0) + (outlet.written if outlet is not None else 0) - left
        if (cycle, taken) != self._progress:
            self._progress, self._progress_at = (cycle, taken), now
        return now - self._progress_at >= STALL

    def _time_is_up(self) -> None:
        connection = self._connection
        transport = connection.transport
        if connection.running is None and connection.reader.in_head() and not transport.is_closing():
            connection.refuse(_TOO_SLOW)
        elif connection.running is None and not transport.get_write_buffer_size():
            connection.close()
        else:
            transport.abort()


def _unsent(visitor: Any) -> bool:
    """Whether the kernel still has bytes that this socket's peer has not acknowledged, or cannot say."""
    try:
        (amount,) = struct.unpack("i", fcntl.ioctl(visitor.fileno(), termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return True
    return bool(amount)
