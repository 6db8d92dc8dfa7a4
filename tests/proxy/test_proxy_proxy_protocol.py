"""The PROXY protocol: its two forms, who may speak it, and TLS after it."""

import asyncio
import socket
import ssl
import struct
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config.server import Server
from guardware.proxy.extensions import TARGET
from guardware.proxy.protocol import protocol_class
from guardware.proxy.proxy_protocol import Announced, read, share

from .raw_server import GET, Asked, RawServer, serving, statuses

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V4 = b"\xcb\x00\x71\x07" + b"\xc0\x00\x02\x01" + struct.pack("!HH", 4711, 443)
V6 = bytes.fromhex("20010db8" + "00" * 11 + "07") + bytes(16) + struct.pack("!HH", 4711, 443)
SECURE = b"\x20\x00\x05\x01\x00\x00\x00\x00"
PLAIN = b"\x20\x00\x05\x00\x00\x00\x00\x00"


def binary(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(rest).to_bytes(2) + rest


GOOD = {
    b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n": Announced(("203.0.113.7", 4711)),
    b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n": Announced(("2001:db8::7", 4711)),
    b"PROXY TCP6 2001:DB8:0::7 ::1 0 65535\r\n": Announced(("2001:db8::7", 0)),
    b"PROXY UNKNOWN\r\n": Announced(None),
    b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n": Announced(None),
    binary(0x21, 0x11, V4): Announced(("203.0.113.7", 4711)),
    binary(0x21, 0x21, V6): Announced(("2001:db8::7", 4711)),
    binary(0x21, 0x11, V4 + SECURE): Announced(("203.0.113.7", 4711), "https"),
    binary(0x21, 0x11, V4 + PLAIN): Announced(("203.0.113.7", 4711), "http"),
    binary(0x21, 0x11, V4 + b"\x04\x00\x03abc" + SECURE): Announced(("203.0.113.7", 4711), "https"),
    binary(0x20, 0x00, b""): Announced(None),
    binary(0x20, 0x11, V4): Announced(None),
    binary(0x21, 0x00, b""): Announced(None),
    binary(0x21, 0x31, bytes(216)): Announced(None),
}

BAD = [
    b"GET / HTTP/1.1\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443 \r\n",
    b"PROXY TCP4  203.0.113.7 192.0.2.1 4711 443\r\n",
    b"PROXY TCP4 203.0.113.777 192.0.2.1 4711 443\r\n",
    b"PROXY TCP4 2001:db8::7 ::1 4711 443\r\n",
    b"PROXY TCP6 203.0.113.7 192.0.2.1 4711 443\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 47110 65536\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 -1 443\r\n",
    b"PROXY TCP4 203.0.113.7 192.0.2.1 04711 443\r\n",
    b"PROXY UDP4 203.0.113.7 192.0.2.1 4711 443\r\n",
    b"PROXY TCP4 203.0.113.\xb2 192.0.2.1 4711 443\r\n",
    b"PROXY " + b"x" * 200,
    binary(0x11, 0x11, V4),
    binary(0x22, 0x11, V4),
    binary(0x21, 0x11, V4[:-1]),
    binary(0x21, 0x21, V4),
    binary(0x21, 0x11, V4 + b"\x20"),
    binary(0x21, 0x11, V4 + b"\x20\xff\xff\x01"),
    binary(0x21, 0x11, V4 + bytes(5000)),
]


def take(stream: bytes, step: int = 1 << 16) -> tuple[Announced, bytes]:
    """Read a header as it is read from a socket; returns what is left of the stream, too."""
    header = b""
    while (found := read(header)) is None:
        taken = share(header, stream[:step])
        assert taken > 0, "something is always taken, or we would wait for ever"
        header, stream = header + stream[:taken], stream[taken:]
    return found, stream


@pytest.mark.parametrize("header", GOOD)
@pytest.mark.parametrize("step", [1, 7, 1 << 16])
def test_headers_are_read_to_the_byte(header: bytes, step: int) -> None:
    assert take(header + b"\x16\x03\x01 what follows", step) == (GOOD[header], b"\x16\x03\x01 what follows")


@pytest.mark.parametrize("header", BAD)
def test_what_is_no_header(header: bytes) -> None:
    with pytest.raises(ValueError):
        take(header + GET)


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"])
)
def test_anything_is_read_or_refused(data: bytes, beginning: bytes) -> None:
    stream = beginning + data + bytes(5000)
    try:
        found, rest = take(stream, 50)
    except ValueError:
        return
    assert stream.endswith(rest)
    assert found.client is None or 0 <= found.client[1] <= 65535


