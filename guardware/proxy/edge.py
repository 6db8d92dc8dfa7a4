"""The edge: what is done to every answer last of all, just before the server sends it."""

import time
from email.utils import formatdate

from guardware.errors import BrokenAnswerError
from guardware.http import ASGIApp, Message, Receive, Scope, Send, first_value
from guardware.observe.access_log import Access, AccessLog, cut_target, picked
from guardware.proxy.refusals import refuse
from guardware.visit import Visit

_LEFT = 499
"""The status in the access log where the visitor left before there was an answer (nginx's number)."""


_WHOLE = frozenset(["http.response.pathsend", "guardware.response.relay"])
"""Messages that stand for a whole body, whose bytes do not come through here."""


class Edge:
    """Dates each answer that has no date, and cuts the connection where an upstream's answer broke off.

    The server must not add a date of its own: an upstream's would then stand beside it.

    ``log``: where each request is written down, None for nowhere; it may be exchanged.
    """

    def __init__(self, app: ASGIApp, log: AccessLog | None = None) -> None:
        self.log = log
        self.ending = False
        """From now on each answer ends its connection: the server stops, and visitors are to ask another."""
        self._app = app
        self._second, self._date = 0, b""

    def date(self) -> bytes:
        """The time, as HTTP writes it; written anew once a second."""
        second = int(time.time())
        if second != self._second:
            self._second, self._date = second, formatdate(second, usegmt=True).encode()
        return self._date

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
        elif self.log is None:
            if kind == "http":
                await _Responder(self, send).run(self._app, scope, receive)
            else:
                await self._app(scope, receive, send)
        else:
            await self._logged(self.log, scope, receive, send)

    async def _logged(self, log: AccessLog, scope: Scope, receive: Receive, send: Send) -> None:
        # Read first: the application may change what it is given.
        headers = picked(scope["headers"])
        target = cut_target(
            scope.get("raw_path") or scope["path"].encode("utf-8", "replace"), scope.get("query_string", b"")
        )
        method = scope.get("method", "GET")
        begun = time.perf_counter()
        responder = _Responder(self, send)
        try:
            if scope["type"] == "http":
                await responder.run(self._app, scope, receive)
            else:
                await self._app(scope, receive, responder.send_websocket)
        except Exception:
            responder.status = responder.status or 500  # which is what the server answers
            raise
        finally:
            state = scope.get("state", {})
            visit = state.get("guardware.visit")
            log.put(
                Access(
                    time.time(),
                    visit.source.address if isinstance(visit, Visit) else log.address(scope),
                    scope.get("scheme", ""),
                    method,
                    target,
                    scope.get("http_version", "1.1"),
                    headers,
                    responder.status or _LEFT,
                    0 if method == "HEAD" else responder.length,
                    responder.type,
                    time.perf_counter() - begun,
                    state.get("guardware"),
                )
            )


class _Responder:
    """The responder of one request."""

    __slots__ = ("_edge", "_promised", "_send", "length", "status", "type")

    def __init__(self, edge: Edge, send: Send) -> None:
        self.status = 0
        self.length = 0
        self.type = b""
        self._edge = edge
        self._send = send
        self._promised = 0

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        try:
            await app(scope, receive, self.send)
        except BrokenAnswerError:
            # Logged where it broke. What has begun stays without an end, on which the server hangs up; what was
            # held back, as a picture to be marked is, can still be an honest error.
            if not self.status:
                await refuse(502, scope, self.send)

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            message = self._started(message)
        elif kind == "http.response.body":
            self.length += len(message.get("body", b""))
        await self._send(message)
        if kind in _WHOLE:
            self.length = self._promised

    def _started(self, message: Message) -> Message:
        self.status = message["status"]
        headers = list(message.get("headers", ()))
        if not any(name == b"date" for name, _ in headers):
            # RFC 9110, section 6.6.1: an origin server with a clock sends it.
            headers.append((b"date", self._edge.date()))
        if self._edge.ending:
            headers.append((b"connection", b"close"))
        if self._edge.log is not None:
            self.type = first_value(headers, b"content-type") or b""
            length = first_value(headers, b"content-length") or b""
            self._promised = int(length) if length.isdigit() else 0
        return {**message, "headers": headers}

    async def send_websocket(self, message: Message) -> None:
        """A WebSocket's answer is what comes of its request: 101 if it is accepted, 403 if not."""
        if not self.status:
            kinds = {"websocket.accept": 101, "websocket.close": 403}
            self.status = kinds.get(message["type"]) or message.get("status", 0)
        await self._send(message)
