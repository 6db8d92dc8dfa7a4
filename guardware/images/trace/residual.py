"""Reading T1 with the original: what was added to each block, compared with what either bit would have added.

Stronger than blind reading: the picture itself is no noise any more, and blocks that carry only a share of the
quantiser's step (flat ones) count in full.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from guardware.images.trace.blocks import BLOCK, DATA_AT, Grid, activity, grid, projection, strength, tables, tiles
from guardware.images.trace.code import WORD_BITS
from guardware.images.trace.plane import Mask, Plane

_TONES: Final = 24
"""Straight pieces of the curve from the original's tones to the leak's: enough for gamma, and for what is cut off
at white."""
_STIFF: Final = 0.002
"""Share of all pixels that pulls each piece towards the slope of its neighbours: tones that hardly occur."""
_SAMPLE: Final = 64
"""Blocks over which a variance is taken."""
_LEAST_VARIANCE: Final = 0.05
"""Of a coefficient, in grey levels squared: rounding to 8 bits alone gives 1/12."""
_UNSURE: Final = 1.5
"""Grey levels by which a projection in our copy of the original may be off: resizing and rounding."""
_MOST: Final = 6.0
"""Largest vote (log-likelihood) of one block."""


def soft_informed(
    leak: Plane, original: Plane, key: bytes, delta: float, known: Mask | None = None, host: Plane | None = None
) -> NDArray[np.float64]:
    """288 log-likelihoods, above 0 for bit 0.

    ``leak``: registered onto ``original``, which is the canonical frame that was marked. ``known``: the pixels
    that the leak shows (all, if not given). ``host``: the original as the unmarked leak would look, when that is
    another channel than ``original``: luma for a greyscale leak, say. Tones (brightness, contrast, gamma,
    inversion) need not agree, they are fitted.
    """
    if known is None:
        known = np.ones(leak.shape, np.bool_)
    if known.sum() < _SAMPLE * BLOCK * BLOCK:
        return np.zeros(WORD_BITS)
    expected, slope = _toned(original if host is None else host, leak, known)
    blocks, table = grid(original), tables(key)
    added = grid(np.where(known, leak - expected, 0).astype(np.float32)).cosines
    gain = tiles(slope, blocks.offset, (len(blocks.row), len(blocks.column))).mean((2, 3))
    whole = blocks.whole(known)
    there = grid(np.where(known, expected, 0).astype(np.float32)).cosines
    change, variance = _measured(added, there, gain, blocks.of(table.signs), activity(blocks.cosines), whole)
    votes = _votes(change, variance, blocks, key, delta)
    return np.bincount(blocks.of(table.bit).ravel(), (votes * whole).ravel(), WORD_BITS).astype(np.float64)


def _toned(host: Plane, leak: Plane, known: Mask) -> tuple[Plane, Plane]:
    """``host`` in the leak's tones, and by how much each pixel's contrast is changed."""
    low, high = float(host[known].min()), float(host[known].max()) + 1.0
    at = (host - low).clip(0, high - low) * (_TONES / (high - low))
    piece = np.minimum(at.astype(np.intp), _TONES - 1)
    part = at - piece
    curve, aim = np.zeros((_TONES + 1, _TONES + 1)), np.zeros(_TONES + 1)
    where, share, value = piece[known], part[known].astype(np.float64), leak[known].astype(np.float64)
    for first, one in ((0, 1 - share), (1, share)):
        aim += np.bincount(where + first, one * value, _TONES + 1)
        for second, other in ((0, 1 - share), (1, share)):
            total = np.bincount(where, one * other, _TONES)
            curve[np.arange(_TONES) + first, np.arange(_TONES) + second] += total
    bend = np.diff(np.eye(_TONES + 1), 2, axis=0)
    knots = np.linalg.solve(curve + bend.T @ bend * (_STIFF * known.sum()) + 1e-6 * np.eye(_TONES + 1), aim)
    slopes = np.diff(knots)
    expected = knots[piece] + slopes[piece] * part
    return expected.astype(np.float32), (slopes[piece] * (_TONES / (high - low))).astype(np.float32)


def _measured(
    added: Plane, there: Plane, gain: Plane, signs: Plane, busy: Plane, whole: Mask
) -> tuple[Plane, Plane]:
    """By block: how far its projection was moved, and the variance of that."""
    moved = added[..., DATA_AT[0], DATA_AT[1]]
    host = there[..., DATA_AT[0], DATA_AT[1]]
    # Blur and resizing pass each coefficient on with a loss of its own: what the host lost, the mark lost too.
    lost = (moved * host)[whole].sum(0) / ((host * host)[whole].sum(0) + 1.0)
    moved = moved - lost * host
    passed = gain[..., None] * np.clip(1 + lost, 0.05, 1.5) * signs
    noise = _variance(moved, busy, whole)
    weight = (passed * passed / noise).sum(-1) + 1e-9
    return (passed * moved / noise).sum(-1) / weight, 1 / weight


def _variance(moved: Plane, busy: Plane, whole: Mask) -> Plane:
    """Of each block's coefficients, over blocks that are about as busy."""
    variance = np.full_like(moved, np.inf)
    order = np.flatnonzero(whole.ravel())[np.argsort(busy[whole], kind="stable")]
    flat = moved.reshape(-1, moved.shape[-1])
    for part in np.array_split(order, max(1, min(12, len(order) // _SAMPLE))):
        variance.reshape(flat.shape)[part] = (flat[part] ** 2).mean(0) + _LEAST_VARIANCE
    return variance


def _votes(change: Plane, variance: Plane, blocks: Grid, key: bytes, delta: float) -> Plane:
    """The log-likelihood of bit 0 over bit 1 in each block."""
    table, share = tables(key), strength(blocks.cosines)
    before = projection(blocks.cosines, blocks.of(table.signs))
    likely = []
    for bit in (0, 1):
        start = (blocks.of(table.start) + 0.5 * bit) * delta
        wanted = np.round((before - start) / delta) * delta + start - before
        other = wanted - np.copysign(delta, wanted)
        # Near the middle between two steps, the marker may have gone the other way.
        doubt = 0.5 * np.exp(-(((delta / 2 - np.abs(wanted)) / _UNSURE) ** 2))
        near, far = (-((change - share * move) ** 2) / (2 * variance) for move in (wanted, other))
        likely.append(np.logaddexp(near + np.log1p(-doubt), far + np.log(doubt + 1e-12)))
    votes: Plane = np.clip(likely[0] - likely[1], -_MOST, _MOST)
    return votes
