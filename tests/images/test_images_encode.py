"""Pixels to files."""

from typing import Any

import numpy as np
import pytest
from image_samples import corners, difference, opened, scene, swapped_profile
from PIL import ExifTags, Image

from guardware.images.decode import decode
from guardware.images.encode import encode
from guardware.images.formats import WRITTEN, named
from guardware.images.picture import Picture
from guardware.images.recipe import Bounds

BOUNDS = Bounds(50_000_000, 50, 50_000_000)
CREDIT = "Mira Solberg"


def exif() -> bytes:
    data = Image.Exif()
    data[ExifTags.Base.Artist] = CREDIT
    return data.tobytes()


def moving(mode: str = "RGB") -> Picture:
    frames = tuple(Image.new("RGB", (48, 32), colour).convert(mode) for colour in ("red", "lime", "blue"))
    return Picture(frames, (40, 300, 70), loop=2)


@pytest.mark.parametrize("name", WRITTEN)
def test_every_format_is_written_as_what_it_is_called(name: str) -> None:
    image = opened(encode(Picture((scene(),)), named(name), 80))
    assert (Image.MIME[image.format or ""], image.size) == (named(name).media_type, (640, 480))
    assert difference(image, scene()) < 4


@pytest.mark.parametrize("name", ["png", "webp", "avif"])
def test_transparency_is_kept(name: str) -> None:
    picture = scene()
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    image = opened(encode(Picture((picture,)), named(name), 90))
    assert image.mode == "RGBA"
    alpha = [np.asarray(one.getchannel("A"), int) for one in (image, picture)]
    assert np.abs(alpha[0] - alpha[1]).mean() < 1


def test_jpeg_lays_transparency_on_white() -> None:
    picture = Image.new("RGBA", (16, 16), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 8, 16))
    image = opened(encode(Picture((picture,)), named("jpeg"), 95, options={"subsampling": 0}))
    assert difference(image.crop((8, 0, 16, 16)), Image.new("RGB", (8, 16), "white")) < 6
    assert difference(image.crop((0, 0, 8, 16)), Image.new("RGB", (8, 16), "blue")) < 6


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(("name", "loop"), [("png", 2), ("webp", 2), ("avif", 0)])
def test_animations_keep_frames_and_timing(name: str, loop: int, mode: str) -> None:
    read, _ = decode(encode(moving(mode), named(name), 80), None, BOUNDS)
    assert (read.durations, read.loop) == ((40, 300, 70), loop)
    for before, after in zip(moving().frames, read.frames, strict=True):
        assert difference(before, after) < 4


def test_jpeg_takes_the_first_frame() -> None:
    assert difference(opened(encode(moving(), named("jpeg"), 80)), moving().frames[0]) < 4


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("animated", [False, True])
def test_metadata_is_what_was_handed_in(name: str, animated: bool) -> None:
    picture = moving() if animated else Picture((corners(),))
    xmp = "<x:xmpmeta>Ångström</x:xmpmeta>".encode()
    image = opened(encode(picture, named(name), 80, icc=swapped_profile(), exif=exif(), xmp=xmp))
    assert image.info["icc_profile"] == swapped_profile()
    assert image.getexif()[ExifTags.Base.Artist] == CREDIT
    stored = image.info.get("xmp") or image.info["XML:com.adobe.xmp"].encode()
    assert stored == xmp


@pytest.mark.parametrize("name", WRITTEN)
def test_what_clings_to_the_pixels_is_not_written(name: str) -> None:
    frame = corners()
    frame.info = {"exif": exif(), "comment": CREDIT.encode(), "xmp": CREDIT.encode(), "icc_profile": b"profile"}
    frame.info |= {"XML:com.adobe.xmp": CREDIT, "dpi": (300, 300)}
    data = encode(Picture((frame,)), named(name), 80)
    assert CREDIT.encode() not in data
    assert "icc_profile" not in opened(data).info
    assert "comment" in frame.info  # the picture that was given is not changed


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_quality_sets_the_size(name: str) -> None:
    low, high = (encode(Picture((scene(),)), named(name), quality) for quality in (20, 95))
    assert 1.5 * len(low) < len(high)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("quality", [1, 100])
def test_the_ends_of_the_scale(name: str, quality: int) -> None:
    assert opened(encode(Picture((scene(64, 48),)), named(name), quality)).size == (64, 48)


@pytest.mark.parametrize(("options", "sampling"), [({}, 2), ({"subsampling": 0}, 0)])
def test_options_go_before_the_tables(options: dict[str, Any], sampling: int) -> None:
    data = encode(Picture((scene(),)), named("jpeg"), 80, options=options)
    # The first component's sampling factors, in the start of frame: 2 x 2 or 1 x 1 (T.81, B.2.2).
    assert data[data.index(b"\xff\xc0") + 11] == {2: 0x22, 0: 0x11}[sampling]


@pytest.mark.parametrize(
    ("size", "name", "message"),
    [
        ((1, 20_000), "webp", "1 x 20000 is too large for webp: 16383 pixels a side"),
        ((1, 65_501), "jpeg", "65500 pixels a side"),
        ((1, 1), "gif", "gif is not written; written are jpeg, png, webp, avif"),
        ((1, 1), "heic", "heic is not written"),
    ],
)
def test_what_cannot_be_written_is_said(size: tuple[int, int], name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(Picture((Image.new("RGB", size),)), named(name), 80)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_largest_side_that_the_table_names_is_written(name: str) -> None:
    writing = named(name).writing
    assert writing is not None
    side = min(writing.max_side, 65_500)
    assert opened(encode(Picture((Image.new("RGB", (side, 1)),)), named(name), 50)).size == (side, 1)
