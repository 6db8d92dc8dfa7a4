"""The certificate: what is taken, what is not, and how it changes while connections go on."""

import asyncio
import logging
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardware.errors import GuardwareError
from guardware.http import Receive, Scope, Send
from guardware.proxy.edge import Edge
from guardware.proxy.listen import listen_tcp
from guardware.proxy.serving import Server
from guardware.proxy.settings import uvicorn_settings
from guardware.proxy.tls import Certificate

from .certificates import certificate

Pair = tuple[str, str]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Pair]:
    folder = tmp_path_factory.mktemp("tls")
    return certificate(folder, "first"), certificate(folder, "second")


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def live(chain: Certificate) -> Iterator[int]:
    """A server with this certificate; its port."""
    edge = Edge(hello)
    settings = uvicorn_settings(edge, certificate=chain, log_level="error")
    server = Server(settings, edge, handshake_timeout=0.3)
    (opened,) = listen_tcp("127.0.0.1", 0)
    port: int = opened.getsockname()[1]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([opened])))
    thread.start()
    try:
        yield port
    finally:
        server.stop()
        server.stop()  # at once: nobody is connected any more
        thread.join(10)


@contextmanager
def connected(
    port: int, change: Callable[[ssl.SSLContext], None] = lambda context: None
) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    change(context)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain) as secure:
        yield secure


def subject(connection: ssl.SSLSocket) -> bool | str:
    found = connection.getpeercert(binary_form=True)
    assert found is not None
    return "first" if b"first" in found else "second"


def copy(pair: Pair, onto: Pair) -> None:
    for source, target in zip(pair, onto, strict=True):
        shutil.copy(source, target)


async def test_a_new_certificate_is_for_new_connections(tmp_path: Path, pairs: tuple[Pair, Pair]) -> None:
    used = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    copy(pairs[0], used)
    chain = Certificate(*used)
    with live(chain) as port, connected(port) as old:
        before = chain.stamp()
        assert (subject(old), old.version(), old.selected_alpn_protocol()) == ("first", "TLSv1.3", "http/1.1")
        copy(pairs[1], used)
        assert chain.stamp() != before
        assert await chain.reload()
        with connected(port) as new:
            assert subject(new) == "second"
        old.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert old.recv(64).startswith(b"HTTP/1.1 200")


def broken(chain: Pair) -> None:
    Path(chain[0]).write_text("-----BEGIN CERTIFICATE-----\nhalf of it")


def half_changed(chain: Pair) -> None:
    os.replace(f"{chain[0]}.other", chain[0])


def taken_away(chain: Pair) -> None:
    Path(chain[1]).unlink()


@pytest.mark.parametrize("spoil", [broken, half_changed, taken_away])
async def test_a_bad_certificate_keeps_the_one_before_it(
    tmp_path: Path, pairs: tuple[Pair, Pair], caplog: pytest.LogCaptureFixture, spoil: Callable[[Pair], None]
) -> None:
    used = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    copy(pairs[0], used)
    shutil.copy(pairs[1][0], f"{used[0]}.other")
    chain = Certificate(*used)
    with live(chain) as port:
        spoil(used)
        assert not await chain.reload()
        (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
        assert "cannot use the certificate" in record.getMessage()
        assert "stays in use" in record.getMessage()
        with connected(port) as connection:
            assert subject(connection) == "first"


def test_what_was_before_tls_1_2_is_refused(pairs: tuple[Pair, Pair]) -> None:
    def oldest(context: ssl.SSLContext) -> None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1

    with live(Certificate(*pairs[0])) as port:
        with pytest.raises(ssl.SSLError), connected(port, oldest):
            pass
        with connected(port, lambda context: setattr(context, "maximum_version", ssl.TLSVersion.TLSv1_2)) as fine:
            assert fine.version() == "TLSv1.2"


def test_a_key_of_another_certificate(pairs: tuple[Pair, Pair]) -> None:
    with pytest.raises(GuardwareError, match="belong together"):
        Certificate(pairs[0][0], pairs[1][1])


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    with pytest.raises(GuardwareError, match="without a password"):
        Certificate(*certificate(tmp_path, "locked", password="secret"))


def test_a_file_that_is_not_there(tmp_path: Path, pairs: tuple[Pair, Pair]) -> None:
    with pytest.raises(GuardwareError, match="No such file"):
        Certificate(str(tmp_path / "nothing"), pairs[0][1])


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x02\x00"])
def test_who_does_not_shake_hands_is_let_go(pairs: tuple[Pair, Pair], begun: bytes) -> None:
    with live(Certificate(*pairs[0])) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as silent:
        silent.sendall(begun)
        assert silent.recv(64) == b"", "asyncio alone would wait for 60 s"
