"""Upstreams that misbehave, and visitors who leave."""

import asyncio
import json
import logging
import socket
import struct
import time

import pytest

from guardware.errors import BrokenAnswerError
from guardware.http import Message

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, Visitor, ask, http_scope, replies

HASTY = {"connect_timeout": 0.2, "first_byte_timeout": 0.2, "read_timeout": 0.2}


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def assert_refused(got: Visitor, status: int, port: int) -> None:
    assert (got.status, got.whole) == (status, True)
    assert got.values(b"content-type") == [b"application/problem+json"]
    assert got.values(b"cache-control") == [b"no-store"]
    assert json.loads(got.body)["status"] == status
    assert b"127.0.0.1" not in got.body
    assert str(port).encode() not in got.body


async def test_nobody_listens(upstream: UpstreamFactory, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with caplog.at_level(logging.WARNING, "guardware.proxy"):
        got = await ask(upstream(f"http://127.0.0.1:{port}"))
    assert_refused(got, 502, port)
    assert "no answer from the upstream" in caplog.text


async def test_no_such_host(upstream: UpstreamFactory) -> None:
    assert (await ask(upstream("http://nowhere.invalid"))).status == 502


async def test_a_head_gets_no_words(upstream: UpstreamFactory) -> None:
    got = await ask(upstream(f"http://127.0.0.1:{free_port()}"), method="HEAD")
    assert (got.status, got.body) == (502, b"")


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX Y: b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
)
async def test_what_is_no_answer(peer: PeerFactory, upstream: UpstreamFactory, answer: bytes) -> None:
    async def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    site = await peer(say)
    assert_refused(await ask(upstream(site.url)), 502, site.port)


async def test_reset_before_the_answer(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reset(writer)

    site = await peer(hang_up)
    assert_refused(await ask(upstream(site.url), method="POST"), 502, site.port)
    assert len(site.heads) == 1, "a POST is not sent twice"


async def test_a_kept_connection_that_has_ended_is_not_the_visitors_problem(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    served = 0

    async def every_other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        if served == 2:
            writer.close()
        else:
            writer.write(OK)

    app = upstream((await peer(every_other)).url)
    assert [(await ask(app)).status for _ in range(2)] == [200, 200]


async def test_no_answer_in_time(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def think(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site = await peer(think)
    begun = time.monotonic()
    assert_refused(await ask(upstream(site.url, **HASTY)), 504, site.port)
    assert time.monotonic() - begun < 3


async def test_no_connection_in_time(upstream: UpstreamFactory) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)  # Linux lets backlog + 1 connections in; the next one's SYN goes unanswered
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        port = deaf.getsockname()[1]
        got = await ask(upstream(f"http://127.0.0.1:{port}", **HASTY))
    assert_refused(got, 504, port)


async def test_an_upstream_that_does_not_read_an_upload(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def ignore(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site = await peer(ignore)
    size = str(64 << 20).encode()
    got = await ask(
        upstream(site.url, **HASTY),
        method="POST",
        headers=[(b"content-length", size)],
        body=[b"x" * (1 << 20)] * 64,
    )
    assert_refused(got, 504, site.port)


@pytest.mark.parametrize(
    "start",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ],
)
@pytest.mark.parametrize("how", ["close", "reset", "stall", "garbage"])
async def test_an_answer_that_breaks_off_has_no_end(
    peer: PeerFactory, upstream: UpstreamFactory, start: bytes, how: str
) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(30 if how == "stall" else 0.05)
        if how == "garbage" and b"chunked" in start:
            writer.write(b"zz\r\n")
            await asyncio.sleep(30)
        elif how == "reset":
            reset(writer)
        else:
            writer.close()

    site = await peer(half)
    visitor = Visitor()
    with pytest.raises(BrokenAnswerError):
        await upstream(site.url, **HASTY)(http_scope(), visitor.receive, visitor.send)
    assert visitor.status == 200
    assert not visitor.whole
    assert b"half".startswith(visitor.body)


async def test_an_answer_that_ends_with_the_connection(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def old(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of it")
        writer.close()

    got = await ask(upstream((await peer(old)).url))
    assert (got.status, got.body, got.whole) == (200, b"all of it", True)


async def test_the_next_request_is_fine_after_a_broken_one(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    served = 0

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        if served == 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            writer.close()
        else:
            writer.write(OK)

    app = upstream((await peer(handler)).url)
    visitor = Visitor()
    with pytest.raises(BrokenAnswerError):
        await app(http_scope(), visitor.receive, visitor.send)
    assert (await ask(app)).body == b"ok"


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the connection's end, which must come."""
    async with asyncio.timeout(5):
        return await reader.read()


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
async def test_a_visitor_who_leaves_ends_the_request(
    peer: PeerFactory, upstream: UpstreamFactory, start: bytes
) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        asked.set()
        await until_closed(reader)
        ended.set()

    site = await peer(wait)
    visitor = Visitor()
    running = asyncio.create_task(upstream(site.url)(http_scope(), visitor.receive, visitor.send))
    async with asyncio.timeout(5):
        await asked.wait()
        if start:
            await visitor.chunks.get()
        visitor.leave()
        await running
        await ended.wait()
    assert not visitor.whole


@pytest.mark.parametrize("framing", [(b"transfer-encoding", b"chunked"), (b"content-length", b"10")])
async def test_an_upload_that_breaks_off_is_not_made_whole(
    peer: PeerFactory, upstream: UpstreamFactory, framing: tuple[bytes, bytes]
) -> None:
    rest = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        rest.set_result(await until_closed(reader))

    site = await peer(take)
    visitor = Visitor([b"first", b"never sent"])
    handed_in = visitor.receive

    async def receive() -> object:
        if visitor.taken == 1:
            await asyncio.sleep(0.1)
            visitor.leave()
        return await handed_in()

    scope = http_scope(method="POST", headers=[framing])
    async with asyncio.timeout(5):
        await upstream(site.url)(scope, receive, visitor.send)  # type: ignore[arg-type]
        got = await rest
    assert b"first" in got
    assert b"never" not in got
    assert not got.endswith(b"0\r\n\r\n"), "no last chunk: the upstream must see that it is not whole"


async def test_an_app_that_is_cancelled_ends_the_request(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    asked, ended = asyncio.Event(), asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.set()
        await until_closed(reader)
        ended.set()

    site = await peer(wait)
    visitor = Visitor()
    running = asyncio.create_task(upstream(site.url)(http_scope(), visitor.receive, visitor.send))
    async with asyncio.timeout(5):
        await asked.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await ended.wait()


async def test_a_caller_whose_receive_never_waits(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    visitor = Visitor()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    site = await peer(replies(OK))
    async with asyncio.timeout(5):
        await upstream(site.url)(http_scope(), receive, visitor.send)
    assert visitor.body == b"ok"


async def test_no_task_is_left_behind(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    app = upstream((await peer(replies(OK))).url)
    await ask(app)
    await asyncio.sleep(0)
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert not [name for name in names if name.startswith("Exchange")]
