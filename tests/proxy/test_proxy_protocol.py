"""The visitor's connection: limits, time, pipelines, and how an answer ends."""

import asyncio
import logging
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from guardware.config.server import Server
from guardware.http import Receive, Scope, Send
from guardware.proxy import patience
from guardware.proxy.extensions import TARGET
from guardware.proxy.protocol import Limits, VisitorProtocol, protocol_class

from .certificates import certificate
from .raw_server import GET, Asked, RawServer, answer, serving, statuses

NORMAL = protocol_class(Server())
KB = 1024


def limited(**limits: float) -> type[VisitorProtocol]:
    class Limited(VisitorProtocol):
        pass

    Limited.limits = Limits(**{"max_header": 8 * KB, "header_timeout": 5.0, "keep_alive": 5.0, **limits})  # type: ignore[arg-type]
    return Limited


def get(*lines: bytes, target: bytes = b"/") -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: art.example", *lines, b"", b""])


LAST = get(b"Connection: close", target=b"/last")


# --- Sizes ---


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (get(b"X: " + b"x" * 7 * KB), 200),
        (get(b"X: " + b"x" * 9 * KB), 431),
        (get(target=b"/" + b"x" * 9 * KB), 431),
        (get(*[b"a:b"] * 1000), 200),
        (get(*[b"a:b"] * 2000), 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 60 * KB, 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a:b\r\n" * 20_000, 431),
        (b"GET /" + b"x" * 60 * KB, 431),
        (b"\r\n" * 30 * KB, 431),
    ],
    ids=["fits", "long line", "long target", "many lines", "too many", "no end", "no end of lines", "t", "empty"],
)
@pytest.mark.parametrize("step", [1 << 20, 3000])
async def test_the_size_of_a_head(head: bytes, status: int, step: int) -> None:
    async with serving(Asked(), limited()) as server, server.connected() as client:
        for start in range(0, len(head), step):
            await client.send(head[start : start + step])
        await client.send(LAST)
        assert statuses(await client.rest())[0] == status


async def test_a_head_may_follow_a_large_body_in_one_segment() -> None:
    body = b"x" * 60 * KB
    upload = b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    app = Asked()
    async with serving(app, limited()) as server:
        got = await server.tell(upload + LAST[:20], LAST[20:])
    assert statuses(got) == [200, 200]
    assert app.requests[0][2] == body


@pytest.mark.parametrize(
    "endless",
    [b"0\r\n" + b"X: " + b"x" * 60 * KB, b"0\r\n" + b"a:b\r\n" * 20_000, b"5;" + b"x" * 60 * KB],
    ids=["a trailer", "trailers", "a chunk's extension"],
)
async def test_what_is_no_body_within_a_body(endless: bytes) -> None:
    app = Asked()
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    async with serving(app, limited()) as server, server.connected() as client:
        await client.send(head)
        for start in range(0, len(endless), 4 * KB):
            await client.send(endless[start : start + 4 * KB])
        assert statuses(await client.rest()) == [431]
    assert app.requests == []


# --- Time ---


@pytest.mark.parametrize(
    ("sent", "got"),
    [(b"", []), (b"G", [408]), (b"GET / HTTP/1.1\r\nHost: a\r\n", [408]), (GET + b"GET", [200, 408])],
    ids=["nothing", "a letter", "no end", "no end of the second"],
)
async def test_a_head_that_does_not_come(sent: bytes, got: list[int]) -> None:
    async with serving(Asked(), limited(header_timeout=0.05)) as server:
        assert statuses(await server.tell(sent)) == got


async def test_a_head_that_comes_drop_by_drop() -> None:
    async with serving(Asked(), limited(header_timeout=0.1)) as server, server.connected() as client:
        begun = asyncio.get_running_loop().time()
        for byte in get(b"X: " + b"x" * 500):
            if client.reader.at_eof() or client.writer.is_closing():
                break
            await client.send(bytes([byte]))
        assert statuses(await client.rest()) == [408]
        assert asyncio.get_running_loop().time() - begun < 3


async def test_an_idle_connection_is_closed() -> None:
    async with serving(Asked(), limited(keep_alive=0.05)) as server:
        assert statuses(await server.tell(GET)) == [200]


async def test_a_long_answer_is_not_idle() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)
        await answer(send, b"at last")

    async with serving(slow, limited(keep_alive=0.05, header_timeout=0.05)) as server:
        assert (await server.tell(GET)).endswith(b"at last")


