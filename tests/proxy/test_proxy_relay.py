"""The relay: the same answers as the ordinary way, and nothing lost, left over or delivered twice."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest

from guardware.config.proxy import Proxy
from guardware.config.schema import Config
from guardware.config.server import Server
from guardware.http import ASGIApp, Message, Receive, Scope, Send
from guardware.middleware import GuardMiddleware
from guardware.proxy.edge import Edge
from guardware.proxy.extensions import RELAYED
from guardware.proxy.protocol import protocol_class
from guardware.proxy.relay import lines as lines_room
from guardware.proxy.relay.answer_head import AnswerHead, NoAnswerError
from guardware.proxy.relay.pipes import Pipes
from guardware.proxy.upstream import Upstream

from .conftest import PeerFactory
from .peers import Handler, replies
from .raw_server import RawClient, RawServer, serving, statuses

NORMAL = protocol_class(Server())
BIG = os.urandom(3_000_000)
GET = b"GET /a.jpg HTTP/1.1\r\nHost: art.example\r\n\r\n"
LAST = b"GET /a.jpg HTTP/1.1\r\nHost: art.example\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the clock more often."""
    monkeypatch.setattr(lines_room, "_LOOK", 0.05)


def ok(body: bytes, *lines: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = [b"HTTP/1.1 200 OK", b"Content-Type: image/jpeg", b"Content-Length: %d" % size, *lines, b"", b""]
    return b"\r\n".join(head) + body


class Watch:
    """An app around another that sees by which way answers went."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kinds: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            self.kinds.append(message["type"])
            await send(message)

        await self.app(scope, receive, watched)


class Relaying(NamedTuple):
    """A proxy, and what it is made of."""

    server: RawServer
    upstream: Upstream
    watch: Watch

    @property
    def relayed(self) -> int:
        """Answers whose body went by the kernel."""
        return self.watch.kinds.count(RELAYED)

    @property
    def lines(self) -> int:
        """Connections to the upstream, in use or kept."""
        relay = self.upstream._relay
        assert relay is not None
        return sum(map(len, relay._lines.values()))


@asynccontextmanager
async def relaying(
    url: str, around: Callable[[ASGIApp], ASGIApp] = Edge, **settings: Any
) -> AsyncIterator[Relaying]:
    upstream = Upstream(Proxy(upstream=(url,), **settings))
    watch = Watch(upstream)
    try:
        async with serving(around(watch), NORMAL) as server:
            yield Relaying(server, upstream, watch)
    finally:
        await upstream.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


# --- The same as the ordinary way ---

CHUNKS = b"5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n"
ANSWERS: dict[str, bytes] = {
    "a small picture": ok(b"\xff\xd8\xff small"),
    "an empty one": ok(b""),
    "one of 16 kB": ok(BIG[:16384]),
    "one of 40 kB": ok(BIG[:40_000]),
    "a large picture": ok(BIG),
    "an extension of the type": ok(BIG[:100_000]).replace(b"image/jpeg", b"image/jpeg; q=1"),
    "octets": ok(BIG[:100_000]).replace(b"image/jpeg", b"application/octet-stream"),
    "HTML": ok(b"<p>" * 50_000).replace(b"image/jpeg", b"text/html; charset=utf-8"),
    "shared caching": ok(BIG[:100_000], b"Cache-Control: public, max-age=6", b"CDN-Cache-Control: x", b"Vary: A"),
    "cookies": ok(b"x", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"X-Robots-Tag: noindex"),
    "lines for one connection": ok(b"x", b"Connection: keep-alive, X-Hop", b"X-Hop: 1", b"Keep-Alive: timeout=5"),
    "an Upgrade that is only offered": ok(b"x", b"Connection: Upgrade", b"Upgrade: h2, h2c"),
    "what only we may say": ok(b"x", b"X-Guardware-Verdict: allow", b"Alt-Svc: h3=x"),
    "Latin-1": ok(b"x", b"X-Name: caf\xe9 \t"),
    "a date": ok(b"x", b"Date: Sun, 06 Nov 1994 08:49:37 GMT", b'ETag: "a"', b"Server: other"),
    "a part": ok(BIG[:100_000], b"Content-Range: bytes 0-99999/3000000").replace(b"200 OK", b"206 Part"),
    "not found": ok(b"no").replace(b"200 OK", b"404 Not Found"),
    "an error that is a large picture": ok(BIG[:100_000]).replace(b"200 OK", b"500 Oh"),
    "no reason": ok(b"x").replace(b"200 OK", b"200"),
    "a status of one's own": ok(b"x").replace(b"200 OK", b"299 Fine"),
    "204": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "304": b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 100000\r\n\r\n',
    "a redirection": b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunked and large": b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"186a0\r\n" + BIG[:100_000] + b"\r\n0\r\nX-Trailer: y\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 100000\r\n\r\n" + BIG[:100_000],
    "interim answers": b"HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Go\r\n\r\n" + ok(BIG[:99_999]),
}  # fmt: skip

UNENDING: dict[str, bytes] = {
    "until the end of the connection": b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + BIG[:100_000],
    "HTTP/1.0 without a length": b"HTTP/1.0 200 OK\r\n\r\nall of it",
    "Connection: close": ok(BIG[:100_000], b"Connection: close"),
}

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "nonsense": b"nonsense\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "999": ok(b"x").replace(b"200 OK", b"999 High"),
    "99": ok(b"x").replace(b"200 OK", b"99 Low"),
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "two lengths": ok(b"xx", b"Content-Length: 1"),
    "both framings": ok(b"x", b"Transfer-Encoding: chunked"),
    "NUL": ok(b"x", b"X-A: a\0b"),
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000,
    "a line without end": b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 1_000_000,
}


def says(answer: bytes, *, then_close: bool) -> Handler:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        if then_close:
            writer.close()

    return handler


def no_body(answer: bytes, method: bytes) -> bytes:
    end = answer.find(b"\r\n\r\n", max(answer.find(b"HTTP/1.1 200"), 0)) + 4
    return answer[:end] if method == b"HEAD" and end > 3 else answer


def guarded(app: ASGIApp) -> ASGIApp:
    return Edge(GuardMiddleware(app, Config.model_validate({"store": {"folder": "none"}})))


BROWSER = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0"
    b" Safari/537.36\r\nAccept: image/avif,image/webp,*/*;q=0.8\r\nAccept-Language: en\r\n"
    b'Accept-Encoding: gzip, deflate, br, zstd\r\nSec-Fetch-Dest: image\r\nSec-Fetch-Mode: no-cors\r\n'
    b'Sec-Fetch-Site: same-origin\r\nsec-ch-ua: "Chromium";v="155"\r\n'
)  # fmt: skip


def undated(answer: bytes) -> list[bytes]:
    """Lines and body, without what is another each time."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"date: ")]
    if b"transfer-encoding: chunked" in lines:
        body = unchunked(body)
    return [*lines, body.partition(b"Number of this visit: ")[0] if body.startswith(b"The site") else body]


def unchunked(body: bytes) -> bytes:
    """The parts put together: how they are cut may differ, their end must be there."""
    found = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        found, body = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert not found or int(size, 16) == 0
    return found


ASKED = [
    method + b" /a.jpg " + form + b"\r\nHost: art.example\r\n" + BROWSER + b"Connection: close\r\n\r\n"
    for method in (b"GET", b"HEAD")
    for form in (b"HTTP/1.1", b"HTTP/1.0")
]


@pytest.mark.parametrize("name", [*ANSWERS, *UNENDING, *BROKEN])
async def test_both_ways_answer_alike(peer: PeerFactory, name: str) -> None:
    """Notices, caching, dates and all: whoever looks at the bytes cannot tell which way they came."""
    whole = {**ANSWERS, **UNENDING, **BROKEN}[name]
    got: list[list[list[bytes]]] = []

    async def site(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(no_body(whole, new.heads[-1].split()[0]))
        await writer.drain()
        if name not in ANSWERS:
            writer.close()

    new = await peer(site)
    for relay in (True, False):
        async with relaying(new.url, guarded, relay=relay, first_byte_timeout=3.0) as proxy:
            got.append([undated(await proxy.server.tell(request)) for request in ASKED])
    assert got[0] == got[1]
    expected = 502 if name in BROKEN else 200 if name == "interim answers" else int(whole[9:12])
    assert {int(answer[0][9:12]) for answer in got[0]} == {expected}


async def test_which_bodies_the_kernel_moves(peer: PeerFactory) -> None:
    moved = set()
    for name, answer in {**ANSWERS, **UNENDING}.items():
        site = await peer(says(answer, then_close=name in UNENDING))
        async with relaying(site.url) as proxy:
            await proxy.server.tell(LAST)
            if proxy.relayed:
                moved.add(name)
    assert moved >= {"a large picture", "octets", "HTML", "a part", "Connection: close", "interim answers"}
    assert not moved & {"a small picture", "204", "304", "chunked and large", "until the end of the connection"}


@pytest.mark.parametrize(
    "request_",
    [
        LAST.replace(b"GET", b"POST", 1),
        LAST.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nok"),
        LAST.replace(b"GET", b"OPTIONS", 1),
    ],
    ids=["POST", "GET with a body", "OPTIONS"],
)
async def test_what_it_leaves_to_the_ordinary_way(peer: PeerFactory, request_: bytes) -> None:
    site = await peer(replies(ok(BIG)))
    async with relaying(site.url) as proxy:
        assert (await proxy.server.tell(request_)).endswith(BIG)
        assert (proxy.relayed, proxy.lines) == (0, 0)


async def test_a_doubtful_visitor_never_gets_it(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG)))
    curl = b"User-Agent: curl/8.5.0\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    async with relaying(site.url, guarded) as proxy:
        got = await proxy.server.tell(b"GET /a.jpg HTTP/1.1\r\nHost: art.example\r\n" + curl)
        assert proxy.relayed == 0
    assert BIG[:1000] not in got


