"""Files to pixels and back."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import (
    OUTPUT,
    corner_colours,
    corners,
    difference,
    file_of,
    opened,
    sample,
    scene,
    swapped_profile,
)
from PIL import Image, ImageOps

from guardware.images.codec import decode, encode, fit, sniff

LIMIT = 50_000_000


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def png_promising(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises a size."""
    head = chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("format", OUTPUT)
def test_every_format_is_read_and_written(format: str) -> None:
    image, kind = decode(sample(format), 320, LIMIT)
    assert image.size == (320, 240)
    assert image.mode == "RGB"
    assert difference(image, scene().resize((320, 240))) < 12  # a GIF's palette is the worst
    written = opened(encode(image, kind, 80, b""))
    assert (written.format, written.size) == (OUTPUT[format], (320, 240))
    assert difference(written, image) < 4


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((4000, 3000), 1024, (1024, 768)),
        ((3000, 4000), 1024, (768, 1024)),
        ((800, 600), 1024, (800, 600)),
        ((1, 1), 1024, (1, 1)),
        ((1, 60000), 1024, (1, 1024)),
    ],
)
def test_fit(size: tuple[int, int], max_side: int, expected: tuple[int, int]) -> None:
    assert fit(size, max_side) == expected


@given(st.tuples(st.integers(1, 70_000), st.integers(1, 70_000)), st.integers(16, 8192))
def test_fit_never_enlarges_and_keeps_the_bound(size: tuple[int, int], max_side: int) -> None:
    width, height = fit(size, max_side)
    assert 1 <= width <= min(size[0], max_side)
    assert 1 <= height <= min(size[1], max_side)


@pytest.mark.parametrize(
    ("mode", "format", "expected"),
    [
        ("1", "PNG", "RGB"),
        ("L", "PNG", "RGB"),
        ("L", "JPEG", "RGB"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGB"),
        ("P", "GIF", "RGB"),
        ("RGB", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("RGBA", "WEBP", "RGBA"),
        ("RGBA", "AVIF", "RGBA"),
        ("CMYK", "JPEG", "RGB"),
        ("I;16", "PNG", "RGB"),
    ],
)
def test_every_mode_becomes_rgb_and_looks_the_same(mode: str, format: str, expected: str) -> None:
    grey = mode in ("1", "L", "LA", "I;16")
    base = scene().convert("L") if grey else scene()
    source = base.convert("I;16").point(lambda value: value * 257) if mode == "I;16" else base.convert(mode)
    if expected == "RGBA":
        source.putalpha(250)
    image, _ = decode(file_of(source, format), 320, LIMIT)
    assert image.mode == expected
    looks = source.convert("L") if mode == "1" else base
    assert difference(image, looks.resize(image.size)) < 12


@pytest.mark.parametrize("transparency", [0, bytes([0, 255, 255])])
def test_a_transparent_palette_entry_becomes_alpha(transparency: int | bytes) -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.paste(1, (0, 0, 32, 64))
    decoded, _ = decode(file_of(image, "PNG", transparency=transparency), 64, LIMIT)
    assert decoded.getpixel((8, 8)) == (0, 255, 0, 255)
    assert decoded.getchannel("A").getpixel((56, 8)) == 0


UPRIGHT = ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "AVIF"])
def test_orientation_is_applied(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    stored = ImageOps.exif_transpose(opened(file_of(corners(), "PNG", exif=exif)))
    expected = (stored.size, corner_colours(stored))
    image, _ = decode(file_of(corners(), format, exif=exif), 300, LIMIT)
    assert (image.size, corner_colours(image)) == expected


def test_orientation_in_webp_is_passed_over_as_browsers_do() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    image, _ = decode(file_of(corners(), "WEBP", exif=exif), 300, LIMIT)
    assert (image.size, corner_colours(image)) == ((300, 200), UPRIGHT)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow's, for the owner's log
@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0rubbish", b"\0" * 40])
def test_damaged_exif_turns_nothing(exif: bytes) -> None:
    image, _ = decode(file_of(corners(), "JPEG", exif=exif), 300, LIMIT)
    assert corner_colours(image) == UPRIGHT


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_an_embedded_profile_is_applied(format: str) -> None:
    data = file_of(corners(), format, icc_profile=swapped_profile())
    assert corner_colours(decode(data, 300, LIMIT)[0]) == ["blue", "lime", "red", "white"]


def test_a_profile_is_applied_beneath_transparency() -> None:
    source = corners()
    source.putalpha(200)
    image, _ = decode(file_of(source, "PNG", icc_profile=swapped_profile()), 300, LIMIT)
    assert corner_colours(image) == ["blue", "lime", "red", "white"]
    assert image.getchannel("A").getextrema() == (200, 200)


@pytest.mark.parametrize("profile", [b"rubbish", b"\0" * 128, swapped_profile()[:300]])
def test_a_broken_profile_is_passed_over(profile: bytes) -> None:
    image, _ = decode(file_of(corners(), "JPEG", icc_profile=profile), 300, LIMIT)
    assert corner_colours(image) == UPRIGHT


def test_a_profile_for_another_mode_is_passed_over() -> None:
    data = file_of(corners().convert("CMYK"), "JPEG", icc_profile=swapped_profile())
    assert corner_colours(decode(data, 300, LIMIT)[0]) == UPRIGHT


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_first_frame_of_an_animation(format: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "lime")] * 40
    data = file_of(frames[0], format, save_all=True, append_images=frames[1:], duration=20)
    image, kind = decode(data, 64, LIMIT)
    assert difference(image, frames[0]) < 4
    assert getattr(opened(encode(image, kind, 80, b"")), "n_frames", 1) == 1


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 10_000), (60_000, 1_000)])
def test_more_pixels_than_allowed_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="more than 50000000 pixels"):
        decode(png_promising(*size), 1024, LIMIT)


def test_the_pixel_limit_is_exact() -> None:
    data = file_of(Image.new("RGB", (20, 10)), "PNG")
    assert decode(data, 1024, 200)[0].size == (20, 10)
    with pytest.raises(ValueError, match="20 x 10 is more than 199 pixels"):
        decode(data, 1024, 199)


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"GIF", b"BM" + b"\0" * 60, b"%PDF-1.7", b"<svg/>", b"RIFF\0\0\0\0WAVE"]
)
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="neither JPEG, PNG, GIF, WebP nor AVIF"):
        sniff(data)
