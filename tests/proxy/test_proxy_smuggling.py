"""Bytes that two servers might read differently: one refusal, and never a second request out of them."""

import pytest

from guardware.config.server import Server
from guardware.proxy.protocol import protocol_class
from guardware.proxy.request_head import BadHeadError, read_head

from .raw_server import GET, Asked, serving, statuses

CHUNKED = protocol_class(Server())
SECOND = b"GET /second HTTP/1.1\r\nHost: art.example\r\n\r\n"


def post(*lines: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"POST /first HTTP/" + version, b"Host: art.example", *lines, b"", body])


def get(*lines: bytes, target: bytes = b"/first") -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", *lines, b"", b""])


TE, CL = b"Transfer-Encoding: chunked", b"Content-Length: 5"
HOST = b"Host: art.example"

REFUSED = {
    "CL.TE": (400, post(CL, TE, body=b"0\r\n\r\n")),
    "TE.CL": (400, post(TE, CL, body=b"0\r\n\r\n")),
    "TE.TE, one of them veiled": (400, post(TE, b"Transfer-Encoding: identity", body=b"0\r\n\r\n")),
    "TE twice": (400, post(TE, TE, body=b"0\r\n\r\n")),
    "TE xchunked": (501, post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n")),
    "TE with another coding": (501, post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")),
    "TE after a vertical tab": (400, post(b"Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n")),
    "TE in HTTP/1.0": (400, post(TE, body=b"0\r\n\r\n", version=b"1.0")),
    "TE before a space": (400, post(b"Transfer-Encoding : chunked", body=b"0\r\n\r\n")),
    "bare line feeds": (400, b"GET /first HTTP/1.1\nHost: art.example\n\n"),
    "one bare line feed": (400, b"GET /first HTTP/1.1\r\nHost: art.example\nX: y\r\n\r\n"),
    "a bare carriage return": (400, b"GET /first HTTP/1.1\r\nHost: art.example\rX: y\r\n\r\n"),
    "space before the colon": (400, get(b"Host : art.example")),
    "two lengths": (400, post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello")),
    "the same length twice": (400, post(CL, CL, body=b"hello")),
    "a list of lengths": (400, post(b"Content-Length: 5, 5", body=b"hello")),
    "a signed length": (400, post(b"Content-Length: +5", body=b"hello")),
    "a negative length": (400, post(b"Content-Length: -5", body=b"hello")),
    "a length in hexadecimal": (400, post(b"Content-Length: 0x5", body=b"hello")),
    "no length": (400, post(b"Content-Length: ", body=b"hello")),
    "a length beyond 64 bits": (400, post(b"Content-Length: 18446744073709551621", body=b"hello")),
    "a folded line": (400, get(HOST, b"X: a", b" b")),
    "a folded first line": (400, b"GET /first HTTP/1.1\r\n Host: art.example\r\n\r\n"),
    "NUL": (400, get(HOST, b"X: a\0b")),
    "a control character": (400, get(HOST, b"X: a\x01b")),
    "DEL": (400, get(HOST, b"X: a\x7f")),
    "no colon": (400, get(HOST, b"X")),
    "no name": (400, get(HOST, b": x")),
    "a quote in a name": (400, get(HOST, b'X"Y: z')),
    "no Host": (400, get(b"X: y")),
    "two Hosts": (400, get(HOST, b"Host: evil.example")),
    "the same Host twice": (400, get(HOST, HOST)),
    "HTTP/0.9": (505, b"GET /first\r\n\r\n"),
    "HTTP/0.9 by name": (505, b"GET /first HTTP/0.9\r\n\r\n"),
    "HTTP/1.2": (400, b"GET /first HTTP/1.2\r\nHost: art.example\r\n\r\n"),
    "HTTP/2.0": (505, b"GET /first HTTP/2.0\r\nHost: art.example\r\n\r\n"),
    "HTTP/2's preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "TLS to a plain port": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64)),
    "absolute form of another host": (400, get(HOST, target=b"http://evil.example/first")),
    "absolute form with a user": (400, get(HOST, target=b"http://me@art.example/first")),
    "absolute form of another scheme": (400, get(HOST, target=b"ftp://art.example/first")),
    "a target without a slash": (400, get(HOST, target=b"first")),
    "an asterisk": (400, get(HOST, target=b"*")),
    "a fragment": (400, get(HOST, target=b"/first#x")),
    "a target outside ASCII": (400, get(HOST, target="/ä".encode())),
    "a space in the target": (400, get(HOST, target=b"/a b")),
    "a tab in the target": (400, get(HOST, target=b"/a\tb")),
    "a space after the version": (400, b"GET /first HTTP/1.1 \r\nHost: art.example\r\n\r\n"),
    "a method in lower case": (400, b"get /first HTTP/1.1\r\nHost: art.example\r\n\r\n"),
    "an unknown method": (400, b"BREW /first HTTP/1.1\r\nHost: art.example\r\n\r\n"),
    "CONNECT": (405, b"CONNECT art.example:443 HTTP/1.1\r\nHost: art.example\r\n\r\n"),
    "a WebSocket with a body": (
        400,
        get(HOST, b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13", CL),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refused_head(name: str) -> None:
    status, request = REFUSED[name]
    app = Asked()
    async with serving(app, CHUNKED) as server:
        got = await server.tell(request + SECOND)
    assert statuses(got) == [status]
    assert b"connection: close" in got
    assert not app.scopes, "nothing of it reached the application"


BROKEN_CHUNKS = {
    "bare line feeds": b"5\nhello\n0\n\n",
    "a line feed in an extension": b"5;a\nhello\r\n0\r\n\r\n",
    "a space after the size": b"5 \r\nhello\r\n0\r\n\r\n",
    "a prefixed size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a size beyond 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than its size": b"4\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "a trailer that frames": b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_CHUNKS)
async def test_a_broken_chunk_is_no_end_of_the_body(name: str) -> None:
    app = Asked()
    async with serving(app, CHUNKED) as server:
        got = await server.tell(post(TE, body=BROKEN_CHUNKS[name]) + SECOND)
    assert statuses(got) == [400]
    assert app.requests == [], "the application never saw a whole body"


ONE_REQUEST = {
    "a chunked body": (post(TE, body=b"5\r\nhello\r\n0\r\n\r\n"), b"hello"),
    "in capitals": (post(b"Transfer-Encoding: CHUNKED", body=b"5\r\nhello\r\n0\r\n\r\n"), b"hello"),
    "chunk extensions": (post(TE, body=b'5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'), b"hello"),
    "a length with a space behind": (post(b"Content-Length: 5 ", body=b"hello"), b"hello"),
    "a body that looks like a request": (post(b"Content-Length: %d" % len(SECOND), body=SECOND), SECOND),
    "the same with an Upgrade that we ignore": (
        post(b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: %d" % len(SECOND), body=SECOND),
        SECOND,
    ),
    "chunked with an Upgrade that we ignore": (
        post(b"Connection: Upgrade", b"Upgrade: h2c", TE, body=b"5\r\nhello\r\n0\r\n\r\n"),
        b"hello",
    ),
    "a trailer": (post(TE, body=b"5\r\nhello\r\n0\r\nX-Late: y\r\n\r\n"), b"hello"),
    "absolute form of our host": (
        b"POST http://art.example/first HTTP/1.1\r\nHost: art.example\r\nContent-Length: 5\r\n\r\nhello",
        b"hello",
    ),
    "empty lines before it": (b"\r\n\r\n" + post(CL, body=b"hello"), b"hello"),
}


@pytest.mark.parametrize("split", [False, True], ids=["at once", "byte by byte"])
@pytest.mark.parametrize("name", ONE_REQUEST)
async def test_what_is_one_request_stays_one(name: str, split: bool) -> None:
    request, body = ONE_REQUEST[name]
    last = get(HOST, b"Connection: close", target=b"/second")
    app = Asked()
    async with serving(app, CHUNKED) as server, server.connected() as client:
        for part in [bytes([byte]) for byte in request] if split else [request]:
            client.writer.write(part)
            if split:
                await client.writer.drain()
        await client.send(last)
        got = await client.rest()
    assert statuses(got) == [200, 200]
    assert app.requests == [("POST", b"/first", body), ("GET", b"/second", b"")]
    assert not any(name == b"x-late" for name, _ in app.scopes[0]["headers"]), "a trailer is no header"


UPGRADES = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")
"""As curl and Java's client send them in front of every first request on plain HTTP."""


async def test_an_upgrade_that_we_ignore_with_a_large_body() -> None:
    body = SECOND * 2000
    request = post(*UPGRADES, b"Content-Length: %d" % len(body), body=body)
    app = Asked()
    async with serving(app, CHUNKED) as server, server.connected() as client:
        (connection,) = server.state.connections
        connection.data_received(request)  # in one piece, as a loop may read it
        assert (await client.one())[1] == b"/first"
        await client.send(get(HOST, b"Connection: close"))
        assert statuses(await client.rest()) == [200]
    assert [asked[2] for asked in app.requests] == [body, b""]


async def test_an_upgrade_that_we_ignore_leaves_an_idle_connection() -> None:
    async with serving(Asked(), protocol_class(Server(header_timeout=0.05, keep_alive=0.2))) as server:
        assert statuses(await server.tell(get(HOST, *UPGRADES))) == [200], "and no 408 behind it"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Connection: Upgrade", b"Upgrade: websocket", b"Content-Length: 5"),
        (b"Connection: keep-alive, upgrade", b"Upgrade: WebSocket", b"Transfer-Encoding: chunked"),
    ],
)
async def test_a_websocket_with_a_body(lines: tuple[bytes, ...]) -> None:
    app = Asked()
    async with serving(app, CHUNKED) as server:
        assert statuses(await server.tell(get(HOST, *lines) + b"hello" + SECOND)) == [400]
    assert app.scopes == []


async def test_what_comes_after_a_last_request_is_not_read() -> None:
    app = Asked()
    async with serving(app, CHUNKED) as server:
        got = await server.tell(get(HOST, b"Connection: close") + SECOND + b"\0garbage")
    assert statuses(got) == [200]
    assert app.requests == [("GET", b"/first", b"")]


async def test_garbage_behind_a_good_request_does_not_spoil_its_answer() -> None:
    app = Asked()
    async with serving(app, CHUNKED) as server:
        got = await server.tell(GET + b"\0\0\0\0")
    assert statuses(got) == [200, 400]
    assert got.index(b"\r\n\r\n/HTTP/1.1 400") > 0, "first the whole answer, then the refusal"


async def test_names_come_lower_case_in_order_and_apart() -> None:
    app = Asked()
    async with serving(app, CHUNKED) as server:
        await server.tell(
            get(HOST, b"X-B:  1 \t", b"Cookie: a=1", b"x-a:", b"COOKIE: b=\xff", b"Connection: close")
        )
    assert app.scopes[0]["headers"] == [
        (b"host", b"art.example"),
        (b"x-b", b"1"),
        (b"cookie", b"a=1"),
        (b"x-a", b""),
        (b"cookie", b"b=\xff"),
        (b"connection", b"close"),
    ]


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        (b"/", b"/", b""),
        (b"/a%2Fb?c=%20&d", b"/a%2Fb", b"c=%20&d"),
        (b"//evil.example/a", b"//evil.example/a", b""),
        (b"/a?b?c", b"/a", b"b?c"),
        (b"http://art.example", b"/", b""),
        (b"HTTP://ART.example?q", b"/", b"q"),
        (b"https://art.example/a?b", b"/a", b"b"),
    ],
)
def test_targets(url: bytes, path: bytes, query: bytes) -> None:
    target = read_head(b"GET", "1.1", url, [(b"host", b"art.example")])
    assert (target.path, target.query, target.expects) == (path, query, False)


@pytest.mark.parametrize("version", ["0.9", "2.0", "3.0"])
def test_versions(version: str) -> None:
    with pytest.raises(BadHeadError):
        read_head(b"GET", version, b"/", [(b"host", b"art.example")])
