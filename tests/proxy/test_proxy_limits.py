"""How long is waited, how much is taken, and how many at once."""

import asyncio
import time

import pytest

from guardware.errors import BrokenAnswerError
from guardware.http import Message

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, Visitor, ask, http_scope, replies

TIMES = ("connect_timeout", "first_byte_timeout", "read_timeout")


def only(name: str, seconds: float = 0.15) -> dict[str, object]:
    """All limits so long that only ``name`` is reached."""
    return {**dict.fromkeys(TIMES, 60), name: seconds}


async def silent(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


# Time


async def test_the_first_byte_is_waited_for_so_long(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    times = {"connect_timeout": 0.1, "first_byte_timeout": 0.1, "read_timeout": 60}
    assert (await ask(upstream((await peer(silent)).url, **times))).status == 504


async def test_a_head_that_drips_is_not_waited_for_longer(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    begun = time.monotonic()
    times = {"connect_timeout": 0.1, "first_byte_timeout": 0.1, "read_timeout": 60}
    assert (await ask(upstream((await peer(drip)).url, **times))).status == 504
    assert time.monotonic() - begun < 2


async def test_a_first_byte_after_a_long_upload_has_its_own_time(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.write(OK)

    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> Message:
        if visitor.taken == 1:
            await asyncio.sleep(0.4)
        return await handed_in()

    app = upstream((await peer(take)).url, **only("first_byte_timeout", 0.2))
    await app(http_scope(method="POST", headers=[(b"content-length", b"10")]), receive, visitor.send)
    assert visitor.status == 200


async def test_no_answer_after_an_upload(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    app = upstream((await peer(silent)).url, **only("first_byte_timeout"))
    got = await ask(app, method="POST", headers=[(b"content-length", b"4")], body=[b"body"])
    assert got.status == 504


async def test_a_pause_in_the_answer_ends_it(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def stall(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await asyncio.Event().wait()

    visitor = Visitor()
    with pytest.raises(BrokenAnswerError):
        await upstream((await peer(stall)).url, **only("read_timeout"))(
            http_scope(), visitor.receive, visitor.send
        )
    assert (visitor.status, visitor.body, visitor.whole) == (200, b"half", False)


async def test_an_answer_that_goes_on_may_take_as_long_as_it_likes(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    async def tick(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _i in range(10):
            writer.write(b"8\r\ndata: x\n\r\n")
            await asyncio.sleep(0.05)
        writer.write(b"0\r\n\r\n")

    times = dict.fromkeys(TIMES, 0.2)
    got = await ask(upstream((await peer(tick)).url, **times))
    assert (got.body, got.whole, got.chunks.qsize()) == (b"data: x\n" * 10, True, 10)


async def test_a_visitor_who_stops_uploading_is_told_so(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> Message:
        if visitor.taken == 1:
            await asyncio.Event().wait()
        return await handed_in()

    app = upstream((await peer(silent)).url, **only("read_timeout"))
    async with asyncio.timeout(5):
        await app(http_scope(method="POST", headers=[(b"content-length", b"10")]), receive, visitor.send)
    assert (visitor.status, visitor.whole) == (408, True)


async def test_an_answer_under_way_is_not_cut_because_the_upload_rests(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    async def both(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\n")
        for _i in range(10):
            await asyncio.sleep(0.04)
            writer.write(b"x")

    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> Message:
        if visitor.taken == 1:
            await asyncio.Event().wait()
        return await handed_in()

    app = upstream((await peer(both)).url, **only("read_timeout", 0.2))
    async with asyncio.timeout(5):
        await app(http_scope(method="POST", headers=[(b"content-length", b"10")]), receive, visitor.send)
    assert (visitor.body, visitor.whole) == (b"x" * 10, True)


# Size


@pytest.mark.parametrize(
    ("framing", "parts", "status", "asked"),
    [
        ((b"content-length", b"8"), [b"12345678"], 200, 1),
        ((b"content-length", b"9"), [b"123456789"], 413, 0),
        ((b"content-length", b"99999999999999999999"), [b"1"], 413, 0),
        ((b"transfer-encoding", b"chunked"), [b"1234", b"5678"], 200, 1),
        ((b"transfer-encoding", b"chunked"), [b"1234", b"5678", b"9"], 413, 1),
    ],
)
async def test_the_largest_upload(
    peer: PeerFactory,
    upstream: UpstreamFactory,
    framing: tuple[bytes, bytes],
    parts: list[bytes],
    status: int,
    asked: int,
) -> None:
    whole = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chunked = framing[1] == b"chunked"
        whole.append(await (reader.readuntil(b"0\r\n\r\n") if chunked else reader.readexactly(8)))
        writer.write(OK)

    site = await peer(take)
    got = await ask(upstream(site.url, max_body=8), method="POST", headers=[framing], body=parts)
    assert got.status == status
    assert len(site.heads) <= asked
    assert bool(whole) is (status == 200), "an upload that is cut short never looks whole"


async def test_an_upload_that_grows_too_large_while_the_answer_comes_ends_both(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    async def eager(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await asyncio.Event().wait()

    visitor = Visitor([b"1234", b"5678", b"9"])
    handed_in = visitor.receive

    async def receive() -> Message:
        if visitor.taken:
            await visitor.chunks.get()
            visitor.chunks.put_nowait(b"")
        return await handed_in()

    app = upstream((await peer(eager)).url, max_body=8)
    scope = http_scope(method="POST", headers=[(b"transfer-encoding", b"chunked")])
    async with asyncio.timeout(5):
        with pytest.raises(BrokenAnswerError):
            await app(scope, receive, visitor.send)
    assert (visitor.status, visitor.whole) == (200, False)


# Number


async def test_more_than_there_are_connections_wait_and_then_are_told(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    go_on = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        writer.write(OK)

    site = await peer(hold)
    app = upstream(site.url, max_connections=2, connect_timeout=0.1)
    holding = [asyncio.create_task(ask(app)) for _ in range(2)]
    await site.heard(2)
    refused = await ask(app)
    assert (refused.status, refused.values(b"retry-after")) == (503, [b"5"])
    waiting = asyncio.create_task(ask(app))
    await asyncio.sleep(0.02)
    go_on.set()
    assert [(await task).status for task in [*holding, waiting]] == [200, 200, 200]
    assert site.connections == 2


async def test_visitors_who_leave_give_their_connections_back(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    site = await peer(silent)
    app = upstream(site.url, max_connections=1, connect_timeout=0.2)
    for _ in range(5):
        visitor = Visitor()
        asking = asyncio.create_task(app(http_scope(), visitor.receive, visitor.send))
        await site.heard(len(site.heads) + 1)
        visitor.leave()
        await asking
    assert len(site.heads) == 5


@pytest.mark.parametrize("answer", [OK, b"nonsense\r\n\r\n", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"])
async def test_every_answer_gives_its_connection_back(
    peer: PeerFactory, upstream: UpstreamFactory, answer: bytes
) -> None:
    app = upstream((await peer(replies(answer))).url, max_connections=1, connect_timeout=0.2)
    statuses = {(await ask(app)).status for _ in range(5)}
    assert statuses in ({200}, {502})