async def test_a_body_that_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALL", 0.05)
    async with serving(Asked(), limited()) as server:
        assert await server.tell(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe") == b""
        await server.until_idle()


async def big(scope: Scope, receive: Receive, send: Send) -> None:
    """64 MB, as fast as they are taken."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"67108864")]})
    for left in reversed(range(1024)):
        await send({"type": "http.response.body", "body": bytes(64 * KB), "more_body": left > 0})


async def big_file(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"67108864")]})
    await send({"type": "http.response.pathsend", "path": scope["state"]["path"]})


def in_buffers(server: RawServer) -> int:
    (connection,) = server.state.connections
    size: int = connection.transport.get_write_buffer_size()
    return size


async def test_a_client_that_stops_reading_holds_little_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALL", 0.2)
    async with serving(big, limited()) as server, server.connected(limit=1) as client:
        await client.send(GET)
        await asyncio.sleep(0.1)
        assert in_buffers(server) <= 192 * KB
        await server.until_idle()


# --- Several requests ---


async def test_a_pipeline_is_answered_in_order() -> None:
    targets = [b"/%d" % number for number in range(20)]
    app = Asked()
    async with serving(app, NORMAL) as server:
        got = await server.tell(b"".join(get(target=target) for target in targets) + LAST)
    assert [part.rpartition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 ")[1:]] == [*targets, b"/last"]


async def test_a_pipeline_has_an_end() -> None:
    app = Asked()
    async with serving(app, NORMAL) as server:
        got = await server.tell(GET * 2000)
    assert 30 < len(statuses(got)) < 40, "and the rest was not read"
    assert got.count(b"connection: close") == 1


async def test_uploads_in_a_pipeline() -> None:
    app = Asked()
    bodies = [bytes([65 + number]) * 200 * KB for number in range(4)]
    whole = b"".join(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(b) + b for b in bodies)
    async with serving(app, NORMAL) as server:
        got = await server.tell(whole + LAST)
    assert statuses(got) == [200] * 5
    assert [body for _, _, body in app.requests] == [*bodies, b""]


async def test_whoever_hangs_up_is_missed_by_each_request() -> None:
    told: list[str] = []

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        told.append((await receive())["type"])

    async with serving(waits, NORMAL) as server:
        async with server.connected() as client:
            await client.send(GET * 3)
        await server.until_idle()
    assert told == ["http.disconnect"], "and those behind it never begin"


async def test_the_server_stops() -> None:
    async with serving(Asked(), NORMAL) as server, server.connected() as idle, server.connected() as busy:
        await idle.send(GET)
        await idle.one()
        await busy.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
        for connection in list(server.state.connections):
            connection.shutdown()
        assert await idle.rest() == b""
        await busy.send(b"llo" + GET)
        assert statuses(await busy.rest()) == [200], "what was asked, and no more"


async def test_a_connection_by_tls_that_is_closed_twice(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Python 3.11's TLS transports lose their protocol by it, and whatever asks them then fails."""
    cert, key = certificate(tmp_path, "a")
    trusting = ssl.create_default_context(cafile=cert)
    protocol = limited(header_timeout=0.02, keep_alive=0.02)
    async with serving(Asked(), protocol, ssl_certfile=cert, ssl_keyfile=key) as server:
        plain = socket.create_connection(("127.0.0.1", server.port))
        # A client who takes no notice of the end, and so leaves the connection half closed.
        with await asyncio.to_thread(trusting.wrap_socket, plain, server_hostname="localhost"):
            connection: Any = next(iter(server.state.connections))
            async with asyncio.timeout(5):
                while not connection.transport.is_closing():  # noqa: ASYNC110 -- asyncio tells nobody
                    await asyncio.sleep(0.005)
            connection.shutdown()
            await server.until_idle()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("size", [10, 60_000, 1_000_000])
async def test_the_server_stops_and_tls_visitors_have_their_answers(tmp_path: Path, size: int) -> None:
    """One who takes his time gets all of it; one who has it and says no goodbye is not waited for."""
    cert, key = certificate(tmp_path, "a")
    trusting = ssl.create_default_context(cafile=cert)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, bytes(size))

    def connect() -> ssl.SSLSocket:
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.settimeout(5)
        plain.connect(("127.0.0.1", server.port))
        return trusting.wrap_socket(plain, server_hostname="localhost")

    def take(visitor: ssl.SSLSocket) -> bytes:
        found = b""
        while part := visitor.recv(65536):
            found += part
        return found

    async with serving(app, NORMAL, ssl_certfile=cert, ssl_keyfile=key) as server:
        with await asyncio.to_thread(connect) as visitor:
            connection: Any = next(iter(server.state.connections))
            narrow = connection.transport.get_extra_info("socket")
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            visitor.sendall(GET)
            await asyncio.sleep(0.05)
            connection.shutdown()
            await asyncio.sleep(0.3)
            got = await asyncio.to_thread(take, visitor)
            await server.until_idle()
    assert got.partition(b"\r\n\r\n")[2] == bytes(size)


