"""The reading half of a visitor's connection: from bytes to requests, by llhttp (httptools) under caps of ours.

It knows neither time nor answers. What llhttp lets pass and must not is in ``request_head``.
"""

from typing import Protocol

import httptools

from guardware.http import RawHeaders
from guardware.proxy.cycle import Cycle
from guardware.proxy.request_head import (
    TELLING,
    BadHeadError,
    Target,
    asks_for_websocket,
    framing,
    read_head,
    size_of,
)

IGNORED = 0
"""In place of a status: nothing is answered to what came."""

_BAD, _TOO_LARGE = 400, 431


class Listener(Protocol):
    """Who is told what was read."""

    @property
    def running(self) -> Cycle | None:
        """The request whose answer is under way."""

    def accept(self, method: str, version: str, target: Target, headers: RawHeaders, *, last: bool) -> Cycle:
        """A request whose head is right; what follows is its body. ``last``: the client asks no more after it."""

    def hand_over(self, head: bytes) -> None:
        """A WebSocket begins with this head. What came behind it is dropped: nobody may send frames as yet."""


class RequestReader:
    """At any moment it is between requests, in a head, or in the body of ``cycle``, the request read last."""

    __slots__ = (
        *("in_body", "_begun", "_cycle", "_fault", "_got_body", "_head_bytes", "_headers", "_heads"),
        *("_listener", "_max_header", "_parser", "_piece", "_quiet", "_resuming", "_telling", "_upgrades"),
        *("_url", "_websocket", "_websockets"),
    )

    def __init__(self, listener: Listener, max_header: int, *, websockets: bool) -> None:
        """``max_header``: bytes of a head; ``websockets``: whether there is somebody to hand them over to."""
        self._listener = listener
        self._max_header = max_header
        self._websockets = websockets
        self._parser = self._new_parser()
        self._cycle: Cycle | None = None
        self._url = b""
        self._headers: RawHeaders = []
        self._telling: RawHeaders = []
        self._begun = self._resuming = self._upgrades = self._websocket = self._got_body = False
        self.in_body = False
        self._fault = _BAD
        self._heads = self._head_bytes = self._piece = self._quiet = 0

    @property
    def cycle(self) -> Cycle | None:
        return self._cycle

    def in_head(self) -> bool:
        """Whether a head has begun that has not ended."""
        return self._begun or self._head_bytes > 0

    def close(self) -> None:
        """Nothing more is to be read."""
        del self._parser  # it and we hold one another

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # What follows a last request is for ``on_headers_complete`` to ignore; llhttp would call the request bad.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # --- Bytes ---

    def feed(self, data: bytes) -> int | None:
        """Read ``data``. Returns the status to refuse it with, or ``IGNORED``; None if all is well."""
        heads = self._heads
        self._piece = size = len(data)
        self._got_body = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            return self._fault
        return self._bound(size, new=self._heads != heads)

    def _bound(self, size: int, *, new: bool) -> int | None:
        """Count what came and was no body: it lies in the parser, or was thrown away."""
        if self.in_body:
            # Trailers, extensions of chunks: of any length, if body comes between them.
            self._quiet = 0 if self._got_body or new else self._quiet + size
            return _TOO_LARGE if self._quiet > self._max_header else None
        if not new:
            self._head_bytes += size
            if self._head_bytes > self._max_header:
                return _TOO_LARGE
        return None

    def _upgrade(self, rest: bytes) -> int | None:
        """A WebSocket, or any other ``Upgrade``, which is ignored: the request is an ordinary one.

        llhttp takes what follows it for another protocol, and would read its body as a request. So a new parser is
        told how long that body is, and reads on.
        """
        if self._websocket:
            self._listener.hand_over(self._whole_head())
            return None
        self._parser = self._new_parser()
        self._resuming, self._upgrades = True, False
        self._piece = len(rest)
        try:
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing(self._telling) + b"\r\n" + rest)
        except httptools.HttpParserUpgrade as upgrade:
            return self._upgrade(rest[len(rest) - self._left(upgrade) :])
        except httptools.HttpParserError:
            return self._fault
        return self._bound(len(rest), new=True)