async def test_the_upstream_is_told_the_same(peer: PeerFactory) -> None:
    site = await peer(replies(ok(b"x")))
    lines = b"X-A: 1\r\nCookie: a\r\nCookie: b\r\nTE: trailers\r\nX-Forwarded-For: 1.2.3.4\r\nX-B: \xff\r\n"
    request = b"GET /a%2Fb/../c?d=%20 HTTP/1.1\r\nHost: art.example\r\n" + lines + b"Connection: close\r\n\r\n"
    for relay in (True, False):
        async with relaying(site.url, relay=relay) as proxy:
            await proxy.server.tell(request)
    assert site.request_line(0) == site.request_line(1) == b"GET /a%2Fb/../c?d=%20 HTTP/1.1"
    ours, ordinary = ([line.lower() for line in site.lines(number)] for number in (0, 1))
    assert ours == ordinary


@pytest.mark.parametrize("target", [b"/a?", b"/a", b"/?", b"/a??", b"/a?b="])
async def test_the_upstream_sees_an_empty_query(peer: PeerFactory, target: bytes) -> None:
    site = await peer(replies(ok(b"x")))
    for relay in (True, False):
        async with relaying(site.url, relay=relay) as proxy:
            await proxy.server.tell(LAST.replace(b"/a.jpg", target))
    assert site.request_line(0) == site.request_line(1) == b"GET %b HTTP/1.1" % target


