"""Registration: where in the original a leaked picture comes from, as an affine map."""

from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from guardware.images.trace.coarse import guesses
from guardware.images.trace.frame import content_box
from guardware.images.trace.plane import Box, Mask, Matrix, Plane, brought, compose, onto, resized
from guardware.images.trace.refine import Fit, Leak
from guardware.images.trace.settle import Pyramid

_NEAR: Final = 512
"""Shorter side that a leak is brought to: twice the finest level that it is compared on."""

_LEAST_SIDE: Final = 16
_MOST_ASPECT: Final = 64
"""Of leaks and originals: others are not looked for."""
_SURE: Final = 0.95
"""Score at which no further guess is looked at."""
_LIKELY: Final = 0.8
_PATIENCE: Final = 3
"""Score at which only so many further guesses are: a page of text that is off by a line comes to 0.9."""
_UPRIGHT: Final = 0.5
"""Pixels of the leak by which its edge may be tilted and still count as upright."""


class Placement(NamedTuple):
    """Where the leak lies. ``affine``: 2x3, from points of the original to points of the leak, in continuous
    coordinates (the middle of the first pixel is (0.5, 0.5)). ``mirrored``: the leak shows the original in a
    mirror (``affine`` says so too). ``ncc``: correlation of what both show, high-passed, -1 to 1. ``shared``:
    share of the leak's area found in the original. ``original``, ``leak``: sizes as (width, height) that
    ``affine`` speaks of. ``how``: what led there, for the report."""

    affine: Matrix
    mirrored: bool
    ncc: float
    shared: float
    original: tuple[int, int]
    leak: tuple[int, int]
    how: str

    def bring(self, leak: Plane, size: tuple[int, int] | None = None) -> tuple[Plane, Mask]:
        """``leak`` (any channel of it, in any resolution, its whole frame) on the original's grid, or on a grid of
        ``size`` (width, height) over the whole original; and which pixels are known. Unknown ones are 0."""
        width, height = size or self.original
        matrix = self._between((width, height), (leak.shape[1], leak.shape[0]))
        return brought(leak, matrix, (width, height))

    def part(self, box: Box, size: tuple[int, int]) -> "Placement":
        """The placement of the part ``box`` (left, top, right, bottom, in pixels of the original) of the original,
        seen at ``size``."""
        inner = onto(box, size, False, 0.0)
        return self._replace(affine=compose(self.affine, inner), original=size)

    def view(self, original: Plane, kernel: Image.Resampling) -> Plane:
        """The other way: ``original`` (any channel, any resolution) as the leak would show it, on the leak's grid,
        if it was made smaller with ``kernel``; white where the leak shows something else. Brought back, it has
        lost what the leak has lost."""
        matrix = self._between((original.shape[1], original.shape[0]), self.leak)
        tilt = max(abs(matrix[0, 1]) * original.shape[0], abs(matrix[1, 0]) * original.shape[1])
        if tilt < _UPRIGHT:
            return _scaled(original, matrix, self.leak, kernel)
        # Drawn at twice the size: resampling at the leak's own would blur what the leak has not lost.
        linear = np.linalg.inv(2 * matrix[:, :2])
        large = 2 * self.leak[0], 2 * self.leak[1]
        inverse = np.column_stack([linear, -linear @ (2 * matrix[:, 2])])
        plane, known = brought(original, inverse, large, margin=0.0)
        return resized(np.where(known, plane, np.float32(255)), self.leak)

    def _between(self, grid: tuple[int, int], source: tuple[int, int]) -> Matrix:
        """The map for other sizes of the same two pictures."""
        matrix = self.affine.copy()
        matrix[:, 0] *= self.original[0] / grid[0]
        matrix[:, 1] *= self.original[1] / grid[1]
        matrix[0] *= source[0] / self.leak[0]
        matrix[1] *= source[1] / self.leak[1]
        return matrix


def find(leak: Plane, original: Plane) -> Placement:
    """Where ``leak`` comes from in ``original``: scaled, squeezed, cropped, bordered, mirrored, turned by some
    degrees (5 are tested). Always an answer; ``ncc`` says what it is worth: 740 right ones (ten pictures, 37
    attacks) had 0.82 at least, 90 pairs of different pictures 0.33 at most. A veiled leak is compared with the
    original seen through the same veil."""
    height, width = original.shape
    whole = (leak.shape[1], leak.shape[0]), (width, height)
    fit, how = Fit(onto((0.0, 0.0, *whole[0]), whole[1], False, 0.0), -1.0, 0.0), "nothing"
    if _placeable(leak) and _placeable(original):
        box = content_box(leak)
        near = Leak(leak, (float(box[0]), float(box[1]), float(box[2]), float(box[3]))).shrunk(_NEAR)
        fit, how = _search(near, original)
        fit = fit._replace(
            matrix=fit.matrix * np.array([[leak.shape[1] / near.size[0]], [leak.shape[0] / near.size[1]]])
        )
    mirrored = bool(np.linalg.det(fit.matrix[:, :2]) < 0)
    return Placement(fit.matrix, mirrored, fit.ncc, fit.shared, whole[1], whole[0], how)


def _search(leak: Leak, original: Plane) -> tuple[Fit, str]:
    """The best of the guesses, settled."""
    pyramid, patience = Pyramid(leak, original), _PATIENCE
    size = original.shape[1], original.shape[0]
    best, how = pyramid.judge(onto((0.0, 0.0, *leak.size), size, False, 0.0)), "frame"
    for matrix, name in guesses(leak, original):
        fit = pyramid.descend(matrix)
        if fit.score > best.score:
            best, how = fit, name
        if best.score > _SURE or (best.score > _LIKELY and patience == 0):
            break
        patience -= best.score > _LIKELY
    if 0 < best.score < _SURE:
        best = pyramid.elsewhere(best)
    return (pyramid.plainest(best) if best.ncc > 0 else best), how


def _scaled(original: Plane, matrix: Matrix, leak: tuple[int, int], kernel: Image.Resampling) -> Plane:
    """``original`` under ``matrix``, which turns nothing, on a white plane as large as the leak."""
    view = np.full((leak[1], leak[0]), 255, np.float32)
    ends, source = [], []
    for axis, length in enumerate((original.shape[1], original.shape[0])):
        scale, shift = float(matrix[axis, axis]), float(matrix[axis, 2])
        first, last = sorted((shift, shift + scale * length))
        start, stop = max(0, round(first)), min(leak[axis], round(last))
        edges = sorted(((start - shift) / scale, (stop - shift) / scale))
        ends.append((start, stop))
        source.append((max(0.0, edges[0]), min(float(length), edges[1])))
    if any(start >= stop for start, stop in ends) or any(start >= stop for start, stop in source):
        return view
    (left, right), (top, bottom) = ends
    box = source[0][0], source[1][0], source[0][1], source[1][1]
    drawn = resized(original, (right - left, bottom - top), box, kernel)
    flip = tuple(slice(None, None, -1 if matrix[axis, axis] < 0 else 1) for axis in (1, 0))
    view[top:bottom, left:right] = drawn[flip]
    return view


def _placeable(plane: Plane) -> bool:
    """Whether there is enough of it, and anything to be seen in it."""
    sides = sorted(plane.shape)
    return sides[0] >= _LEAST_SIDE and sides[1] <= _MOST_ASPECT * sides[0] and float(np.ptp(plane)) > 0
