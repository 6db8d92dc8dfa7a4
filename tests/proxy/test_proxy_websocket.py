"""WebSockets through the proxy, to a real WebSocket server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from guardware.http import Message

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, http_scope, replies

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
Site = Callable[[Talk], Awaitable[TestServer]]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Starts a site whose ``/ws`` speaks the protocol "art", and whose other addresses do not exist."""
    started: list[TestServer] = []

    async def start(talk: Talk) -> TestServer:
        async def handler(request: web.Request) -> web.WebSocketResponse:
            seen.update(request.headers)
            socket = web.WebSocketResponse(protocols=("art",))
            await socket.prepare(request)
            await talk(socket)
            return socket

        app = web.Application()
        app.router.add_get("/ws", handler)
        server = TestServer(app)
        await server.start_server()
        started.append(server)
        return server

    seen: dict[str, str] = {}
    start.seen = seen  # type: ignore[attr-defined]
    yield start
    for server in started:
        await server.close()


class Browser:
    """A visitor's end of a WebSocket, as an ASGI server shows it to an app."""

    def __init__(self) -> None:
        self.to_app: asyncio.Queue[Message] = asyncio.Queue()
        self.from_app: asyncio.Queue[Message] = asyncio.Queue()
        self.to_app.put_nowait({"type": "websocket.connect"})

    async def receive(self) -> Message:
        return await self.to_app.get()

    async def send(self, message: Message) -> None:
        self.from_app.put_nowait(message)

    def say(self, **message: Any) -> None:
        self.to_app.put_nowait({"type": "websocket.receive", **message})

    async def hear(self) -> Message:
        async with asyncio.timeout(5):
            return await self.from_app.get()


def ws_scope(target: bytes = b"/ws", **more: Any) -> dict[str, Any]:
    handshake = [(b"connection", b"Upgrade"), (b"upgrade", b"websocket"), (b"sec-websocket-key", b"eA==")]
    scope = http_scope(target, headers=[*handshake, (b"cookie", b"a=1")])
    return {**scope, "type": "websocket", "scheme": "ws", **more}


async def echo(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await socket.send_str(message.data + "!")
        else:
            await socket.send_bytes(message.data + b"!")


async def test_text_and_bytes_go_both_ways_and_the_visitor_closes(site: Site, upstream: UpstreamFactory) -> None:
    codes: asyncio.Queue[int | None] = asyncio.Queue()

    async def talk(socket: web.WebSocketResponse) -> None:
        await echo(socket)
        codes.put_nowait(socket.close_code)

    server = await site(talk)
    browser = Browser()
    app = upstream(str(server.make_url("/")))
    running = asyncio.create_task(app(ws_scope(subprotocols=["x", "art"]), browser.receive, browser.send))
    assert await browser.hear() == {"type": "websocket.accept", "subprotocol": "art"}
    browser.say(text="grüß dich")
    assert await browser.hear() == {"type": "websocket.send", "text": "grüß dich!"}
    browser.say(bytes=b"\0\xff", text=None)
    assert await browser.hear() == {"type": "websocket.send", "bytes": b"\0\xff!"}
    browser.to_app.put_nowait({"type": "websocket.disconnect", "code": 4001})
    async with asyncio.timeout(5):
        await running
        assert await codes.get() == 4001


async def test_the_handshake_says_who_visits(site: Site, upstream: UpstreamFactory) -> None:
    server = await site(echo)
    browser = Browser()
    running = asyncio.create_task(upstream(str(server.make_url("/")))(ws_scope(), browser.receive, browser.send))
    assert await browser.hear() == {"type": "websocket.accept", "subprotocol": None}
    seen = site.seen  # type: ignore[attr-defined]
    assert (seen["Host"], seen["Cookie"], seen["X-Forwarded-For"]) == ("art.example", "a=1", "192.0.2.7")
    assert seen["Sec-WebSocket-Key"] != "eA=="
    browser.to_app.put_nowait({"type": "websocket.disconnect", "code": 1005})
    await running


@pytest.mark.parametrize(("code", "expected"), [(1000, 1000), (4002, 4002)])
async def test_the_upstream_closes(site: Site, upstream: UpstreamFactory, code: int, expected: int) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code)

    server = await site(talk)
    browser = Browser()
    async with asyncio.timeout(5):
        await upstream(str(server.make_url("/")))(ws_scope(), browser.receive, browser.send)
    assert (await browser.hear())["type"] == "websocket.accept"
    assert await browser.hear() == {"type": "websocket.close", "code": expected}


