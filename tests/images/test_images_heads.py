"""Files reduced to what their pixels need, within bounds, before a decoder sees them."""

import struct
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import (
    animation,
    corners,
    file_of,
    jpeg_with,
    opened,
    png_chunk,
    png_with,
    sample,
    swapped_profile,
)
from PIL import Image, PngImagePlugin

from guardware.images import heads
from guardware.images.heads import Head, UnreadablePicture
from guardware.images.tiff import orientation_of

SECRET = b"60.1699N 24.9384E"
HEADS: dict[str, Callable[[bytes], Head]] = {
    "JPEG": heads.jpeg,
    "PNG": heads.png,
    "GIF": heads.gif,
    "WEBP": heads.webp,
    "AVIF": heads.avif,
    "TIFF": heads.tiff,
}


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x112] = orientation
    exif[0x10E] = SECRET.decode()
    return exif


def noted(format: str) -> bytes:
    """A file with the secret in every place that the format has for words."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    text.add_text("Comment", SECRET.decode(), zip=False)
    options: dict[str, dict[str, Any]] = {
        "GIF": {"comment": SECRET},
        "PNG": {"pnginfo": text},
        "JPEG": {"xmp": SECRET, "comment": SECRET},
    }
    return file_of(corners(), format, exif=exif_of(6), icc_profile=swapped_profile(), **options.get(format, {}))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF"])
def test_the_pixels_and_the_profile_stay_and_the_words_go(format: str) -> None:
    data = noted(format)
    head = HEADS[format](data)
    assert SECRET in data
    assert SECRET not in head.body
    before, after = opened(data), opened(head.body)
    assert np.array_equal(np.asarray(before.convert("RGB")), np.asarray(after.convert("RGB")))
    assert after.info.get("icc_profile") == before.info.get("icc_profile")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_the_orientation_is_read(format: str) -> None:
    assert HEADS[format](noted(format)).orientation == 6


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_sizes_and_frames(format: str) -> None:
    head = HEADS[format](animation(format, duration=50))
    assert head.size == (64, 64)
    assert head.frames == (None if format == "WEBP" else 3)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_what_stands_behind_the_picture_is_cut_off(format: str) -> None:
    assert HEADS[format](sample(format) + b"PK\x03\x04 an archive").body == HEADS[format](sample(format)).body


def test_the_preview_and_further_pictures_of_a_jpeg_are_cut_off() -> None:
    preview = jpeg_with(sample("JPEG"), 0xE1, b"Exif\0\0" + file_of(Image.new("RGB", (8, 8)), "JPEG"))
    assert heads.jpeg(preview + sample("JPEG")).body == heads.jpeg(sample("JPEG")).body


def many_tagged(size: int) -> bytes:
    """EXIF of ``size`` bytes in which every entry asks for nearly all of it: 65 535 times."""
    entries = b"".join(struct.pack(">HHII", tag, 7, size - 8, 8) for tag in range(1, 65_536) if tag != 0x112)
    directory = struct.pack(">H", 65_534) + entries
    return (b"MM\0*\0\0\0\x08" + directory).ljust(size, b"\0")


def in_segments(exif: bytes) -> bytes:
    """A JPEG with EXIF of more than 64 kB, in as many segments as it takes; Pillow joins them."""
    data = sample("JPEG")
    for at in range(len(exif) - 1 - (len(exif) - 1) % 60_000, -1, -60_000):
        data = jpeg_with(data, 0xE1, b"Exif\0\0" + exif[at : at + 60_000])
    return data


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF"])
def test_exif_that_asks_for_itself_over_and_over_costs_nothing(format: str) -> None:
    # 65 534 entries of 2 MB are 131 GB.
    bomb = many_tagged(2_000_000)
    begin = time.process_time()
    if format == "JPEG":
        assert len(heads.jpeg(in_segments(bomb)).body) < 100_000
    elif format == "PNG":
        assert len(heads.png(png_with(sample("PNG"), png_chunk(b"eXIf", bomb))).body) == len(sample("PNG"))
    else:
        with pytest.raises(UnreadablePicture):
            heads.tiff(bomb)
    assert time.process_time() - begin < 10


def test_exif_is_hidden_from_the_decoder_of_avif() -> None:
    data = file_of(corners(), "AVIF", exif=exif_of(1))
    assert "exif" in opened(data).info
    assert "exif" not in opened(heads.avif(data).body).info


def test_a_tiff_keeps_the_tags_of_its_pixels_alone() -> None:
    exif = exif_of(3)
    exif.get_ifd(0x8825)[1] = "N"
    page = opened(heads.tiff(file_of(corners(), "TIFF", exif=exif)).body)
    assert {256, 257, 258, 262, 273} <= set(page.getexif())
    assert not {0x10E, 0x112, 0x8825} & set(page.getexif())


def test_a_tiff_whose_tags_ask_for_more_than_there_is() -> None:
    data = file_of(corners(), "TIFF")
    at = data.index(struct.pack("<HH", 273, 4)) + 4
    with pytest.raises(UnreadablePicture, match="more than the file has"):
        heads.tiff(data[:at] + struct.pack("<I", 10**9) + data[at + 4 :])


def test_other_compressions_of_tiff_are_refused() -> None:
    data = file_of(corners(), "TIFF", compression="zstd")
    with pytest.raises(UnreadablePicture, match="compression 50000, which is not read"):
        heads.tiff(data)


def test_a_tiff_that_would_come_out_as_a_negative_is_refused() -> None:
    data = file_of(Image.fromarray(np.full((8, 8), 60_000, np.uint16)), "TIFF")
    at = data.index(struct.pack("<HHI", 262, 3, 1)) + 8
    with pytest.raises(UnreadablePicture, match="white as zero"):
        heads.tiff(data[:at] + b"\0" + data[at + 1 :])


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    data = file_of(corners(), "JPEG", progressive=True)
    assert heads.jpeg(data).size == (300, 200)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with pytest.raises(UnreadablePicture, match="more than 100 scans"):
        heads.jpeg(data[:-2] + scan * 100 + data[-2:])


def test_a_gif_without_its_trailer_is_whole() -> None:
    assert heads.gif(sample("GIF")[:-1]) == heads.gif(sample("GIF"))


@pytest.mark.parametrize(
    ("exif", "orientation"),
    [
        (b"", 1),
        (b"rubbish", 1),
        (b"II*\0", 1),
        (b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 6),
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0", 1),  # there is no 9
        (b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x01\0\x06\0\0", 1),  # text
        (b"MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03\0\0\0\x01\0\x06\0\0", 6),  # breaks off behind it
        (b"MM\0*\xff\xff\xff\xff", 1),
    ],
)
def test_orientation_of(exif: bytes, orientation: int) -> None:
    assert orientation_of(exif) == orientation


@given(st.binary(max_size=300))
def test_any_bytes_have_an_orientation(rest: bytes) -> None:
    assert 1 <= orientation_of(rest) <= 8
    assert 1 <= orientation_of(b"II*\0\x08\0\0\0" + rest) <= 8


@given(st.sampled_from(sorted(HEADS)), st.integers(0, 400), st.binary(max_size=60))
def test_any_start_gives_a_head_or_a_refusal(format: str, at: int, rest: bytes) -> None:
    data = sample(format)[:at] + rest
    try:
        head = HEADS[format](data)
    except UnreadablePicture:
        return
    assert len(head.body) <= len(data) + 400
    assert head.frames is None or head.frames >= 1
