"""Web Bot Auth: fetching key directories over TLS, from whom and how much of it."""

import asyncio
import datetime as dt
import json
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import cast

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rrset
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from web_bot_auth_samples import Signer

from guardware.crawlers.web_bot_auth import fetch
from guardware.crawlers.web_bot_auth.directories import KeyDirectories
from guardware.crawlers.web_bot_auth.directory import MEDIA_TYPE
from guardware.crawlers.web_bot_auth.fetch import DirectoryFetcher
from guardware.crawlers.web_bot_auth.result import RefusalError
from guardware.public import is_public

HOST = "agent.example.org"
BOT = Signer()
BODY = json.dumps({"keys": [BOT.jwk()]}).encode()


class Certificate:
    """A certificate for ``HOST`` that nobody signed, and the two sides of TLS that go with it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        today = dt.datetime.now(dt.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - dt.timedelta(days=1))
            .not_valid_after(today + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "both.pem").write_bytes(secret + pem)
        self.server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.server.load_cert_chain(folder / "both.pem")
        self.client = ssl.create_default_context(cadata=pem.decode())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("tls"))


Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site:
    """A server on the loopback interface whose answers a test sets."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[str] = []
        self.serve: Serve = answer(200, BODY)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            await self.serve(writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError, TimeoutError):
            await writer.wait_closed()


def answer(status: int, body: bytes, *headers: str, media_type: str = MEDIA_TYPE) -> Serve:
    """Answers so and closes the connection."""
    lines = [f"HTTP/1.1 {status} X", f"content-type: {media_type}", f"content-length: {len(body)}", *headers]

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return serve


@asynccontextmanager
async def serving(site: Site, tls: ssl.SSLContext) -> AsyncIterator[Site]:
    server = await asyncio.start_server(site.connected, "127.0.0.1", 0, ssl=tls, ssl_shutdown_timeout=0.1)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def site(certificate: Certificate) -> AsyncIterator[Site]:
    async with serving(Site(), certificate.server) as site:
        yield site


def loopback(address: str) -> bool:
    return address == "127.0.0.1"