async def test_a_unix_socket(tmp_path: Any) -> None:
    path = str(tmp_path / "app.sock")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ok(BIG, b"Connection: close"))
        await writer.drain()
        writer.close()

    site = await asyncio.start_unix_server(serve, path)
    async with site, relaying(f"unix:{path}") as proxy:
        assert (await proxy.server.tell(LAST)).endswith(BIG)
        assert proxy.relayed == 1


# --- Connections ---


async def test_one_connection_serves_many(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG)))
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        for _ in range(10):
            await client.send(GET)
            assert (await client.one())[1] == BIG
        assert (site.connections, proxy.lines, proxy.relayed) == (1, 1, 10)


async def test_pipelining(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG[:200_000])))
    async with relaying(site.url) as proxy:
        got = await proxy.server.tell(GET * 9 + LAST)
    assert got.count(BIG[:200_000]) == 10
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_an_idle_connection_that_the_upstream_closed(peer: PeerFactory) -> None:
    async def one_each(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(BIG))
        await writer.drain()
        writer.close()  # without having said so

    site = await peer(one_each)
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        for _ in range(3):
            await client.send(GET)
            assert (await client.one())[1] == BIG
    assert site.connections == 3


async def test_a_connection_that_closes_when_it_is_asked_again(peer: PeerFactory) -> None:
    served = 0

    async def every_other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        if served == 2:
            writer.close()
        else:
            writer.write(ok(b"fine"))

    site = await peer(every_other)
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        for _ in range(2):
            await client.send(GET)
            assert (await client.one())[1] == b"fine"


