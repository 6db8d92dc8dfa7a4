"""Ten pictures that figures are stated over: photographs from scikit-image's wheel, and drawn ones."""

import math
import textwrap
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import data

Size = tuple[int, int]


def _sample(name: str, size: Size) -> Image.Image:
    """A picture that scikit-image carries, scaled; all are in the public domain or CC0."""
    image = Image.fromarray(getattr(data, name)()).convert("RGB")
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _smooth(draw: Callable[[ImageDraw.ImageDraw, int, int], None], size: Size) -> Image.Image:
    """Drawn at twice the size, for soft edges; ``draw`` gets pen, width and height."""
    large = Image.new("RGB", (2 * size[0], 2 * size[1]), "white")
    draw(ImageDraw.Draw(large), *large.size)
    return large.reduce(2)


def _line_art(size: Size) -> Image.Image:
    """Black strokes of several widths on white paper, with hatching."""

    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        rng, stroke = np.random.default_rng(11), max(2, min(width, height) // 300)
        for row in range(14):
            phase, swing = rng.uniform(0, 6.3), rng.uniform(0.01, 0.05)
            points = [
                (x * width / 80, height * ((row + 0.5) / 14 + swing * math.sin(x / 7 + phase))) for x in range(81)
            ]
            pen.line(points, "black", stroke * int(rng.integers(1, 4)), joint="curve")
        for _ in range(26):
            x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.14) * height
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), "white", "black", 2 * stroke)
            for step in np.arange(-0.6, 0.61, 0.15) * radius:
                half = math.sqrt(radius**2 - step**2) * 0.6
                pen.line((x - half, y + step - half / 2, x + half, y + step + half / 2), "black", stroke)

    return _smooth(draw, size)


_INKS = ("#f2c14e", "#d1495b", "#30638e", "#edae49", "#8cb369", "#f4e9cd", "#5b2a86", "#e8e8e8")
_SAID = ("LOOK!", "A NEW", "PAINTING", "WHO", "TOOK", "IT?")


