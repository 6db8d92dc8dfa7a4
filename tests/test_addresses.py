"""Whose address counts: a truth table of peers, trusted proxies and forwarded headers."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.addresses import AddressReader, parse_address

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"), ip_network("127.0.0.0/8"))


@pytest.mark.parametrize(
    ("peer", "xff", "forwarded", "address"),
    [
        # No proxy, or one that is not trusted: the peer, whatever the headers say.
        ("203.0.113.9", "", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "", "203.0.113.9"),
        ("203.0.113.9", "", "for=198.51.100.1", "203.0.113.9"),
        ("192.168.0.1", "198.51.100.1", "", "192.168.0.1"),
        # A trusted proxy: the rightmost hop that is not trusted.
        ("10.0.0.1", "198.51.100.1", "", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.2.3.4", "", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9, 10.2.3.4", "", "10.9.9.9"),
        ("10.0.0.1", "", "", "10.0.0.1"),
        # Ports, brackets, mapped addresses, trailing commas.
        ("10.0.0.1", "198.51.100.1:5678", "", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:443", "", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "", "198.51.100.1"),
        ("2001:db8:ffff::1", "198.51.100.1", "", "198.51.100.1"),
        # Nonsense in the chain: the last address a trusted proxy vouches for.
        ("10.0.0.1", "198.51.100.1,", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, <script>", "", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, <script>, 10.2.3.4", "", "10.2.3.4"),
        ("10.0.0.1", "fe80::1%eth0", "", "10.0.0.1"),
        # Forwarded (RFC 7239), only where X-Forwarded-For is absent.
        ("10.0.0.1", "", "for=198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "", 'For="[2001:db8:cafe::17]:4711";proto=https', "2001:db8:cafe::17"),
        ("10.0.0.1", "", "for=6.6.6.6, for=198.51.100.1;by=10.1.1.1, for=10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "", 'for="_hidden"', "10.0.0.1"),
        ("10.0.0.1", "", 'for="6.6.6.6, for=7.7.7.7"', "10.0.0.1"),
        ("10.0.0.1", "", 'for=198.51.100.1;host="a, for=7.7.7.7", for=10.2.3.4', "198.51.100.1"),
        ("10.0.0.1", "", 'for=198.51.100.1;ext="a\\", for=7.7.7.7"', "198.51.100.1"),
        ("10.0.0.1", "", "for=198.51.100.1; proto=https;", "198.51.100.1"),
        ("10.0.0.1", "", 'for=198.51.100.1"', "10.0.0.1"),
        ("10.0.0.1", "", "for=198.51.100.1 x", "10.0.0.1"),
        # A quote that is never closed: what it opens is no hop, and it cannot swallow what a proxy wrote after it.
        ("10.0.0.1", "", 'for="', "10.0.0.1"),
        ("10.0.0.1", "", 'for="198.51.100.1', "10.0.0.1"),
        ("10.0.0.1", "", 'for=6.6.6.6, for="198.51.100.1', "10.0.0.1"),
        ("10.0.0.1", "", 'for="x, for=198.51.100.1', "198.51.100.1"),
        ("10.0.0.1", "", 'for="x, for="[2001:db8::7]"', "2001:db8::7"),
        ("10.0.0.1", "", 'for="x\\, for="[2001:db8::7]"', "2001:db8::7"),
        ("10.0.0.1", "", 'for=6.6.6.6;x="y, for=10.2.3.4', "10.2.3.4"),
        ("10.0.0.1", "198.51.100.1", "for=6.6.6.6", "198.51.100.1"),
        # No address at all.
        (None, "198.51.100.1", "", ""),
        ("", "198.51.100.1", "", ""),
        ("testclient", "", "", ""),
    ],
)
def test_address(peer: str | None, xff: str, forwarded: str, address: str) -> None:
    assert AddressReader(TRUSTED).read(peer, xff.encode(), forwarded.encode(), b"").address == address


def test_a_unix_socket_is_trusted_only_when_named() -> None:
    assert AddressReader(["unix"]).read(None, b"198.51.100.1", b"", b"").address == "198.51.100.1"
    assert AddressReader(TRUSTED).read(None, b"198.51.100.1", b"", b"").client == "unknown"


def test_a_hundred_hops_are_read_from_the_right_and_no_further_than_needed() -> None:
    hops = ", ".join(["6.6.6.6"] + ["10.0.0.1"] * 100)
    assert AddressReader(TRUSTED).read("10.0.0.1", hops.encode(), b"", b"").address == "10.0.0.1"


@pytest.mark.parametrize("stuffing", ["6.6.6.6, " * 2000, "x" * 9000 + ", ", 'for="' + "," * 9000 + '", '])
def test_of_a_long_header_its_end_is_read(stuffing: str) -> None:
    reader = AddressReader(TRUSTED)
    assert reader.read("10.0.0.1", f"{stuffing}198.51.100.1".encode(), b"", b"").address == "198.51.100.1"
    forwarded = f'{stuffing}for="[2001:db8::7]:443"'.encode()
    assert reader.read("10.0.0.1", b"", forwarded, b"").address == "2001:db8::7"
    assert reader.read("10.0.0.1", b"1" * 9000, b"", b"").address == "10.0.0.1"


@pytest.mark.parametrize(
    "part",
    [
        '\\"',
        '"',
        "\\",
        '"\\',
        "a=",
        "a=1;",
        'a="',
        ";",
        " ",
        " ;",
        ",",
        '",',
        'a="b",',
        "a=b,",
        '"";',
        "a" * 9 + '="',
    ],
)
@pytest.mark.parametrize("start", ["", 'for="', "for=", "for=1.1.1.1;"])
def test_a_hundred_kilobytes_of_anything_are_read_in_no_time(start: str, part: str) -> None:
    nasty = (start + part * (100_000 // len(part))).encode()
    reader = AddressReader(TRUSTED)
    for header in (nasty, nasty[:4096], nasty[:4095] + b'"'):
        assert reader.read("10.0.0.1", b"", header, b"").address in ("10.0.0.1", "1.1.1.1")
        assert reader.read("10.0.0.1", header, b"", b"").address == "10.0.0.1"


def test_ipv6_clients_are_known_by_their_64_and_ipv4_networks_by_their_24() -> None:
    read = AddressReader().read
    assert read("2001:db8::1", b"", b"", b"").client == read("2001:db8::ffff:2", b"", b"", b"").client
    assert read("2001:db8::1", b"", b"", b"").client != read("2001:db8:0:1::1", b"", b"", b"").client
    assert read("198.51.100.1", b"", b"", b"").client != read("198.51.100.2", b"", b"", b"").client
    assert read("198.51.100.1", b"", b"", b"").network == read("198.51.100.2", b"", b"", b"").network


@pytest.mark.parametrize(
    ("peer", "proto", "forwarded", "scheme"),
    [
        ("10.0.0.1", "https", "", "https"),
        ("10.0.0.1", "http, https", "", "https"),
        ("10.0.0.1", "gopher", "", ""),
        ("10.0.0.1", "", "for=198.51.100.1;proto=https", "https"),
        ("203.0.113.9", "https", "", ""),
    ],
)
def test_scheme(peer: str, proto: str, forwarded: str, scheme: str) -> None:
    assert AddressReader(TRUSTED).read(peer, b"", forwarded.encode(), proto.encode()).scheme == scheme


@pytest.mark.parametrize(
    ("peer", "xff", "unheeded"),
    [("192.168.0.1", "1.2.3.4", True), ("192.168.0.1", "", False), ("203.0.113.9", "1.2.3.4", False),
     ("10.0.0.1", "1.2.3.4", False), (None, "1.2.3.4", True)],
)  # fmt: skip
def test_a_private_proxy_that_is_not_trusted_is_noticed(peer: str | None, xff: str, unheeded: bool) -> None:
    assert AddressReader(TRUSTED).read(peer, xff.encode(), b"", b"").unheeded is unheeded


@given(st.text(max_size=80))
def test_parsing_a_hop_never_raises_and_yields_no_port(text: str) -> None:
    address = parse_address(text)
    assert address is None or str(address).count("]") == 0


@given(
    st.text('for=";,\\ x1.', max_size=60),
    st.sampled_from(["for=198.51.100.1", 'proto=https;for="198.51.100.1:5"']),
)
def test_nothing_that_a_visitor_writes_hides_what_the_proxy_writes_after_it(claim: str, ours: str) -> None:
    found = AddressReader(TRUSTED).read("10.0.0.1", b"", f"{claim}, {ours}".encode(), b"")
    assert found.address == "198.51.100.1"


@given(st.one_of(st.none(), st.text(max_size=20)), st.binary(max_size=200), st.binary(max_size=200))
def test_forwarded_headers_never_raise(peer: str | None, xff: bytes, forwarded: bytes) -> None:
    assert AddressReader(TRUSTED).read(peer, xff, forwarded, b"").client


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_headers_of_an_untrusted_peer_change_nothing(xff: bytes, forwarded: bytes) -> None:
    reader = AddressReader(TRUSTED)
    plain = reader.read("203.0.113.9", b"", b"", b"")
    assert reader.read("203.0.113.9", xff, forwarded, b"https") == plain
