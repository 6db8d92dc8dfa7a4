"""Both ends of a proxy for tests: a visitor who speaks ASGI, and upstreams that speak raw HTTP."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from guardware.http import ASGIApp, Message, RawHeaders, Scope

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def http_scope(
    target: bytes = b"/", method: str = "GET", headers: Sequence[tuple[bytes, bytes]] = (), **more: object
) -> Scope:
    raw, _, query = target.partition(b"?")
    return {
        "type": "http",
        "method": method,
        "path": raw.decode("latin-1"),
        "raw_path": raw,
        "query_string": query,
        "headers": [(b"host", b"art.example"), *headers],
        "client": ("192.0.2.7", 4711),
        "scheme": "http",
        **more,
    }


class Visitor:
    """Plays the server's part towards an app: hands in a body, takes the answer, hangs up when told."""

    def __init__(self, body: Sequence[bytes] = ()) -> None:
        parts = list(body) or [b""]
        self._parts = [
            {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
            for index, part in enumerate(parts)
        ]
        self._left = asyncio.Event()
        self.taken = 0
        self.status = 0
        self.headers: RawHeaders = []
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._body = bytearray()
        self.whole = False

    @property
    def body(self) -> bytes:
        return bytes(self._body)

    def leave(self) -> None:
        self._left.set()

    async def receive(self) -> Message:
        if self._parts and not self._left.is_set():
            self.taken += 1
            return self._parts.pop(0)
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not self.status, "one start for one request"
            self.status, self.headers = message["status"], list(message["headers"])
            return
        assert self.status, "a body follows a start"
        chunk = message.get("body", b"")
        self._body += chunk
        self.whole = not message.get("more_body", False)
        if chunk:
            self.chunks.put_nowait(chunk)

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]


async def ask(
    app: ASGIApp,
    target: bytes = b"/",
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: Sequence[bytes] = (),
) -> Visitor:
    """One request from start to end."""
    visitor = Visitor(body)
    async with asyncio.timeout(10):
        await app(http_scope(target, method, headers), visitor.receive, visitor.send)
    return visitor


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Peer:
    """An upstream made of bytes. ``heads`` has each request's head as it came, ``connections`` how many.

    On a port of its own, with TLS if ``tls`` is given, or on the unix socket ``path``.
    """

    handler: Handler
    tls: ssl.SSLContext | None = None
    path: str = ""
    server: asyncio.Server | None = None
    port: int = 0
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def lines(self, request: int = -1) -> list[bytes]:
        """The header lines of one request."""
        return self.heads[request].split(b"\r\n")[1:-2]

    def request_line(self, request: int = -1) -> bytes:
        return self.heads[request].split(b"\r\n")[0]

    async def heard(self, count: int) -> None:
        """Wait until there have been so many requests."""
        async with asyncio.timeout(5):
            while len(self.heads) < count:
                self.news.clear()
                await self.news.wait()

    async def start(self) -> None:
        if self.path:
            self.server = await asyncio.start_unix_server(self._serve, self.path)
            return
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and end the connections that are still there."""
        if self.server is not None:
            self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        self.connections += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                self.news.set()
                await self.handler(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the proxy hung up, or the test is over
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self.tasks.discard(task)


def replies(answer: bytes) -> Handler:
    """A handler that gives the same answer to all requests without a body."""

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return handler
