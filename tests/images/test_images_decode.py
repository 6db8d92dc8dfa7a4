"""Files to pixels."""

import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import (
    OUTPUT,
    animation,
    corner_colours,
    corners,
    difference,
    file_of,
    jpeg_with,
    opened,
    png_chunk,
    png_promising,
    png_with,
    sample,
    scene,
    swapped_profile,
)
from PIL import Image, ImageColor, ImageOps

from guardware.images.decode import UnreadablePicture, decode, fit
from guardware.images.picture import Picture
from guardware.images.recipe import Bounds

BOUNDS = Bounds(max_pixels=50_000_000, max_frames=50, max_animation_pixels=50_000_000)
UPRIGHT = ["red", "lime", "blue", "white"]


def picture(data: bytes, max_side: int | None = None, bounds: Bounds = BOUNDS) -> Picture:
    return decode(data, max_side, bounds)[0]


def still(data: bytes, max_side: int | None = None) -> Image.Image:
    (frame,) = picture(data, max_side).frames
    return frame


@pytest.mark.parametrize("format", OUTPUT)
def test_every_format_is_read_and_scaled(format: str) -> None:
    read, kind = decode(sample(format), 320, BOUNDS)
    assert (kind.name, read.size, read.frames[0].mode) == (format.lower(), (320, 240), "RGB")
    assert difference(read.frames[0], scene().resize((320, 240))) < 12  # a GIF's palette is the worst
    assert (read.durations, read.frames[0].info) == ((), {})


@pytest.mark.parametrize("format", OUTPUT)
def test_without_a_side_the_size_stays(format: str) -> None:
    assert picture(sample(format)).size == (640, 480)


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((4000, 3000), 1024, (1024, 768)),
        ((3000, 4000), 1024, (768, 1024)),
        ((800, 600), 1024, (800, 600)),
        ((1, 1), 1024, (1, 1)),
        ((1, 60000), 1024, (1, 1024)),
        ((1, 60000), None, (1, 60000)),
    ],
)
def test_fit(size: tuple[int, int], max_side: int | None, expected: tuple[int, int]) -> None:
    assert fit(size, max_side) == expected


@given(st.tuples(st.integers(1, 70_000), st.integers(1, 70_000)), st.integers(16, 8192))
def test_fit_never_enlarges_and_keeps_the_bound(size: tuple[int, int], max_side: int) -> None:
    width, height = fit(size, max_side)
    assert 1 <= width <= min(size[0], max_side)
    assert 1 <= height <= min(size[1], max_side)


@pytest.mark.parametrize(
    ("size", "max_side", "expected"),
    [
        ((800, 600), 410, (400, 300)),  # half, which is 98 % of what was wanted
        ((800, 600), 444, (400, 300)),  # half: 90 %
        ((800, 600), 446, (446, 334)),  # half would be less than 90 %
        ((800, 600), 390, (390, 292)),
        ((800, 600), 100, (100, 75)),  # an eighth
        ((801, 601), 410, (401, 301)),
        ((1, 3000), 800, (1, 800)),  # one pixel wide: nothing to halve
        ((800, 600), 800, (800, 600)),
        ((800, 600), 2000, (800, 600)),
    ],
)
def test_a_jpeg_may_come_out_a_little_smaller_to_spare_the_resizing(
    size: tuple[int, int], max_side: int, expected: tuple[int, int]
) -> None:
    data = file_of(scene(*size) if min(size) > 8 else Image.new("RGB", size), "JPEG")
    assert still(data, max_side).size == expected


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
        ("1", "TIFF", "RGB"),
        ("L", "TIFF", "RGB"),
        ("P", "TIFF", "RGB"),
        ("RGBA", "TIFF", "RGBA"),
        ("CMYK", "TIFF", "RGB"),
        ("I;16", "TIFF", "RGB"),
        ("P", "BMP", "RGB"),
    ],
)
def test_every_mode_becomes_rgb_and_looks_the_same(mode: str, format: str, expected: str) -> None:
    grey = mode in ("1", "L", "LA", "I;16")
    base = scene().convert("L") if grey else scene()
    source = base.convert("I;16").point(lambda value: value * 257) if mode == "I;16" else base.convert(mode)
    if expected == "RGBA":
        source.putalpha(250)
    image = still(file_of(source, format), 320)
    assert image.mode == expected
    looks = source.convert("L") if mode == "1" else base
    assert difference(image, looks.resize(image.size)) < 12


