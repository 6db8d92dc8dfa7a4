"""Reading T1 without the original.

A copy that was only resized, recompressed, mirrored, letterboxed or cropped to its middle is read in a tenth of a
second; other crops and turned copies are searched for by the template.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guardware.images.trace import hypotheses
from guardware.images.trace.blind import DELTA, MOST_ASPECT
from guardware.images.trace.blocks import projection, strength, tables
from guardware.images.trace.code import WORD_BITS, Decoded, decode
from guardware.images.trace.frame import SIDE
from guardware.images.trace.hypotheses import Guess
from guardware.images.trace.plane import Plane, mean_plane, resized

LEAST_QUALITY: Final = 0.66
"""Quality below which a fitting tag counts for nothing. Wrong keys give 0.606 +- 0.017 (3812 decodings of crops of
ten pictures; 5 came to 0.66, the highest to 0.676). The weakest of 729 true readings with the original had 0.67,
so there is no room for more. By these five, 200 hypotheses in each of 10 000 pictures would read something false
with a probability of about 200 * 10 000 / 2**24 / 760, one in 6000: an estimate, too rare to be counted."""
_GAINS: Final = tuple(1 + 0.02 * step for step in range(-10, 11))
"""Changes of contrast tried: a projection of 30 grey levels moves by a fifth of a step when contrast is off by
20 %."""
_DECODED: Final = 2
"""Of all gains and polarities, how many are decoded: the right one has nearly always the most energy."""
_PLAIN: Final = 4
"""Of the borders looked through, how many are decoded: those in which the template stands out most."""
_LEAST_BITS: Final = 200
"""Code bits that at least one block must carry: a code word that is mostly unknown fits anything."""
_LEAST_SIDE: Final = 48
"""Pixels of a leak's shorter side below which nothing is left of the mark's wavelengths."""
_LARGEST: Final = 4
"""A leak is first brought to this many frames' shorter side."""


class Reading(NamedTuple):
    """What was read. ``mark`` has a meaning only if ``valid``. ``quality``: 0 to 1, see ``LEAST_QUALITY``.
    ``how``: where the frame was found. ``soft``: the 288 votes, above 0 for bit 0, for a comparison with the
    record."""

    mark: int
    valid: bool
    quality: float
    how: str
    soft: NDArray[np.float64]


_NOTHING: Final = Reading(0, False, 0.0, "too small", np.zeros(WORD_BITS))


def read(image: Image.Image, key: bytes, *, delta: float = DELTA, search: bool = True) -> Reading:
    """The mark in ``image`` (any mode, raw or corrected by its profile), or the likeliest frame's votes with
    ``valid`` false. Looks at the whole frame, within a border, mirrored, as a negative, brighter and darker; with
    ``search`` also turned by up to 6 degrees and cropped, which takes some seconds."""
    if min(image.size) < _LEAST_SIDE or max(image.size) > MOST_ASPECT * min(image.size):
        return _NOTHING
    leak = _leak(image)
    likeliest = 0.0, _NOTHING
    for guess in _guesses(leak, key, search):
        reading = _read(leak, guess, key, delta)
        if reading.valid:
            return reading
        if abs(guess.z) > likeliest[0]:
            likeliest = abs(guess.z), reading
    return likeliest[1]


def _leak(image: Image.Image) -> Plane:
    plane = mean_plane(image)
    ratio = min(1.0, _LARGEST * SIDE / min(plane.shape))
    return resized(plane, (max(1, round(plane.shape[1] * ratio)), max(1, round(plane.shape[0] * ratio))))


def _guesses(leak: Plane, key: bytes, search: bool) -> Iterator[Guess]:
    judged = [guess.judged(leak, key) for guess in hypotheses.plain(leak)]
    # The whole frame always: in line art the template hardly stands out, and white paper looks like a border.
    whole = [guess for guess in judged if guess.how.startswith("frame")]
    rest = [guess for guess in judged if not guess.how.startswith("frame")]
    odd = chain(hypotheses.turned(leak, key), hypotheses.cropped(leak, key)) if search else iter(())
    return chain(*(sorted(some, key=_standing)[:_PLAIN] for some in (whole, rest)), odd)


def _standing(guess: Guess) -> float:
    return -abs(guess.z)


def _read(leak: Plane, guess: Guess, key: bytes, delta: float) -> Reading:
    votes, energy = softs(leak, guess, key, delta)
    best = [votes[index] for index in np.argsort(-energy)[:_DECODED]]
    decoded = [decode(soft, key) for soft in best]
    for one, soft in zip(decoded, best, strict=True):
        if trusted(one, soft):
            return Reading(one.mark, True, one.quality, guess.how, soft)
    return Reading(decoded[0].mark, False, decoded[0].quality, guess.how, best[0])


def trusted(decoded: Decoded, soft: NDArray[np.float64]) -> bool:
    """Whether the tag fits, and so well that it is not by chance."""
    return decoded.valid and decoded.quality >= LEAST_QUALITY and int(np.count_nonzero(soft)) >= _LEAST_BITS


def softs(leak: Plane, guess: Guess, key: bytes, delta: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The votes at every gain and both polarities, [n, 288], and how far each stands above noise."""
    (seen, whole), table = guess.blocks(leak), tables(key)
    there = projection(seen.cosines, np.asarray(seen.of(table.signs), np.float32))
    weight, start = strength(seen.cosines) * whole, np.asarray(seen.of(table.start), np.float32)
    bit = np.asarray(seen.of(table.bit)).ravel()
    votes = np.array(
        [
            np.bincount(
                bit, (np.cos(2 * np.pi * (sign * there / (gain * delta) - start)) * weight).ravel(), WORD_BITS
            )
            for sign in (1, -1)
            for gain in _GAINS
        ]
    )
    noise = np.bincount(bit, (weight * weight).ravel(), WORD_BITS) / 2
    return votes, (votes**2 / np.maximum(noise, 1e-9)).sum(1)
