"""The visible mark: the owner's words, tiled over the picture."""

import math
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont

from guardware.images.lettering import Lettering

# Chosen by eye on white, black, noise, photographs and drawings at 200 to 1600 pixels.
_SMALLEST = 12
"""Letter height in pixels below which the words are not read."""
_OUTLINE = 1 / 12
"""Width of the outline, in letter heights."""
_GAP_ACROSS, _GAP_DOWN = 1.6, 1.7
"""Space between two marks, in letter heights;"""
_GAP_MOST = 1 / 8
"""and at most this part of the picture's shorter side."""
_LIGHT_GROUND = 140
"""Mean luma (0 to 255) above which the letters are dark with a light outline."""

_Layers = tuple[Image.Image, Image.Image]


class Mark(NamedTuple):
    """The recipe of a mark.

    ``opacity`` over 0 to 1; ``scale``: letter height over the picture's shorter side; ``angle`` in degrees,
    counter-clockwise.
    """

    lettering: Lettering
    opacity: float
    scale: float
    angle: float


class _Stamp(NamedTuple):
    """One mark, turned: coverage of the letters and of the outline around them, and the steps to the next."""

    letters: Image.Image
    outline: Image.Image
    across: float
    down: float


def watermark(image: Image.Image, mark: Mark, seed: int) -> Image.Image:
    """``image`` (RGB or RGBA) with the mark all over it; transparency stays as it is.

    ``seed`` moves the tiling. Give each picture its own: marks that lie at the same place in many pictures
    can be averaged out of them (Dekel et al., "On the Effectiveness of Visible Watermarks", CVPR 2017).
    """
    colours = image.convert("RGB")
    light, dark = _layers(colours, mark, seed)
    colours.paste((255, 255, 255), (0, 0), light)
    colours.paste((0, 0, 0), (0, 0), dark)
    if image.mode == "RGBA":
        colours.putalpha(image.getchannel("A"))
    return colours


def _layers(image: Image.Image, mark: Mark, seed: int) -> _Layers:
    """Where white and where black is laid on, so that each mark stands out from the ground beneath it."""
    stamp = _stamp(image.size, mark)
    light, dark = Image.new("L", image.size), Image.new("L", image.size)
    luma = image.convert("L")
    for x, y in _places(image.size, stamp, mark.angle, seed):
        box = (x, y, x + stamp.letters.width, y + stamp.letters.height)
        letters, outline = (dark, light) if _mean(luma, box) > _LIGHT_GROUND else (light, dark)
        letters.paste(255, (x, y), stamp.letters)
        outline.paste(255, (x, y), stamp.outline)
    return _faded(light, mark.opacity), _faded(dark, mark.opacity)


def _faded(layer: Image.Image, opacity: float) -> Image.Image:
    return layer.point([round(value * opacity) for value in range(256)])


def _mean(luma: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Mean of the part of ``box`` that lies inside ``luma``, 0 to 255."""
    inside = (max(0, box[0]), max(0, box[1]), min(luma.width, box[2]), min(luma.height, box[3]))
    return luma.resize((1, 1), Image.Resampling.BOX, box=inside).tobytes()[0]


def _stamp(size: tuple[int, int], mark: Mark) -> _Stamp:
    short, words = min(size), mark.lettering.text
    height = max(_SMALLEST, round(short * mark.scale))
    font = mark.lettering.at(height)
    room = max(8 * height, min(1.2 * short, 0.8 * max(size)))
    lines = textwrap.wrap(words, max(1, int(room * len(words) / font.getlength(words))))
    drawn = _drawn("\n".join(lines), font, max(1, round(height * _OUTLINE)))
    across, down = (min(gap * height, _GAP_MOST * max(short, _SMALLEST)) for gap in (_GAP_ACROSS, _GAP_DOWN))
    letters, outline = (layer.rotate(mark.angle, Image.Resampling.BICUBIC, expand=True) for layer in drawn)
    return _Stamp(letters, outline, drawn[0].width + across, drawn[0].height + down)


def _drawn(text: str, font: ImageFont.FreeTypeFont, stroke: int) -> _Layers:
    """The letters, and the outline around them ``stroke`` pixels wide, as coverage."""
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = pen.multiline_textbbox((0, 0), text, font, stroke_width=stroke, align="center")
    size, at = (math.ceil(right - left), math.ceil(bottom - top)), (-left, -top)
    whole, letters = Image.new("L", size), Image.new("L", size)
    ImageDraw.Draw(whole).multiline_text(at, text, 255, font, stroke_width=stroke, align="center")
    # The stroke, in black, keeps the lines where those of the outline are.
    ImageDraw.Draw(letters).multiline_text(at, text, 255, font, stroke_width=stroke, stroke_fill=0, align="center")
    return letters, ImageChops.subtract(whole, letters)


def _places(size: tuple[int, int], stamp: _Stamp, angle: float, seed: int) -> Iterator[tuple[int, int]]:
    """Upper left corners of all marks that reach into a picture of ``size``, laid like bricks along ``angle``."""
    width, height = stamp.letters.size
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    shift_across, shift_down = (seed & 0xFFFF) / 0x10000, (seed >> 16 & 0xFFFF) / 0x10000
    reach = math.hypot(*size) / 2 + math.hypot(width, height) / 2
    columns, rows = math.ceil(reach / stamp.across) + 2, math.ceil(reach / stamp.down) + 2
    for row in range(-rows, rows + 1):
        for column in range(-columns, columns + 1):
            along = (column + shift_across + row % 2 / 2) * stamp.across
            below = (row + shift_down) * stamp.down
            # The middle of the mark, seen from the middle of the picture; y points down.
            x = math.floor(size[0] / 2 + along * cos + below * sin - width / 2)
            y = math.floor(size[1] / 2 - along * sin + below * cos - height / 2)
            if -width < x < size[0] and -height < y < size[1]:
                yield x, y
