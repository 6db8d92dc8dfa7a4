"""Fields: pictures of one float channel (Pillow mode "F", about 0 to 1) from which tones and shapes are made.

Tones stay floats until the last step and are dithered there, so that soft gradients show no bands.
"""

from array import array
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from PIL import Image, ImageMath

from guardware.demo.art.colour import ramp, rgb

Size = tuple[int, int]
Picture = Image.Image

_LUT_STEPS = 512
_COARSE_PIXELS = 24
"""Blobs at least this large are drawn at a quarter of the resolution."""


def seeded(name: str) -> Random:
    """A generator that draws the same numbers for the same name, on every machine."""
    return Random(name)  # noqa: S311 - for pictures, not for secrets


def field(values: Sequence[float], size: Size) -> Picture:
    """A field from its values, row by row."""
    return Image.frombytes("F", size, array("f", values).tobytes())


def calc(formula: Callable[[dict[str, Any]], Any], **fields: Picture) -> Picture:
    """``formula`` over whole fields, by name: ``calc(lambda v: v["a"] * 2, a=field)``."""
    result: Picture = ImageMath.lambda_eval(formula, **fields)
    return result


def stretched(source: Picture) -> Picture:
    """The field with its lowest value at 0 and its highest at 1."""
    low, high = source.getextrema()
    assert isinstance(low, float)  # noqa: S101 - a field has one float channel
    assert isinstance(high, float)  # noqa: S101
    scale = 1 / max(high - low, 1e-9)
    return calc(lambda v: (v["f"] - low) * scale, f=source)


def noise(rng: Random, size: Size, cells: float, octaves: int = 5, gain: float = 0.5, wide: float = 1) -> Picture:
    """Fractal noise from 0 to 1: ``cells`` blobs across the longer side, each octave half as large.

    ``gain`` is an octave's strength to the one before; ``wide`` stretches the blobs sideways.
    """
    # Large blobs have no detail: they are added up on a sixteenth of the pixels.
    small = (max(1, size[0] // 4), max(1, size[1] // 4))
    coarse = sum(1 for octave in range(octaves) if max(size) / (cells * 2**octave) >= _COARSE_PIXELS)
    total = Image.new("F", small, 0.0)
    for octave in range(octaves):
        if octave == coarse:
            total = total.resize(size, Image.Resampling.BICUBIC)
        across = cells * 2**octave / max(size)
        layer = _blobs(rng, total.size, (size[0] * across / wide, size[1] * across))
        total = calc(lambda v, weight=gain**octave: v["t"] + v["n"] * weight, t=total, n=layer)  # type: ignore[misc]
    return stretched(total if coarse < octaves else total.resize(size, Image.Resampling.BICUBIC))


def _blobs(rng: Random, size: Size, cells: tuple[float, float]) -> Picture:
    grid = grain(rng, (int(cells[0]) + 4, int(cells[1]) + 4))
    left, top = 1 + rng.random(), 1 + rng.random()
    box = (left, top, left + max(cells[0], 0.05), top + max(cells[1], 0.05))
    return grid.resize(size, Image.Resampling.BICUBIC, box=box)


def slope(size: Size, values: Sequence[float], sideways: bool = False) -> Picture:
    """A smooth field through ``values``, from top to bottom (or left to right)."""
    shape = (len(values), 1) if sideways else (1, len(values))
    half = 0.5
    box = (half, 0, len(values) - half, 1) if sideways else (0, half, 1, len(values) - half)
    return field(values, shape).resize(size, Image.Resampling.BILINEAR, box=box)


def glow(size: Size, centre: tuple[float, float], radius: float, power: float = 2.0) -> Picture:
    """1 at ``centre`` (pixels), falling to 0 at ``radius`` and beyond; higher ``power``, tighter core."""
    grid = 96
    mid = (grid - 1) / 2
    values = [
        max(0.0, 1 - ((x - mid) ** 2 + (y - mid) ** 2) ** 0.5 / mid) ** power
        for y in range(grid)
        for x in range(grid)
    ]
    side = max(2, round(radius * 2))
    disc = field(values, (grid, grid)).resize((side, side), Image.Resampling.BICUBIC)
    sheet = Image.new("F", size, 0.0)
    sheet.paste(disc, (round(centre[0] - radius), round(centre[1] - radius)))
    return calc(lambda v: v["max"](v["f"], 0), f=sheet)  # the bicubic rim dips below nothing


def grain(rng: Random, size: Size) -> Picture:
    """White noise from 0 to 1, one value a pixel."""
    return Image.frombytes("L", size, rng.randbytes(size[0] * size[1])).point([v / 255 for v in range(256)], "F")


def to_mask(source: Picture) -> Picture:
    """The field as a mask (mode "L")."""
    return source.point(lambda v: v * 255 + 0.5).convert("L")


def to_field(mask: Picture) -> Picture:
    """A mask as a field."""
    return mask.point([v / 255 for v in range(256)], "F")


def mapped(source: Picture, curve: Callable[[float], float]) -> Picture:
    """A mask: ``curve`` (0..1 to 0..1) applied to every value of the field."""
    values = [min(255, max(0, round(curve(i / (_LUT_STEPS - 1)) * 255))) for i in range(_LUT_STEPS)]
    return _looked_up(source, values)


def _looked_up(source: Picture, values: list[int]) -> Picture:
    # Pillow looks 16-bit values up in a table of 65,536 entries; fewer steps than that are repeated.
    repeat = 65536 // len(values)
    table = [value for value in values for _ in range(repeat)]
    return source.point(lambda v: v * 65535 + 0.5).convert("I").point(table, "L")


def toned(mask: Picture, stops: Sequence[str]) -> Picture:
    """Every value of a mask as the colour at that place in ``stops``: quicker than ``coloured``, and coarser."""
    colours = ramp(stops, 256)
    return Image.merge("RGB", [mask.point([round(colour[c]) for colour in colours]) for c in range(3)])


def coloured(source: Picture, stops: Sequence[str]) -> Picture:
    """Every value of the field as the colour at that place in ``stops``."""
    colours = ramp(stops, _LUT_STEPS)
    channels = [_looked_up(source, [round(colour[c]) for colour in colours]) for c in range(3)]
    return Image.merge("RGB", channels)


def gradient(rng: Random, size: Size, stops: Sequence[str]) -> Picture:
    """Colours from top to bottom, dithered."""
    colours = ramp(stops, 256)
    dither = grain(rng, size)
    columns = [slope(size, [colour[c] for colour in colours]) for c in range(3)]
    return Image.merge("RGB", [calc(lambda v: v["f"] + v["d"], f=f, d=dither).convert("L") for f in columns])


def tinted(rng: Random, picture: Picture, colour: str, weight: Picture) -> Picture:
    """``picture`` drawn towards ``colour`` by the field ``weight`` (0: as it was, 1: all colour), dithered."""
    dither = grain(rng, picture.size)
    channels = []
    for channel, target in zip(picture.split(), rgb(colour), strict=True):
        base = channel.point([float(v) for v in range(256)], "F")
        blend = calc(lambda v, t=target: v["b"] + (t - v["b"]) * v["w"] + v["d"], b=base, w=weight, d=dither)  # type: ignore[misc]
        channels.append(blend.convert("L"))
    return Image.merge("RGB", channels)
