"""The connections to one upstream: opened, kept for a while, watched for those that take too long."""

import asyncio
import socket
from asyncio import TimerHandle
from urllib.parse import urlsplit

from guardware.config.upstreams import Address
from guardware.proxy.relay.line import Line, LineClosedError

_IDLE = 64
"""Connections kept for the next request."""

_KEEP_ALIVE = 4.0
"""Seconds an idle one is kept: less than the 5 s of uvicorn and Node, so that we rarely ask a closed one."""

_LOOK = 1.0
"""Seconds between two looks at the clock for all of them, instead of a timer for each wait."""


class Lines:
    """Belongs to one event loop. How many are in use is bounded by who takes them (``Member.enter``)."""

    def __init__(self, address: Address, connect_timeout: float) -> None:
        self._address = address
        self._connect_timeout = connect_timeout
        self._idle: list[Line] = []
        self._used: set[Line] = set()
        self._timer: TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._idle) + len(self._used)

    async def take(self) -> Line:
        """A line that nobody uses, or a new one. Raises OSError, TimeoutError."""
        while self._idle:
            line = self._idle.pop()
            if line.is_fresh():
                self._used.add(line)
                return line
            line.close()
        return await self.open()

    async def open(self) -> Line:
        """A new line. Raises OSError, TimeoutError."""
        async with asyncio.timeout(self._connect_timeout):
            sock = await self._connect()
        loop = asyncio.get_running_loop()
        line = Line(sock, loop)
        self._used.add(line)
        if self._timer is None:
            self._timer = loop.call_later(_LOOK, self._look)
        return line

    def give_back(self, line: Line, *, clean: bool) -> None:
        """``clean``: its answer was taken whole, and the upstream keeps the connection."""
        self._used.discard(line)
        if clean and len(self._idle) < _IDLE:
            line.rest()
            line.deadline = asyncio.get_running_loop().time() + _KEEP_ALIVE
            self._idle.append(line)
        else:
            line.close()

    def close(self) -> None:
        """End all of them; whoever uses one gets a LineClosedError."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for line in self._idle:
            line.close()
        self._idle.clear()
        for line in self._used:
            line.fail(LineClosedError("the server stops"))

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for line in self._used:
            if line.deadline and now >= line.deadline:
                line.fail(TimeoutError("the upstream took too long"))
        late = [line for line in self._idle if line.closed or now >= line.deadline]
        for line in late:
            line.close()
        if late:
            self._idle = [line for line in self._idle if not line.closed]
        self._timer = loop.call_later(_LOOK, self._look) if len(self) else None

    async def _connect(self) -> socket.socket:
        loop = asyncio.get_running_loop()
        if self._address.socket:
            return await _connected(socket.AF_UNIX, 0, self._address.socket)
        parts = urlsplit(self._address.origin)
        found = await loop.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        failure: OSError = OSError("the upstream's name has no address")
        for family, _, protocol, _, where in found:
            try:
                return await _connected(family, protocol, where)
            except OSError as error:
                failure = error
        raise failure


async def _connected(family: int, protocol: int, where: object) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        sock.setblocking(False)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(sock, where)  # type: ignore[arg-type]
    except BaseException:
        sock.close()
        raise
    return sock
