"""Which network holds an address: the longest prefix, whatever lies within and beside it."""

import time
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardware.addresses import Network
from guardware.prefixes import PrefixTable

TABLE = PrefixTable(
    (ip_network(network), label)
    for network, label in [
        ("10.0.0.0/8", "ten"),
        ("10.1.0.0/16", "ten-one"),
        ("10.1.255.0/24", "its end"),
        ("10.2.3.4/32", "one address"),
        ("0.0.0.0/32", "the first"),
        ("255.255.255.255/32", "the last"),
        ("2001:db8::/32", "six"),
        ("2001:db8:0:1::/64", "six-one"),
        ("2001:db8::1/128", "one of six"),
        ("::ffff:192.0.2.0/120", "mapped"),
        ("10.0.0.0/8", "said again"),
    ]
)


@pytest.mark.parametrize(
    ("address", "label"),
    [
        ("10.0.0.0", "ten"),
        ("10.255.255.255", "ten"),
        ("9.255.255.255", None),
        ("11.0.0.0", None),
        ("10.1.0.0", "ten-one"),
        ("10.1.255.7", "its end"),
        ("10.2.0.0", "ten"),
        ("10.2.3.4", "one address"),
        ("10.2.3.5", "ten"),
        ("0.0.0.0", "the first"),
        ("0.0.0.1", None),
        ("255.255.255.255", "the last"),
        ("::ffff:10.1.2.3", "ten-one"),  # IPv4-mapped counts as IPv4
        ("192.0.2.9", "mapped"),
        ("2001:db8::", "six"),
        ("2001:db8::1", "one of six"),
        ("2001:db8::2", "six"),
        ("2001:db8:0:1:ffff::", "six-one"),
        ("2001:db8:0:2::", "six"),
        ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("2001:db9::", None),
        ("::10.1.2.3", None),  # not mapped, only written alike
        # What is no address finds nothing.
        ("", None),
        ("10.1.2", None),
        ("10.1.2.3.4", None),
        ("10.1.2.3:80", None),
        ("10.01.2.3", None),
        ("[2001:db8::1]", None),
        ("unknown", None),
        ("1" * 10_000, None),
        ("\ud800", None),
    ],
)
def test_the_longest_prefix_counts(address: str, label: str | None) -> None:
    assert TABLE.find(address) == label


def test_an_empty_table_holds_nothing() -> None:
    assert (len(PrefixTable()), PrefixTable().find("10.0.0.1"), PrefixTable().find("::1")) == (0, None, None)


def test_everything_can_be_held() -> None:
    table = PrefixTable([(IPv4Network("0.0.0.0/0"), "four"), (IPv6Network("::/0"), "six")])
    assert [table.find(a) for a in ("0.0.0.0", "255.255.255.255", "::", "ffff::")] == [
        "four",
        "four",
        "six",
        "six",
    ]
    assert table.find("::ffff:1.2.3.4") == "four"


def test_neighbours_with_one_label_become_one_interval() -> None:
    halves = [(network, "same") for network in IPv4Network("10.0.0.0/8").subnets(new_prefix=16)]
    assert len(PrefixTable(halves)) == 1
    assert len(PrefixTable([*halves, (IPv4Network("10.0.0.0/8"), "same")])) == 1


def networks(width: int, family: type[IPv4Network] | type[IPv6Network]) -> st.SearchStrategy[Network]:
    """Few different starts and lengths, so that they nest, touch and repeat."""
    starts = st.integers(0, 15).map(lambda n: n << (width - 4)) | st.just((1 << width) - 1)
    return st.builds(
        lambda start, bits: family((start >> (width - bits) << (width - bits), bits)),
        starts | st.builds(lambda a, b: a | b << (width - 68 if width == 128 else 4), starts, st.integers(0, 3)),
        st.integers(0, 6) | st.integers(width - 6, width) | st.sampled_from([width // 2 - 1, width // 2]),
    )


def naive(entries: list[tuple[Network, str]], address: str) -> str | None:
    """The longest prefix by looking at all of them."""
    held = [(n, label) for n, label in entries if ip_address(address) in n]
    return max(held, key=lambda held: held[0].prefixlen)[1] if held else None


@given(st.lists(st.tuples(networks(32, IPv4Network) | networks(128, IPv6Network), st.sampled_from("abc"))))
@example([(ip_network("0.0.0.0/0"), "a"), (ip_network("128.0.0.0/1"), "b"), (ip_network("240.0.0.0/4"), "a")])
def test_it_finds_what_a_search_through_all_finds(entries: list[tuple[Network, str]]) -> None:
    table = PrefixTable(entries)
    edges = [
        int(n.network_address) + d for n, _ in entries for d in (-1, 0, 1, n.num_addresses - 1, n.num_addresses)
    ]
    versions = [n.version for n, _ in entries for _ in range(5)]
    for value, version in zip(edges, versions, strict=True):
        if 0 <= value < (1 << 32 if version == 4 else 1 << 128) and (version == 4 or value >> 32 != 0xFFFF):
            address = str(IPv4Network(value)[0] if version == 4 else IPv6Network(value)[0])
            assert table.find(address) == naive(entries, address), address
    assert len(table) <= 2 * len(entries)


@given(st.text(max_size=50))
def test_any_text_will_do(text: str) -> None:
    assert TABLE.find(text) is None or ip_address(text)


@pytest.mark.slow
def test_a_million_prefixes_are_built_in_seconds() -> None:
    entries = [
        (IPv4Network(((n * 4093) << 8 & 0xFFFFFF00, 24 + n % 9)), f"owner {n % 1000}") for n in range(1_000_000)
    ]
    began = time.process_time()
    table = PrefixTable(entries)
    assert time.process_time() - began < 10
    assert len(table) > 500_000