def _comic(size: Size) -> Image.Image:
    """Six panels: flat colours, a halftone ground in each, bold outlines, speech bubbles with words."""

    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        rng, unit = np.random.default_rng(12), min(width, height) / 100
        font = ImageFont.load_default(4.5 * unit)
        for panel in range(6):
            left, top = (panel % 3 + 0.03) * width / 3, (panel // 3 + 0.03) * height / 2
            right, bottom = left + 0.94 * width / 3, top + 0.94 * height / 2
            ground, dots, coat, skin = rng.permutation(_INKS)[:4]
            pen.rectangle((left, top, right, bottom), ground)
            for y in np.arange(top + unit, bottom - unit, 2.2 * unit):
                radius = unit * (0.25 + 0.7 * (y - top) / (bottom - top))
                for x in np.arange(left + unit, right - unit, 2.2 * unit):
                    pen.ellipse((x - radius, y - radius, x + radius, y + radius), dots)
            middle, line = left + rng.uniform(0.35, 0.65) * (right - left), round(0.7 * unit)
            pen.polygon(
                [(middle - 12 * unit, bottom), (middle, top + 22 * unit), (middle + 12 * unit, bottom)],
                coat, "black", line,
            )  # fmt: skip
            pen.ellipse(
                (middle - 7 * unit, top + 15 * unit, middle + 7 * unit, top + 30 * unit), skin, "black", line
            )
            pen.ellipse((left + unit, top + unit, left + 26 * unit, top + 12 * unit), "white", "black", line)
            pen.text((left + 13 * unit, top + 6 * unit), _SAID[panel], "black", font, "mm")
            pen.rectangle((left, top, right, bottom), None, "black", round(unit))

    return _smooth(draw, size)


def _pixel_art(size: Size) -> Image.Image:
    """Mirrored sprites of a few colours in large hard-edged pixels."""
    rng = np.random.default_rng(13)
    palette = np.array(
        [[22, 24, 48], [46, 64, 120], [106, 190, 48], [217, 87, 99], [251, 242, 54], [203, 219, 252]]
    )
    sprites = [[_sprite(rng) for _ in range(8)] for _ in range(6)]
    indices = np.concatenate([np.concatenate(row, 1) for row in sprites])
    return Image.fromarray(palette[indices].astype(np.uint8)).resize(size, Image.Resampling.NEAREST)


def _sprite(rng: np.random.Generator) -> np.ndarray:
    """Indices into the palette, 16 x 16: a figure that is the same left and right."""
    half = rng.choice(6, (14, 7), p=[0.4, 0.15, 0.15, 0.1, 0.1, 0.1])
    return np.pad(np.concatenate([half, half[:, ::-1]], 1), 1)


def _sky(size: Size) -> Image.Image:
    """A clear evening sky without any noise, a pale sun, two bands of hills: nothing to hide a mark in."""
    width, height = size
    x, y = np.meshgrid(np.arange(width) / width, np.arange(height) / height)
    high, low = np.array([58, 104, 168]), np.array([238, 206, 178])
    sky = high + (low - high) * (0.9 * y + 0.1 * x)[..., None]
    sun = np.exp(-((x - 0.7) ** 2 + ((y - 0.55) * height / width) ** 2) / 0.004)[..., None]
    sky = sky + (np.array([255, 246, 226]) - sky) * sun
    for base, swing, colour in ((0.78, 0.05, (92, 98, 120)), (0.87, 0.04, (44, 50, 66))):
        ridge = base + swing * np.sin(7 * x + 20 * base) + swing / 3 * np.sin(19 * x)
        cover = np.clip((y - ridge) * height + 0.5, 0, 1)[..., None]
        sky = sky * (1 - cover) + np.array(colour) * cover
    return Image.fromarray(np.rint(sky).clip(0, 255).astype(np.uint8))


_WORDS = (
    "This picture belongs to the person who drew it. You may look at it as long as you like. "
    "You may not feed it to a machine that draws. "
)


def _text_page(size: Size) -> Image.Image:
    """A printed page: a heading and lines of black letters on white."""

    def draw(pen: ImageDraw.ImageDraw, width: int, height: int) -> None:
        unit, margin = height / 60, 0.08 * width
        pen.text((margin, 3 * unit), "Of Pictures", "black", ImageFont.load_default(4 * unit))
        font = ImageFont.load_default(1.5 * unit)
        fits = int(len(_WORDS) * (width - 2 * margin) / font.getlength(_WORDS))
        for row, line in enumerate(textwrap.wrap(_WORDS * 20, fits)[:24]):
            pen.text((margin, (9 + 2 * row) * unit), line, "black", font)

    return _smooth(draw, size)


class Source(NamedTuple):
    """How a picture is made in any size, its ordinary size (0.9 to 2.2 megapixels) and its small one."""

    draw: Callable[[Size], Image.Image]
    size: Size
    small: Size


SOURCES: dict[str, Source] = {
    "astronaut": Source(partial(_sample, "astronaut"), (1400, 1400), (512, 512)),
    "chelsea": Source(partial(_sample, "chelsea"), (1700, 1131), (451, 300)),
    "coffee": Source(partial(_sample, "coffee"), (1800, 1200), (512, 341)),
    "rocket": Source(partial(_sample, "rocket"), (1600, 1068), (512, 342)),
    "hubble": Source(partial(_sample, "hubble_deep_field"), (1000, 872), (500, 436)),
    "line art": Source(_line_art, (1500, 1100), (480, 352)),
    "comic": Source(_comic, (1680, 1120), (510, 340)),
    "pixel art": Source(_pixel_art, (1536, 1152), (512, 384)),
    "sky": Source(_sky, (1920, 1080), (512, 288)),
    "text page": Source(_text_page, (1240, 1754), (354, 500)),
}


@cache
def picture(name: str) -> Image.Image:
    """One of ``pictures()``. Everybody gets the same object: copy it before you draw on it."""
    source = SOURCES[name]
    return source.draw(source.size)


@cache
def small_picture(name: str) -> Image.Image:
    """One of ``small_pictures()``. Everybody gets the same object: copy it before you draw on it."""
    source = SOURCES[name]
    return source.draw(source.small)


def pictures() -> dict[str, Image.Image]:
    """Ten RGB pictures by name, the same in every run."""
    return {name: picture(name) for name in SOURCES}


def small_pictures() -> dict[str, Image.Image]:
    """The same ten at no more than 512 pixels a side, for quick tests."""
    return {name: small_picture(name) for name in SOURCES}
