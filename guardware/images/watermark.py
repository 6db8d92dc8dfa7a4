"""The visible mark: the owner's words or logo, all over the picture or in one place."""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

from guardware.images.lettering import LAST_RESORT, Lettering, choose, draw
from guardware.images.logo import draw_logo
from guardware.images.recipe import Watermark

Squares = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
Size = tuple[int, int]

# Chosen by eye on white, black, noise, photographs and drawings at 200 to 2048 pixels.
_SMALLEST = 12
"""Height in pixels below which a mark is not read."""
_OUTLINE = 1 / 12
"""Width of the outline, in letter heights;"""
_LOGO_OUTLINE = 1 / 40
"""in logo heights."""
_GAP_ACROSS, _GAP_DOWN = 1.6, 1.7
"""Space between two marks, in letter heights;"""
_GAP_MOST = 1 / 8
"""and at most this part of the picture's shorter side."""
_LIGHT_GROUND = 140
"""Mean luma (0 to 255) above which the mark is dark with a light outline."""
_GROUND_PARTS, _GROUND_MOST = 6, 16
"""The ground is looked at in squares of a sixth of a letter's height, at most so many pixels a side."""
_BUSY_GROUND, _BUSY_FACTOR, _BUSY_MOST = 20, 1.5, 0.9
"""Mean deviation of luma within such squares above which a mark is laid on more strongly, and how much: at most to
the third, unless the recipe says more."""
_REMEMBERED, _REMEMBERED_SIDE = 4, 2500
"""How many stamps are remembered, and the longest: enough for pictures of 2048 pixels (1.2 times that), and even
with long texts at most some 100 MB."""

_LEVEL = 1e-9
"""Slope below which a line counts as level."""

POSITIONS = {
    "ce": (0, 0), "no": (0, -1), "so": (0, 1), "ea": (1, 0), "we": (-1, 0),
    "noea": (1, -1), "nowe": (-1, -1), "soea": (1, 1), "sowe": (-1, 1),
}  # fmt: skip
"""imgproxy's words for a place: -1 left or top, 0 middle, 1 right or bottom."""


class Mark(NamedTuple):
    """A recipe's watermark, made ready by ``compile_mark``. ``lettering`` is None where ``step`` has a logo."""

    step: Watermark
    lettering: Lettering | None


class _Stamp(NamedTuple):
    """One mark as it is laid on, turned.

    ``cover``, ``strong``: 8-bit coverage, opacity included, for quiet and for busy ground; ``inside``: 255 where
    there is any. ``on_dark``, ``on_light``: what is laid on such a ground, L or RGB. ``across``, ``down``: to the
    next mark along and below the angle. ``grain``: pixels of a square in which the ground is looked at;
    ``weight``: how much each one counts.
    """

    cover: Image.Image
    strong: Image.Image
    inside: Image.Image
    on_dark: Image.Image
    on_light: Image.Image
    across: float
    down: float
    grain: int
    weight: Squares


@lru_cache(maxsize=16)
def compile_mark(step: Watermark) -> Mark:
    """``step`` ready for ``watermark``: a font chosen for every letter. A few milliseconds; remembered.

    ``step.logo``, if not empty, is what ``logo.load_logo`` returned. An empty text becomes words of our own.
    Raises ValueError for an unknown position and for a logo that is no PNG.
    """
    if step.position not in POSITIONS:
        raise ValueError(f"position {step.position!r} is none of {', '.join(POSITIONS)}")
    if step.logo:
        draw_logo(step.logo, 1, (1, 1), 0)
        return Mark(step, None)
    return Mark(step, choose(step.text or LAST_RESORT, step.font))


def watermark(image: Image.Image, mark: Mark, seed: int) -> Image.Image:
    """``image`` (RGB or RGBA) with the mark on it; transparency stays as it is.

    ``seed`` moves a repeated mark. Give each picture its own: marks that lie at the same place in many pictures
    can be averaged out of them (Dekel et al., "On the Effectiveness of Visible Watermarks", CVPR 2017).
    """
    step, stamp = mark.step, _stamp_for(image.size, mark)
    places = _all_over(image.size, stamp, step.angle, seed) if step.repeat else [_place(image.size, stamp, step)]
    ink, cover = _layers(image, stamp, places)
    marked = image.convert("RGB")
    marked.paste(ink if ink.mode == "RGB" else Image.merge("RGB", (ink, ink, ink)), (0, 0), cover)
    if image.mode == "RGBA":
        marked.putalpha(image.getchannel("A"))
    return marked


