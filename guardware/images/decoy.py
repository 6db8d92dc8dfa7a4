"""A made-up abstract picture to give in place of the real one."""

import colorsys

import numpy as np
from PIL import Image, ImageChops, ImageDraw

Field = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Colours = list[tuple[int, int, int]]

_COARSE, _MOST = 3, 400
"""Colours change slowly, so they are worked out for a third of the pixels each way, and at most so many a side."""
_LEVELS = 1024
"""Steps of the palette between its darkest and its lightest colour."""
_WAVES = 4
_FOLDS = 2
_TILE = 256
_GRAIN = 4
"""Standard deviation of the paper's grain, in grey levels: too smooth a picture is told for made-up."""


def decoy(size: tuple[int, int], seed: int) -> Image.Image:
    """An RGB picture of ``size`` (at least 1 x 1): folds of a few related colours, some shapes, grain.

    It depends on nothing but ``size`` and ``seed`` (0 or more), so nothing of an original is in it. Make the
    seed from a key and the original's digest: whoever can guess it can make the decoy and know it.
    """
    dice = np.random.default_rng(seed)
    palette = _palette(dice)
    image = _painted(_sketch_size(size), palette, dice)
    _shapes(image, palette, dice)
    return _grained(image.resize(size, Image.Resampling.BILINEAR), dice)


def _sketch_size(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(1 / _COARSE, _MOST / max(size))
    return max(2, round(size[0] * scale)), max(2, round(size[1] * scale))


def _palette(dice: np.random.Generator) -> Colours:
    """Five colours from dark to light: neighbours of one hue, and one accent from across the colour circle."""
    hue, spread, vivid = dice.uniform(0, 1), dice.uniform(-0.12, 0.12), dice.uniform(0.3, 0.75)
    colours = []
    for lightness in (0.16, 0.34, 0.52, 0.7, 0.88):
        turned = hue + spread * (lightness * 4 - 2) + dice.normal(0, 0.02)
        colours.append((turned, lightness + dice.normal(0, 0.03), vivid))
    accent = int(dice.integers(1, 4))
    colours[accent] = (hue + 0.5 + dice.normal(0, 0.05), colours[accent][1], min(1.0, vivid + 0.2))
    return [_byte_colour(*colour) for colour in colours]


def _byte_colour(hue: float, lightness: float, saturation: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, min(1.0, max(0.0, lightness)), saturation)
    return round(255 * red), round(255 * green), round(255 * blue)


def _painted(size: tuple[int, int], palette: Colours, dice: np.random.Generator) -> Image.Image:
    """The palette laid along a folded landscape: waves whose argument is bent by other waves, and again."""
    longer = max(size)
    y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32) / longer
    for _ in range(_FOLDS):
        x, y = x + _waves(x, y, dice) / 4, y + _waves(x, y, dice) / 4
    height = _waves(x, y, dice)
    height -= height.min()
    level = (height * np.float32((_LEVELS - 1) / max(float(height.max()), 1e-6))).astype(np.int32)
    stops, steps = np.arange(len(palette)), np.linspace(0, len(palette) - 1, _LEVELS)
    ramp = np.stack([np.interp(steps, stops, part) for part in zip(*palette, strict=True)], axis=-1)
    shade = 1 + np.float32(0.12) * _waves(3 * y, 3 * x, dice)
    return Image.fromarray(np.clip(ramp.astype(np.float32)[level] * shade[..., None], 0, 255).astype(np.uint8))


def _waves(x: Field, y: Field, dice: np.random.Generator) -> Field:
    """A sum of plane waves of random direction and phase, the finer the weaker; about -1 to 1."""
    total = np.zeros_like(x)
    for octave in range(_WAVES):
        angle, phase = dice.uniform(0, 2 * np.pi, 2)
        pitch = dice.uniform(2.5, 4.5) * 1.7**octave
        along = np.float32(pitch * np.cos(angle)) * x + np.float32(pitch * np.sin(angle)) * y
        total += np.float32(0.55**octave) * np.sin(along + np.float32(phase))
    total *= np.float32(0.5)
    return total


def _shapes(image: Image.Image, palette: Colours, dice: np.random.Generator) -> None:
    """A few translucent discs and sweeps of a brush over ``image``."""
    pen = ImageDraw.Draw(image, "RGBA")
    side = max(image.size)
    for _ in range(int(dice.integers(3, 8))):
        colour = (*palette[int(dice.integers(len(palette)))], int(dice.integers(60, 190)))
        x, y = dice.uniform(0, image.width), dice.uniform(0, image.height)
        radius = side * dice.uniform(0.03, 0.2)
        if dice.random() < 0.4:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        else:
            start = dice.uniform(0, 360)
            box = (x - 3 * radius, y - 3 * radius, x + 3 * radius, y + 3 * radius)
            pen.arc(
                box, start, start + dice.uniform(40, 200), colour, max(1, round(side * dice.uniform(0.005, 0.05)))
            )


def _grained(image: Image.Image, dice: np.random.Generator) -> Image.Image:
    noise = np.clip(dice.normal(128, _GRAIN, (_TILE, _TILE)), 0, 255).astype(np.uint8)
    tile, grain = Image.fromarray(noise), Image.new("L", image.size)
    for y in range(0, image.height, _TILE):
        for x in range(0, image.width, _TILE):
            grain.paste(tile, (x, y))
    return ImageChops.add(image, Image.merge("RGB", (grain, grain, grain)), 1, -128)
