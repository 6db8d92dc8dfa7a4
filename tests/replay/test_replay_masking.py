"""Addresses in text that visitors wrote: only their networks are shown."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.replay.lines import Lines
from guardware.replay.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("46.118.127.106 - -", "46.118.127.0/24 - -"),
        ("46.118.127.106:8080", "46.118.127.0/24:8080"),
        ("x=46.118.127.106,10.0.0.7", "x=46.118.127.0/24,10.0.0.0/24"),
        ("pc-46-118-127-106.example", "pc-46.118.127.0/24.example"),
        ("999.999.999.999", "999.999.999.0/24"),
        ("2001:db8:1:2::9 GET", "2001:db8:1::/48 GET"),
        ("[2001:db8:1:2::9]:443", "[2001:db8:1::/48]:443"),
        ("client:2001:db8:1:2::9:", "client:2001:db8:1::/48:"),
        ("::ffff:46.118.127.106", "46.118.127.0/24"),
        ("2001:db8:1:2:3:4:5", "(address)"),
        ("00:1b:44:11:3a:b7", "(address)"),
        ("[17/May/2015:10:05:03 +0000]", "[17/May/2015:10:05:03 +0000]"),
        ("2026-11-03T10:05:03Z Firefox/157.0", "2026-11-03T10:05:03Z Firefox/157.0"),
        ("", ""),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.ip_addresses(), st.text("ab:.- [](),;=", max_size=5), st.text(" [](),;=/", min_size=1, max_size=5))
def test_no_address_is_left(address: object, before: str, after: str) -> None:
    whole = str(address)
    if not whole.endswith((".0", "::")):
        assert whole not in masked(f"{before} {whole}{after}")


@given(st.text("0123456789abcdef:.- /", max_size=200))
def test_no_word_is_an_address(text: str) -> None:
    for word in masked(text).split():
        with pytest.raises(ValueError, match="does not appear to be"):
            ip_address(word)


def test_an_address_at_the_cut_is_not_shown_in_part() -> None:
    lines = Lines()
    lines.not_read("a.log", 1, b"x " * 95 + b"2001:db8:1:2::9 and more")
    assert lines.examples[0].text == "x " * 95
