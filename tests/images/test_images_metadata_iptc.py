"""IPTC among Photoshop's resources: what is written, kept, dropped, and damaged data."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import file_of, scene
from metadata_samples import IPTC_FIELDS, NOTHING, STATEMENT, exiftool, jpeg_segment, written_by_exiftool

from guardware.images.metadata import credit, iptc

UTF8 = b"\x1c\x01\x5a\0\3\x1b%G"
VERSION = b"\x1c\x02\0\0\2\0\4"


def resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    label = bytes((len(name),)) + name
    label += b"\0" * (len(label) % 2)
    return b"8BIM" + number.to_bytes(2) + label + len(data).to_bytes(4) + data + b"\0" * (len(data) % 2)


def dataset(record: int, number: int, value: bytes) -> bytes:
    return bytes((0x1C, record, number)) + len(value).to_bytes(2) + value


def rewritten(old: bytes, strip: bool = True, **texts: str) -> bytes:
    payloads = iptc.rewritten(old, NOTHING._replace(strip=strip, **texts))
    return b"".join(payload.removeprefix(iptc.PREFIX) for payload in payloads)


def iim(*datasets: bytes) -> bytes:
    """The resources with these datasets and the digest of them."""
    data = UTF8 + VERSION + b"".join(datasets)
    return resource(0x0404, data) + resource(0x0425, hashlib.md5(data, usedforsecurity=False).digest())


def test_what_is_stated_is_written() -> None:
    assert rewritten(b"", rights="mine") == iim(dataset(2, 116, b"mine"))
    assert rewritten(b"", rights="©", creator="Zoë", description="Blau") == iim(
        dataset(2, 80, "Zoë".encode()), dataset(2, 116, "©".encode()), dataset(2, 120, b"Blau")
    )
    assert iptc.rewritten(b"", NOTHING) == []


def test_keywords_stay_in_order_and_the_old_credit_goes() -> None:
    old = iim(dataset(2, 25, b"hills"), dataset(2, 25, b"blue"), dataset(2, 80, b"Somebody"))
    assert rewritten(old, creator="Zoe") == iim(
        dataset(2, 25, b"hills"), dataset(2, 25, b"blue"), dataset(2, 80, b"Zoe")
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [("a" * 40, b"a" * 32), ("ë" * 20, "ë".encode() * 16), ("a" + "ë" * 20, b"a" + "ë".encode() * 15)],
)
def test_a_long_name_is_cut_between_letters(text: str, written: bytes) -> None:
    assert rewritten(b"", creator=text) == iim(dataset(2, 80, written))


def test_text_without_a_character_set_is_latin_1_unless_it_is_utf_8() -> None:
    old = resource(0x0404, dataset(2, 25, b"Z\xfcrich") + dataset(2, 25, "Zürich".encode()))
    assert rewritten(old) == iim(dataset(2, 25, "Zürich".encode()), dataset(2, 25, "Zürich".encode()))


def test_private_resources_go_and_public_ones_stay() -> None:
    public = resource(0x03ED, bytes(16)) + resource(0x07D0, b"a path", b"Path 1")
    private = resource(0x040C, b"thumbnail") + resource(0x0422, b"exif") + resource(0x03E9, b"printer")
    assert rewritten(public + private) == public
    assert rewritten(public + private, strip=False) == public + private


def test_previews_go() -> None:
    preview = dataset(2, 200, b"\0\1") + dataset(2, 202, b"\xff\xd8 preview") + dataset(8, 10, b"\xff\xd8")
    old = iim(dataset(2, 25, b"hills"), preview)
    assert rewritten(old) == iim(dataset(2, 25, b"hills"))
    assert rewritten(old, strip=False) == old


def test_many_resources_go_on_in_the_next_segment() -> None:
    path = resource(0x07D0, b"x" * 150_000)
    payloads = iptc.rewritten(path, STATEMENT)
    assert [len(payload) for payload in payloads[:-1]] == [65533, 65533]
    assert all(payload.startswith(iptc.PREFIX) for payload in payloads)
    data = file_of(scene(8, 8), "JPEG")
    split = b"".join(jpeg_segment(0xED, payload) for payload in iptc.rewritten(path, NOTHING))
    new = credit(data[:2] + split + data[2:], STATEMENT)
    assert iptc.rewritten(path, STATEMENT)[1] in new
    found = exiftool({"a.jpg": new}, "-a")["a.jpg"]
    assert {key: found.get(key) for key in IPTC_FIELDS} == IPTC_FIELDS
    assert "ExifTool:Warning" not in found


def test_what_exiftool_wrote_is_kept() -> None:
    data = written_by_exiftool(
        file_of(scene(8, 8), "JPEG"), "-IPTC:Keywords=hills", "-IPTC:City=Zürich", "-IPTC:By-line=Somebody"
    )
    found = exiftool({"a.jpg": credit(data, STATEMENT)})["a.jpg"]
    assert (found["IPTC:Keywords"], found["IPTC:City"]) == ("hills", "Zürich")
    assert {key: found.get(key) for key in IPTC_FIELDS} == IPTC_FIELDS


@pytest.mark.parametrize(
    "old",
    [
        b"8BIM",
        b"8BIM\x04\x04\0\0\xff\xff\xff\xff",
        b"8BIM\x04\x04\xff",
        b"8BIM\x04\x04\0\0\0\0\0",
        b"nonsense",
        resource(0x0404, b"\x1c\x02\x50\xff\xff"),
        resource(0x0404, b"\x1c\x02\x50\x80\x04\xff\xff\xff\xff"),
        resource(0x0404, b"\x1c"),
        b"8BIM\x04\x04\0\0\0\0\0\0" * 100_000,
    ],
)
def test_damaged_resources_are_left_out(old: bytes) -> None:
    assert rewritten(old, rights="mine") == iim(dataset(2, 116, b"mine"))


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_rewritten(old: bytes, strip: bool) -> None:
    once = rewritten(old, strip, rights="mine")
    assert dataset(2, 116, b"mine") in once
    assert rewritten(once, strip, rights="mine") == once


RESOURCES = st.lists(
    st.tuples(st.integers(0x07D0, 0x0BB7), st.binary(max_size=20), st.binary(max_size=9)), max_size=6
)


@given(RESOURCES)
def test_paths_stay_as_they_are(resources: list[tuple[int, bytes, bytes]]) -> None:
    old = b"".join(resource(*each) for each in resources)
    assert rewritten(old) == old