class _Ground(NamedTuple):
    """A picture in squares of a stamp's grain: mean luma, deviation from it within, and opacity, 0 to 255 each."""

    luma: Squares
    busy: Squares
    seen: Squares

    @classmethod
    def of(cls, image: Image.Image, grain: int) -> "_Ground":
        small = image.reduce(grain)
        # One pixel out of each square: over a whole mark enough to tell a busy ground, and it costs nothing.
        picked = image.resize(small.size, Image.Resampling.NEAREST)
        luma = _luma(small)
        busy = np.abs(_luma(picked) - luma) * (_opacity(picked) > 0)
        return cls(luma, busy, _opacity(small))

    def beneath(self, stamp: _Stamp, x: int, y: int) -> tuple[float, float]:
        """Mean luma and mean deviation beneath the mark whose upper left corner is at ``x``, ``y``."""
        left, top = x // stamp.grain, y // stamp.grain
        high, wide = self.luma.shape
        weight = stamp.weight[max(0, -top) : max(0, high - top), max(0, -left) : max(0, wide - left)]
        rows = slice(max(0, top), max(0, top) + weight.shape[0])
        columns = slice(max(0, left), max(0, left) + weight.shape[1])
        # Nobody sees the ground where the picture is transparent.
        weight = weight * self.seen[rows, columns]
        total = max(float(weight.sum()), 1e-6)
        luma, busy = (float((weight * part[rows, columns]).sum()) / total for part in (self.luma, self.busy))
        return luma, busy


def _luma(image: Image.Image) -> Squares:
    return np.asarray(image.convert("L"), np.float32)


def _opacity(image: Image.Image) -> Squares:
    alpha = image.getchannel("A") if image.mode == "RGBA" else Image.new("L", image.size, 255)
    return np.asarray(alpha, np.float32)


def _layers(image: Image.Image, stamp: _Stamp, places: Iterable[Size]) -> tuple[Image.Image, Image.Image]:
    """What is laid on, and how much of it, so that each mark stands out from the ground beneath it."""
    ink, cover = Image.new(stamp.on_dark.mode, image.size), Image.new("L", image.size)
    ground = _Ground.of(image, stamp.grain)
    for x, y in places:
        luma, busy = ground.beneath(stamp, x, y)
        ink.paste(stamp.on_light if luma > _LIGHT_GROUND else stamp.on_dark, (x, y), stamp.inside)
        cover.paste(stamp.strong if busy > _BUSY_GROUND else stamp.cover, (x, y), stamp.inside)
    return ink, cover


def _stamp_for(size: Size, mark: Mark) -> _Stamp:
    step, short = mark.step, min(size)
    height = max(_SMALLEST, round(short * step.scale))
    gap = round(_GAP_MOST * max(short, _SMALLEST))
    if step.repeat:
        side = round(max(8 * height, min(1.2 * short, 0.8 * max(size))))
        room = side, side
    else:
        edge_x, edge_y = _edges(size, step)
        room = size[0] - 2 * edge_x, size[1] - 2 * edge_y
    make = _remembered_stamp if max(room) <= _REMEMBERED_SIDE else _stamp
    return make(mark, height, room, gap)


