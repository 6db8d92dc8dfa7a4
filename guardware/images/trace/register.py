"""Registration: where in the original a leaked picture comes from, as an affine map."""

from typing import Final, NamedTuple

import numpy as np
from PIL import Image

from guardware.images.trace.coarse import exact, guesses
from guardware.images.trace.plane import Box, Mask, Matrix, Plane, brought, compose, onto, resized
from guardware.images.trace.refine import AFFINE, SCALED, SIMILAR, STRETCHED, Fit, best_shift, judge, refine, scene

_SIDES: Final = (64, 128, 256)
"""Shorter side of the original on each level of the pyramid."""

_LEAST_SIDE: Final = 16
_MOST_ASPECT: Final = 64
"""Of leaks and originals: others are not looked for."""
_SURE: Final = 0.95
"""Score at which no further guess is looked at."""
_LIKELY: Final = 0.8
_PATIENCE: Final = 3
"""Score at which only so many further guesses are: right ones come to 0.8 to 1, wrong ones to 0.3, but a page of
text that is off by a line to 0.9."""
_AS_GOOD: Final = 0.001
"""Score by which a plainer map may be worse than the refined one and still be taken for the right one."""
_UPRIGHT: Final = 0.5
"""Pixels of the leak by which its edge may be tilted and still count as upright."""
_HOPELESS: Final = 0.15
"""Score on a coarse level below which a guess is given up."""


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
    """Where ``leak`` comes from in ``original``: scaled, squeezed, cropped, bordered, mirrored, turned by up to
    about 7 degrees. Always an answer; ``ncc`` says what it is worth (a right one seldom has less than 0.6, a wrong
    one seldom more than 0.4). A veiled leak is compared with the original seen through the same veil."""
    height, width = original.shape
    fit, how, patience = Fit(_whole(leak, (width, height)), -1.0, 0.0), "nothing", _PATIENCE
    placeable = _placeable(leak) and _placeable(original)
    levels = [resized(original, _at_side((width, height), side)) for side in _SIDES] if placeable else []
    for matrix, name in guesses(leak, original) if placeable else ():
        tried = _descend(leak, levels, matrix, (width, height))
        if tried.score > fit.score:
            fit, how = tried, name
        if fit.score > _SURE or (fit.score > _LIKELY and patience == 0):
            break
        patience -= fit.score > _LIKELY
    if 0 < fit.score < _SURE:
        fit = _elsewhere(leak, levels[-1], (width, height), fit)
    if fit.ncc > 0:
        fit = _plainest(leak, levels, (width, height), fit)
    mirrored = bool(np.linalg.det(fit.matrix[:, :2]) < 0)
    return Placement(
        fit.matrix, mirrored, fit.ncc, fit.shared, (width, height), (leak.shape[1], leak.shape[0]), how
    )


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


def _whole(leak: Plane, size: tuple[int, int]) -> Matrix:
    return np.array([[leak.shape[1] / size[0], 0, 0], [0, leak.shape[0] / size[1], 0]])


def _elsewhere(leak: Plane, level: Plane, size: tuple[int, int], fit: Fit) -> Fit:
    """``fit``, or the one a whole shift away if that is better."""
    ratio = np.array([size[0] / level.shape[1], size[1] / level.shape[0], 1.0])
    across, down = best_shift(scene(leak, level, fit.matrix * ratio), fit.matrix * ratio)
    if not across and not down:
        return fit
    shifted = fit.matrix.copy()
    shifted[:, 2] -= fit.matrix[:, :2] @ (np.array([across, down]) * ratio[:2])
    return max(fit, _descend(leak, [level], shifted, size), key=lambda one: one.score)


def _plainest(leak: Plane, levels: list[Plane], size: tuple[int, int], fit: Fit) -> Fit:
    """The plainest map that fits as well: a sky alone says little about a small turn or squeeze."""
    tried = [_descend(leak, levels[-1:], matrix, size, None) for matrix in exact(leak, size)]
    if not any(plain.score > fit.score - _AS_GOOD for plain in tried):
        upright, even = _without_turn(fit.matrix, leak), _without_squeeze(fit.matrix, leak)
        for matrix, freedom in (
            (_without_squeeze(upright, leak), SCALED),
            (upright, STRETCHED),
            (even, SIMILAR),
        ):
            tried.append(_descend(leak, levels[1:], matrix, size, freedom))
    best = max(plain.score for plain in [*tried, fit])
    return next((plain for plain in tried if plain.score > best - _AS_GOOD), fit)


def _without_turn(matrix: Matrix, leak: Plane) -> Matrix:
    return _about(matrix, np.diag(np.diag(matrix)), leak)


def _without_squeeze(matrix: Matrix, leak: Plane) -> Matrix:
    """The nearest map that keeps angles, mirrored or not."""
    left, scales, right = np.linalg.svd(matrix[:, :2])
    return _about(matrix, left @ right * float(scales.mean()), leak)


def _about(matrix: Matrix, linear: Matrix, leak: Plane) -> Matrix:
    """The map with another ``linear`` part that brings the same point to the leak's middle."""
    middle = np.array([leak.shape[1] / 2, leak.shape[0] / 2])
    return np.column_stack([linear, middle - linear @ np.linalg.solve(matrix[:, :2], middle - matrix[:, 2])])


def _at_side(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / min(size)
    return max(side, round(size[0] * scale)), max(side, round(size[1] * scale))


def _descend(
    leak: Plane, levels: list[Plane], matrix: Matrix, size: tuple[int, int], freedom: Matrix | None = AFFINE
) -> Fit:
    """``matrix`` (original to leak) refined on every level, or judged when there is no freedom; the result is for
    the original's full grid again."""
    fit = Fit(matrix, -1.0, 0.0)
    for level in levels:
        ratio = np.array([size[0] / level.shape[1], size[1] / level.shape[0], 1.0])
        there = scene(leak, level, fit.matrix * ratio)
        found = judge(there, fit.matrix * ratio)
        if freedom is not None:
            found = refine(there, fit.matrix * ratio, freedom)
        fit = found._replace(matrix=found.matrix / ratio)
        if fit.score < _HOPELESS:
            break
    return fit