async def test_the_target_is_kept_as_it_came(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "a")
    trusting = ssl.create_default_context(cafile=cert)
    secure: dict[str, Any] = {"ssl_certfile": cert, "ssl_keyfile": key}
    for settings, how in (({}, {}), (secure, {"ssl": trusting, "server_hostname": "localhost"})):
        app = Asked()
        async with serving(app, NORMAL, **settings) as server, server.connected(**how) as client:
            for target in (b"/a%2Fb?", b"/a", b"http://art.example/a?"):
                await client.send(get(target=target))
                await client.one()
        assert [scope["extensions"][TARGET] for scope in app.scopes] == [b"/a%2Fb?", b"/a", b"/a?"]


async def test_too_many_connections() -> None:
    async with (
        serving(Asked(), NORMAL, limit_concurrency=2) as server,
        server.connected() as _,
        server.connected() as client,
    ):
        await client.send(GET)
        assert statuses(await client.rest()) == [503]


# --- Bodies of requests ---

EXPECTS = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n"


async def test_100_continue() -> None:
    app = Asked()
    async with serving(app, NORMAL) as server, server.connected() as client:
        await client.send(EXPECTS)
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await client.send(b"hello" + LAST)
        assert statuses(await client.rest()) == [200, 200]
    assert app.requests[0][2] == b"hello"


async def test_a_body_that_nobody_wants_is_not_asked_for() -> None:
    async def no(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"no", status=403)

    async with serving(no, NORMAL) as server:
        got = await server.tell(EXPECTS)
        assert statuses(got) == [403]
        assert b"connection: close" in got, "whatever came next could be the body, or a request"


async def test_an_old_client_is_not_told_to_continue() -> None:
    async with serving(Asked(), NORMAL) as server:
        got = await server.tell(EXPECTS.replace(b"HTTP/1.1", b"HTTP/1.0") + b"hello")
    assert statuses(got) == [200]


async def test_a_body_that_comes_after_its_answer_is_thrown_away_in_bounds() -> None:
    async def no(scope: Scope, receive: Receive, send: Send) -> None:
        await answer(send, b"no", status=403)

    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108864\r\n\r\n"
    async with serving(no, NORMAL) as server, server.connected() as client:
        await client.send(head)
        assert (await client.one())[1] == b"no"
        for _ in range(1024):
            await client.send(bytes(64 * KB))
            if client.writer.is_closing():
                break
        await client.rest()
        await server.until_idle()


# --- How answers end ---


def says(*messages: dict[str, Any]) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


LENGTH = (b"content-length", b"2")
CLOSING = get(b"Connection: close")
OLD = b"GET / HTTP/1.0\r\n\r\n"
HEAD = CLOSING.replace(b"GET", b"HEAD", 1)


@pytest.mark.parametrize(
    ("request_", "messages", "expected"),
    [
        (CLOSING, [start(LENGTH), part(b"ok")], b"content-length: 2\r\nconnection: close\r\n\r\nok"),
        (
            CLOSING,
            [start(), part(b"o", more=True), part(b"k")],
            b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        ),
        (CLOSING, [start(), part(b"")], b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n"),
        (OLD, [start(), part(b"o", more=True), part(b"k")], b"connection: close\r\n\r\nok"),
        (OLD, [start(LENGTH), part(b"ok")], b"content-length: 2\r\nconnection: close\r\n\r\nok"),
        (HEAD, [start(LENGTH), part(b"ok")], b"content-length: 2\r\nconnection: close\r\n\r\n"),
        (HEAD, [start(), part(b"ok")], b"connection: close\r\n\r\n"),
        (CLOSING, [start(LENGTH, status=304), part(b"")], b"content-length: 2\r\nconnection: close\r\n\r\n"),
        (CLOSING, [start(LENGTH, status=204), part(b"no")], b"connection: close\r\n\r\n"),
        (CLOSING, [start((b"Connection", b"x"), LENGTH), part(b"ok")], b"h: 2\r\nconnection: close\r\n\r\nok"),
        (CLOSING, [start(LENGTH), part(b"o")], b"content-length: 2\r\nconnection: close\r\n\r\n"),
        (CLOSING, [start(LENGTH), part(b"oops")], b"content-length: 2\r\nconnection: close\r\n\r\n"),
        (CLOSING, [start(LENGTH), part(b"o", more=True)], b"content-length: 2\r\nconnection: close\r\n\r\no"),
        (CLOSING, [start(), part(b"o", more=True)], b"chunked\r\nconnection: close\r\n\r\n1\r\no\r\n"),
    ],
)  # fmt: skip
async def test_framing(request_: bytes, messages: list[dict[str, Any]], expected: bytes) -> None:
    async with serving(says(*messages), NORMAL) as server:
        got = await server.tell(request_)
    assert got.startswith(b"HTTP/1.1 %d " % messages[0]["status"])
    assert got.endswith(expected)


async def test_a_truncated_answer_without_framing_ends_in_a_reset() -> None:
    async with serving(says(start(), part(b"half", more=True)), NORMAL) as server, server.connected() as client:
        await client.send(OLD)
        with pytest.raises(ConnectionError):
            await client.reader.read(-1)


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [part(b"ok")],
        [start(status=99)],
        [start(status=101)],
        [start(status=999)],
        [start((b"content-length", b"-2"))],
        [start((b"content-length", b"9" * 5000))],
        [start((b"x", b"a\r\nset-cookie: b"))],
        [start((b"x", b"a\nset-cookie: b"))],
        [start((b"x", b"a\rb"))],
        [start((b"x", b"a\0b"))],
        [start((b"x\r\ny", b"a"))],
    ],
)
async def test_an_answer_that_cannot_begin(messages: list[dict[str, Any]]) -> None:
    async with serving(says(*messages), NORMAL) as server:
        got = await server.tell(GET)
    assert statuses(got) == [500]
    assert got.endswith(b"\r\n\r\nInternal Server Error")
    assert b"set-cookie" not in got