JPEGS: dict[str, dict[str, Any]] = {
    "progressive": {"progressive": True},
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "restart markers": {"restart_marker_blocks": 3},
    "stored as RGB": {"keep_rgb": True},
}


@pytest.mark.parametrize("kind", JPEGS)
def test_kinds_of_jpeg(kind: str) -> None:
    assert difference(still(file_of(scene(), "JPEG", quality=95, **JPEGS[kind])), scene()) < 3


def test_a_jpeg_of_luma_chroma_and_black() -> None:
    # Pillow writes no YCCK. With Adobe's note changed the same bytes, in which inks are inverted, mean a luma of
    # 235 without chroma, hence inks of 255 - 235, inverted once more.
    data = file_of(Image.new("CMYK", (16, 16), (20, 127, 127, 0)), "JPEG", quality=100)
    note = data.index(b"Adobe")
    relabelled = data[: note + 11] + b"\x02" + data[note + 12 :]
    assert difference(still(relabelled), Image.new("RGB", (16, 16), (20, 20, 20))) < 3


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_compressions_of_tiff(compression: str) -> None:
    assert difference(still(file_of(scene(), "TIFF", compression=compression)), scene()) < 3


def test_of_a_tiff_the_first_page() -> None:
    pages = [Image.new("RGB", (64, 64), "red"), Image.new("RGB", (32, 32), "blue")]
    data = file_of(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert still(data).size == (64, 64)


def test_sixteen_bits_of_colour_in_a_tiff() -> None:
    levels = np.tile(np.linspace(0, 65535, 64).astype("<u2"), (8, 1))
    pixels = np.stack([levels, levels, levels], axis=-1).tobytes()
    tags = [(256, 4, 64), (257, 4, 8), (258, 3, 16), (259, 3, 1), (262, 3, 2), (273, 4, 8), (277, 3, 3)]
    # Three bits-per-sample values do not fit: they stand behind the pixels.
    tags[2] = (258, 3, 8 + len(pixels))
    entries = b"".join(
        struct.pack("<HHII", tag, kind, 3 if tag == 258 else 1, value)
        for tag, kind, value in [*tags, (278, 4, 8), (279, 4, len(pixels))]
    )
    bits = struct.pack("<3H", 16, 16, 16)
    data = b"II*\0" + struct.pack("<I", 8 + len(pixels) + 6) + pixels + bits
    data += struct.pack("<H", 9) + entries + bytes(4)
    grey = np.asarray(still(data))[0, :, 0].astype(int)
    assert np.abs(grey - np.linspace(0, 255, 64)).max() <= 1


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    levels = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    grey = np.asarray(still(file_of(Image.fromarray(levels), "PNG")))[..., 0]
    assert (grey == np.arange(256).reshape(16, 16)).all()


def test_a_transparent_level_of_sixteen_bits() -> None:
    levels = np.full((8, 8), 30_000, np.uint16)
    levels[:, 4:] = 51_400
    data = png_with(file_of(Image.fromarray(levels), "PNG"), png_chunk(b"tRNS", (51_400).to_bytes(2)))
    image = still(data)
    assert [image.getpixel((x, 0)) for x in (0, 7)] == [(117, 117, 117, 255), (200, 200, 200, 0)]


@pytest.mark.parametrize("transparency", [0, bytes([0, 255, 255])])
def test_a_transparent_palette_entry_becomes_alpha(transparency: int | bytes) -> None:
    image = Image.new("P", (64, 64), 0)
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.paste(1, (0, 0, 32, 64))
    decoded = still(file_of(image, "PNG", transparency=transparency), 64)
    assert decoded.getpixel((8, 8)) == (0, 255, 0, 255)
    assert decoded.getchannel("A").getpixel((56, 8)) == 0


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_a_pixel(bits: int) -> None:
    few = scene(64, 64).quantize(2**bits)
    assert difference(still(file_of(few, "PNG", bits=bits)), few) == 0


def test_interlaced_png() -> None:
    # Adam7 of 1 x 1: a single pass. Pillow writes none.
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 1)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0\x11\x22\x33"))
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b"")
    assert still(data).getpixel((0, 0)) == (0x11, 0x22, 0x33)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "AVIF", "TIFF"])
