"""Containers: what goes in comes out, and nothing damaged does."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.images.container import MAGIC, MAX_HEADER, pack, unpack

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
HEADERS = st.dictionaries(st.text(), JSON, max_size=4)

SMALL = pack({"type": "image/png", "size": [3, 2]}, b"the body")


def made_of(text: bytes, body: bytes = b"") -> bytes:
    """A container in order, but for what its header says."""
    rest = len(text).to_bytes(4) + len(body).to_bytes(8) + text + body
    return MAGIC + zlib.crc32(rest).to_bytes(4) + rest


def test_the_layout_is_the_one_described() -> None:
    assert pack({"a": 1}, b"xy") == made_of(b'{"a":1}', b"xy")


@given(HEADERS, st.binary())
def test_what_goes_in_comes_out(header: dict[str, Any], body: bytes) -> None:
    read, view = unpack(pack(header, body))
    assert read == header
    assert bytes(view) == body


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes_will_do(kind: Any) -> None:
    header, body = unpack(kind(pack({}, kind(b"body"))))
    assert (header, bytes(body)) == ({}, b"body")


def test_the_body_is_not_copied() -> None:
    data = bytearray(pack({}, b"body"))
    _, body = unpack(data)
    data[-1:] = b"Y"
    assert bytes(body) == b"bodY"


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_any_byte_changed_is_noticed(at: int, change: int) -> None:
    damaged = bytearray(SMALL)
    damaged[at] ^= change
    with pytest.raises(ValueError):
        unpack(damaged)


@pytest.mark.parametrize("size", range(len(SMALL)))
def test_any_byte_missing_or_zeroed_at_the_end_is_noticed(size: int) -> None:
    for torn in (SMALL[:size], SMALL[:size].ljust(len(SMALL), b"\0")):
        with pytest.raises(ValueError):
            unpack(torn)


def test_bytes_behind_the_end_are_noticed() -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack(SMALL + b"\0")


@given(st.binary(max_size=200), st.booleans())
def test_noise_is_refused_and_nothing_else_happens(noise: bytes, labelled: bool) -> None:
    with pytest.raises(ValueError):
        unpack(MAGIC + noise if labelled else noise)


@given(st.binary(max_size=60))
def test_a_header_of_noise_with_the_right_checksum_is_an_object_or_refused(noise: bytes) -> None:
    try:
        header, _ = unpack(made_of(noise))
    except ValueError:
        return
    assert isinstance(header, dict)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (b"[]", "no JSON object"),
        (b"", "Expecting value"),
        (b"{", "Expecting"),
        (b"\xff", "decode"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "too deep"),
        (b'{"a":' + b"9" * 5_000 + b"}", "digits"),
        (b" " * MAX_HEADER + b"{}", "longer than"),
    ],
)
def test_a_header_that_is_not_as_it_should_be_is_refused(text: bytes, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        unpack(made_of(text))


def test_another_version_is_not_read() -> None:
    with pytest.raises(ValueError, match="another version"):
        unpack(b"gwc\x02" + SMALL[4:])


@pytest.mark.parametrize("header", [{"a": float("nan")}, {"a": b"bytes"}, {"a": "x" * MAX_HEADER}])
def test_what_a_header_cannot_say_is_not_packed(header: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        pack(header, b"")