class Names:
    """A name server of the tests: every name has these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        return self.addresses


def fetcher_of(
    site: Site,
    certificate: Certificate,
    *,
    names: Names | None = None,
    permits: Callable[[str], bool] = loopback,
    seconds: float = 5.0,
) -> DirectoryFetcher:
    return DirectoryFetcher(
        resolve=names or Names("127.0.0.1"),
        permits=permits,
        ports=frozenset({site.port}),
        tls=certificate.client,
        seconds=seconds,
    )


async def refused(fetcher: DirectoryFetcher, origin: str) -> str:
    with pytest.raises(RefusalError) as refusal:
        await fetcher(origin)
    assert refusal.value.outcome == "unverified"
    return refusal.value.reason


async def test_a_directory_is_fetched(site: Site, certificate: Certificate) -> None:
    fetched = await fetcher_of(site, certificate)(f"https://{HOST}:{site.port}")
    assert (fetched.status, fetched.body) == (200, BODY)
    assert (b"content-type", MEDIA_TYPE.encode()) in fetched.headers
    (request,) = site.requests
    assert request.startswith("GET /.well-known/http-message-signatures-directory HTTP/1.1\r\n")
    assert "cookie" not in request.lower()


async def test_a_redirect_is_not_followed(site: Site, certificate: Certificate) -> None:
    site.serve = answer(302, b"", f"location: https://{HOST}:{site.port}/elsewhere")
    fetched = await fetcher_of(site, certificate)(f"https://{HOST}:{site.port}")
    assert fetched.status == 302
    assert len(site.requests) == 1


async def test_what_is_huge_is_read_up_to_a_bound(site: Site, certificate: Certificate) -> None:
    written = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(f"HTTP/1.1 200 X\r\ncontent-type: {MEDIA_TYPE}\r\n\r\n".encode())
        while written < 50_000_000:
            writer.write(b" " * 65536)
            await writer.drain()
            written += 65536

    site.serve = flood
    assert await refused(fetcher_of(site, certificate), f"https://{HOST}:{site.port}") == (
        "the key directory is longer than 65536 bytes"
    )
    assert written < 20_000_000


async def test_a_body_of_an_error_is_not_read(site: Site, certificate: Certificate) -> None:
    site.serve = answer(500, b"x" * 100_000)
    fetched = await fetcher_of(site, certificate)(f"https://{HOST}:{site.port}")
    assert (fetched.status, fetched.body) == (500, b"")


async def _never(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 X\r\n")
    for number in range(1000):
        writer.write(b"x-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("serve", [_never, _drip, _endless_headers])
async def test_what_is_slow_is_given_up(site: Site, certificate: Certificate, serve: Serve) -> None:
    site.serve = serve
    fetcher = fetcher_of(site, certificate, seconds=0.2)
    began = time.monotonic()
    assert "in time" in await refused(fetcher, f"https://{HOST}:{site.port}")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"junk\r\n\r\n",
        b"HTTP/1.1 200 X\r\nx: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n1",
    ],
)
async def test_what_is_broken_is_refused(site: Site, certificate: Certificate, raw: bytes) -> None:
    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    site.serve = serve
    assert "cannot be fetched" in await refused(fetcher_of(site, certificate), f"https://{HOST}:{site.port}")


async def test_the_certificate_must_be_good(site: Site, certificate: Certificate) -> None:
    fetcher = fetcher_of(site, certificate)
    assert "certificate" in await refused(fetcher, f"https://other.example.org:{site.port}")
    stranger = DirectoryFetcher(resolve=Names("127.0.0.1"), permits=loopback, ports=frozenset({site.port}))
    assert "certificate" in await refused(stranger, f"https://{HOST}:{site.port}")
    assert site.requests == []


async def test_nobody_there(certificate: Certificate) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        site = Site()
        site.port = probe.getsockname()[1]
        assert "cannot be fetched" in await refused(fetcher_of(site, certificate), f"https://{HOST}:{site.port}")


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["fd00::1"],
        ["fe80::1%1"],
        ["nonsense"],
    ],
)
async def test_a_name_that_leads_inside_is_not_connected_to(
    site: Site, certificate: Certificate, addresses: list[str]
) -> None:
    """By default only public addresses are asked: of what the name resolved to, at the moment of connecting."""
    names = Names(*addresses)
    fetcher = fetcher_of(site, certificate, names=names, permits=is_public)
    assert "not public" in await refused(fetcher, f"https://{HOST}:{site.port}")
    assert names.asked == [HOST]
    assert site.requests == []


async def test_a_name_that_turns_inwards_later_is_refused_then(site: Site, certificate: Certificate) -> None:
    """DNS rebinding: each fetch resolves once, and connects to what it has looked at."""
    names = Names("127.0.0.1")
    fetcher = fetcher_of(site, certificate, names=names)
    await fetcher(f"https://{HOST}:{site.port}")
    names.addresses = ["192.168.0.1"]
    assert "not public" in await refused(fetcher, f"https://{HOST}:{site.port}")
    assert names.asked == [HOST, HOST]
    assert len(site.requests) == 1


async def test_a_host_without_addresses(site: Site, certificate: Certificate) -> None:
    fetcher = fetcher_of(site, certificate, names=Names())
    assert "no address" in await refused(fetcher, f"https://{HOST}:{site.port}")


@pytest.mark.parametrize(
    "origin", ["https://agent.example.org:8443", "https://agent.example.org:80", "http://agent.example.org:443"]
)
async def test_only_the_port_of_https_is_asked(origin: str) -> None:
    names = Names("127.0.0.1")
    assert "port" in await refused(DirectoryFetcher(resolve=names, permits=loopback), origin)
    assert names.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "93.184.215.14"])
async def test_addresses_are_not_asked(site: Site, certificate: Certificate, host: str) -> None:
    assert "no name" in await refused(fetcher_of(site, certificate), f"https://{host}:{site.port}")
    assert site.requests == []


class NameServer(asyncio.DatagramProtocol):
    """Answers with what a test set: addresses by kind, nothing at all, or nonsense."""

    def __init__(self) -> None:
        self.records = {"A": ["127.0.0.1"], "AAAA": []}
        self.silent = False
        self.asked: list[str] = []
        self.read_by: list[int] = []
        """The threads in which the address of this server was read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = question.rdtype.name
        self.asked.append(f"{question.name} {kind}")
        if self.silent:
            return
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.records[kind]:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *self.records[kind]))
        self.transport.sendto(response.to_wire(), peer)