TRUSTED = protocol_class(Server(proxy_protocol=True), [ip_network("127.0.0.0/8")])
V1 = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("header", "client", "scheme"),
    [
        (V1, ("203.0.113.7", 4711), "http"),
        (binary(0x21, 0x11, V4 + SECURE), ("203.0.113.7", 4711), "https"),
        (binary(0x20, 0x00, b""), ("127.0.0.1", None), "http"),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
async def test_the_visitor_is_who_the_front_says(
    header: bytes, client: tuple[str, int | None], scheme: str, apart: bool
) -> None:
    app = Asked()
    async with serving(app, TRUSTED) as server:
        parts = [header[:9], header[9:], GET, LAST] if apart else [header + GET + LAST]
        assert statuses(await server.tell(*parts)) == [200, 200]
    for scope in app.scopes:
        assert scope["client"][0] == client[0]
        assert client[1] is None or scope["client"][1] == client[1]
        assert scope["scheme"] == scheme


@pytest.mark.parametrize("sent", [GET, b"PROXY nonsense\r\n" + GET, b"\x16\x03\x01" + bytes(50), V1[:20]])
async def test_without_a_header_nothing_is_answered(sent: bytes) -> None:
    hasty = protocol_class(Server(proxy_protocol=True, header_timeout=0.1), [ip_network("127.0.0.0/8")])
    app = Asked()
    async with serving(app, hasty) as server:
        assert await server.tell(sent) == b""
        await server.until_idle()
    assert app.scopes == []


async def test_nobody_else_may_speak_it() -> None:
    app = Asked()
    strict = protocol_class(Server(proxy_protocol=True), [ip_network("192.0.2.0/24")])
    async with serving(app, strict) as server:
        assert await server.tell(V1 + GET) == b""
    assert app.scopes == []


async def test_it_is_no_request_where_it_is_not_expected() -> None:
    async with serving(Asked(), protocol_class(Server())) as server:
        assert statuses(await server.tell(V1 + GET)) == [400]


async def test_a_front_that_leaves_before_its_header_is_whole() -> None:
    async with serving(Asked(), TRUSTED) as server:
        async with server.connected() as client:
            await client.send(V1[:10])
        await server.until_idle()


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
        f" -addext subjectAltName=DNS:localhost -out {cert} -keyout {key}".split(),
        check=True,
        capture_output=True,
    )
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(cert, key)
    return ours, ssl.create_default_context(cafile=cert)


async def ask_over_tls(server: RawServer, header: bytes, theirs: ssl.SSLContext) -> bytes:
    """As HAProxy does it: the header, and TLS right behind it in the same breath."""

    def ask() -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
            plain.sendall(header)
            with theirs.wrap_socket(plain, server_hostname="localhost") as secure:
                secure.sendall(LAST)
                found = b""
                while part := secure.recv(65536):
                    found += part
                return found

    return await asyncio.to_thread(ask)


async def test_tls_begins_after_the_header(tmp_path: Path) -> None:
    ours, theirs = contexts(tmp_path)
    app = Asked()
    protocol = protocol_class(Server(proxy_protocol=True), [ip_network("127.0.0.0/8")], tls=ours)
    async with serving(app, protocol) as server:
        for header in (V1, binary(0x21, 0x21, V6)):
            assert statuses(await ask_over_tls(server, header, theirs)) == [200]
    assert [scope["client"] for scope in app.scopes] == [("203.0.113.7", 4711), ("2001:db8::7", 4711)]
    assert {scope["scheme"] for scope in app.scopes} == {"https"}
    assert app.scopes[0]["extensions"] == {TARGET: b"/"}, "TLS is not for the kernel"


async def test_a_handshake_that_fails(tmp_path: Path) -> None:
    ours, _ = contexts(tmp_path)
    protocol = protocol_class(Server(proxy_protocol=True), [ip_network("127.0.0.0/8")], tls=ours)
    async with serving(Asked(), protocol) as server:
        assert b"HTTP" not in await server.tell(V1 + GET)
        await server.until_idle()


async def test_a_visitor_behind_a_front_who_does_not_shake_hands(tmp_path: Path) -> None:
    ours, _ = contexts(tmp_path)
    limits = Server(proxy_protocol=True, header_timeout=0.3)
    protocol = protocol_class(limits, [ip_network("127.0.0.0/8")], tls=ours)
    async with serving(Asked(), protocol) as server:
        assert await server.tell(V1) == b""
        await server.until_idle()


async def test_a_visitor_who_leaves_while_hands_are_shaken(tmp_path: Path) -> None:
    ours, _ = contexts(tmp_path)
    protocol = protocol_class(Server(proxy_protocol=True), [ip_network("127.0.0.0/8")], tls=ours)
    async with serving(Asked(), protocol) as server:
        async with server.connected() as client:
            await client.send(V1)
            await client.send(b"\x16\x03\x01\x02\x00")
        await server.until_idle()
