"""Upstreams with TLS, checked; and upstreams on unix sockets."""

import asyncio
import logging
import ssl
from pathlib import Path

import pytest

from guardware.config.proxy import Proxy
from guardware.errors import GuardwareError
from guardware.proxy.upstream import Upstream

from .certificates import certificate
from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, ask, replies

Pair = tuple[str, str]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("tls"), "site")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return certificate(tmp_path_factory.mktemp("tls"), "other")


def server_context(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    return context


async def test_a_certificate_that_is_trusted(peer: PeerFactory, upstream: UpstreamFactory, pair: Pair) -> None:
    site = await peer(replies(OK), tls=server_context(pair))
    app = upstream(site.url, tls={"ca": pair[0]})
    assert [(await ask(app)).body for _ in range(3)] == [b"ok"] * 3
    assert site.connections == 1


@pytest.mark.parametrize("settings", [{}, {"ca": "other"}, {"ca": "own", "server_name": "wrong.example"}])
async def test_one_that_is_not(
    peer: PeerFactory,
    upstream: UpstreamFactory,
    pair: Pair,
    other: Pair,
    settings: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = await peer(replies(OK), tls=server_context(pair))
    files = {"own": pair[0], "other": other[0]}
    with caplog.at_level(logging.WARNING, "guardware.proxy"):
        got = await ask(upstream(site.url, tls={key: files.get(value, value) for key, value in settings.items()}))
    assert (got.status, site.heads) == (502, [])
    assert str(site.port).encode() not in got.body
    assert "proxy.tls.ca" in caplog.text
    assert "proxy.tls.server_name" in caplog.text


async def test_verification_can_be_turned_off(peer: PeerFactory, upstream: UpstreamFactory, pair: Pair) -> None:
    site = await peer(replies(OK), tls=server_context(pair))
    assert (await ask(upstream(site.url, tls={"verify": False}))).body == b"ok"


async def test_the_name_that_is_asked_for(peer: PeerFactory, upstream: UpstreamFactory, pair: Pair) -> None:
    names = []
    context = server_context(pair)
    context.sni_callback = lambda _, name, __: names.append(name)
    site = await peer(replies(OK), tls=context)
    app = upstream(site.url, tls={"ca": pair[0], "server_name": "localhost"})
    assert ((await ask(app)).body, names) == (b"ok", ["localhost"])


async def test_a_certificate_of_ours(
    peer: PeerFactory, upstream: UpstreamFactory, pair: Pair, other: Pair
) -> None:
    context = server_context(pair)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(other[0])
    site = await peer(replies(OK), tls=context)
    ours = {"ca": pair[0], "client_cert": other[0], "client_key": other[1]}
    assert (await ask(upstream(site.url, tls=ours))).body == b"ok"
    assert (await ask(upstream(site.url, tls={"ca": pair[0]}))).status == 502


async def test_tls_to_one_that_speaks_none(upstream: UpstreamFactory, caplog: pytest.LogCaptureFixture) -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with caplog.at_level(logging.WARNING, "guardware.proxy"):
            assert (await ask(upstream(f"https://127.0.0.1:{port}"))).status == 502
    assert "write http:// if it does not speak TLS" in caplog.text


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ca": "{folder}/none.pem"}, "proxy.tls.ca"),
        ({"ca": "{folder}/rubbish.pem"}, "proxy.tls.ca"),
        ({"client_cert": "{folder}/none.pem"}, "proxy.tls.client_cert"),
        ({"client_cert": "{folder}/rubbish.pem"}, "proxy.tls.client_cert"),
        ({"client_cert": "{folder}/locked.pem", "client_key": "{folder}/locked.key"}, "without a password"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    (tmp_path / "rubbish.pem").write_text("rubbish")
    if "locked" in str(settings):
        certificate(tmp_path, "locked", password="secret")
    tls = {key: value.format(folder=tmp_path) for key, value in settings.items()}
    with pytest.raises(GuardwareError, match=said):
        Upstream(Proxy.model_validate({"upstream": "https://site.example", "tls": tls}))


# Unix sockets


async def test_a_unix_socket(peer: PeerFactory, upstream: UpstreamFactory, tmp_path: Path) -> None:
    site = await peer(replies(OK), path=str(tmp_path / "app.sock"))
    app = upstream(f"{site.url}:/site")
    assert [(await ask(app, b"/a%2Fb?c")).body for _ in range(3)] == [b"ok"] * 3
    assert (site.request_line(), site.connections) == (b"GET /site/a%2Fb?c HTTP/1.1", 1)
    assert b"host: art.example" in site.lines()


async def test_nobody_listens_on_it(upstream: UpstreamFactory, tmp_path: Path) -> None:
    got = await ask(upstream(f"unix:{tmp_path}/none.sock"))
    assert got.status == 502
    assert str(tmp_path).encode() not in got.body


async def test_a_port_steps_in_for_a_socket(peer: PeerFactory, upstream: UpstreamFactory, tmp_path: Path) -> None:
    site = await peer(replies(OK))
    app = upstream([f"unix:{tmp_path}/none.sock", site.url])
    assert [(await ask(app, method="POST")).status for _ in range(4)] == [200] * 4
