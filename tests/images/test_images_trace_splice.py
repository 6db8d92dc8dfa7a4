"""T2: two files once, a copy of its own for every request; and JPEGs taken apart."""

import json
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

import attacks
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import noise, scene
from PIL import ExifTags, Image, ImageChops
from real_pictures import small_picture

from guardware.images.trace import cells
from guardware.images.trace.code import code_word
from guardware.images.trace.masking import hidden
from guardware.images.trace.segments import split
from guardware.images.trace.splice import FIELD, UNITS, Splice, fits, jpeg_encoder, prepare, unpack
from guardware.keys import key_id

KEY = bytes(range(32))
MARK = 0x123456789A
SUBSAMPLINGS = list(UNITS)


def splice(image: Image.Image, subsampling: str = "4:2:0", amplitude: float = 2.0, **extra: Any) -> Splice:
    return prepare(image, KEY, amplitude=amplitude, encode=jpeg_encoder(85, **extra), subsampling=subsampling)


@cache
def packed() -> tuple[dict[str, Any], bytes]:
    return splice(scene(400, 300)).pack()


def luma(data: bytes) -> np.ndarray:
    """The coded luma, untouched by colour conversion and by the smoothing of chroma."""
    with Image.open(BytesIO(data)) as image:
        image.draft("L", None)
        return np.asarray(image).astype(int)


def halves(one: Splice) -> tuple[bytes, bytes]:
    header, body = one.pack()
    return body[: header["one"]], body[header["one"] :]


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", [(640, 480), (479, 641), (1072, 333), (505, 507)])
def test_a_copy_is_the_mixture_of_both_files_to_the_pixel(size: tuple[int, int], subsampling: str) -> None:
    one = splice(scene(*size), subsampling)
    grid = cells.plan(size, UNITS[subsampling])
    assert grid is not None
    bits = code_word(KEY, MARK)[cells.tables(grid, KEY)[0]]
    stream = np.arange(grid.across * grid.rows) // grid.run
    picks = bits[grid.segment_cells()][stream].reshape(grid.rows, grid.across)
    of_other = np.kron(picks, np.ones((grid.unit, grid.unit), int))[: size[1], : size[0]]
    first, second = halves(one)
    assert (luma(one.copy(MARK)) == np.where(of_other, luma(second), luma(first))).all()
    assert (luma(first) != luma(second)).mean() > 0.5


def test_copies_without_chroma_subsampling_are_exact_in_colour() -> None:
    one = splice(scene(320, 240), "4:4:4")
    first, second, copy = (
        np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in (*halves(one), one.copy(MARK))
    )
    assert ((copy == first) | (copy == second)).all()


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_a_copy_is_a_whole_baseline_jpeg(subsampling: str) -> None:
    copy = splice(scene(400, 300), subsampling).copy(MARK)
    parts = split(copy)
    assert (parts.size, parts.unit[0]) == ((400, 300), UNITS[subsampling])
    assert copy.endswith(b"\xff\xd9")
    assert parts.head + b"".join(parts.segments) == copy


def test_every_mark_has_a_copy_of_its_own_that_never_changes() -> None:
    one = splice(scene(400, 300))
    copies = {one.copy(mark) for mark in range(20)}
    assert len(copies) == 20
    assert splice(scene(400, 300)).copy(3) in copies


@pytest.mark.parametrize("name", ["coffee", "sky", "line art"])
def test_what_a_person_loses(name: str) -> None:
    """At amplitude 2 at least 43 dB from the same picture without a mark, and at most 10 kB more."""
    image = small_picture(name)
    plain = jpeg_encoder(85)(image, {"subsampling": "4:2:0"})
    copy = splice(image).copy(MARK)
    opened = [Image.open(BytesIO(data)).convert("RGB") for data in (plain, copy)]
    assert attacks.psnr(*opened) > 43
    assert len(copy) - len(plain) < 10_000


def test_a_fraction_of_a_grey_level_is_dithered() -> None:
    """Amplitude 1 on a soft gradient, where a share of 0.4 is used: the two differ by 0.5 levels on average."""
    gradient = Image.linear_gradient("L").resize((800, 600)).crop((0, 150, 800, 450))
    first, second = (luma(data) for data in halves(splice(gradient, amplitude=1)))
    assert 0.3 < abs(first - second).mean() < 0.8


def test_a_flat_sky_gets_less_of_it_than_texture_and_a_negative_the_same() -> None:
    grounds = {
        "mid grey": (Image.new("RGB", (320, 240), (120, 130, 140)), 0.4),
        "white": (Image.new("RGB", (320, 240), "white"), 0.8),
        "noise": (noise(320, 240), 1.0),
    }
    for image, share in grounds.values():
        for view in (image, ImageChops.invert(image), Image.merge("RGB", image.split()[::-1])):
            assert np.abs(np.asarray(hidden(view)) / 255 - share).max() < 0.01


def test_grey_becomes_rgb() -> None:
    with Image.open(BytesIO(splice(scene(400, 300).convert("L")).copy(1))) as image:
        assert image.mode == "RGB"


