"""The whole server: real sockets, uvicorn, the guard, a real upstream behind it."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from guardware.config.proxy import Proxy
from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.http import ASGIApp, Receive, Scope, Send
from guardware.proxy.edge import Edge
from guardware.proxy.listen import listen_tcp
from guardware.proxy.server import build, run
from guardware.proxy.serving import Server
from guardware.proxy.settings import uvicorn_settings
from guardware.proxy.upstream import Upstream

BROWSER = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0"
    b" Safari/537.36\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Language: en\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\nSec-Fetch-Dest: document\r\n"
    b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n"
    b'sec-ch-ua: "Chromium";v="155"\r\n'
)


class Live:
    """An app behind uvicorn in a thread, with the settings of ``run``."""

    def __init__(self, app: ASGIApp) -> None:
        edge = Edge(app)
        self.server = Server(uvicorn_settings(edge, log_level="error"), edge)
        (self.socket,) = listen_tcp("127.0.0.1", 0)
        self.port: int = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve([self.socket])))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(10)
        self.socket.close()

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        """Send bytes, and read to the connection's end; returns head and body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        return head, body


@pytest.fixture
def live() -> Iterator[Callable[[ASGIApp], Live]]:
    with ExitStack() as stack:

        def start(app: ASGIApp) -> Live:
            new = Live(app)
            stack.callback(new.stop)
            return new

        yield start


async def site(scope: Scope, receive: Receive, send: Send) -> None:
    """An upstream that shows what it got."""
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    target = scope["raw_path"] + b"?" + scope["query_string"]
    lines = [b"%s: %s" % line for line in scope["headers"]]
    headers = [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"\n".join([target, *lines]), "more_body": True})
    await send({"type": "http.response.body"})


def request(target: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join(
        [b"GET " + target + b" HTTP/1.1", b"Host: art.example", b"Connection: close", *lines, b"", b""]
    )


def test_headers_and_target_through_two_servers(live: Callable[[ASGIApp], Live]) -> None:
    proxy = live(Upstream(Proxy(upstream=(live(site).url,))))
    head, body = proxy.ask(request(b"/a/../b%2Fc?x=..%2F", b"Cookie: a=1", b"Cookie: b=2", b"TE: trailers"))
    lines = [line.lower() for line in head.split(b"\r\n")]
    assert lines[0] == b"http/1.1 200 ok"
    assert [line for line in lines if line.startswith(b"set-cookie")] == [b"set-cookie: a=1", b"set-cookie: b=2"]
    assert len([line for line in lines if line.startswith(b"date:")]) == 1
    assert not [line for line in lines if line.startswith(b"server:")]
    assert b"/a/../b%2Fc?x=..%2F\n" in body
    assert b"cookie: a=1\ncookie: b=2" in body
    assert b"te: trailers" not in body
    assert b"host: art.example" in body
    assert b"x-forwarded-for: 127.0.0.1" in body


def test_a_broken_answer_cuts_the_connection_off(live: Callable[[ASGIApp], Live]) -> None:
    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await site(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        # Returns without the end: uvicorn hangs up.

    proxy = live(Upstream(Proxy(upstream=(live(breaks).url,))))
    head, body = proxy.ask(request(b"/"))
    assert b"transfer-encoding: chunked" in head.lower()
    assert body == b"4\r\nhalf\r\n", "no last chunk"


def test_the_guard_tells_the_upstream_who_visits(live: Callable[[ASGIApp], Live]) -> None:
    config = Config.model_validate({"clients": {"trusted_proxies": ["127.0.0.0/8"]}})
    proxy = live(build(config, upstream=live(site).url))
    _, body = proxy.ask(
        request(
            b"/", BROWSER[:-2], b"X-Forwarded-For: 203.0.113.9", b"X-Forwarded-Proto: https", b"X-Guardware-A: 1"
        )
    )
    assert body.count(b"x-forwarded-for:") == 1
    assert b"x-forwarded-for: 203.0.113.9" in body
    assert b"x-forwarded-proto: https" in body
    assert b"x-guardware" not in body


def test_an_untrusted_peer_cannot_say_who_visits(live: Callable[[ASGIApp], Live]) -> None:
    proxy = live(build(Config(), upstream=live(site).url))
    _, body = proxy.ask(request(b"/", BROWSER[:-2], b"X-Forwarded-For: 203.0.113.9"))
    assert b"x-forwarded-for: 127.0.0.1" in body
    assert b"203.0.113.9" not in body


def test_a_guarded_gallery(live: Callable[[ASGIApp], Live], tmp_path: Path) -> None:
    (tmp_path / "over_the_sea.jpg").write_bytes(b"\xff\xd8\xff picture")
    config = Config.model_validate({"site": {"name": "Ann"}})
    shop = live(build(config, root=tmp_path))
    head, body = shop.ask(request(b"/", BROWSER[:-2]))
    assert head.startswith(b"HTTP/1.1 200")
    assert b"noai, noimageai" in head
    assert b"<h1>Ann</h1>" in body
    assert b"Over the sea" in body
    head, _ = shop.ask(request(b"/over_the_sea.jpg", b"User-Agent: GPTBot/1.2"))
    assert head.startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("size", [64 * 1024, 1024 * 1024])
def test_long_headers_are_no_500(live: Callable[[ASGIApp], Live], tmp_path: Path, size: int) -> None:
    shop = live(build(Config(), root=tmp_path))
    with socket.create_connection(("127.0.0.1", shop.port), timeout=10) as connection:
        try:
            connection.sendall(request(b"/", b"User-Agent: " + b"x" * size))
            answer = connection.recv(100)
        except ConnectionError:
            answer = b""  # answered and closed before all was sent
    assert answer == b"" or re.match(rb"HTTP/1.1 (200|403|431) ", answer)


def test_a_start_up_that_fails() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("no")

    with pytest.raises(GuardwareError, match="could not start"):
        run(broken, "127.0.0.1", 0, log_level="critical")


def test_addresses_and_folders_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not start with http"):
        build(Config(), upstream="localhost:3000")
    with pytest.raises(NotADirectoryError):
        build(Config(), root=tmp_path / "nothing")
