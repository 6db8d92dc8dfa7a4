"""The edge: what is done to every answer last of all, just before the server sends it."""

from email.utils import formatdate

from guardware.errors import BrokenAnswerError
from guardware.http import ASGIApp, Message, Receive, Scope, Send
from guardware.proxy.exchange import refuse


class Edge:
    """Dates each answer that has no date, and cuts the connection where an upstream's answer broke off.

    The server must not add a date of its own: an upstream's would then stand beside it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Dated(send).run(self._app, scope, receive)
        else:
            await self._app(scope, receive, send)


class _Dated:
    """The responder of one request."""

    __slots__ = ("_send", "_started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = False

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        try:
            await app(scope, receive, self.send)
        except BrokenAnswerError:
            # Logged where it broke. What has begun stays without an end, on which the server hangs up; what was
            # held back, as a picture to be marked is, can still be an honest error.
            if not self._started:
                await refuse(502, scope["method"], self.send)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._started = True
            headers = list(message.get("headers", ()))
            if not any(name == b"date" for name, _ in headers):
                # RFC 9110, section 6.6.1: an origin server with a clock sends it.
                headers.append((b"date", formatdate(usegmt=True).encode()))
            message = {**message, "headers": headers}
        await self._send(message)