SECRET = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"


@pytest.mark.parametrize("delay", [0.0, 0.02])
@pytest.mark.parametrize("size", [10, 20_000, 100_000])
async def test_what_follows_an_answer_is_nobodys(peer: PeerFactory, size: int, delay: float) -> None:
    async def too_much(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(BIG[:size]))
        await asyncio.sleep(delay)
        writer.write(SECRET)

    site = await peer(too_much)
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        for _ in range(3):
            await client.send(GET)
            assert (await client.one())[1] == BIG[:size]
            await asyncio.sleep(2 * delay)
    assert site.connections == 3, "a connection with more than the answer is not used again"


@pytest.mark.parametrize("answer", [ok(b"", length=5) + b"hello", b"HTTP/1.1 304 Not Modified\r\n\r\nhello"])
async def test_a_body_where_none_belongs(peer: PeerFactory, answer: bytes) -> None:
    site = await peer(replies(answer))
    head = GET.replace(b"GET", b"HEAD", 1)
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        for _ in range(3):
            await client.send(head)
            got = await client.reader.readuntil(b"\r\n\r\n")
            assert b"hello" not in got
    assert site.connections == 3


# --- What breaks ---


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("sent", [0, 10, 50_000, 500_000])
@pytest.mark.parametrize("how", ["close", "reset", "stall"])
async def test_an_upstream_that_breaks_off(peer: PeerFactory, sent: int, how: str) -> None:
    async def breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ok(BIG[:sent], length=len(BIG)))
        await writer.drain()
        await asyncio.sleep(0.02)
        if how == "stall":
            await reader.read()
        elif how == "reset":
            reset(writer)
        else:
            writer.close()

    site = await peer(breaks)
    async with relaying(site.url, read_timeout=0.2) as proxy:
        got = await proxy.server.tell(GET)
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK")
        assert BIG.startswith(body)
        assert how == "reset" or len(body) == sent
        await proxy.server.until_idle()
        assert proxy.lines == 0


