"""Reading a splice (T2) with the original at hand: what the leak has that the original has not, weighed cell by
cell.

The mark is the same in all three channels. So it does not matter whether the leak is veiled, unveiled or grey:
each of its channels is explained as well as possible by all channels of the original, and what is left over is
combined in the mixture that has the least noise for something common to all.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guardware.images.trace.cells import Grid, tables
from guardware.images.trace.code import WORD_BITS
from guardware.images.trace.masking import hidden
from guardware.images.trace.plane import Mask, Plane, box_blur
from guardware.images.trace.register import Placement

_SIDE = 512
"""Shorter side of the reading grid; the pattern is coarser than that by far."""
_KNOTS = np.linspace(0, 255, 9)
"""Grey levels at which the tone curve between original and leak is fitted: gamma, contrast, brightness, a veil."""
_SAMPLES = 40_000
"""Pixels that the fit looks at."""
_RIDGE = 1e-3
_REACH = 8
"""The slow part that is taken out of the residual is its mean over squares of 2 * shorter side / _REACH."""
_CLIP = 3.0
"""Standard deviations beyond which a residual counts no more: stickers, text, what registration got wrong."""
_FLOOR = 0.4
"""Grey levels of noise that are taken for granted: half a quantisation step or so."""
_RIM = 2
_WILD = 6.0
"""Median deviations beyond which nothing is a mark: a sticker would spoil the means of all that is around it."""
_NEAR = 6
"""Pixels around one that its variance is taken over."""
_LEAST = 1024
"""Pixels that must be known."""
_HEADROOM = 2.0
"""Grey levels from white or black within which a pattern is clipped."""
_SOME_GROUND = 0.02


class Residual(NamedTuple):
    """What the leak has beyond the original, on a grid over the whole original. ``plane``: in grey levels;
    ``weight``: one over its local variance, 0 where the leak shows nothing; ``share``: of the full strength that a
    mark has there; ``ground``: -1 where the original is white and a mark can only darken it, 1 where it is black,
    0 between. ``known``: share of the original that the leak shows."""

    plane: Plane
    weight: Plane
    share: Plane
    ground: Plane
    known: float


def residual(leak: Image.Image, original: Image.Image, placement: Placement) -> Residual:
    """The residual of ``leak`` (RGB) against ``original`` (RGB, the picture as it was before marking)."""
    size = _grid_size(original.size, placement)
    here = _planes(original.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))
    brought = [placement.bring(plane, size) for plane in _planes(leak)]
    known = _core(brought[0][1])
    if known.sum() < _LEAST:
        nothing = np.zeros((size[1], size[0]), np.float32)
        return Residual(nothing, nothing, nothing, nothing, 0.0)
    left = _unexplained([plane for plane, _ in brought], here, known)
    plane, weight = _weighed(np.stack([_levelled(plane, known) for plane in left]), known)
    share = np.asarray(hidden(original).resize(size, Image.Resampling.BILINEAR), np.float32) / np.float32(255)
    return Residual(plane, weight, share, _ground(here), float(known.mean()))


def soft_splice(left: Residual, grid: Grid, key: bytes) -> NDArray[np.float64]:
    """The 288 soft bits of a splice with the cells of ``grid`` (above 0 speaks for bit 0)."""
    bits, signs = tables(grid, key)
    height, width = left.plane.shape
    x = ((np.arange(width) + 0.5) * (grid.width / width)).astype(np.float32)
    y = ((np.arange(height) + 0.5) * (grid.height / height)).astype(np.float32)
    rows = np.minimum((y / grid.unit).astype(np.intp), grid.rows - 1)
    strength, cells = grid.along(rows[:, None], x[None])
    pattern = strength * grid.down(y)[:, None] * left.share
    plane = left.plane - _clipped(left, pattern)
    fits = plane * left.weight * pattern * (1 - np.abs(left.ground) / 2)
    per_cell = np.bincount(cells.ravel(), fits.ravel(), grid.cells)
    return np.bincount(bits, per_cell * signs, WORD_BITS).astype(np.float64)


def _clipped(left: Residual, pattern: Plane) -> Plane:
    """What every copy has in it, whatever its bits: on white the pattern can only darken, so its cells are darker
    than their rims by half of it."""
    if float(np.abs(left.ground).mean()) < _SOME_GROUND:
        return np.zeros_like(pattern)
    common = _levelled((pattern * left.ground / 2).astype(np.float32), left.weight > 0)
    power = float((left.weight * common * common).sum())
    share = float((left.weight * common * left.plane).sum()) / power if power else 0.0
    return np.float32(share) * common


def _grid_size(size: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """As fine as the leak at most: what a leak has lost of the original's detail would only be noise."""
    finest = float(np.sqrt(abs(np.linalg.det(placement.affine[:, :2])))) * placement.original[0] / size[0]
    scale = min(1.0, _SIDE / min(size), finest)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _planes(image: Image.Image) -> list[Plane]:
    return [np.asarray(channel, np.float32) for channel in image.convert("RGB").split()]


