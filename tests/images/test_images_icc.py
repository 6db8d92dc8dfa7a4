"""Profiles are laid out as the standard says, and colour management reads them as they are meant."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from guardware.images.icc import linear, rgb_profile

SRGB = [linear(level) for level in range(256)]
NEGATIVE = SRGB[::-1]


def tags(profile: bytes) -> dict[bytes, bytes]:
    """The data of each tag, by the table of ICC.1:2001-04, 6.2."""
    table = {}
    for index in range(int.from_bytes(profile[128:132])):
        entry = profile[132 + 12 * index :][:12]
        start, size = int.from_bytes(entry[4:8]), int.from_bytes(entry[8:12])
        assert start % 4 == 0
        assert 132 + 12 * int.from_bytes(profile[128:132]) <= start <= start + size <= len(profile)
        table[entry[:4]] = profile[start : start + size]
    return table


def shown(colour: tuple[int, int, int], profile: bytes) -> tuple[int, ...]:
    """What Little CMS makes of one colour in a file with ``profile``, in sRGB."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    image = ImageCms.profileToProfile(Image.new("RGB", (1, 1), colour), source, ImageCms.createProfile("sRGB"))
    assert image is not None
    pixel = image.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.mark.parametrize(
    ("start", "field"),
    [
        (0, (952).to_bytes(4)),  # size
        (8, b"\x02\x40\0\0"),  # version 2.4
        (12, b"mntr"),  # a display's
        (16, b"RGB "),  # from
        (20, b"XYZ "),  # to
        (36, b"acsp"),
        (64, bytes(4)),  # perceptual
        (68, b"\0\0\xf6\xd6\0\1\0\0\0\0\xd3\x2d"),  # D50
    ],
)
def test_the_header_says(start: int, field: bytes) -> None:
    profile = rgb_profile((0, 1, 2), SRGB)
    assert len(profile) == 952
    assert profile[start : start + len(field)] == field


def test_the_three_curves_are_stored_once() -> None:
    table = tags(rgb_profile((0, 1, 2), SRGB))
    assert list(table) == [b"desc", b"cprt", b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"]
    assert table[b"rTRC"] == table[b"gTRC"] == table[b"bTRC"]
    assert len(table[b"rTRC"]) == 12 + 2 * 256


def test_its_name_says_nothing_of_a_veil() -> None:
    profile = ImageCms.ImageCmsProfile(BytesIO(rgb_profile((1, 2, 0), NEGATIVE)))
    assert profile.profile.profile_description == "RGB"
    assert profile.profile.copyright == "CC0"


@pytest.mark.parametrize(
    ("primaries", "curve", "stored", "seen"),
    [
        ((0, 1, 2), SRGB, (200, 100, 50), (200, 100, 50)),
        ((0, 1, 2), NEGATIVE, (200, 100, 50), (55, 155, 205)),
        ((1, 2, 0), SRGB, (200, 100, 50), (50, 200, 100)),
        ((2, 1, 0), NEGATIVE, (200, 100, 50), (205, 155, 55)),
    ],
)
def test_a_stored_colour_is_seen_as(
    primaries: tuple[int, int, int], curve: list[float], stored: tuple[int, int, int], seen: tuple[int, ...]
) -> None:
    assert np.abs(np.subtract(shown(stored, rgb_profile(primaries, curve)), seen)).max() <= 1


@settings(max_examples=60, deadline=None)
@given(
    primaries=st.permutations([0, 1, 2]),
    curve=st.lists(st.floats(0, 1), min_size=2, max_size=600),
)
def test_every_curve_makes_a_profile_that_opens(primaries: list[int], curve: list[float]) -> None:
    red, green, blue = primaries
    profile = rgb_profile((red, green, blue), curve)
    assert int.from_bytes(profile[:4]) == len(profile)
    assert len(profile) % 4 == 0
    stored = np.frombuffer(tags(profile)[b"rTRC"][12:], ">u2")
    assert stored.tolist() == [round(65535 * light) for light in curve]
    assert ImageCms.ImageCmsProfile(BytesIO(profile)).profile.is_matrix_shaper


@pytest.mark.parametrize("curve", [[], [0.5]])
def test_a_curve_of_less_than_two_values_is_refused(curve: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two values"):
        rgb_profile((0, 1, 2), curve)


@pytest.mark.parametrize(("level", "light"), [(0, 0), (10, 0.0030353), (128, 0.2158605), (255, 1)])
def test_the_light_of_a_level(level: int, light: float) -> None:
    assert linear(level) == pytest.approx(light, abs=1e-7)
