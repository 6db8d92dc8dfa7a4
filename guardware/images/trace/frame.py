"""The canonical frame: a picture's mean channel at one size, whatever size it is served or leaked at.

The shorter side is 256 pixels and everything is anchored at the middle, so a resized, centre-cropped or
letterboxed copy falls into the same frame without any search.
"""

from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from guardware.images.trace.plane import Plane, mean_plane

SIDE: Final = 256
"""Pixels of the frame's shorter side."""

_MEAN: Final = (1 / 3, 1 / 3, 1 / 3, 0.0)
_BORDER_STEP: Final = 10.0
_BORDER_SHARE: Final = 0.05
_LEAST_CONTENT: Final = 16


class Frame(NamedTuple):
    """``plane``: the mean channel, in grey levels, shorter side 256, longer side even. ``box``: left, top, right,
    bottom of the part of the picture it shows; all but the part of a pixel that evening costs."""

    plane: Plane
    box: tuple[float, float, float, float]


def frame_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the frame of a picture of ``size``."""
    scale = min(size) / SIDE
    width, height = (SIDE if side == min(size) else 2 * int(side / scale / 2 + 1e-6) for side in size)
    return width, height


def frame_box(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The part of a picture of ``size`` that its frame shows."""
    scale = min(size) / SIDE
    width, height = (side * scale for side in frame_size(size))
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, left + width, top + height


def canonical(image: Image.Image) -> Frame:
    """The frame of ``image`` (any mode; transparent parts are seen on white)."""
    box = frame_box(image.size)
    if image.mode not in ("RGB", "RGBA", "L", "F"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode == "RGB":
        # First to one channel, then smaller: a third of the work, and rounding is lost in the averaging.
        image = image.convert("L", _MEAN)
    small = image.resize(frame_size(image.size), Image.Resampling.LANCZOS, box, reducing_gap=2.0)
    return Frame(mean_plane(small), box)


def content_box(plane: Plane) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is left when a border of one colour, as img2dataset's letterbox or a
    rotation leaves it, is taken off; the whole plane when there is none."""
    other = np.abs(plane - plane[0, 0]) > _BORDER_STEP
    rows = np.flatnonzero(other.mean(1) > _BORDER_SHARE)
    columns = np.flatnonzero(other.mean(0) > _BORDER_SHARE)
    if min(len(rows), len(columns)) < _LEAST_CONTENT:
        return 0, 0, plane.shape[1], plane.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