def _core(known: Mask) -> Mask:
    """``known`` without its rim and the picture's: resampling mixed something else into it there."""
    inner = np.pad(known[_RIM:-_RIM, _RIM:-_RIM], _RIM).astype(np.float32)
    core: Mask = box_blur(inner, _RIM) > 0.999
    return core


def _unexplained(leak: list[Plane], original: list[Plane], known: Mask) -> list[Plane]:
    """Each channel of ``leak`` less what tone curves of all channels of the original, its slopes (a shift) and its
    fine detail (blur, sharpening) explain of it."""
    columns = [*_hats(original), *_details(original)]
    chosen = np.flatnonzero(known)[:: max(1, int(known.sum()) // _SAMPLES)]
    basis = np.stack([column.ravel()[chosen] for column in columns], 1).astype(np.float64)
    normal = basis.T @ basis
    normal += np.eye(len(normal)) * (_RIDGE * len(chosen) / len(normal))
    left = []
    for plane in leak:
        weights = np.linalg.solve(normal, basis.T @ plane.ravel()[chosen])
        rest = plane.copy()
        for weight, column in zip(weights, columns, strict=True):
            rest -= np.float32(weight) * column
        most = _WILD * float(np.median(np.abs(rest[known]))) + 1.0
        left.append(np.clip(rest, -most, most))
    return left


def _hats(original: list[Plane]) -> list[Plane]:
    """Piecewise linear functions of each channel that together make any tone curve."""
    step = _KNOTS[1]
    return [
        np.maximum(0, 1 - np.abs(plane - np.float32(knot)) / np.float32(step))
        for plane in original
        for knot in _KNOTS
    ]


def _details(original: list[Plane]) -> list[Plane]:
    mean = np.asarray(np.stack(original).mean(0), np.float32)
    down, along = (np.asarray(np.gradient(mean, axis=axis), np.float32) for axis in (0, 1))
    soft = box_blur(mean, 1)
    return [down, along, mean - soft, soft - box_blur(soft, 2)]


def _levelled(plane: Plane, known: Mask) -> Plane:
    """``plane`` without its slow part, 0 where not known."""
    radius = max(4, min(plane.shape) // _REACH)
    share = known.astype(np.float32)
    flat = plane * share
    slow = box_blur(box_blur(flat, radius), radius) / np.maximum(box_blur(box_blur(share, radius), radius), 1e-3)
    return np.asarray((flat - slow) * share, np.float32)


def _ground(original: list[Plane]) -> Plane:
    """-1 on white, 1 on black."""
    planes = np.stack(original)
    black, white = (np.clip(1 - space / _HEADROOM, 0, 1) for space in (planes, 255 - planes))
    return np.asarray((black - white).mean(0), np.float32)


def _weighed(left: Plane, known: Mask) -> tuple[Plane, Plane]:
    """One plane out of three, the mixture with the least noise; and one over its local variance."""
    noise = np.cov(left[:, known])
    noise += np.eye(len(noise)) * (0.01 * np.trace(noise) + 1e-6)
    mixture = np.linalg.solve(noise, np.ones(len(noise)))
    plane = np.asarray(np.tensordot(mixture / mixture.sum(), left, 1), np.float32)
    share = np.maximum(box_blur(known.astype(np.float32), _NEAR), 1e-3)
    variance = box_blur(plane * plane, _NEAR) / share
    deviation = np.sqrt(np.maximum(variance, 0)) + _FLOOR
    limited = np.clip(plane, -_CLIP * deviation, _CLIP * deviation)
    return np.asarray(limited, np.float32), np.asarray(known / (deviation * deviation), np.float32)