@pytest.fixture
async def name_server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NameServer]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]

    def read() -> dns.asyncresolver.Resolver:
        server.read_by.append(threading.get_ident())
        return resolver

    monkeypatch.setattr(dns.asyncresolver, "Resolver", read)
    fetch._system_resolver.cache_clear()
    yield server
    fetch._system_resolver.cache_clear()
    transport.close()
    await asyncio.sleep(0)


async def test_names_are_looked_up(name_server: NameServer) -> None:
    name_server.records = {"A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"]}
    assert sorted(await fetch.resolve_name(HOST)) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert name_server.asked == [f"{HOST}. AAAA", f"{HOST}. A"]


async def test_the_name_servers_are_read_once_and_not_on_the_event_loop(name_server: NameServer) -> None:
    name_server.records = {"A": ["192.0.2.1"], "AAAA": []}
    for _ in range(3):
        await fetch.resolve_name(HOST)
    assert len(name_server.read_by) == 1
    assert threading.get_ident() not in name_server.read_by


async def test_fetching_by_a_real_name_server(
    site: Site, certificate: Certificate, name_server: NameServer
) -> None:
    ports = frozenset({site.port})
    fetcher = DirectoryFetcher(permits=loopback, ports=ports, tls=certificate.client)
    assert (await fetcher(f"https://{HOST}:{site.port}")).status == 200
    name_server.records["A"] = []
    assert "no address" in await refused(fetcher, f"https://{HOST}:{site.port}")
    name_server.silent = True
    hasty = DirectoryFetcher(permits=loopback, ports=ports, tls=certificate.client, seconds=0.2)
    assert "in time" in await refused(hasty, f"https://{HOST}:{site.port}")


async def test_a_good_copy_outlives_failures_until_the_origin_takes_the_key_away(
    site: Site, certificate: Certificate
) -> None:
    """The whole way: TLS, reading, remembering."""
    now = 0.0
    fetcher = fetcher_of(site, certificate, seconds=0.3)
    directories = KeyDirectories(fetcher, clock=lambda: now)
    origin = f"https://{HOST}:{site.port}"
    other = json.dumps({"keys": [Signer(b"next").jwk()]}).encode()
    for serve, kept in [
        (answer(200, BODY), True),
        (answer(500, b"sorry"), True),
        (answer(302, b"", "location: /elsewhere"), True),
        (answer(200, b"<html>", media_type="text/html"), True),
        (answer(200, b"{"), True),
        (answer(200, b" " * 70_000), True),
        (_never, True),
        (answer(200, other), False),
        (answer(500, b"sorry"), False),
        (answer(200, BODY), True),
    ]:
        site.serve = serve
        now += 90_000
        asked = len(site.requests)
        assert bool((await directories.key(origin, BOT.keyid)).key) is kept
        assert len(site.requests) == asked + 1


def test_the_default_is_the_public_internet() -> None:
    fetcher = DirectoryFetcher()
    assert fetcher._permits is is_public
    assert fetcher._ports == {443}
    assert fetcher._resolve is fetch.resolve_name
    assert fetcher._tls.verify_mode is ssl.CERT_REQUIRED
    assert fetcher._tls.check_hostname