async def test_the_upstream_breaks_off(site: Site, upstream: UpstreamFactory) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        transport = socket.get_extra_info("socket")
        assert transport is not None
        transport.shutdown(2)

    server = await site(talk)
    browser = Browser()
    async with asyncio.timeout(5):
        await upstream(str(server.make_url("/")))(ws_scope(), browser.receive, browser.send)
    assert (await browser.hear())["type"] == "websocket.accept"
    closed = await browser.hear()
    assert closed["type"] == "websocket.close"
    assert closed["code"] in (1000, 1011)


@pytest.mark.parametrize(
    ("target", "extensions", "expected"),
    [
        (b"/nothing", {}, [{"type": "websocket.close", "code": 1011}]),
        (
            b"/nothing",
            {"websocket.http.response": {}},
            [
                {"type": "websocket.http.response.start", "status": 404, "headers": []},
                {"type": "websocket.http.response.body", "body": b""},
            ],
        ),
        (
            b"elsewhere",
            {"websocket.http.response": {}},
            [
                {"type": "websocket.http.response.start", "status": 400, "headers": []},
                {"type": "websocket.http.response.body", "body": b""},
            ],
        ),
    ],
)
async def test_handshakes_that_are_refused(
    site: Site, upstream: UpstreamFactory, target: bytes, extensions: dict[str, Any], expected: list[Message]
) -> None:
    server = await site(echo)
    browser = Browser()
    scope = ws_scope(target, extensions=extensions)
    await upstream(str(server.make_url("/")))(scope, browser.receive, browser.send)
    assert [await browser.hear() for _ in expected] == expected


async def test_another_address_steps_in(site: Site, upstream: UpstreamFactory, unused_tcp_port: int) -> None:
    server = await site(echo)
    app = upstream([f"http://127.0.0.1:{unused_tcp_port}", str(server.make_url("/"))])
    for _ in range(3):
        browser = Browser()
        running = asyncio.create_task(app(ws_scope(), browser.receive, browser.send))
        assert (await browser.hear())["type"] == "websocket.accept"
        browser.to_app.put_nowait({"type": "websocket.disconnect", "code": 1005})
        await running


async def test_where_no_route_fits(upstream: UpstreamFactory) -> None:
    browser = Browser()
    scope = ws_scope(extensions={"websocket.http.response": {}})
    app = upstream((), routes=[{"host": "other.example", "upstream": "http://127.0.0.1:9"}])
    await app(scope, browser.receive, browser.send)
    assert (await browser.hear())["status"] == 404


async def test_more_than_there_are_connections(site: Site, upstream: UpstreamFactory) -> None:
    server = await site(echo)
    app = upstream(str(server.make_url("/")), max_connections=1, connect_timeout=0.05)
    first, second = Browser(), Browser()
    running = asyncio.create_task(app(ws_scope(), first.receive, first.send))
    assert (await first.hear())["type"] == "websocket.accept"
    await app(ws_scope(extensions={"websocket.http.response": {}}), second.receive, second.send)
    assert (await second.hear())["status"] == 503
    first.to_app.put_nowait({"type": "websocket.disconnect", "code": 1005})
    await running


async def test_a_handshake_that_is_not_answered(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    browser = Browser()
    scope = ws_scope(extensions={"websocket.http.response": {}})
    app = upstream((await peer(silent)).url, connect_timeout=0.05, first_byte_timeout=0.05)
    await app(scope, browser.receive, browser.send)
    assert (await browser.hear())["status"] == 504


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (OK, 404),  # a page, and no WebSocket
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Accept: eA==\r\n\r\n", 502),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", 502),
    ],
)  # fmt: skip
async def test_what_is_no_websocket(
    peer: PeerFactory, upstream: UpstreamFactory, answer: bytes, status: int
) -> None:
    browser = Browser()
    scope = ws_scope(extensions={"websocket.http.response": {}})
    await upstream((await peer(replies(answer))).url)(scope, browser.receive, browser.send)
    assert (await browser.hear())["status"] == status


async def test_nobody_listens(upstream: UpstreamFactory, unused_tcp_port: int) -> None:
    browser = Browser()
    scope = ws_scope(extensions={"websocket.http.response": {}})
    await upstream(f"http://127.0.0.1:{unused_tcp_port}")(scope, browser.receive, browser.send)
    assert (await browser.hear())["status"] == 502
