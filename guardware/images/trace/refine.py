"""Refining a placement: least squares on the affine map, from coarse to fine, gain and brightness left free."""

import math
from typing import Final, NamedTuple

import numpy as np

from guardware.images.trace.plane import (
    Box,
    Mask,
    Matrix,
    Plane,
    compose,
    fast_length,
    high_pass,
    inside,
    resized,
    warped,
)

_STEPS: Final = 8
_STILL: Final = 0.02
"""Largest movement of a corner, in pixels, after which refining goes on no longer."""
_RIDGE: Final = 1e-4
"""Share of the mean curvature added to each unknown: a featureless picture moves little instead of anywhere."""
_CLIP: Final = 3.0
"""Standard deviations beyond which a residual counts no more than that: stickers and text on a leak."""
_EDGE: Final = 4
"""Pixels of the mask's rim that are passed over: the high-pass sees beyond the edge there."""

AFFINE: Final = np.eye(6)
"""All six moves: (x by x, x by y, x, y by x, y by y, y)."""
SCALED: Final = np.array([[1.0, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]]).T
"""One scale and a shift: any resizing and cropping that keeps proportions."""
STRETCHED: Final = np.array([[1.0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], *SCALED.T[1:]]).T
"""Two scales and a shift."""
SIMILAR: Final = np.array([*SCALED.T, [0.0, -1, 0, 1, 0, 0]]).T
"""One scale, a turn and a shift."""


class Leak(NamedTuple):
    """A leak to be placed. ``content``: left, top, right, bottom of what is within its border, in pixels."""

    plane: Plane
    content: Box

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.plane.shape[1], self.plane.shape[0]

    def shrunk(self, side: int) -> "Leak":
        """The same with a shorter side of no more than ``side``."""
        ratio = side / min(self.size)
        if ratio >= 1:
            return self
        size = round(self.size[0] * ratio), round(self.size[1] * ratio)
        across, down = size[0] / self.size[0], size[1] / self.size[1]
        left, top, right, bottom = self.content
        box = left * across, top * down, right * across, bottom * down
        return Leak(resized(self.plane, size), box)


class Scene(NamedTuple):
    """Leak and original as one level of the pyramid sees them. ``original``: high-passed. ``leak``: no finer than
    the original's grid; ``shrink``: how many pixels of the whole leak one of its pixels stands for, by axis.
    ``content``: how many pixels of the whole leak are within its border."""

    original: Plane
    leak: Plane
    shrink: tuple[float, float]
    content: float


class Fit(NamedTuple):
    """``matrix``: from the level's grid to the whole leak. ``ncc``: normalised correlation, -1 to 1. ``shared``:
    share of the leak's content that lies within the original."""

    matrix: Matrix
    ncc: float
    shared: float

    @property
    def score(self) -> float:
        """What placements are compared by: a few well fitting pixels are worth less than many."""
        return self.ncc * math.sqrt(min(1.0, self.shared))


def scene(leak: Leak, original: Plane, matrix: Matrix) -> Scene:
    """The level at the resolution of ``original`` (high-passed). ``matrix`` maps its grid to ``leak``, roughly."""
    width, height = leak.size
    rows = [max(1.0, float(np.hypot(row[0], row[1]))) for row in matrix]
    size = max(8, round(width / rows[0])), max(8, round(height / rows[1]))
    left, top, right, bottom = leak.content
    shrink = width / size[0], height / size[1]
    return Scene(original, resized(leak.plane, size), shrink, (right - left) * (bottom - top))


def seen(level: Scene, matrix: Matrix) -> tuple[Plane, Mask]:
    """The leak on the level's grid, and where it is known."""
    height, width = level.original.shape
    small = matrix / np.array(level.shrink)[:, None]
    known = inside(small, (width, height), level.leak.shape[::-1])
    brought = warped(level.leak, small, (width, height))
    if known.any():
        brought = np.where(known, brought, brought[known].mean())
    return brought, known


def judge(level: Scene, matrix: Matrix) -> Fit:
    """How well ``matrix`` fits."""
    return _fit(level, matrix, *_look(level, matrix))


def _look(level: Scene, matrix: Matrix) -> tuple[Plane, Mask]:
    """The leak's detail on the level's grid, and where it is known well."""
    brought, known = seen(level, matrix)
    return high_pass(brought), _core(known)


