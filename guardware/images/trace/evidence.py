"""From soft bits to marks: decoding, and weighing the marks that the record names against each other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardware.images.trace.code import code_words, decode, scores

CERTAIN = 6.0
"""z above which a copy is named. One innocent of a thousand million gets there by chance, so one reading of ten
thousand accuses one of 100 000 candidates wrongly."""
_PLAIN = 3.0
"""z that a mark must also have before anything is taken out of the leak."""
_MOST = 32
"""Marks named in one reading: a copy averaged of more than about ten names nobody."""


class Sign(NamedTuple):
    """A mark that was found. ``z``: how strongly the leak speaks for it, or what is left of the leak when stronger
    marks are taken out. ``tagged``: it was decoded, and its keyed
    tag fits (chance: one in 2**24)."""

    mark: int
    z: float
    tagged: bool


def weigh(soft: NDArray[np.floating], key: bytes, candidates: NDArray[np.int64]) -> list[Sign]:
    """The marks in ``soft``: the one that decodes, and those of ``candidates`` above ``CERTAIN``.

    Both polarities are read: a veil that inverts turns all bits over, and so does undoing it.
    """
    words = code_words(key, candidates.tolist())
    best: dict[int, Sign] = {}
    for sense in (soft, -soft):
        signs = [Sign(int(candidates[at]), z, False) for at, z in _named(sense, words)]
        decoded = decode(sense, key)
        if decoded.valid:
            z = float(scores(sense, code_words(key, [decoded.mark]))[0])
            signs.append(Sign(decoded.mark, z, True))
        for sign in signs:
            seen = best.get(sign.mark, sign)
            best[sign.mark] = Sign(sign.mark, max(seen.z, sign.z), seen.tagged or sign.tagged)
    return sorted(best.values(), key=lambda sign: -sign.z)


def _named(soft: NDArray[np.floating], words: NDArray[np.uint8]) -> list[tuple[int, float]]:
    """Places in ``words`` and z, one after the other: each time what the words found so far explain is taken out
    of ``soft`` (orthogonal matching pursuit). A copy averaged of several names each of them, and a strong one
    lends nothing to others whose words happen to be like it."""
    found: list[tuple[int, float]] = []
    plain = rest = soft.astype(np.float64)
    possible = np.flatnonzero(scores(plain, words) > _PLAIN)
    while len(found) < min(_MOST, len(possible)):
        z = scores(rest, words[possible])
        at = int(z.argmax())
        if z[at] <= CERTAIN:
            break
        found.append((int(possible[at]), float(z[at])))
        basis = 1.0 - 2.0 * words[[place for place, _ in found]].T
        rest = plain - basis @ np.linalg.lstsq(basis, plain, rcond=None)[0]
    return found
