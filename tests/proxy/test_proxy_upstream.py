"""Forwarding: what reaches the upstream, what comes back, and when."""

import asyncio

import pytest

from guardware.proxy.headers import Visitor as Who

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, Visitor, ask, http_scope, replies


async def test_a_request_goes_and_an_answer_comes(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(b"HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"))
    got = await ask(upstream(site.url), b"/a?b=1", headers=[(b"user-agent", b"x"), (b"accept", b"*/*")])
    assert (got.status, got.headers, got.body, got.whole) == (
        201,
        [(b"content-type", b"text/plain"), (b"content-length", b"5")],
        b"hello",
        True,
    )
    assert site.request_line() == b"GET /a?b=1 HTTP/1.1"
    assert site.lines() == [
        b"host: art.example",
        b"user-agent: x",
        b"accept: */*",
        b"x-forwarded-proto: http",
        b"x-forwarded-for: 192.0.2.7",
        b"x-forwarded-host: art.example",
        b'forwarded: for=192.0.2.7;proto=http;host="art.example"',
    ]


async def test_repeated_lines_stay_apart_both_ways(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    two = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n"
    site = await peer(replies(two))
    got = await ask(upstream(site.url), headers=[(b"cookie", b"c=3"), (b"cookie", b"d=4")])
    assert got.values(b"set-cookie") == [b"a=1", b"b=2"]
    assert [line for line in site.lines() if line.startswith(b"cookie")] == [b"cookie: c=3", b"cookie: d=4"]


async def test_the_upstreams_cookies_are_not_kept(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"))
    app = upstream(site.url)
    await ask(app)
    await ask(app)
    assert b"cookie" not in site.heads[1].lower()


@pytest.mark.parametrize("path", [b"/a/../b", b"/a/%2e%2e/b", b"/x%2Fy", b"//x", b"/?q=..%2F../&r=%2f;s"])
async def test_the_target_is_untouched(peer: PeerFactory, upstream: UpstreamFactory, path: bytes) -> None:
    site = await peer(replies(OK))
    await ask(upstream(site.url), path)
    assert site.request_line() == b"GET " + path + b" HTTP/1.1"


async def test_the_host_can_be_the_upstreams_own(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(OK))
    await ask(upstream(site.url, preserve_host=False))
    assert f"host: 127.0.0.1:{site.port}".encode() in [line.lower() for line in site.lines()]
    assert b"x-forwarded-host: art.example" in site.lines()


async def test_somebody_else_may_say_who_visits(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(OK))
    await ask(upstream(site.url, who_visits=lambda _: Who("203.0.113.9", "https")))
    assert b"x-forwarded-for: 203.0.113.9" in site.lines()
    assert b"x-forwarded-proto: https" in site.lines()


async def test_compressed_bodies_are_left_alone(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"))
    got = await ask(upstream(site.url))
    assert (got.values(b"content-encoding"), got.body) == ([b"gzip"], b"not gzip!")


async def test_redirects_are_the_visitors_affair(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"))
    got = await ask(upstream(site.url))
    assert (got.status, got.values(b"location"), len(site.heads)) == (302, [b"/next"], 1)


@pytest.mark.parametrize(
    ("method", "answer", "status", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", 200, [b"5000"]),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, []),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', 304, []),
        ("DELETE", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, [b"0"]),
    ],
)
async def test_answers_without_a_body(
    peer: PeerFactory, upstream: UpstreamFactory, method: str, answer: bytes, status: int, length: list[bytes]
) -> None:
    site = await peer(replies(answer))
    got = await ask(upstream(site.url), method=method)
    assert (got.status, got.values(b"content-length"), got.body, got.whole) == (status, length, b"", True)


async def test_ranges_and_conditions_pass(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    part = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nab"
    site = await peer(replies(part))
    asked = [(b"range", b"bytes=0-1"), (b"if-range", b'"x"'), (b"if-none-match", b'"y"')]
    got = await ask(upstream(site.url), headers=asked)
    assert (got.status, got.values(b"content-range"), got.body) == (206, [b"bytes 0-1/9"], b"ab")
    assert site.lines()[1:4] == [b"range: bytes=0-1", b'if-range: "x"', b'if-none-match: "y"']


async def test_one_connection_serves_many_requests(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(OK))
    app = upstream(site.url)
    for _ in range(20):
        assert (await ask(app)).body == b"ok"
    assert (len(site.heads), site.connections) == (20, 1)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
async def test_methods_that_are_not_passed_on(upstream: UpstreamFactory, method: str) -> None:
    assert (await ask(upstream("http://127.0.0.1:9"), method=method)).status == 405


async def test_a_target_that_cannot_be_passed_on(upstream: UpstreamFactory) -> None:
    assert (await ask(upstream("http://127.0.0.1:9"), b"http://elsewhere/")).status == 400


async def test_lifespan_opens_and_closes_the_session(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    site = await peer(replies(OK))
    app = upstream(site.url)
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return events.pop(0)

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message["type"])
        if message["type"] == "lifespan.startup.complete":
            assert (await ask(app)).body == b"ok"

    await app({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


# Bodies: nothing is collected, in either direction.


async def test_the_first_byte_arrives_before_the_last_is_sent(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    go_on = asyncio.Event()

    async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        await go_on.wait()
        writer.write(b"final")

    site = await peer(slow)
    visitor = Visitor()
    asked = asyncio.create_task(upstream(site.url)(http_scope(), visitor.receive, visitor.send))
    async with asyncio.timeout(5):
        assert await visitor.chunks.get() == b"first"
        assert not visitor.whole
        go_on.set()
        await asked
    assert (visitor.body, visitor.whole) == (b"firstfinal", True)


async def read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def test_an_upload_of_unknown_length_goes_in_chunks(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    bodies = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await read_chunked(reader))
        writer.write(OK)

    site = await peer(take)
    got = await ask(
        upstream(site.url), method="POST", headers=[(b"transfer-encoding", b"chunked")], body=[b"ab", b"", b"cd"]
    )
    assert (got.status, bodies) == (200, [b"abcd"])
    assert [line.lower() for line in site.lines()].count(b"transfer-encoding: chunked") == 1


async def test_an_upload_of_known_length_keeps_it(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    bodies = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(4))
        writer.write(OK)

    site = await peer(take)
    got = await ask(upstream(site.url), method="PUT", headers=[(b"content-length", b"4")], body=[b"ab", b"cd"])
    assert (got.status, bodies) == (200, [b"abcd"])
    assert b"content-length: 4" in site.lines()
    assert b"transfer-encoding" not in site.heads[0].lower()
    assert b"content-type" not in site.heads[0].lower()


async def test_the_first_byte_of_an_upload_arrives_before_the_last_is_read(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    arrived = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(5) == b"first"
        arrived.set()
        assert await reader.readexactly(5) == b"final"
        writer.write(OK)

    site = await peer(take)
    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> object:
        if visitor.taken == 1:
            await arrived.wait()
        return await handed_in()

    scope = http_scope(method="POST", headers=[(b"content-length", b"10")])
    async with asyncio.timeout(5):
        await upstream(site.url)(scope, receive, visitor.send)  # type: ignore[arg-type]
    assert visitor.status == 200


async def test_a_large_upload_waits_for_an_upstream_that_reads_slowly(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    go_on = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await go_on.wait()
        await reader.readexactly(64 << 20)
        writer.write(OK)

    site = await peer(take)
    visitor = Visitor([b"x" * (1 << 20)] * 64)
    scope = http_scope(method="POST", headers=[(b"content-length", str(64 << 20).encode())])
    asked = asyncio.create_task(upstream(site.url)(scope, visitor.receive, visitor.send))
    async with asyncio.timeout(20):
        before = -1
        while visitor.taken != before:  # until it takes no more
            before = visitor.taken
            await asyncio.sleep(0.2)
        assert visitor.taken < 32, "most of the upload must still be with the visitor"
        go_on.set()
        await asked
    assert visitor.status == 200


async def test_an_answer_before_the_end_of_the_upload(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        await writer.drain()

    site = await peer(refuse)
    visitor = Visitor([b"first", b"final"])
    handed_in = visitor.receive

    async def receive() -> object:
        if visitor.taken == 1:
            await asyncio.Event().wait()
        return await handed_in()

    scope = http_scope(method="POST", headers=[(b"content-length", b"10")])
    async with asyncio.timeout(5):
        await upstream(site.url)(scope, receive, visitor.send)  # type: ignore[arg-type]
    assert (visitor.status, visitor.body, visitor.whole) == (413, b"no", True)


async def test_a_slow_visitor_holds_the_upstream_back(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    written = 0

    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
        for _i in range(64):
            writer.write(b"x" * (1 << 20))
            await writer.drain()
            written += 1

    site = await peer(pour)
    visitor = Visitor()
    go_on = asyncio.Event()

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            await go_on.wait()
        await visitor.send(message)

    asked = asyncio.create_task(upstream(site.url)(http_scope(), visitor.receive, send))  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        before = -1
        while written != before:
            before = written
            await asyncio.sleep(0.2)
        assert written < 32, "most of the answer must still be with the upstream"
        go_on.set()
        await asked
    assert (len(visitor.body), visitor.whole) == (64 << 20, True)