def test_orientation_is_applied(format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    stored = ImageOps.exif_transpose(opened(file_of(corners(), "PNG", exif=exif)))
    expected = (stored.size, corner_colours(stored))
    image = still(file_of(corners(), format, exif=exif), 300)
    assert (image.size, corner_colours(image)) == expected


def test_orientation_in_webp_is_passed_over_as_browsers_do() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    image = still(file_of(corners(), "WEBP", exif=exif), 300)
    assert (image.size, corner_colours(image)) == ((300, 200), UPRIGHT)


@pytest.mark.parametrize("exif", [b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0rubbish", b"\0" * 40])
def test_damaged_exif_turns_nothing(exif: bytes) -> None:
    assert corner_colours(still(file_of(corners(), "JPEG", exif=exif), 300)) == UPRIGHT


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_an_embedded_profile_is_applied(format: str) -> None:
    data = file_of(corners(), format, icc_profile=swapped_profile())
    assert corner_colours(still(data, 300)) == ["blue", "lime", "red", "white"]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_every_frame_of_an_animation_with_its_time(format: str) -> None:
    read = picture(animation(format, duration=[30, 400, 70]), 32)
    assert read.size == (32, 32)
    assert [corner_colours(frame)[0] for frame in read.frames] == ["red", "lime", "blue"]
    assert read.durations == (30, 400, 70)


@pytest.mark.parametrize(
    ("format", "options", "plays"),
    [
        ("GIF", {}, 1),
        ("GIF", {"loop": 0}, 0),
        ("GIF", {"loop": 2}, 3),  # two repetitions
        ("WEBP", {"loop": 0}, 0),
        ("WEBP", {"loop": 2}, 2),
        ("PNG", {"loop": 0}, 0),
        ("PNG", {"loop": 2}, 2),
    ],
)
def test_how_often_an_animation_plays(format: str, options: dict[str, Any], plays: int) -> None:
    assert picture(animation(format, duration=50, **options)).loop == plays


@pytest.mark.parametrize(("said", "shown"), [(0, 100), (10, 100), (20, 20)])
def test_frames_too_short_are_shown_as_long_as_browsers_do(said: int, shown: int) -> None:
    assert picture(animation("GIF", duration=said)).durations == (shown,) * 3


def patch(colour: str, box: tuple[int, int, int, int], disposal: int) -> bytes:
    """A frame of a GIF, all of one colour; the second entry of its colour table is transparent."""
    width, height = box[2] - box[0], box[3] - box[1]
    lzw = file_of(Image.new("L", (width, height)), "GIF").split(b",", 1)[1][9:-1]
    table = bytes(ImageColor.getrgb(colour)) + bytes(3)
    control = b"!\xf9\4" + bytes([disposal << 2 | 1, 5, 0, 1, 0])
    return control + b"," + struct.pack("<4HB", *box[:2], width, height, 0x80) + table + lzw


@pytest.mark.parametrize(
    ("disposals", "at_red", "at_blue"),
    [
        ((1, 1), "red", "blue"),  # left in place
        ((1, 2), "red", None),  # the second frame's place is cleared
        ((1, 3), "red", "red"),  # what was there before the second frame comes back
        ((2, 1), None, "blue"),  # the first frame is cleared
    ],
)
def test_frames_of_a_gif_are_composed(disposals: tuple[int, int], at_red: str | None, at_blue: str | None) -> None:
    data = b"GIF89a" + struct.pack("<HHBBB", 40, 40, 0, 0, 0)
    data += patch("red", (0, 0, 40, 30), disposals[0]) + patch("blue", (20, 0, 40, 20), disposals[1])
    third = picture(data + patch("lime", (0, 20, 20, 40), 1) + b";").frames[2].convert("RGBA")
    for at, colour in (((2, 2), at_red), ((30, 10), at_blue), ((10, 30), "lime")):
        pixel = third.getpixel(at)
        assert isinstance(pixel, tuple)
        assert pixel == (*ImageColor.getrgb(colour), 255) if colour else pixel[3] == 0


def test_a_frame_that_sticks_out_is_cut_off() -> None:
    data = bytearray(animation("GIF", ("red", "lime"), duration=50))
    second = data.rindex(b"\x2c\0\0\0\0")
    data[second + 1] = 20  # 20 pixels to the right
    read = picture(bytes(data))
    assert {frame.size for frame in read.frames} == {(64, 64)}


def test_the_picture_for_viewers_without_apng_is_left_out() -> None:
    data = animation("PNG", ("white", "red", "lime"), duration=50, default_image=True)
    assert [corner_colours(frame)[0] for frame in picture(data).frames] == ["red", "lime"]


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize(
    ("bounds", "frames"),
    [
        (BOUNDS._replace(max_frames=2), 2),
        (BOUNDS._replace(max_frames=1), 1),
        (BOUNDS._replace(max_animation_pixels=3 * 64 * 64), 3),
        (BOUNDS._replace(max_animation_pixels=3 * 64 * 64 - 1), 1),
        (BOUNDS._replace(max_frames=2, max_animation_pixels=2 * 64 * 64), 2),
    ],
)
def test_frames_are_bounded(format: str, bounds: Bounds, frames: int) -> None:
    read = picture(animation(format, duration=50), None, bounds)
    assert len(read.frames) == frames
    assert len(read.durations) == (frames if frames > 1 else 0)


def test_ten_thousand_frames_cost_no_more_than_the_first_ones() -> None:
    one = animation("GIF", ("red", "lime"), duration=50)
    frame = one[one.rindex(b"!\xf9") : -1]
    read = picture(one[:-1] + frame * 10_000 + b";", None, BOUNDS._replace(max_frames=5))
    assert len(read.frames) == 5


PROMISES: dict[str, Callable[[int, int], bytes]] = {
    "PNG": png_promising,
    "WebP": lambda width, height: (
        b"RIFF\x32\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0"
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
        + b"ANIM\x06\0\0\0".ljust(28, b"\0")
    ),
    "GIF": lambda width, height: (
        b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
    ),
    "GIF frame": lambda width, height: (
        b"GIF89a\1\0\1\0\0\0\0," + struct.pack("<4H", width - 1, height - 1, 1, 1) + b"\0\2\2D\1\0;"
    ),
    "JPEG": lambda width, height: file_of(Image.new("L", (1, 1)), "JPEG").replace(
        b"\x08\0\1\0\1", b"\x08" + struct.pack(">HH", height, width)
    ),
    "BMP": lambda width, height: (
        b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    "TIFF": lambda width, height: (
        b"II*\0\x08\0\0\0\x04\0"
        + b"".join(
            struct.pack("<HHII", *entry)
            for entry in [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (262, 3, 1, 1)]
        )
        + bytes(4)
    ),
}


@pytest.mark.parametrize("format", PROMISES)
@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 10_000), (60_000, 1_000)])
def test_more_pixels_than_allowed_are_refused_before_decoding(format: str, size: tuple[int, int]) -> None:
    with pytest.raises(UnreadablePicture, match="more than 50000000 pixels"):
        picture(PROMISES[format](*size), 1024)


def test_the_pixel_limit_is_exact() -> None:
    data = file_of(Image.new("RGB", (20, 10)), "PNG")
    assert picture(data, 1024, BOUNDS._replace(max_pixels=200)).size == (20, 10)
    with pytest.raises(UnreadablePicture, match="20 x 10 is more than 199 pixels"):
        picture(data, 1024, BOUNDS._replace(max_pixels=199))


@pytest.mark.parametrize("format", OUTPUT)
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3000), (3000, 1), (17, 5)])
def test_tiny_and_narrow_pictures(format: str, size: tuple[int, int]) -> None:
    assert max(picture(file_of(Image.new("RGB", size), format), 320).size) <= min(320, max(size))


