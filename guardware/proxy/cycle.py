"""One request on a visitor's connection, and its answer: ``receive`` and ``send`` for the application."""

import asyncio
import logging
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from guardware.http import ASGIApp, Message, RawHeaders
from guardware.proxy.answer_lines import LENGTH, answer_lines, chunk, end_lines
from guardware.proxy.bypass import Bypassed, Relayed, bypass
from guardware.proxy.extensions import PATHSEND, RELAYED
from guardware.proxy.relay.file import send_file
from guardware.proxy.relay.outlet import Outlet

logger = logging.getLogger("guardware.proxy")

_BODILESS = frozenset({204, 304})
_UNREAD = 1024 * 1024
"""Bytes of a body that may still come after the answer, before the connection is closed."""

_FAILED = b"Internal Server Error"


class Connection(Bypassed, Protocol):
    """The visitor's connection, as a request sees it."""

    loop: asyncio.AbstractEventLoop

    def want_more(self, cycle: "Cycle") -> None:
        """Read on: the application waits for more of the request."""

    def finished(self, cycle: "Cycle") -> None:
        """The answer is complete."""

    def close(self) -> None:
        """End the connection once all that is written has gone."""


class Cycle:
    """``sent``: bytes of the answer that went to the transport or past it; ``outlet``: in use at this moment."""

    __slots__ = (
        *("body", "chunked", "connection", "disconnected", "expects", "head", "keep_alive", "left"),
        *("message_event", "method", "modern", "more_body", "outlet", "response_complete", "response_started"),
        *("sent", "until_close", "_on_disconnect", "_unread"),
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
        self.sent = self._unread = 0
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
        if not self.until_close:
            self.connection.close()
            return
        transport = self.connection.transport
        # Where the connection's end is the answer's, only a reset says that something is missing.
        visitor = transport.get_extra_info("socket")
        if visitor.family != socket.AF_UNIX:
            visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    # --- The request's body ---

    def take(self, body: bytes) -> None:
        """A piece of it has come."""
        if self.response_complete:
            self._unread += len(body)
            if self._unread > _UNREAD:
                self.connection.close()
            return
        self.body += body
        if len(self.body) > HIGH_WATER_LIMIT:
            self.connection.flow.pause_reading()
        self.message_event.set()

    def took_all(self) -> None:
        """All of it has come."""
        self.more_body = False
        if not self.response_complete:
            self.message_event.set()

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

    # --- The answer ---

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
        lines, length, closes = answer_lines(status, headers)
        if closes:
            self.keep_alive = False
        self.response_started = True
        self.head = lines + self._framing(status, length)
        # Most bodies follow in this same turn of the loop, and then go out in one write with the head.
        self.connection.loop.call_soon(self._flush)

    def _framing(self, status: int, length: int) -> bytes:
        """The lines that say where the answer ends, and the empty line."""
        bodiless = self.method == "HEAD" or status in _BODILESS
        if status == 204:
            length = -1  # RFC 9110 section 8.6: it must have none
        self.left = -1 if bodiless else max(length, 0)
        if length < 0 and not bodiless:
            self.chunked, self.until_close = self.modern, not self.modern
            self.keep_alive = self.keep_alive and self.modern
        if self.expects and self.more_body:
            # Nobody can say whether the next bytes are the body or a request (RFC 9110 section 10.1.1).
            self.keep_alive = False
        return end_lines(length, chunked=self.chunked, keep_alive=self.keep_alive)

    def _body(self, body: bytes, *, more: bool) -> None:
        if self.left == -1:
            body = b""  # HEAD, 204, 304
        elif self.chunked:
            body = chunk(body, last=not more)
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
            await self._bypass(lambda outlet: send_file(path, self.left, outlet))

    async def _relay(self, body: Relayed) -> None:
        if self.left != body.length:
            raise RuntimeError("a relayed body of another length than Content-Length says")
        await self._bypass(body.move)

    async def _bypass(self, move: Callable[[Outlet], Awaitable[None]]) -> None:
        if await bypass(self, move) and not self.disconnected:
            self._end()

    async def _fail(self) -> None:
        if self.disconnected or self.response_complete:
            return
        if self.response_started:
            self.cut()
            return
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
        headers.append((LENGTH, b"%d" % len(_FAILED)))
        self._start(500, headers)
        self._body(_FAILED, more=False)
