"""WebSockets of visitors who take what they can, over real sockets."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from guardware.config.server import Server
from guardware.http import Receive, Scope, Send
from guardware.proxy.protocol import protocol_class
from guardware.proxy.visitor_websocket import VisitorWebSocket

from .raw_server import RawServer, serving

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: art.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
TEXT, CONTINUED, PING = 1, 0, 9
MEGABYTE = 1 << 20


def frame(opcode: int, data: bytes, *, last: bool = True) -> bytes:
    """A visitor's frame (RFC 6455 section 5.2), masked with zeros."""
    assert len(data) < 126
    return bytes([last << 7 | opcode, 0x80 | len(data)]) + b"\0\0\0\0" + data


def echoes(messages: int = 0) -> Any:
    """Sends ``messages`` of a megabyte each, then what it gets."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(messages):
            await send({"type": "websocket.send", "bytes": bytes(MEGABYTE)})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    return app


class Miser:
    """A visitor whose own machine holds next to nothing for him."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.loop = asyncio.get_running_loop()

    async def push(self, data: bytes, most: int) -> int:
        """Send ``data`` again and again until nothing goes out any more, or ``most`` bytes have."""
        sent = 0
        while sent < most:
            try:
                async with asyncio.timeout(0.3):
                    await self.loop.sock_sendall(self.end, data)
            except TimeoutError:
                break
            sent += len(data)
        return sent

    async def until(self, mark: bytes) -> bytes:
        """Read on until ``mark`` has come; what came last."""
        tail = b""
        async with asyncio.timeout(10):
            while mark not in tail:
                part = await self.loop.sock_recv(self.end, 1 << 16)
                assert part, "the connection ended"
                tail = tail[-64:] + part
        return tail


@asynccontextmanager
async def talking(server: RawServer) -> AsyncIterator[Miser]:
    with socket.socket() as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        end.setblocking(False)
        miser = Miser(end)
        await miser.loop.sock_connect(end, ("127.0.0.1", server.port))
        await miser.loop.sock_sendall(end, HANDSHAKE)
        await miser.until(b"101 Switching Protocols")
        yield miser


def websockets(app: Any, **settings: Any) -> Any:
    return serving(app, protocol_class(Server()), ws=VisitorWebSocket, ws_per_message_deflate=False, **settings)


async def test_pings_whose_answers_nobody_takes_fill_no_memory() -> None:
    async with websockets(echoes()) as server, talking(server) as miser:
        await miser.push(frame(PING, bytes(125)) * 500, most=64 * MEGABYTE)
        (connection,) = server.state.connections
        assert connection.transport.get_write_buffer_size() < MEGABYTE
        assert not connection.transport.is_reading()


async def test_it_reads_on_once_he_does() -> None:
    async with websockets(echoes(1)) as server, talking(server) as miser:
        await miser.push(frame(TEXT, b"still here?"), most=1)
        assert (await miser.until(b"still here?")).endswith(b"still here?")
        await miser.push(frame(TEXT, b"and now?"), most=1)
        await miser.until(b"and now?")


async def test_empty_fragments_have_an_end() -> None:
    async with websockets(echoes()) as server, talking(server) as miser:
        await miser.push(frame(TEXT, b"a", last=False) + frame(CONTINUED, b"", last=False) * 20_000, most=1)
        assert struct.pack("!H", 1009) + b"too many fragments" in await miser.until(b"fragments")


async def test_fragments_are_one_message() -> None:
    async with websockets(echoes()) as server, talking(server) as miser:
        await miser.push(frame(TEXT, b"one ", last=False) + frame(CONTINUED, b"message"), most=1)
        await miser.until(b"one message")


async def test_who_takes_nothing_is_let_go() -> None:
    pings = {"ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}
    async with websockets(echoes(64), **pings) as server, talking(server):
        await server.until_idle()


async def test_who_takes_nothing_of_the_end_is_let_go() -> None:
    async def leaves(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "bytes": bytes(16 * MEGABYTE)})

    pings = {"ws_ping_interval": 0.1, "ws_ping_timeout": 0.1}
    async with websockets(leaves, **pings) as server, talking(server):
        await server.until_idle()
