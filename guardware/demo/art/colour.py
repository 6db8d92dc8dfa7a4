"""Colours: mixed in OKLab, so that a blend of two stays between them and never turns grey or muddy."""

from collections.abc import Sequence
from functools import lru_cache

RGB = tuple[int, int, int]
Lab = tuple[float, float, float]


def rgb(code: str) -> RGB:
    """``"#d98c5f"`` as three channels, 0 to 255."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _linear(channel: float) -> float:
    c = channel / 255
    return c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)


def _encoded(value: float) -> float:
    v = min(max(value, 0.0), 1.0)
    return 255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)


# The two matrices of OKLab and their inverses: Björn Ottosson, "A perceptual color space for image
# processing" (2020), https://bottosson.github.io/posts/oklab/
@lru_cache(maxsize=1024)
def _lab(code: str) -> Lab:
    r, g, b = (_linear(c) for c in rgb(code))
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _floats(lab: Lab) -> tuple[float, float, float]:
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
        _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
        _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
    )


def mix(first: str, second: str, share: float) -> str:
    """The colour that is ``share`` (0 to 1) of the way from ``first`` to ``second``."""
    pair = zip(_lab(first), _lab(second), strict=True)
    light, a, b = (p + (q - p) * min(max(share, 0.0), 1.0) for p, q in pair)
    return "#{:02x}{:02x}{:02x}".format(*whole(_floats((light, a, b))))


def whole(colour: tuple[float, float, float]) -> RGB:
    """A colour of float channels, rounded to what a pixel holds."""
    red, green, blue = (round(c) for c in colour)
    return red, green, blue


def ramp(stops: Sequence[str], steps: int) -> list[tuple[float, float, float]]:
    """``steps`` colours (float channels, 0 to 255) evenly through ``stops``."""
    labs = [_lab(stop) for stop in stops]
    colours = []
    for step in range(steps):
        place = step / max(steps - 1, 1) * (len(labs) - 1)
        index = min(int(place), len(labs) - 2) if len(labs) > 1 else 0
        pair = zip(labs[index], labs[min(index + 1, len(labs) - 1)], strict=True)
        light, a, b = (p + (q - p) * (place - index) for p, q in pair)
        colours.append(_floats((light, a, b)))
    return colours
