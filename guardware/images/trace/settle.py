"""Settling a registration: a guess refined down the pyramid, then checked against what is likelier."""

from typing import Final

import numpy as np

from guardware.images.trace.coarse import exact
from guardware.images.trace.plane import Matrix, Plane, high_pass, resized
from guardware.images.trace.refine import (
    AFFINE,
    SCALED,
    SIMILAR,
    STRETCHED,
    Fit,
    Leak,
    best_shift,
    judge,
    refine,
    scene,
)

_SIDES: Final = (64, 128, 256)
"""Shorter side of the original on each level of the pyramid."""
_AS_GOOD: Final = 0.1
"""Share of what the best score lacks by which a plainer map may be worse and still be taken for the right one:
what is left is the mark, JPEG and lost sharpness, and a free map bends itself to them a little."""
_HOPELESS: Final = 0.15
"""Score on a coarse level below which a guess is given up."""


class Pyramid:
    """An original at three resolutions, ready for a ``leak`` to be placed in it."""

    def __init__(self, leak: Leak, original: Plane) -> None:
        self._leak = leak
        self._size = original.shape[1], original.shape[0]
        self._levels = [high_pass(resized(original, _at_side(self._size, side))) for side in _SIDES]

    def descend(self, matrix: Matrix, freedom: Matrix = AFFINE, first: int = 0) -> Fit:
        """``matrix`` (original to leak) refined on every level from ``first`` on, within ``freedom``; the result
        is for the original's own grid again."""
        fit = Fit(matrix, -1.0, 0.0)
        for level in self._levels[first:]:
            ratio = self._ratio(level)
            found = refine(scene(self._leak, level, fit.matrix * ratio), fit.matrix * ratio, freedom)
            fit = found._replace(matrix=found.matrix / ratio)
            if fit.score < _HOPELESS:
                break
        return fit

    def judge(self, matrix: Matrix) -> Fit:
        """How well ``matrix`` fits as it is."""
        ratio = self._ratio(self._levels[-1])
        return judge(scene(self._leak, self._levels[-1], matrix * ratio), matrix * ratio)._replace(matrix=matrix)

    def elsewhere(self, fit: Fit) -> Fit:
        """``fit``, or the one a whole shift away if that is better: pages of text are much like themselves."""
        ratio = self._ratio(self._levels[-1])
        across, down = best_shift(scene(self._leak, self._levels[-1], fit.matrix * ratio), fit.matrix * ratio)
        if not across and not down:
            return fit
        shifted = fit.matrix.copy()
        shifted[:, 2] -= fit.matrix[:, :2] @ (np.array([across, down]) * ratio[:2])
        return max(fit, self.descend(shifted, first=len(self._levels) - 1), key=lambda one: one.score)

    def plainest(self, fit: Fit) -> Fit:
        """The plainest map that fits as well: a sky alone says little about a small turn or squeeze."""
        tried = [self.judge(matrix) for matrix in exact(self._leak, self._size)]
        if not any(_as_good(plain, fit.score) for plain in tried):
            upright, even = self._without_turn(fit.matrix), self._without_squeeze(fit.matrix)
            plain = self._without_squeeze(upright)
            for matrix, freedom in ((plain, SCALED), (upright, STRETCHED), (even, SIMILAR)):
                tried.append(self.descend(matrix, freedom, first=1))
        best = max(one.score for one in [*tried, fit])
        return next((one for one in tried if _as_good(one, best)), fit)

    def _ratio(self, level: Plane) -> Matrix:
        return np.array([self._size[0] / level.shape[1], self._size[1] / level.shape[0], 1.0])

    def _without_turn(self, matrix: Matrix) -> Matrix:
        return self._about(matrix, np.diag(np.diag(matrix)))

    def _without_squeeze(self, matrix: Matrix) -> Matrix:
        """The nearest map that keeps angles, mirrored or not."""
        left, scales, right = np.linalg.svd(matrix[:, :2])
        return self._about(matrix, left @ right * float(scales.mean()))

    def _about(self, matrix: Matrix, linear: Matrix) -> Matrix:
        """The map with another ``linear`` part that brings the same point to the leak's middle."""
        middle = np.array(self._leak.size) / 2
        return np.column_stack([linear, middle - linear @ np.linalg.solve(matrix[:, :2], middle - matrix[:, 2])])


def _as_good(plain: Fit, score: float) -> bool:
    return plain.score > score - _AS_GOOD * (1 - score)


def _at_side(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = side / min(size)
    return max(side, round(size[0] * scale)), max(side, round(size[1] * scale))