def test_profile_and_metadata_stay_in_the_head() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "Ana"
    one = splice(scene(400, 300), icc_profile=b"profile", exif=exif.tobytes(), xmp=b"<x/>")
    with Image.open(BytesIO(one.copy(5))) as image:
        assert image.info["icc_profile"] == b"profile"
        assert image.info["xmp"] == b"<x/>"
        assert image.getexif()[ExifTags.Base.Copyright] == "Ana"


def test_the_mark_is_written_where_its_field_stands() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = FIELD.decode()
    one = splice(scene(400, 300), exif=exif.tobytes())
    with Image.open(BytesIO(one.copy(MARK))) as image:
        assert image.getexif()[ExifTags.Base.ImageDescription] == "guardware:123456789a"


@pytest.mark.parametrize(
    ("size", "subsampling", "answer"),
    [
        ((400, 300), "4:2:0", True),
        ((300, 200), "4:2:0", False),
        ((300, 200), "4:4:4", True),
        ((100, 100), "4:4:4", False),
        ((2048, 100), "4:2:0", True),
        ((1, 1), "4:4:4", False),
        ((1, 60_000), "4:2:0", True),
    ],
)
def test_which_pictures_are_large_enough(size: tuple[int, int], subsampling: str, answer: bool) -> None:
    assert fits(size, subsampling) is answer


@pytest.mark.parametrize(
    ("image", "reason"),
    [(Image.new("RGB", (64, 64)), "too few"), (Image.new("RGBA", (640, 480)), "not of RGBA")],
)
def test_what_cannot_be_spliced(image: Image.Image, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        splice(image)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"progressive": True}, "no baseline"),
        ({"restart_marker_blocks": 0}, "restart interval"),
        ({"restart_marker_blocks": 2}, "not that of a splice"),
        ({"subsampling": "4:2:2"}, "not that of a splice"),
    ],
)
def test_an_encoder_that_does_as_it_likes(changed: Mapping[str, Any], reason: str) -> None:
    def encode(image: Image.Image, options: Mapping[str, Any]) -> bytes:
        return jpeg_encoder(85)(image, {**options, **changed})

    with pytest.raises(ValueError, match=reason):
        prepare(scene(400, 300), KEY, amplitude=2, encode=encode)


def test_packed_and_unpacked_it_makes_the_same_copies() -> None:
    header, body = packed()
    again = unpack(json.loads(json.dumps(header)), body, KEY)
    assert again.copy(MARK) == splice(scene(400, 300)).copy(MARK)
    assert again.size == (400, 300)
    assert again.weight > 2 * len(body)


def test_the_key_does_not_leave() -> None:
    header, body = packed()
    assert KEY not in body
    assert header["key"] == key_id(KEY)
    assert KEY.hex() not in repr(unpack(header, body, KEY))


def test_another_key_is_refused() -> None:
    with pytest.raises(ValueError, match="another key"):
        unpack(*packed(), bytes(32))


@given(at=st.integers(0, 2**30), bit=st.integers(0, 7))
def test_one_wrong_bit_is_found(at: int, bit: int) -> None:
    header, body = packed()
    damaged = bytearray(body)
    damaged[at % len(body)] ^= 1 << bit
    with pytest.raises(ValueError, match="damaged"):
        unpack(header, bytes(damaged), KEY)


@given(header=st.dictionaries(st.sampled_from(["one", "key", "check"]), st.integers() | st.text() | st.none()))
def test_a_wrong_header_is_found(header: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"splice|JPEG"):
        unpack({**packed()[0], "one": -1, **header}, packed()[1], KEY)


@given(cut=st.integers(0, 2**30), junk=st.binary(max_size=8), keep=st.booleans())
def test_taking_apart_a_damaged_jpeg_says_so_or_gives_all_of_it_back(cut: int, junk: bytes, keep: bool) -> None:
    header, body = packed()
    data = body[: header["one"]]
    at = cut % len(data)
    data = data[:at] + junk + (data[at + len(junk) * keep :])
    try:
        parts = split(data)
    except ValueError:
        return
    assert parts.head + b"".join(parts.segments) == data


@given(st.binary(max_size=200))
def test_taking_apart_anything_else_says_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="JPEG"):
        split(b"\xff\xd8" + data)


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), unit=st.sampled_from([8, 16]))
@settings(max_examples=60)
def test_plans_cover_the_picture(width: int, height: int, unit: int) -> None:
    """Every segment has a cell, hardly any cell is empty, and the pattern has no holes."""
    grid = cells.plan((width, height), unit)
    if grid is None:
        assert width * height < 500 * unit * unit or min(width, height) < 3 * unit
        return
    assert grid.cells >= 288
    of_segments = grid.segment_cells()
    assert of_segments.min() >= 0
    assert of_segments.max() < grid.cells
    assert len(np.unique(of_segments)) > 0.8 * grid.cells
    x, y = (np.arange(side, dtype=np.float32) + 0.5 for side in (width, height))
    for values in (grid.down(y), grid.along(grid.rows // 2, x)[0]):
        assert 0 <= values.min() <= values.max() <= 1
        assert values.mean() > 0.3
