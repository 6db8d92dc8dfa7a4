"""Metadata written into whole files: what exiftool and Pillow read back, and that the picture stays the same."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import file_of, opened, scene
from metadata_samples import FIELDS, IPTC_FIELDS, NOTHING, STATEMENT, exiftool, frames, kinds
from PIL import Image

from guardware.images.metadata import credit, exif_bytes, xmp_bytes

KINDS = sorted(kinds())


@pytest.fixture(scope="module")
def read() -> dict[str, dict[str, object]]:
    return exiftool({name: credit(data, STATEMENT) for name, data in kinds().items()}, "-validate", "-all", "-a")


@pytest.mark.parametrize("name", KINDS)
def test_exiftool_reads_every_field(name: str, read: dict[str, dict[str, object]]) -> None:
    expected = FIELDS | (IPTC_FIELDS if name.endswith("jpg") else {})
    assert {key: read[name].get(key) for key in expected} == expected
    assert "ExifTool:Error" not in read[name]


@pytest.mark.parametrize("name", [name for name in KINDS if not name.endswith("jpg")])
def test_exiftool_finds_nothing_wrong(name: str, read: dict[str, dict[str, object]]) -> None:
    # Of a JPEG it says that Exif's resolution fields are missing, as they are when Pillow writes EXIF.
    assert read[name]["ExifTool:Validate"] == "OK"


@pytest.mark.parametrize("name", KINDS)
def test_pillow_reads_every_field(name: str) -> None:
    image = Image.open(BytesIO(credit(kinds()[name], STATEMENT)))
    exif = image.getexif()
    texts = [str(exif[tag]).encode("latin-1").decode() for tag in (0x013B, 0x8298, 0x010E)]
    assert texts == [STATEMENT.creator, STATEMENT.rights, STATEMENT.description]
    assert xmp_bytes(STATEMENT) == image.info["xmp"]


@pytest.mark.parametrize("strip", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_the_picture_stays_the_same(name: str, strip: bool) -> None:
    data = kinds()[name]
    new = credit(data, STATEMENT._replace(strip=strip))
    before, after = frames(data), frames(new)
    assert len(before) == len(after)
    for (pixels, duration), (new_pixels, new_duration) in zip(before, after, strict=True):
        assert np.array_equal(pixels, new_pixels)
        assert duration == new_duration
    old_image, new_image = Image.open(BytesIO(data)), Image.open(BytesIO(new))
    assert (old_image.mode, old_image.size) == (new_image.mode, new_image.size)
    for key in ("icc_profile", "loop", "dpi", "gamma", "adobe_transform", "progressive", "transparency"):
        assert old_image.info.get(key) == new_image.info.get(key)
    assert old_image.getexif().get(0x0112) == new_image.getexif().get(0x0112)


@pytest.mark.parametrize("strip", [True, False])
@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_twice_is_there_once(name: str, strip: bool) -> None:
    once = credit(kinds()[name], STATEMENT._replace(strip=strip))
    twice = credit(once, STATEMENT._replace(strip=True))
    assert twice == credit(kinds()[name], STATEMENT)


@pytest.mark.parametrize("name", KINDS)
def test_a_new_statement_takes_the_place_of_the_old(name: str) -> None:
    old = STATEMENT._replace(creator="Somebody Else", rights="Public domain", description="Red", mining="ALLOWED")
    assert credit(credit(kinds()[name], old), STATEMENT) == credit(kinds()[name], STATEMENT)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_stated_and_nothing_stripped_changes_no_picture_bytes(name: str) -> None:
    data = kinds()[name]
    assert len(credit(data, NOTHING)) <= len(data) + 160  # a directory of EXIF behind the old one
    assert np.array_equal(frames(credit(data, NOTHING))[0][0], frames(data)[0][0])


@pytest.mark.parametrize(
    "data",
    [
        file_of(scene(8, 8), "GIF"),
        file_of(scene(8, 8), "AVIF"),
        file_of(scene(8, 8), "TIFF"),
        b"",
        b"<svg/>",
        b"\0",
    ],
    ids=["gif", "avif", "tiff", "empty", "svg", "nul"],
)
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="neither JPEG, PNG nor WebP"):
        credit(data, STATEMENT)


@pytest.mark.parametrize("name", KINDS)
def test_a_file_that_is_cut_short_is_refused(name: str) -> None:
    data = kinds()[name]
    for size in {*range(32, len(data) - 2, max(1, len(data) // 40)), len(data) - 2}:
        with pytest.raises(ValueError, match="metadata: "):
            credit(data[:size], STATEMENT)


@pytest.mark.parametrize("name", KINDS)
def test_what_follows_the_picture_is_cut_off(name: str) -> None:
    data = kinds()[name]
    for extra in (b"PK\x03\x04 a zip", file_of(scene(8, 8), "JPEG"), b"\0" * 5000):
        assert credit(data + extra, STATEMENT) == credit(data, STATEMENT)
        assert credit(data + extra, NOTHING) == credit(data, NOTHING)


def assert_refused_or_rewritten(data: bytes) -> None:
    fault = ""
    new = data
    try:
        new = credit(data, STATEMENT)
    except ValueError as error:
        fault = str(error)
    assert fault.startswith("metadata: ") if fault else credit(new, STATEMENT) == new


def test_a_jfif_segment_that_says_it_is_empty() -> None:
    """What follows it is no part of it, though it reads as if it were."""
    data = bytearray(kinds()["progressive.jpg"])
    data[4:6] = b"\0\2"
    assert_refused_or_rewritten(bytes(data))


@given(st.sampled_from(KINDS), st.data())
def test_damaged_files_are_refused_or_rewritten(name: str, draw: st.DataObject) -> None:
    data = bytearray(kinds()[name])
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    assert_refused_or_rewritten(bytes(data))


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x50\0\0\0WEBP"]), st.binary(max_size=300))
def test_nonsense_with_the_right_beginning_is_refused_or_rewritten(start: bytes, rest: bytes) -> None:
    assert_refused_or_rewritten(start + rest)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_fresh_blocks_go_into_files_that_pillow_saves(format: str) -> None:
    # Pillow takes no XMP for PNG; there, credit() is the way.
    options = {} if format == "PNG" else {"xmp": xmp_bytes(STATEMENT)}
    image = opened(file_of(scene(64, 48), format, exif=exif_bytes(STATEMENT), **options))
    assert str(image.getexif()[0x013B]).encode("latin-1").decode() == STATEMENT.creator
    assert format == "PNG" or image.info["xmp"] == xmp_bytes(STATEMENT)


def test_exiftool_reads_fresh_blocks_in_avif() -> None:
    data = file_of(scene(64, 48), "AVIF", exif=exif_bytes(STATEMENT), xmp=xmp_bytes(STATEMENT))
    found = exiftool({"new.avif": data})["new.avif"]
    assert {key: found.get(key) for key in FIELDS} == FIELDS


def test_nothing_stated_makes_no_blocks() -> None:
    assert exif_bytes(NOTHING) == xmp_bytes(NOTHING) == b""
