"""One request on a visitor's connection, and its answer: ``receive`` and ``send`` for the application."""

import asyncio
import http
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol

from uvicorn.protocols.http.flow_control import FlowControl

from guardware.http import ASGIApp, Message, RawHeaders
from guardware.proxy.relay.file import send_file
from guardware.proxy.relay.outlet import Outlet

logger = logging.getLogger("guardware.proxy")

PATHSEND = "http.response.pathsend"
"""The ASGI extension by which an application names a file instead of sending its bytes."""

RELAY = "guardware.relay"
"""Our own extension: its value is the ``Cycle``, and the application may send ``RELAYED``."""

RELAYED = "guardware.response.relay"
"""A message whose ``body`` is a ``Relayed``; in place of all messages ``http.response.body``."""

_BODILESS = frozenset({204, 304})
_CONNECTION, _LENGTH, _FRAMING = b"connection", b"content-length", b"transfer-encoding"
_FRAMED = frozenset({_CONNECTION, _LENGTH, _FRAMING, b"keep-alive"})
"""The lines of an application's answer that this server reads, or writes itself."""

_FAILED = b"Internal Server Error"


def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


_STATUS_LINES = {status: _status_line(status) for status in range(200, 600)}


class Relayed(Protocol):
    """A body that goes from its source to the visitor without passing through here.

    ``length``: its bytes. ``move`` raises BrokenAnswerError if the source breaks off, OSError if the visitor does.
    """

    length: int

    async def move(self, outlet: Outlet) -> None:
        """Move all of it into the outlet."""


class Connection(Protocol):
    """The visitor's connection, as a request sees it."""

    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop

    def want_more(self, cycle: "Cycle") -> None:
        """Read on: the application waits for more of the request."""

    def finished(self, cycle: "Cycle") -> None:
        """The answer is complete."""

    def outlet(self) -> Outlet:
        """The connection's socket, to write past the transport. Only while the transport has nothing to write."""


