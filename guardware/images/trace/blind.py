"""T1, the blind mark: one bit a block, as the quantised projection of its low cosine coefficients.

Quantisation index modulation with spread transform and dither (Chen and Wornell, "Quantization index modulation",
IEEE Trans. Inf. Theory 47, 2001) in the canonical frame. The same is added to all three channels, so the mean
channel carries it whatever order a veil gives them; a veil that inverts negates every projection.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from guardware.images.trace.blocks import (
    BLOCK,
    DATA_AT,
    TEMPLATE_AT,
    grid,
    pixels,
    projection,
    strength,
    tables,
    tiles,
)
from guardware.images.trace.code import code_word
from guardware.images.trace.frame import Frame, canonical
from guardware.images.trace.plane import Plane

DELTA: Final = 30.0
"""Default step of the quantiser in grey levels: 46.8 dB, no mottling in flat skies."""
LEAST_SIDE: Final = 128
"""Shorter side, in pixels, below which the frame would ask for detail that the picture cannot hold. With the
original, pictures of 128 are read from JPEG 90, of 160 from JPEG 75; of 96, not even from PNG."""
MOST_ASPECT: Final = 40
"""Longer over shorter side: the frame of a longer strip would not fit in memory."""

_TEMPLATE_SHARE: Final = 0.06
"""The template's coefficients over the quantiser's step: at 2.5 of 42, crops were found (images.md 3.1)."""
_TEMPLATE_FLAT: Final = 0.15
_TEMPLATE_MOST: Final = 1.5
"""Its strength in flat blocks, where little is enough, and at most."""
_FINE: Final = 8
"""Parts of a grey level that the mark is computed in before it is dithered to whole ones."""
_STRIP: Final = 256
_ROOM: Final = 2.0
"""Grey levels by which white paper may get darker, and black lighter, to make room."""
_ROOM_SHARE: Final = 0.6
"""Of what would be cut off. With 0, a page of text is at 49 dB and lost in WebP 80; with 1, safe and at 41 dB."""


def fits(size: tuple[int, int]) -> bool:
    """Whether a picture of ``size`` (width, height) can carry a mark; ``embed`` leaves others as they are."""
    return min(size) >= LEAST_SIDE and max(size) <= MOST_ASPECT * min(size)


def embed(image: Image.Image, mark: int, key: bytes, *, delta: float = DELTA) -> Image.Image:
    """``image`` (RGB or RGBA) with ``mark`` (40 bits) in it; the same size and mode, alpha kept. ``delta``: step
    of the quantiser in grey levels, 16 (51 dB) to 42 (44 dB). A picture that does not fit (see ``fits``) comes
    back unmarked, the same object. Raises ValueError for another mode or a mark that is too large."""
    if image.mode not in ("RGB", "RGBA"):
        raise ValueError(f"a mark goes into RGB or RGBA pictures, not {image.mode}")
    word = code_word(key, mark)
    if not fits(image.size):
        return image
    frame = canonical(image)
    return _added(image, frame, pattern(frame.plane, word, key, delta))


def pattern(plane: Plane, word: NDArray[np.uint8], key: bytes, delta: float) -> Plane:
    """What is added to the frame ``plane`` so that it carries ``word``, in grey levels."""
    blocks, table = grid(plane), tables(key)
    signs = blocks.of(table.signs)
    start = (blocks.of(table.start) + 0.5 * word[blocks.of(table.bit)]) * delta
    there = projection(blocks.cosines, signs)
    wanted = np.round((there - start) / delta) * delta + start
    change = np.zeros_like(blocks.cosines)
    share = strength(blocks.cosines)
    change[..., DATA_AT[0], DATA_AT[1]] = (share * (wanted - there))[..., None] * signs
    level = _TEMPLATE_SHARE * delta * strength(blocks.cosines, _TEMPLATE_FLAT, _TEMPLATE_MOST)
    change[..., TEMPLATE_AT[0], TEMPLATE_AT[1]] = level[..., None] * blocks.of(table.template)
    added = pixels(change, (plane.shape[0], plane.shape[1]), blocks.offset)
    return added + _headroom(plane + added)


def _headroom(wanted: Plane) -> Plane:
    """A smooth shift that makes room for the mark where it would be cut off at white or black: paper gets darker
    by a level or so, evenly; else only half of the mark would be there."""
    over, under = np.maximum(wanted - 255, 0), np.maximum(-wanted, 0)
    if max(float(over.max()), float(under.max())) < 0.5:
        return np.zeros_like(wanted)
    return _eased(under) - _eased(over)


def _eased(excess: Plane) -> Plane:
    """The largest excess around each point, smoothly, up to ``_ROOM``."""
    height, width = excess.shape
    rows, columns = -(-height // BLOCK), -(-width // BLOCK)
    padded = np.pad(excess, ((0, rows * BLOCK - height), (0, columns * BLOCK - width)))
    most = _ROOM_SHARE * tiles(padded, (0, 0), (rows, columns)).max((2, 3))
    image = Image.fromarray(np.minimum(most, _ROOM))
    smooth = image.resize((columns * BLOCK, rows * BLOCK), Image.Resampling.BILINEAR)
    return np.asarray(smooth)[:height, :width]


def _thresholds() -> NDArray[np.int16]:
    """Bayer's ordered dither of 8x8 (IEEE ICC 1973), in parts of ``_FINE``: fractions of a grey level, all that a
    flat sky gets, outlive rounding without noise that a file would pay for."""
    order = np.zeros((1, 1), np.int16)
    while len(order) < 8:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]]).astype(np.int16)
    return order * _FINE // order.size


_BAYER: Final = _thresholds()


def _added(image: Image.Image, frame: Frame, change: Plane) -> Image.Image:
    """``image`` plus ``change`` over its frame, in strips, so that a large picture costs little memory."""
    width, height = image.size
    # One pixel more all around: the frame is up to a pixel smaller than the picture.
    fine = np.clip(np.rint(np.pad(change, 1, mode="edge") * _FINE) + 128, 0, 255).astype(np.uint8)
    source, scale = Image.fromarray(fine), (frame.box[2] - frame.box[0]) / change.shape[1]
    left, top = 1 - frame.box[0] / scale, 1 - frame.box[1] / scale
    dither = np.tile(_BAYER, (_STRIP // 8, -(-width // 8)))[:, :width]
    result = image.copy()
    for upper in range(0, height, _STRIP):
        lower = min(height, upper + _STRIP)
        box = (left, top + upper / scale, left + width / scale, top + lower / scale)
        part = np.asarray(
            source.resize((width, lower - upper), Image.Resampling.BICUBIC, _within(box, source.size))
        )
        whole = (part.astype(np.int16) - 128 + dither[: lower - upper]) // _FINE + 128
        step = Image.fromarray(whole.astype(np.uint8))
        still = [Image.new("L", step.size, 128)] if image.mode == "RGBA" else []
        area = (0, upper, width, lower)
        result.paste(ImageChops.add(image.crop(area), Image.merge(image.mode, [step] * 3 + still), 1, -128), area)
    return result


def _within(box: tuple[float, ...], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """``box`` without what rounding put outside."""
    return max(0.0, box[0]), max(0.0, box[1]), min(size[0], box[2]), min(size[1], box[3])