async def test_no_answer_in_time(peer: PeerFactory) -> None:
    async def thinks(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    site = await peer(thinks)
    async with relaying(site.url, first_byte_timeout=0.2) as proxy:
        assert statuses(await proxy.server.tell(LAST)) == [504]
        assert len(site.heads) == 1, "nobody is asked twice for what takes long"


async def test_nobody_listens() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with relaying(f"http://127.0.0.1:{port}") as proxy:
        assert statuses(await proxy.server.tell(LAST)) == [502]


@pytest.mark.parametrize("sent", [0, 10, 500_000])
async def test_a_visitor_who_leaves(peer: PeerFactory, sent: int) -> None:
    ended = asyncio.Event()

    async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if sent:
            writer.write(ok(BIG[:sent], length=len(BIG)))
        await reader.read()
        ended.set()

    site = await peer(never_ends)
    before = open_files()
    async with relaying(site.url) as proxy:
        for _ in range(3):
            ended.clear()
            async with proxy.server.connected() as client:
                await client.send(GET)
                await asyncio.sleep(0.02)
            async with asyncio.timeout(5):
                await ended.wait()
            await proxy.server.until_idle()
        assert proxy.lines == 0
    await site.stop()
    assert open_files() <= before


async def test_a_visitor_who_only_listens_on_after_hanging_up_his_side(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG)))
    async with relaying(site.url) as proxy, proxy.server.connected() as client:
        await client.send(GET)
        head = await client.reader.readuntil(b"\r\n\r\n")
        client.writer.write_eof()
        assert head.startswith(b"HTTP/1.1 200")
        assert BIG.startswith(await client.rest()), "part or all of it: his end may be seen first"
        await proxy.server.until_idle()


async def slow_client(client: RawClient, size: int) -> bytes:
    found = b""
    while len(found) < size:
        found += await client.reader.read(30_000)
        await asyncio.sleep(0)
    return found


async def test_slow_readers_hold_nothing_of_ours(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG)))
    async with relaying(site.url) as proxy, proxy.server.connected(limit=4096) as client:
        await client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.05)
        (connection,) = proxy.server.state.connections
        assert connection.transport.get_write_buffer_size() == 0
        assert await slow_client(client, len(BIG)) == BIG
        await client.send(LAST)
        assert (await client.rest()).endswith(BIG)


async def test_an_upstream_in_drops(peer: PeerFactory) -> None:
    async def drops(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in ok(BIG[:50_000])[:200]:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(ok(BIG[:50_000])[200:])

    site = await peer(drops)
    async with relaying(site.url) as proxy:
        assert (await proxy.server.tell(LAST)).endswith(BIG[:50_000])


async def test_the_server_stops_in_mid_answer(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG)))
    async with relaying(site.url) as proxy, proxy.server.connected(limit=4096) as client:
        await client.send(GET)
        await asyncio.sleep(0.02)
        for connection in list(proxy.server.state.connections):
            connection.shutdown()
        assert (await client.rest()).endswith(BIG), "the answer is whole, and then the connection ends"


async def test_many_at_once_and_nothing_left(peer: PeerFactory) -> None:
    site = await peer(replies(ok(BIG[:300_000])))
    before = open_files()
    async with relaying(site.url, max_connections=8) as proxy:
        got = await asyncio.gather(*(proxy.server.tell(GET + LAST) for _ in range(40)))
        assert all(answers.count(BIG[:300_000]) == 2 for answers in got)
        assert proxy.lines <= 8
    await site.stop()
    assert open_files() <= before


# --- Parts ---


@pytest.mark.parametrize("step", [1, 3, 1000])
def test_an_answer_in_parts(step: int) -> None:
    answer = AnswerHead()
    whole = ANSWERS["chunked"]
    for start in range(0, len(whole), step):
        answer.feed(whole[start : start + step])
    assert (answer.status, answer.take(), answer.ended, answer.surplus) == (200, b"hello you", True, False)
    answer.feed(b"H")
    assert answer.surplus


def test_what_is_no_answer() -> None:
    for bytes_ in (BROKEN["nonsense"], BROKEN["101"], BROKEN["both framings"], BROKEN["a head without end"]):
        answer = AnswerHead()
        with pytest.raises(NoAnswerError):
            answer.feed(bytes_)


def test_pipes_are_kept_only_when_they_are_empty() -> None:
    before = open_files()
    pipes = Pipes()
    pipe = pipes.take()
    pipes.give_back(pipe, clean=True)
    assert pipes.take() == pipe
    os.write(pipe.into, b"left over")
    pipes.give_back(pipe, clean=False)
    pipes.close()
    assert open_files() == before