class Cycle:
    """``sent``: bytes of the answer that went to the transport or past it; ``outlet``: in use at this moment."""

    __slots__ = (
        *("body", "chunked", "connection", "disconnected", "expects", "head", "keep_alive", "left"),
        *("message_event", "method", "modern", "more_body", "outlet", "response_complete", "response_started"),
        *("sent", "until_close", "_on_disconnect"),
    )

    def __init__(
        self, connection: Connection, method: str, *, modern: bool, keep_alive: bool, expects: bool
    ) -> None:
        self.connection = connection
        self.method = method
        self.modern = modern
        self.keep_alive = keep_alive
        self.expects = expects
        self.message_event = asyncio.Event()
        self.body = bytearray()
        self.more_body = True
        self.head = b""
        self.left = 0
        self.sent = 0
        self.outlet: Outlet | None = None
        self.chunked = self.until_close = False
        self.disconnected = self.response_started = self.response_complete = False
        self._on_disconnect: Callable[[], None] | None = None

    async def run(self, app: ASGIApp, scope: Message) -> None:
        """Let ``app`` answer. Whatever it does, the visitor gets an end: of the answer or of the connection."""
        try:
            await app(scope, self.receive, self.send)
        except BaseException as error:
            # A task that is cancelled is one, too: the server's grace is over.
            if not self.disconnected:
                logger.error("the application failed", exc_info=error)
            await self._fail()
            if not isinstance(error, Exception):
                raise
        else:
            if not self.response_complete and not self.disconnected:
                if not self.response_started:
                    logger.error("the application gave no answer")
                await self._fail()

    def on_disconnect(self, callback: Callable[[], None] | None) -> None:
        """Call ``callback`` when the visitor hangs up before the answer is complete; None: nobody any more."""
        self._on_disconnect = callback
        if callback is not None and self.disconnected:
            callback()

    def hang_up(self) -> None:
        """The visitor has gone, or sends what is no request body."""
        if self.disconnected:
            return
        self.disconnected = True
        self.message_event.set()
        if self.outlet is not None:
            self.outlet.hang_up()
        if self._on_disconnect is not None and not self.response_complete:
            self._on_disconnect()

    def cut(self) -> None:
        """End the connection so that the visitor sees the answer is not whole."""
        self._flush()
        transport = self.connection.transport
        if not self.until_close:
            transport.close()
            return
        # Where the connection's end is the answer's, only a reset says that something is missing.
        visitor = transport.get_extra_info("socket")
        if visitor.family != socket.AF_UNIX:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    async def receive(self) -> Message:
        """ASGI's ``receive``."""
        connection = self.connection
        if self.expects and not connection.transport.is_closing():
            self.expects = False
            if not self.response_started:
                connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self.disconnected and not self.response_complete:
            connection.want_more(self)
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def send(self, message: Message) -> None:
        """ASGI's ``send``; waits while the visitor does not read."""
        flow = self.connection.flow
        if flow.write_paused and not self.disconnected:
            await flow.drain()
        if self.disconnected:
            return
        kind = message["type"]
        if not self.response_started:
            if kind != "http.response.start":
                raise RuntimeError(f"an answer begins with http.response.start, not with {kind}")
            self._start(message["status"], message.get("headers", ()))
        elif self.response_complete:
            raise RuntimeError(f"{kind} after the end of the answer")
        elif kind == "http.response.body":
            self._body(message.get("body", b""), more=message.get("more_body", False))
        elif kind == RELAYED:
            await self._relay(message["body"])
        elif kind == PATHSEND:
            await self._send_file(message["path"])
        else:
            raise RuntimeError(f"{kind} is no message of an answer under way")

    def _start(self, status: int, headers: RawHeaders) -> None:
        if status not in _STATUS_LINES:
            raise RuntimeError(f"{status} is no status of an answer")
        parts = [_STATUS_LINES[status]]
        length = -1
        for name, value in headers:
            name = name.lower()
            if name in _FRAMED:
                if name == _LENGTH:
                    length = int(value) if value.isdigit() and len(value) < 19 else -2
                elif name == _CONNECTION and b"close" in value.lower():
                    self.keep_alive = False
                continue
            parts += (name, b": ", value, b"\r\n")
        if length < -1:
            raise RuntimeError("a Content-Length that is no number")
        lines = b"".join(parts)
        if (
            lines.count(b"\n") != (len(parts) + 3) // 4
            or lines.count(b"\r") != lines.count(b"\n")
            or b"\0" in lines
        ):
            raise RuntimeError("a header that would end its line")
        self.response_started = True
        self.head = lines + self._framing(status, length)
        # Most bodies follow in this same turn of the loop, and then go out in one write with the head.
        self.connection.loop.call_soon(self._flush)

    def _framing(self, status: int, length: int) -> bytes:
        """The lines that say where the answer ends, and the empty line."""
        lines = b""
        bodiless = self.method == "HEAD" or status in _BODILESS
        if length >= 0 and status != 204:
            lines = b"content-length: %d\r\n" % length
        elif not bodiless and self.modern:
            self.chunked, lines = True, b"transfer-encoding: chunked\r\n"
        elif not bodiless:
            self.until_close, self.keep_alive = True, False
        self.left = -1 if bodiless else max(length, 0)
        if self.expects and self.more_body:
            # Nobody can say whether the next bytes are the body or a request (RFC 9110 section 10.1.1).
            self.keep_alive = False
        if not self.keep_alive:
            lines += b"connection: close\r\n"
        return lines + b"\r\n"

    def _body(self, body: bytes, *, more: bool) -> None:
        if self.left == -1:
            body = b""  # HEAD, 204, 304
        elif self.chunked:
            body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            body = body if more else body + b"0\r\n\r\n"
        elif not self.until_close:
            if len(body) > self.left:
                raise RuntimeError("a body longer than its Content-Length")
            self.left -= len(body)
            if self.left and not more:
                raise RuntimeError("a body shorter than its Content-Length")
        self.write(body)
        if not more:
            self._end()

    def write(self, data: bytes) -> None:
        """Write, together with the head if that has not gone yet."""
        if self.head:
            data, self.head = self.head + data, b""
        if data:
            self.sent += len(data)
            self.connection.transport.write(data)

    def _flush(self) -> None:
        if self.head and not self.disconnected:
            self.write(b"")

    def _end(self) -> None:
        self.response_complete = True
        self.message_event.set()
        self.connection.finished(self)

    async def _send_file(self, path: str) -> None:
        if self.left == -1:
            self._body(b"", more=False)
        elif self.chunked or self.until_close:
            raise RuntimeError(f"{PATHSEND} without a Content-Length")
        else:
            await self._past(self.left, lambda outlet: send_file(path, self.left, outlet))

    async def _relay(self, body: Relayed) -> None:
        if self.left != body.length:
            raise RuntimeError("a relayed body of another length than Content-Length says")
        await self._past(body.length, body.move)

    async def _past(self, length: int, move: Callable[[Outlet], Awaitable[None]]) -> None:
        """Write ``length`` bytes past the transport."""
        connection = self.connection
        # From here on "paused" means that anything at all is left in the transport's own buffer.
        connection.transport.set_write_buffer_limits(0)
        try:
            self.write(b"")
            if connection.flow.write_paused:
                await connection.flow.drain()
            if self.disconnected:
                return
            self.outlet = connection.outlet()
            try:
                await move(self.outlet)
            except OSError:
                connection.transport.abort()  # the visitor's side: it is he who has gone
                return
            finally:
                self.sent += self.outlet.written
                self.outlet = None
        finally:
            connection.transport.set_write_buffer_limits()
        if not self.disconnected:
            self._end()

    async def _fail(self) -> None:
        if self.disconnected or self.response_complete:
            return
        if self.response_started:
            self.cut()
            return
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        headers.append((_LENGTH, b"%d" % len(_FAILED)))
        self._start(500, headers)
        self._body(_FAILED, more=False)
