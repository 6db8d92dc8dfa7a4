"""An exchange behind our own server, which tells it itself when the visitor hangs up."""

import asyncio

import pytest

from guardware.config.proxy import Proxy
from guardware.config.server import Server
from guardware.proxy.edge import Edge
from guardware.proxy.protocol import protocol_class
from guardware.proxy.upstream import Upstream

from .conftest import PeerFactory
from .raw_server import serving

GET = b"GET / HTTP/1.1\r\nHost: art.example\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: art.example\r\nContent-Length: 2\r\n\r\nhi"
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"


@pytest.mark.parametrize("request_", [GET, POST])
@pytest.mark.parametrize("begun", [b"", HALF])
async def test_a_visitor_who_hangs_up_ends_the_request_upstream(
    peer: PeerFactory, request_: bytes, begun: bytes
) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begun)
        asked.set()
        await reader.read()
        ended.set()

    site = await peer(never_ends)
    app = Upstream(Proxy(upstream=(site.url,), relay=False))
    async with serving(Edge(app), protocol_class(Server())) as server:
        async with server.connected() as client:
            await client.send(request_)
            async with asyncio.timeout(5):
                await asked.wait()
        async with asyncio.timeout(5):
            await ended.wait()
        await server.until_idle()
    await app.close()
