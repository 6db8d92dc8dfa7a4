"""The table of formats, and which one a variant is written in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from image_samples import OUTPUT, sample
from PIL import Image

from guardware.images.formats import FORMATS, READ, WRITTEN, named, recognised
from guardware.images.negotiate import negotiate

CHROME = b"image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI_13 = b"image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize("format", OUTPUT)
def test_files_are_recognised(format: str) -> None:
    kind = recognised(sample(format)[:32])
    assert kind is not None
    assert (kind.name, kind.media_type) == (format.lower(), Image.MIME[format])
    assert kind.protected


def test_what_is_read_and_what_is_written() -> None:
    assert READ == ("jpeg", "png", "webp", "avif", "gif", "tiff", "bmp")
    assert WRITTEN == ("jpeg", "png", "webp", "avif")
    assert [row.name for row in FORMATS if row.lossy] == ["jpeg", "webp", "avif"]


def test_names_are_unique_and_media_types_of_what_is_read_too() -> None:
    assert len({row.name for row in FORMATS}) == len(FORMATS)
    names = [name for row in FORMATS if row.protected for name in row.media_types]
    assert len(set(names)) == len(names)


def test_what_is_read_is_kept_as_something_that_is_written() -> None:
    assert {row.keeps for row in FORMATS if row.protected} <= set(WRITTEN)


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="'jpg' is no picture format; known are jpeg, png"):
        named("jpg")


@pytest.mark.parametrize(
    ("source", "has_alpha", "animated", "expected"),
    [
        ("jpeg", False, False, "jpeg"),
        ("png", False, False, "png"),
        ("png", True, True, "png"),
        ("webp", True, True, "webp"),
        ("avif", False, True, "avif"),
        ("gif", False, False, "png"),
        ("gif", True, False, "png"),
        ("gif", False, True, "webp"),
        ("tiff", False, False, "jpeg"),
        ("tiff", True, False, "png"),
        ("bmp", False, False, "png"),
    ],
)
def test_keep(source: str, has_alpha: bool, animated: bool, expected: str) -> None:
    assert negotiate(named(source), has_alpha, animated, "keep", CHROME).name == expected


@pytest.mark.parametrize(
    ("accept", "still", "moving"),
    [
        (CHROME, "avif", "webp"),
        (b"image/webp,*/*", "webp", "webp"),
        (b"image/avif", "avif", "png"),
        (b"IMAGE/AVIF;q=0.1, image/webp", "avif", "webp"),
        (b"image/avif;q=0, image/webp", "webp", "webp"),
        (b"image/avif;q=0, image/webp;q=0", "png", "png"),
        (b"image/webp;q=nan", "png", "png"),
        (SAFARI_13, "png", "png"),
        (b"image/*", "png", "png"),
        (b"*/*", "png", "png"),
        (b"", "png", "png"),
        (None, "png", "png"),
        (b"x" * 2000 + b",image/avif", "png", "png"),
    ],
)
def test_auto(accept: bytes | None, still: str, moving: str) -> None:
    assert negotiate(named("png"), True, False, "auto", accept).name == still
    assert negotiate(named("png"), True, True, "auto", accept).name == moving


@pytest.mark.parametrize("wanted", WRITTEN)
def test_a_wanted_format_is_taken_but_for_animations_that_it_would_stop(wanted: str) -> None:
    assert negotiate(named("jpeg"), False, False, wanted, None).name == wanted
    expected = "webp" if wanted == "jpeg" else wanted
    assert negotiate(named("gif"), False, True, wanted, None).name == expected


@pytest.mark.parametrize("wanted", ["", "jpg", "gif", "tiff", "heic", "AUTO"])
def test_what_cannot_be_wanted(wanted: str) -> None:
    with pytest.raises(ValueError, match=r"is no picture format|is not written"):
        negotiate(named("png"), False, False, wanted, None)


@given(
    st.sampled_from(READ),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["keep", "auto", *WRITTEN]),
    st.none() | st.binary(max_size=100),
)
def test_the_result_can_always_hold_the_picture(
    source: str, has_alpha: bool, animated: bool, wanted: str, accept: bytes | None
) -> None:
    target = negotiate(named(source), has_alpha, animated, wanted, accept)
    assert target.writing is not None
    assert target.writing.animated or not animated
    if wanted in ("keep", "auto") and source != "jpeg":
        assert target.writing.alpha or not has_alpha
