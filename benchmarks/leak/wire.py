"""Reads along on one connection: which requests were made, and what came back. No I/O here."""

import time
from collections.abc import Callable
from typing import NamedTuple

import h11

_HEAD_BYTES = 256 * 1024
"""Headers longer than this are not read; no client here comes near."""


class Exchange(NamedTuple):
    """One request and its answer. ``status`` 0: none came; ``whole``: the body came to its end."""

    when: float
    method: str
    target: str
    status: int
    body: bytes
    whole: bool


class _Open(NamedTuple):
    when: float
    method: str
    target: str


class Reading:
    """One connection, read in both directions at once; each exchange is handed to ``keep`` when it is over.

    ``unread`` says why the rest cannot be read, and is empty as long as it can.
    """

    def __init__(self, keep: Callable[[Exchange], None]) -> None:
        self._keep = keep
        # The same two state machines as at the ends: each is told what the other end says.
        self._asked = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
        self._answered = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._open: _Open | None = None
        self._status = 0
        self._body = bytearray()
        self.unread = ""

    def from_client(self, data: bytes) -> None:
        """What the client sent; empty when it sends no more."""
        self._read(self._asked, data)

    def from_server(self, data: bytes) -> None:
        """What the server sent; empty when it sends no more."""
        self._read(self._answered, data)

    def end(self) -> None:
        """The connection is gone: what was under way is handed over as it is."""
        if self._open is not None:
            self._finish(whole=False)

    def _read(self, side: h11.Connection, data: bytes) -> None:
        if self.unread:
            return
        try:
            side.receive_data(data)
            while self._asking() or self._answering():
                pass
        except h11.ProtocolError as error:
            # That one side hung up in the middle is nothing unreadable.
            self.unread = str(error) if data else ""

    def _asking(self) -> bool:
        """Take one event of the client's; whether there was any."""
        event = self._asked.next_event()
        match event:
            case h11.Request():
                self._open = _Open(time.monotonic(), event.method.decode(), event.target.decode("latin-1"))
                # Rebuilt, as h11 sends nothing but HTTP/1.1; and that needs a Host.
                named = any(name == b"host" for name, _ in event.headers)
                host = [] if named else [(b"host", b"none")]
                self._answered.send(
                    h11.Request(method=event.method, target=event.target, headers=[*event.headers, *host])
                )
            case h11.Data() | h11.EndOfMessage():
                self._answered.send(event)
        return isinstance(event, h11.Request | h11.Data | h11.EndOfMessage)

    def _answering(self) -> bool:
        """Take one event of the server's; whether there was any."""
        event = self._answered.next_event()
        match event:
            case h11.InformationalResponse():
                self._asked.send(event)
            case h11.Response():
                self._status = event.status_code
                self._asked.send(h11.Response(status_code=event.status_code, headers=list(event.headers)))
            case h11.Data():
                self._body += event.data
                self._asked.send(event)
            case h11.EndOfMessage():
                self._asked.send(event)
                self._finish(whole=True)
                self._next()
        return isinstance(event, h11.InformationalResponse | h11.Response | h11.Data | h11.EndOfMessage)

    def _finish(self, *, whole: bool) -> None:
        if self._open is not None:
            self._keep(Exchange(*self._open, self._status, bytes(self._body), whole))
        self._open, self._status = None, 0
        self._body.clear()

    def _next(self) -> None:
        """Ready for another request, if both ends keep the connection."""
        if all(side.our_state is side.their_state is h11.DONE for side in (self._asked, self._answered)):
            self._asked.start_next_cycle()
            self._answered.start_next_cycle()