def _fit(level: Scene, matrix: Matrix, brought: Plane, core: Mask) -> Fit:
    if core.sum() < 64:
        return Fit(matrix, -1.0, 0.0)
    a, b = level.original[core], brought[core]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    area = abs(float(np.linalg.det(matrix[:, :2])))
    return Fit(matrix, float(np.dot(a, b)) / norm if norm else 0.0, float(core.sum()) * area / level.content)


def _core(known: Mask) -> Mask:
    """``known`` without its rim."""
    padded = np.pad(known, _EDGE)
    for axis in (0, 1):
        padded = padded & np.roll(padded, _EDGE, axis) & np.roll(padded, -_EDGE, axis)
    return padded[_EDGE:-_EDGE, _EDGE:-_EDGE]


def best_shift(level: Scene, matrix: Matrix) -> tuple[int, int]:
    """Pixels of the grid, across and down, by which the leak under ``matrix`` should lie elsewhere: 0, 0 unless
    the picture is like itself and the search was taken in, by a line of text, say."""
    brought, core = _look(level, matrix)
    window = np.where(core, brought, 0)
    height, width = level.original.shape
    padded = fast_length(2 * height), fast_length(2 * width)
    match = np.fft.irfft2(np.fft.rfft2(level.original, padded) * np.fft.rfft2(window, padded).conj(), padded)
    down, across = divmod(int(match.argmax()), padded[1])
    return across - padded[1] * (across > width), down - padded[0] * (down > height)


def refine(level: Scene, matrix: Matrix, freedom: Matrix = AFFINE) -> Fit:
    """The best fit near ``matrix`` within ``freedom`` (one of the above): Gauss-Newton with the mean of both
    gradients (Benhimane and Malis, "Real-time image-based tracking of planes using efficient second-order
    minimization", IROS 2004)."""
    best, movement = Fit(matrix, -1.0, 0.0), float("inf")
    for left in reversed(range(_STEPS + 1)):
        brought, core = _look(level, matrix)
        fit = _fit(level, matrix, brought, core)
        if fit.score < 0.9 * best.score:
            break
        best = max(best, fit, key=lambda one: one.score)
        step = _newton(level.original, brought, core, freedom) if left and movement > _STILL else None
        if step is None:
            break
        matrix, movement = compose(matrix, step), _moved(step, level.original.shape)
    return best


def _newton(original: Plane, brought: Plane, core: Mask, freedom: Matrix) -> Matrix | None:
    """The small affine map of the grid that brings ``brought`` nearer to ``original``."""
    if core.sum() < 64:
        return None
    a, b = original[core], brought[core]
    power = float(np.dot(b, b))
    if power == 0 or float(np.dot(a, a)) == 0:
        return None
    gain = max(float(np.dot(a, b)) / power, 0.2 * float(np.std(a)) / float(np.std(b)))
    along_y, along_x = (np.asarray(one) for one in np.gradient(0.5 * (original + gain * brought)))
    residual = np.asarray(a - gain * b, np.float64)
    limit = _CLIP * float(residual.std())
    rows, columns = np.nonzero(core)
    height, width = original.shape
    x, y = (columns + 0.5 - width / 2) / width, (rows + 0.5 - height / 2) / width
    gx, gy = along_x[core], along_y[core]
    slopes = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy], 1).astype(np.float64) @ freedom
    product: Matrix = np.matmul(slopes.T, slopes)
    ridge = _RIDGE * float(np.trace(product)) / len(product) + 1e-9
    curve: Matrix = product + np.eye(len(product)) * ridge
    moves: Matrix = freedom @ np.linalg.solve(curve, slopes.T @ np.clip(residual, -limit, limit))
    return _as_map(moves, width, height)


def _as_map(moves: Matrix, width: int, height: int) -> Matrix:
    """Moves in units of the middle and of the width, as a 2x3 matrix on the grid."""
    linear = moves.reshape(2, 3)[:, :2] / width
    shift = moves.reshape(2, 3)[:, 2] - linear @ np.array([width / 2, height / 2])
    return np.column_stack([np.eye(2) + linear, shift])


def _moved(step: Matrix, shape: tuple[int, ...]) -> float:
    corners = np.array([(x, y) for x in (0, shape[1]) for y in (0, shape[0])], np.float64)
    return float(np.abs(corners @ (step[:, :2] - np.eye(2)).T + step[:, 2]).max())
