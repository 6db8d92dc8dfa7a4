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
        self._resuming = True
        return self.feed(b"POST / HTTP/1.1\r\n" + framing(self._telling) + b"\r\n" + rest)

    def _whole_head(self) -> bytes:
        head = [self._parser.get_method(), b" ", self._url, b" HTTP/1.1\r\n"]
        for name, value in self._headers:
            head += (name, b": ", value, b"\r\n")
        return b"".join([*head, b"\r\n"])

    # --- What httptools calls ---

    def on_message_begin(self) -> None:
        if self._resuming:
            return
        self._begun = True
        self._url = b""
        self._headers = []
        self._telling = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_body or self._resuming:
            return  # a trailer: what it would add was judged already (RFC 9110 section 6.5.1 lets us drop it)
        name = name.lower()
        if value and value[-1] <= 0x20:
            value = value.rstrip(b" \t")
        if name in TELLING:
            self._telling.append((name, value))
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._heads += 1
        if self._resuming:
            self._resuming = self._upgrades = False
            self.in_body = True
            return
        self._begun = False
        cycle = self._cycle
        if cycle is not None and not cycle.keep_alive:
            raise self._refused(IGNORED)  # it was to be the last request (RFC 9112 section 9.6)
        # A head that came together with other things is measured by itself.
        if (
            self._head_bytes + self._piece > self._max_header
            and size_of(self._url, self._headers) > self._max_header
        ):
            raise self._refused(_TOO_LARGE)
        self._head_bytes = self._quiet = 0
        self._judge()

    def _judge(self) -> None:
        parser = self._parser
        method, version = parser.get_method(), parser.get_http_version()
        try:
            target = read_head(method, version, self._url, self._telling)
        except BadHeadError as error:
            self._fault = error.status
            raise
        self._upgrades = parser.should_upgrade()
        self._websocket = self._upgrades and self._websockets and asks_for_websocket(self._headers)
        if not self._websocket:
            last = version != "1.1" or not parser.should_keep_alive()
            self._cycle = self._listener.accept(method.decode(), version, target, self._headers, last=last)
            self.in_body = True
        elif self._listener.running is not None or framing(self._telling):
            raise self._refused(_BAD)  # bytes that one server would take for frames, another for a body

    def _refused(self, status: int) -> BadHeadError:
        self._fault = status
        return BadHeadError(status)

    def on_body(self, body: bytes) -> None:
        self._got_body = True
        if self._cycle is not None:
            self._cycle.take(body)

    def on_message_complete(self) -> None:
        if self._upgrades:
            return  # llhttp says so before the body of a request to upgrade; see ``_upgrade``
        self.in_body = False
        if self._cycle is not None:
            self._cycle.took_all()
