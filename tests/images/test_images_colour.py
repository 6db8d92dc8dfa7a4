"""Colour profiles, taken to sRGB."""

from collections.abc import Sequence

import numpy as np
import pytest
from image_samples import (
    SRGB_COLUMNS,
    WIDE,
    cmyk_profile,
    corner_colours,
    corners,
    difference,
    file_of,
    grey_profile,
    rgb_profile,
    scene,
    swapped_profile,
)
from PIL import Image, ImageCms

from guardware.images.colour import MAX_PROFILE, ToSrgb, plain_mode, to_srgb
from guardware.images.decode import UnreadablePicture, decode
from guardware.images.recipe import Bounds

UPRIGHT = ["red", "lime", "blue", "white"]
BOUNDS = Bounds(1_000_000, 1, 1_000_000)


def shown(values: Sequence[int], columns: Sequence[Sequence[float]], gamma: float) -> list[int]:
    """What sRGB shows for ``values`` of a space: through XYZ, and IEC 61966-2-1's curve."""
    return shown_xyz(np.asarray(columns).T @ (np.asarray(values) / 255) ** gamma)


def shown_lab(lab: tuple[float, float, float]) -> list[int]:
    """The same for L*, a*, b* against D50 (CIE 15)."""
    y = (lab[0] + 16) / 116
    roots = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    light = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    return shown_xyz(light * (0.9642, 1.0, 0.8249))


def shown_xyz(light: np.ndarray) -> list[int]:
    linear = np.clip(np.linalg.inv(np.asarray(SRGB_COLUMNS).T) @ light, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return [round(value) for value in 255 * curved]


@pytest.mark.parametrize("space", WIDE)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_wide_colours_are_taken_to_srgb(space: str, format: str) -> None:
    columns, gamma = WIDE[space]
    for colour in ((120, 100, 90), (90, 130, 100), (60, 60, 80), (200, 200, 200)):
        options = {"quality": 100} if format in ("JPEG", "WEBP", "AVIF") else {}
        source = Image.new("RGB", (16, 16), colour)
        data = file_of(source, format, icc_profile=rgb_profile(columns, gamma), **options)
        pixel = decode(data, None, BOUNDS)[0].frames[0].getpixel((8, 8))
        assert isinstance(pixel, tuple)
        assert np.abs(np.subtract(pixel, shown(colour, columns, gamma))).max() <= 4
        assert np.abs(np.subtract(pixel, colour)).max() > 0 or colour == (200, 200, 200)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_with_a_gamma_of_its_own(mode: str) -> None:
    source = Image.new("L", (8, 8), 100).convert(mode)
    data = file_of(source, "PNG", icc_profile=grey_profile(1.0))
    pixel = decode(data, None, BOUNDS)[0].frames[0].getpixel((4, 4))
    assert isinstance(pixel, tuple)
    # 100 / 255 of the light is 168 in sRGB.
    assert np.abs(np.subtract(pixel[:3], 168)).max() <= 2


PAPER, MAGENTA, RED, BLACK = (100.0, 0.0, 0.0), (48.0, 74.0, -3.0), (47.0, 60.0, 40.0), (0.0, 0.0, 0.0)
INKS = [PAPER, *([BLACK] * 3), MAGENTA, BLACK, RED, *([BLACK] * 9)]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("ink", "lab"),
    [((0, 0, 0, 0), PAPER), ((0, 255, 0, 0), MAGENTA), ((0, 255, 255, 0), RED), ((0, 0, 0, 255), BLACK)],
)
def test_inks_of_a_printer(format: str, ink: tuple[int, ...], lab: tuple[float, float, float]) -> None:
    options = {"quality": 100} if format == "JPEG" else {}
    data = file_of(Image.new("CMYK", (16, 16), ink), format, icc_profile=cmyk_profile(INKS), **options)
    pixel = decode(data, None, BOUNDS)[0].frames[0].getpixel((8, 8))
    assert isinstance(pixel, tuple)
    assert np.abs(np.subtract(pixel, shown_lab(lab))).max() <= 6


def test_a_profile_is_applied_beneath_transparency() -> None:
    source = corners()
    source.putalpha(200)
    image = to_srgb(source, swapped_profile())
    assert corner_colours(image) == ["blue", "lime", "red", "white"]
    assert image.getchannel("A").getextrema() == (200, 200)


@pytest.mark.parametrize("profile", [b"rubbish", b"\0" * 128, swapped_profile()[:300], b""])
def test_a_broken_profile_is_passed_over(profile: bytes) -> None:
    assert corner_colours(to_srgb(corners(), profile)) == UPRIGHT


@pytest.mark.parametrize(
    ("mode", "profile"), [("CMYK", swapped_profile()), ("L", swapped_profile()), ("RGB", grey_profile(1.0))]
)
def test_a_profile_for_another_mode_is_passed_over(mode: str, profile: bytes) -> None:
    source = corners().convert(mode)
    assert difference(to_srgb(source, profile), source.convert("RGB")) == 0


def test_a_huge_profile_is_refused() -> None:
    with pytest.raises(UnreadablePicture, match="a colour profile of 4194305 bytes"):
        to_srgb(corners(), bytes(MAX_PROFILE + 1))


def test_srgb_is_left_as_it_is() -> None:
    # lcms would change some pixels by a level.
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert difference(to_srgb(scene(), srgb), scene()) == 0


def test_one_converter_serves_every_frame() -> None:
    converter = ToSrgb(swapped_profile())
    for colour, expected in (("red", (0, 0, 255)), ("blue", (255, 0, 0))):
        assert converter(Image.new("RGB", (4, 4), colour)).getpixel((0, 0)) == expected


@pytest.mark.parametrize("mode", ["F", "I", "LAB"])
def test_pixels_without_a_settled_look_are_refused(mode: str) -> None:
    with pytest.raises(UnreadablePicture, match=f"pixels of the kind {mode} are not read"):
        plain_mode(Image.new(mode, (4, 4)))