def _stamp(mark: Mark, height: int, room: Size, gap: int) -> _Stamp:
    """``mark`` with letters (or logo) ``height`` pixels high; no larger than ``room`` where it is not repeated,
    else no longer. ``gap``: the most between it and the next."""
    step = mark.step
    if mark.lettering is None:
        layers = _drawn_logo(step.logo, height, room)
    else:
        layers = _drawn_text(mark.lettering, height, room[0] if step.repeat else _along(room, step.angle))
    across, down = (
        side + min(gap, around * height)
        for side, around in zip(layers[0].size, (_GAP_ACROSS, _GAP_DOWN), strict=True)
    )
    layers = [
        layer.rotate(step.angle, Image.Resampling.BICUBIC, expand=True, fillcolor=layer.getpixel((0, 0)))
        for layer in layers
    ]
    if not step.repeat:
        layers = _fitted(layers, room)
    cover = _faded(layers[0], step.opacity)
    strong = _faded(layers[0], max(step.opacity, min(_BUSY_MOST, _BUSY_FACTOR * step.opacity)))
    grain = min(_GROUND_MOST, max(1, height // _GROUND_PARTS))
    weight = np.asarray(layers[0].reduce(grain), np.float32)
    inside = layers[0].point([0] + [255] * 255)
    return _Stamp(cover, strong, inside, layers[1], layers[2], across, down, grain, weight)


_remembered_stamp = lru_cache(maxsize=_REMEMBERED)(_stamp)


def _faded(layer: Image.Image, opacity: float) -> Image.Image:
    return layer.point([round(value * opacity) for value in range(256)])


def _drawn_text(lettering: Lettering, height: int, room: float) -> list[Image.Image]:
    """Coverage of the words, and their looks on dark and on light ground."""
    drawn = draw(lettering, height, max(room, height), max(1, round(height * _OUTLINE)))
    return [drawn.whole, drawn.letters, ImageChops.invert(drawn.letters)]


def _along(room: Size, angle: float) -> float:
    """How long a line may be that lies at ``angle`` in ``room``."""
    across, up = abs(math.cos(math.radians(angle))), abs(math.sin(math.radians(angle)))
    return min(room[0] / max(across, _LEVEL), room[1] / max(up, _LEVEL))


def _drawn_logo(png: bytes, height: int, room: Size) -> list[Image.Image]:
    """The same of a logo. One of a single grey is treated as words are; others keep their colours, with an
    outline that stands out from them."""
    logo = draw_logo(png, height, room, max(1, round(height * _LOGO_OUTLINE)))
    if logo.plain:
        shape = logo.picture.getchannel("A")
        return [logo.whole, shape, ImageChops.invert(shape)]
    tone = 0 if logo.luma > _LIGHT_GROUND else 255
    ink = Image.new("RGB", logo.picture.size, (tone, tone, tone))
    ink.paste(logo.picture, (0, 0), logo.picture)
    return [logo.whole, ink, ink]


def _fitted(layers: list[Image.Image], room: Size) -> list[Image.Image]:
    """Made smaller together, if need be, to fit into ``room``."""
    width, height = layers[0].size
    scale = min(1.0, room[0] / width, room[1] / height)
    size = max(1, math.floor(width * scale)), max(1, math.floor(height * scale))
    return layers if scale == 1 else [layer.resize(size, Image.Resampling.LANCZOS) for layer in layers]


def _edges(size: Size, step: Watermark) -> Size:
    """Pixels left free at the sides and above and below; half of a narrow picture remains for the mark."""
    margin = round(min(size) * step.margin)
    return min(margin, size[0] // 4), min(margin, size[1] // 4)


def _place(size: Size, stamp: _Stamp, step: Watermark) -> Size:
    """Upper left corner of the one mark."""
    x, y = (
        {-1: edge, 0: (side - own) // 2, 1: side - own - edge}[where]
        for where, side, own, edge in zip(
            POSITIONS[step.position], size, stamp.cover.size, _edges(size, step), strict=True
        )
    )
    return x, y


def _all_over(size: Size, stamp: _Stamp, angle: float, seed: int) -> Iterator[Size]:
    """Upper left corners of all marks that reach into a picture of ``size``, laid like bricks along ``angle``."""
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    shift_across, shift_down = (seed & 0xFFFF) / 0x10000, (seed >> 16 & 0xFFFF) / 0x10000
    width, height = stamp.cover.size
    # How far the middle of a mark may be from the middle of the picture; y points down.
    far_x, far_y = (size[0] + width) / 2, (size[1] + height) / 2
    rows = math.ceil((far_x * abs(sin) + far_y * abs(cos)) / stamp.down) + 1
    for row in range(-rows, rows + 1):
        below = (row + shift_down) * stamp.down
        spans = _span(below * sin, cos, far_x), _span(below * cos, -sin, far_y)
        least, most = max(span[0] for span in spans), min(span[1] for span in spans)
        brick = shift_across + row % 2 / 2
        for column in range(math.ceil(least / stamp.across - brick), math.floor(most / stamp.across - brick) + 1):
            along = (column + brick) * stamp.across
            x = math.floor(size[0] / 2 + along * cos + below * sin - width / 2)
            y = math.floor(size[1] / 2 - along * sin + below * cos - height / 2)
            yield x, y


def _span(start: float, slope: float, far: float) -> tuple[float, float]:
    """Between which lengths ``start + length * slope`` is within ``far`` of 0; large to small if nowhere."""
    if abs(slope) < _LEVEL:
        return (-math.inf, math.inf) if abs(start) <= far else (far, -far)
    ends = (-far - start) / slope, (far - start) / slope
    return min(ends), max(ends)
