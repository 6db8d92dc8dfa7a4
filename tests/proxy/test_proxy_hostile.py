"""Upstreams that are broken or hostile: what they send never harms the next visitor, nor fills the memory."""

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import Sequence
from itertools import repeat

import pytest

from guardware.errors import BrokenAnswerError

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, Handler, Visitor, ask, http_scope

HASTY = {"connect_timeout": 0.2, "first_byte_timeout": 0.2, "read_timeout": 0.2}
STOLEN = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen"


def one_then_ok(*pieces: bytes) -> Handler:
    """A handler that sends ``pieces`` to the first request, each by itself, and ``OK`` to all others."""
    served = 0

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        for piece in pieces if served == 1 else [OK]:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    return handler


# After any of these a connection is not used again.


@pytest.mark.parametrize(
    "pieces",
    [
        [OK + STOLEN],
        [OK, STOLEN],
        [OK + STOLEN[:20], STOLEN[20:]],
        [OK, STOLEN[:20]],
        [OK, b"H"],
        [OK, b"\r\nrubbish"],
        [b"HTTP/1.1 204 No Content\r\n\r\n" + STOLEN],
        [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n" + STOLEN],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + STOLEN],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"],
        [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
        [b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + STOLEN],
        [b"HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n" + STOLEN],
    ],
    ids=repr,
)
async def test_what_follows_an_answer_is_nobodys(
    peer: PeerFactory, upstream: UpstreamFactory, pieces: Sequence[bytes]
) -> None:
    site = await peer(one_then_ok(*pieces))
    app = upstream(site.url)
    first = await ask(app)
    await asyncio.sleep(0.06)
    second = await ask(app)
    assert b"stolen" not in first.body
    assert (second.status, second.body, site.connections) == (200, b"ok", 2)


async def test_a_head_with_a_body_is_not_the_next_answer(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(one_then_ok(b"HTTP/1.1 200 OK\r\nContent-Length: 59\r\n\r\n", STOLEN))
    app = upstream(site.url)
    assert (await ask(app, method="HEAD")).body == b""
    await asyncio.sleep(0.06)
    assert (await ask(app)).body == b"ok"


async def test_a_connection_whose_upload_was_cut_short_is_not_used_again(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    """Else the rest of the body would be read as the next request."""
    site = await peer(one_then_ok(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"))
    app = upstream(site.url)
    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> object:
        if visitor.taken == 1:
            await asyncio.Event().wait()
        return await handed_in()

    scope = http_scope(method="POST", headers=[(b"content-length", b"10")])
    async with asyncio.timeout(5):
        await app(scope, receive, visitor.send)  # type: ignore[arg-type]
    assert (visitor.status, visitor.body) == (413, b"no")
    assert (await ask(app)).body == b"ok"
    assert site.connections == 2


async def test_an_answer_longer_than_it_says_is_cut_to_its_length(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    site = await peer(one_then_ok(OK, b"more of it"))
    app = upstream(site.url)
    assert (await ask(app)).body == b"ok"
    await asyncio.sleep(0.06)
    assert ((await ask(app)).body, site.connections) == (b"ok", 2)


# What is odd, and passes or does not.

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nX-T: " + b"x" * 30_000 + b"\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nX-T: " + b"x" * 65_536 + b"\r\nContent-Length: 2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\n" + b"X-T: 1\r\n" * 200 + b"Content-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-T: 1\r\n" * 300 + b"Content-Length: 2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\nX-T: \xff\xfe\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n" + OK, 200, b"ok"),
        (CHUNKED + b"\r\n2;ext=1\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n", 200, b"ok"),
        (CHUNKED + b"Content-Length: 5\r\n\r\n2\r\nok\r\n0\r\n\r\n", 502, None),
        (CHUNKED + b"\r\n" + b"F" * 17 + b"\r\nok", 502, None),
        (CHUNKED + b"\r\n-2\r\nok\r\n0\r\n\r\n", 502, None),
        (CHUNKED.replace(b": ", b": gzip, ") + b"\r\n2\r\nok\r\n0\r\n\r\n", 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", 502, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\nok", 502, None),
        (b"HTTP/1.1 600 Odd\r\nContent-Length: 0\r\n\r\n", 502, None),
        (b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok", 502, None),
    ],
    ids=lambda value: repr(value)[:70],
)
async def test_odd_answers(
    peer: PeerFactory, upstream: UpstreamFactory, answer: bytes, status: int, body: bytes | None
) -> None:
    site = await peer(one_then_ok(answer))
    app = upstream(site.url, **HASTY)
    got = await ask(app)
    assert got.status == status
    assert got.body == body or body is None
    assert got.values(b"transfer-encoding") == got.values(b"link") == got.values(b"x-trailer") == []
    if status == 502:
        assert ((await ask(app)).body, site.connections) == (b"ok", 2)


@pytest.mark.parametrize("what", ["reset", "stall", "close"])
async def test_a_head_that_breaks_off(peer: PeerFactory, upstream: UpstreamFactory, what: str) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX-Half: ")
        await writer.drain()
        await asyncio.sleep(30 if what == "stall" else 0.02)
        if what == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        else:
            writer.close()

    got = await ask(upstream((await peer(half)).url, **HASTY), method="POST")
    assert (got.status, got.whole) == (504 if what == "stall" else 502, True)


# What has no end.

PIECE = 64 * 1024

ENDLESS = {
    "header lines": (b"HTTP/1.1 200 OK\r\n", b"X-Line: " + b"x" * 1000 + b"\r\n"),
    "short header lines": (b"HTTP/1.1 200 OK\r\n", b"a:\r\n"),
    "one header line": (b"HTTP/1.1 200 OK\r\nX-Line: ", b"x"),
    "a header name": (b"HTTP/1.1 200 OK\r\n", b"x"),
    "a folded line": (b"HTTP/1.1 200 OK\r\nX-Line: x", b"\r\n x"),
    "a reason": (b"HTTP/1.1 200 ", b"x"),
    "empty lines": (b"", b"\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim headers": (b"HTTP/1.1 103 Early Hints\r\n", b"Link: </x>\r\n"),
    "a chunk's size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "a chunk's extension": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "one trailer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"y"),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_has_no_end_fills_no_memory(peer: PeerFactory, upstream: UpstreamFactory, what: str) -> None:
    start, again = ENDLESS[what]
    block = again * (PIECE // len(again))
    sent = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(start)
        for _i in repeat(None, 16384):  # a gigabyte
            writer.write(block)
            await writer.drain()
            sent += PIECE
            await asyncio.sleep(0)

    site = await peer(pour)
    visitor = Visitor()
    tracemalloc.start()
    try:
        async with asyncio.timeout(10):
            try:
                await upstream(site.url, **HASTY)(http_scope(), visitor.receive, visitor.send)
            except BrokenAnswerError:
                assert visitor.status == 200
            else:
                assert visitor.status in (502, 504)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not visitor.whole or visitor.status != 200
    assert peak < 24 << 20, f"{peak >> 20} MB held after {sent >> 20} MB were sent"
