"""Published address lists: both shapes, and everything that a list may not claim."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardware.crawlers.published import ListError, check_kept, published, read_list


def listed(*prefixes: str) -> bytes:
    return json.dumps({"prefixes": [{"ipv6Prefix" if ":" in p else "ipv4Prefix": p} for p in prefixes]}).encode()


GOOGLE = {
    "creationTime": "2026-11-21T22:00:00.000000",
    "prefixes": [{"ipv6Prefix": "2001:4860:4801:10::/64"}, {"ipv4Prefix": "66.249.64.0/27"}],
}
JAFAR = GOOGLE | {
    "$schema": "https://example.com/schema.json",
    "formatVersion": 1,
    "syncToken": "1795300000",
    "prefixes": [
        {"ipv4Prefix": "66.249.64.0/27", "service": "Common", "status": "active"},
        {"ipv6Prefix": "2001:4860:4801:10::/64", "service": ["a", "b"]},
        {"comment": "an entry of another kind"},
    ],
}


@pytest.mark.parametrize("data", [GOOGLE, JAFAR])
def test_both_shapes_are_read(data: dict[str, Any]) -> None:
    found = read_list(json.dumps(data).encode())
    assert set(found.prefixes) == {"66.249.64.0/27", "2001:4860:4801:10::/64"}
    assert found.table.find("66.249.64.31") == found.table.find("::ffff:66.249.64.1") == ""
    assert found.table.find("66.249.64.32") is None
    assert found.table.find("2001:4860:4801:10:ffff::") == ""
    assert found.clients == 32 + 1


def test_bits_behind_the_prefix_are_forgiven_and_doubles_count_once() -> None:
    assert read_list(listed("66.249.64.5/27", "66.249.64.0/27")).prefixes == ("66.249.64.0/27",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no JSON"),
        (b'{"prefixes": [{"ipv4Prefix": "66.249', "is no JSON"),
        (b"<html>Moved</html>", "is no JSON"),
        (b"\xff\xfe\x00", "is no JSON"),
        (b"[" * 200_000, "is nested without end"),
        (b" " * (4 * 1024 * 1024 + 1), "is larger than 4 MiB"),
        # What Google's old addresses answer since April 2026, with status 200.
        (b'{"Action needed": "update the location you are fetching from"}', 'has no list "prefixes"'),
        (b"null", 'has no list "prefixes"'),
        (b'["66.249.64.0/27"]', 'has no list "prefixes"'),
        (b'{"prefixes": {"ipv4Prefix": "66.249.64.0/27"}}', 'has no list "prefixes"'),
        (b'{"prefixes": []}', "is empty"),
        (b'{"prefixes": [{}]}', "is empty"),
        (b'{"prefixes": ["66.249.64.0/27"]}', "has '66.249.64.0/27' among its prefixes"),
        (b'{"prefixes": [{"ipv4Prefix": 1123631104}]}', "has a prefix that is no text"),
        (b'{"prefixes": [{"ipv4Prefix": null}]}', "has a prefix that is no text"),
        (listed("66.249.64.0/33"), "among its prefixes"),
        (listed("000/0"), "among its prefixes"),
        (listed("3.455.766.537"), "among its prefixes"),
        (listed("googlebot.com"), "among its prefixes"),
        (listed("66.249.64.0/27", "0.0.0.0/0"), "claims 0.0.0.0/0, which is more than any crawler comes from"),
        (listed("64.0.0.0/7"), "which is more than any crawler comes from"),
        (listed("2000::/3"), "which is more than any crawler comes from"),
        (listed("2a00::/18"), "which is more than any crawler comes from"),
        (listed("10.1.2.0/24"), "claims 10.1.2.0/24, where no visitor comes from"),
        (listed("127.0.0.1/32"), "where no visitor comes from"),
        (listed("172.0.0.0/8"), "where no visitor comes from"),  # has 172.16.0.0/12 within
        (listed("192.168.1.1"), "where no visitor comes from"),
        (listed("203.0.113.0/24"), "where no visitor comes from"),
        (listed("240.0.0.0/8"), "where no visitor comes from"),
        (listed("::1/128"), "where no visitor comes from"),
        (listed("::ffff:1.2.3.0/120"), "where no visitor comes from"),
        (listed("fd00::/32"), "where no visitor comes from"),
        (listed("2002::/24"), "where no visitor comes from"),
        (listed("2001:db8::/48"), "where no visitor comes from"),
    ],
)
def test_a_list_that_cannot_be_right_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ListError) as error:
        read_list(data)
    assert reason in str(error.value)
    assert len(str(error.value)) < 200


def test_too_many_prefixes_are_refused() -> None:
    with pytest.raises(ListError, match="more than 100000 prefixes"):
        published(f"66.{n >> 8 & 255}.{n & 255}.{n >> 16}/32" for n in range(100_001))


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ([f"66.249.{n}.0/24" for n in range(100)], [f"66.249.{n}.0/24" for n in range(9)], True),
        ([f"66.249.{n}.0/24" for n in range(100)], [f"66.249.{n}.0/24" for n in range(10)], False),
        ([f"66.249.{n}.0/24" for n in range(100)], ["66.249.0.0/16"], False),  # summed up, not gone
        (["66.249.64.0/24"], ["66.249.65.0/32"], False),  # one prefix is not less than a tenth of one
    ],
)
def test_what_counts_as_shrunk(old: list[str], new: list[str], gone: bool) -> None:
    words = f"shrank from {len(old)} prefixes to {len(new)}"
    with pytest.raises(ListError, match=words) if gone else nullcontext():
        check_kept(published(old), published(new))


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.sampled_from(["1.2.3.0/24", "2a00::/32"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["prefixes", "ipv4Prefix", "ipv6Prefix", "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.binary(max_size=100) | _JSON.map(lambda value: json.dumps(value).encode()))
@example(b'{"prefixes": [{"ipv4Prefix": "' + b"1" * 10_000 + b'"}]}')
@example(b'{"prefixes": [{"ipv4Prefix": "1.2.3.0/' + b"1" * 5_000 + b'"}]}')
@example(b'{"prefixes": [{"ipv6Prefix": "::%25eth0"}]}')
@example(b'{"prefixes": [' + b"9" * 5_000 + b"]}")
def test_any_bytes_are_a_list_or_refused(data: bytes) -> None:
    try:
        found = read_list(data)
    except ListError:
        return  # refused, which the table above looks at
    assert found.prefixes


@pytest.mark.parametrize(
    ("edge", "fine"),
    [
        ("9.255.255.255", True), ("10.0.0.0", False), ("10.255.255.255", False), ("11.0.0.0", True),
        ("100.63.255.255", True), ("100.64.0.0", False), ("100.127.255.255", False), ("100.128.0.0", True),
        ("223.255.255.255", True), ("224.0.0.0", False), ("255.255.255.255", False), ("1.0.0.0", True),
        ("2001:1ff:ffff:ffff::", False), ("2001:200::", True), ("2001:db7:ffff::", True), ("2001:db8::", False),
        ("1fff::", False), ("3ffe::", True), ("3fff:fff::", False), ("3fff:1000::", True), ("4000::", False),
    ],
)  # fmt: skip
def test_the_edges_of_what_is_reserved(edge: str, fine: bool) -> None:
    if fine:
        assert read_list(listed(edge)).table.find(edge) == ""
    else:
        with pytest.raises(ListError, match="where no visitor comes from"):
            read_list(listed(edge))
