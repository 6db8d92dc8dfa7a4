"""What a body is by its first bytes, also when it is compressed."""

import gzip
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guardware.images.holding import Holding
from guardware.images.sniff import ENOUGH, decoded_start, sniff


@pytest.mark.parametrize("name", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "TIFF", "BMP", "JPEG2000"])
def test_knows_what_pillow_writes(name: str) -> None:
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, name)
    assert sniff(out.getvalue()[:ENOUGH]) is not None


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\0\0\0\x18ftypavif", "image/avif"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", None),  # a film
        (b"II+\0\x08\0\0\0", "image/tiff"),
        (b"\xff\x0a", "image/jxl"),
        (b"8BPS\0\1", "image/vnd.adobe.photoshop"),
    ],
)
def test_knows_kinds_that_no_variant_is_made_of(start: bytes, kind: str | None) -> None:
    assert sniff(start) == kind


@pytest.mark.parametrize("size", [12, 40, 124])
def test_knows_a_bitmap_whose_reserved_bytes_are_used(size: int) -> None:
    assert sniff(b"BM" + b"\xff" * 12 + size.to_bytes(4, "little") + bytes(14)) == "image/bmp"


@pytest.mark.parametrize(
    "text", [b"", b"BM", b"BMW cars, all of them, and what they cost", b"<html>", b"II", b"{}"]
)
def test_takes_no_text_for_a_picture(text: bytes) -> None:
    assert sniff(text) is None


def test_looks_into_what_is_compressed() -> None:
    start = b"\xff\xd8\xff\xe0" + bytes(range(200))
    for encoding, packed in ((b"gzip", gzip.compress(start)), (b"deflate", zlib.compress(start))):
        assert (decoded_start(packed[:128], encoding) or b"").startswith(b"\xff\xd8\xff")
    assert decoded_start(b"plain", b"") == b"plain"
    assert decoded_start(b"\x1b\x00", b"br") is None
    assert decoded_start(b"no gzip", b"gzip") is None


@given(st.binary(max_size=130), st.sampled_from([b"", b"gzip", b"deflate", b"br", b"\xff"]))
def test_never_raises_and_never_inflates_much(data: bytes, encoding: bytes) -> None:
    start = decoded_start(data, encoding)
    assert start is None or len(start) <= max(ENOUGH, len(data))
    assert sniff(data) is None or data


def test_a_holding_has_an_end() -> None:
    holding = Holding(10)
    assert [holding.take(6), holding.take(6), holding.take(4)] == [True, False, True]
    holding.give_back(6)
    assert (holding.take(6), holding.held) == (True, 10)