def test_one_by_sixty_thousand() -> None:
    assert still(file_of(Image.new("L", (1, 60_000)), "PNG"), 2048).size == (1, 2048)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no picture; read are jpeg, png"),
        (b"\0", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (b"<svg/>", "no picture"),
        (b"RIFF\0\0\0\0WAVE", "no picture"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "heic is not read; read are"),
        (b"\xff\x0a" + bytes(40), "jxl is not read"),
        (b"GIF89a", "breaks off"),
        (b"\xff\xd8\xff", "breaks off"),
        (b"\x89PNG\r\n\x1a\n", "breaks off"),
        (b"RIFF\0\0\0\0WEBP", "breaks off"),
        (b"\0\0\0\x18ftypavif" + bytes(40), "damaged avif"),
        (b"II*\0\0\0\0\0", "TIFF without a picture"),
    ],
)
def test_what_is_no_picture_is_refused_and_named(data: bytes, message: str) -> None:
    with pytest.raises(UnreadablePicture, match=message):
        picture(data)


def test_twelve_bits_a_channel_are_refused() -> None:
    data = sample("JPEG").replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c")
    with pytest.raises(UnreadablePicture, match="JPEG with 12 bits a channel"):
        picture(data)


@pytest.mark.parametrize("format", [name for name in OUTPUT if name != "AVIF"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_file_that_breaks_off_is_refused(format: str, part: float) -> None:
    data = sample(format)
    with pytest.raises(UnreadablePicture):
        picture(data[: int(part * len(data))])


def test_what_follows_the_picture_does_not_matter() -> None:
    for format in ("JPEG", "PNG", "GIF", "WEBP"):
        archive = sample(format) + b"PK\x03\x04<script>alert(1)</script>" + sample("JPEG")
        assert np.array_equal(
            np.asarray(picture(archive).frames[0]), np.asarray(picture(sample(format)).frames[0])
        )


def test_a_file_is_read_as_what_its_bytes_say() -> None:
    assert decode(sample("PNG"), 64, BOUNDS)[1].media_type == "image/png"


def test_texts_and_profiles_that_inflate_to_much() -> None:
    bomb = zlib.compress(bytes(20_000_000), 9)
    text = png_with(sample("PNG"), png_chunk(b"zTXt", b"k\0\0" + bomb), png_chunk(b"iTXt", b"k\0\1\0\0\0" + bomb))
    assert still(text, 64).size == (64, 48)  # texts are not looked at
    with pytest.raises(UnreadablePicture, match="too large"):
        picture(png_with(sample("PNG"), png_chunk(b"iCCP", b"k\0\0" + bomb)), 64)


def outcome(data: bytes) -> Picture | None:
    """None for a clear refusal; anything else that is raised fails the test."""
    try:
        return picture(data, 100, Bounds(1_000_000, 8, 2_000_000))
    except UnreadablePicture:
        return None


FUZZED = [*((format, sample(format)) for format in OUTPUT)] + [
    (f"animated {format}", animation(format, duration=50)) for format in ("GIF", "WEBP", "PNG", "AVIF")
]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(FUZZED), st.floats(0, 1), st.data())
def test_damaged_files_give_a_picture_or_a_refusal(
    named: tuple[str, bytes], cut: float, data: st.DataObject
) -> None:
    damaged = bytearray(named[1])
    # Half of the changes hit the headers.
    for _ in range(data.draw(st.integers(0, 8))):
        reach = data.draw(st.sampled_from([min(200, len(damaged)), len(damaged)]))
        damaged[data.draw(st.integers(0, reach - 1))] = data.draw(st.integers(0, 255))
    whole = data.draw(st.booleans())
    read = outcome(bytes(damaged if whole else damaged[: int(cut * len(damaged))]))
    if read is not None:
        assert max(read.size) <= 100
        assert {frame.mode for frame in read.frames} <= {"RGB", "RGBA"}


@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0", b"MM\0*", b"BM"]), st.binary())
def test_any_bytes_behind_a_signature(signature: bytes, rest: bytes) -> None:
    webp = b"RIFF" + len(rest).to_bytes(4, "little") + b"WEBP" + rest
    for data in (signature + rest, webp, b"\0\0\0\x18ftypavif" + rest):
        read = outcome(data)
        assert read is None or max(read.size) <= 100


@pytest.mark.slow
@pytest.mark.parametrize("named", FUZZED, ids=lambda named: named[0])
def test_thousands_of_damaged_files(named: tuple[str, bytes]) -> None:
    dice = random.Random(named[0])
    read = 0
    for _ in range(1500):
        damaged = bytearray(named[1])
        for _ in range(dice.randint(1, 12)):
            damaged[dice.randrange(dice.choice([min(100, len(damaged)), len(damaged)]))] = dice.randrange(256)
        read += outcome(bytes(damaged)) is not None
    assert 0 < read < 1500


@pytest.mark.parametrize("marker", [0xE1, 0xE2, 0xED, 0xFE])
def test_notes_of_applications_change_nothing(marker: int) -> None:
    noted = still(jpeg_with(sample("JPEG"), marker, b"secret" * 100))
    assert np.array_equal(np.asarray(noted), np.asarray(still(sample("JPEG"))))
