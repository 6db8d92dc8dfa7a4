"""A server with our protocol in the test's own loop, and a client that sends bytes as they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from guardware.http import ASGIApp, Receive, Scope, Send
from guardware.proxy.listen import listen_tcp

GET = b"GET / HTTP/1.1\r\nHost: art.example\r\n\r\n"


class Asked:
    """What an application got: ``requests`` as (method, target, body), ``scopes`` as they came."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, bytes, bytes]] = []
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.requests.append((scope["method"], scope["raw_path"], body))
        await answer(send, scope["raw_path"])


async def answer(send: Send, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


class RawServer:
    """``state`` is uvicorn's: connections, tasks, requests in all."""

    def __init__(self, port: int, state: ServerState) -> None:
        self.port = port
        self.state = state

    @asynccontextmanager
    async def connected(self, **options: Any) -> AsyncIterator["RawClient"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        try:
            yield RawClient(reader, writer)
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)

    async def tell(self, *parts: bytes) -> bytes:
        """Send ``parts`` one after the other, and read to the connection's end, which must come."""
        async with self.connected() as client:
            for part in parts:
                await client.send(part)
            return await client.rest()

    async def until_idle(self) -> None:
        """Wait until no connection and no request is left."""
        async with asyncio.timeout(5):
            while self.state.connections or self.state.tasks:  # noqa: ASYNC110 -- uvicorn tells nobody
                await asyncio.sleep(0.002)


class RawClient:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError:
            return  # refused in mid-sentence
        await asyncio.sleep(0.002)  # so that it comes in a segment of its own

    async def rest(self) -> bytes:
        """Everything up to the end; a reset is an end, too."""
        found = b""
        async with asyncio.timeout(5):
            try:
                while part := await self.reader.read(65536):
                    found += part
            except ConnectionError:
                pass
        return found

    async def one(self) -> tuple[bytes, bytes]:
        """Head and body of one answer with a Content-Length."""
        async with asyncio.timeout(5):
            head = await self.reader.readuntil(b"\r\n\r\n")
            return head, await self.reader.readexactly(length_of(head))


def length_of(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


@asynccontextmanager
async def serving(app: ASGIApp, protocol: Any, **settings: Any) -> AsyncIterator[RawServer]:
    """``app`` behind ``protocol``; ends without anything left over."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, **settings)
    config.load()
    state = ServerState()
    (sock,) = listen_tcp("127.0.0.1", 0)
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), sock=sock, ssl=config.ssl
    )
    try:
        yield RawServer(sock.getsockname()[1], state)
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        for task in list(state.tasks):
            task.cancel()
        async with asyncio.timeout(5):
            while state.connections or state.tasks:  # noqa: ASYNC110 -- uvicorn tells nobody
                await asyncio.sleep(0.001)
        await asyncio.sleep(0)


def statuses(answers: bytes) -> list[int]:
    """The status of each answer in ``answers``."""
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]