async def test_headers_go_at_once_where_the_body_waits() -> None:
    go_on = asyncio.Event()

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await go_on.wait()
        await send(part(b"event"))

    async with serving(stream, NORMAL) as server, server.connected() as client:
        await client.send(CLOSING)
        async with asyncio.timeout(5):
            assert b"chunked" in await client.reader.readuntil(b"\r\n\r\n")
        go_on.set()
        assert await client.rest() == b"5\r\nevent\r\n0\r\n\r\n"


# --- Files ---


@pytest.fixture
def picture(tmp_path: Path) -> tuple[str, bytes]:
    content = os.urandom(3_000_001)
    (tmp_path / "picture").write_bytes(content)
    return str(tmp_path / "picture"), content


def sends(path: str, length: int, before: bytes = b"") -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert "http.response.pathsend" in scope["extensions"]
        await send(start((b"content-length", b"%d" % (length + len(before)))))
        if before:
            await send(part(before, more=True))
        await send({"type": "http.response.pathsend", "path": path})

    return app


async def test_a_file(picture: tuple[str, bytes]) -> None:
    path, content = picture
    async with serving(sends(path, len(content)), NORMAL) as server, server.connected() as client:
        for _ in range(2):
            await client.send(GET)
            assert (await client.one())[1] == content
        await client.send(HEAD)
        assert (await client.rest()).endswith(b"content-length: 3000001\r\nconnection: close\r\n\r\n")


async def test_files_in_a_pipeline(picture: tuple[str, bytes]) -> None:
    path, content = picture
    async with serving(sends(path, len(content), b"before "), NORMAL) as server:
        got = await server.tell(GET + GET + CLOSING)
    assert got.count(b"before " + content) == 3


@pytest.mark.parametrize("length", [3_000_002, 5_000_000])
async def test_a_file_shorter_than_it_was(picture: tuple[str, bytes], length: int) -> None:
    path, content = picture
    async with serving(sends(path, length), NORMAL) as server:
        got = await server.tell(GET)
    assert got.endswith(b"\r\n\r\n" + content), "all there is, and then the connection's end"


async def test_a_file_that_grew(picture: tuple[str, bytes]) -> None:
    path, content = picture
    async with serving(sends(path, 1000), NORMAL) as server:
        got = await server.tell(CLOSING)
    assert got.endswith(b"\r\n\r\n" + content[:1000])


async def test_a_file_that_is_not_there() -> None:
    async with serving(sends("/nowhere", 5), NORMAL) as server:
        assert (await server.tell(GET)).endswith(b"content-length: 5\r\n\r\n")


async def test_a_reader_that_hangs_up_in_mid_file(picture: tuple[str, bytes]) -> None:
    path, _ = picture
    before = len(os.listdir("/proc/self/fd"))
    async with serving(sends(path, 3_000_001), NORMAL) as server:
        for _ in range(5):
            async with server.connected(limit=1) as client:
                client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                await client.send(GET)
        await server.until_idle()
    assert len(os.listdir("/proc/self/fd")) <= before


async def test_a_slow_reader_gets_the_whole_file(picture: tuple[str, bytes]) -> None:
    path, content = picture
    async with serving(sends(path, len(content)), NORMAL) as server, server.connected(limit=4096) as client:
        await client.send(GET)
        await client.reader.readuntil(b"\r\n\r\n")
        assert in_buffers(server) < 4096
        assert await client.reader.readexactly(len(content)) == content
