"""Code words: a mark as 288 bits that can be read back from a weak, noisy picture.

::

    mark (40 bits) ─► tag (24 bits, keyed) ─► 64 bits ─► convolutional code, K = 9, rate 1/4 ─► 288 bits

The tag tells a mark that is really there from noise: one wrong reading in 2**24 passes. The mark is masked with a
stream made from the tag (the order of SIV, RFC 5297), so marks that lie side by side have code words that have
nothing in common; unmasked, 1001 would be half accused by a copy that carries 1000.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MARK_BITS = 40
TAG_BITS = 24
WORD_BITS = 288
"""4 * (40 + 24 + 8): the code ends with K - 1 zeros."""

_POLYNOMIALS = (0o463, 0o535, 0o733, 0o745)
"""Rate 1/4, constraint length 9, free distance 24 (Larsen, IEEE Trans. Inf. Theory 19, 1973, table II)."""
_MEMORY = 8
_STEPS = MARK_BITS + TAG_BITS + _MEMORY
_BLOCK = 8192

_TAPS = tuple(sum(((p >> (_MEMORY - t)) & 1) << (3 - i) for i, p in enumerate(_POLYNOMIALS)) for t in range(9))
"""The four output bits that an input bit touches when it is ``t`` steps old."""


class Decoded(NamedTuple):
    """What a soft vector says. ``mark`` has a meaning only if ``valid``: the tag fits. ``quality``: how well the
    nearest code word fits, 0 to 1; noise alone gives 0.61 +- 0.02 (300 trials, the highest 0.66)."""

    mark: int
    valid: bool
    quality: float


class TableRng:
    """Keyed random tables. SHAKE-256 (FIPS 202) makes the bits, so no version of numpy can change them."""

    def __init__(self, key: bytes, label: str) -> None:
        self._seed = b"guardware trace table\0" + len(key).to_bytes(2, "big") + key + label.encode("ascii")
        self._drawn = 0

    def words(self, count: int) -> NDArray[np.uint64]:
        """``count`` random 64-bit numbers."""
        stream = hashlib.shake_256(self._seed + b"\0" + self._drawn.to_bytes(4, "big"))
        self._drawn += 1
        return np.frombuffer(stream.digest(8 * count), "<u8").astype(np.uint64)

    def unit(self, count: int) -> NDArray[np.float64]:
        """``count`` numbers, evenly spread over 0 <= x < 1."""
        return (self.words(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def signs(self, count: int) -> NDArray[np.float32]:
        """``count`` times -1 or +1."""
        return np.where(self.words(count) >> np.uint64(63), np.float32(1), np.float32(-1))

    def order(self, count: int) -> NDArray[np.intp]:
        """The numbers 0 to ``count`` - 1, shuffled."""
        return np.argsort(self.words(count), kind="stable")

    def spread(self, count: int, values: int = WORD_BITS) -> NDArray[np.intp]:
        """``count`` places, each given a number below ``values``: each number equally often, give or take one.

        Which numbers come once more is random too: if they were the first ones, words that begin alike would
        look more alike than they are.
        """
        return np.resize(self.order(values), count)[self.order(count)]


def table_rng(key: bytes, label: str) -> TableRng:
    """The random tables that belong to ``key`` and ``label`` (ASCII): the same draws in the same order always."""
    return TableRng(key, label)


def code_word(key: bytes, mark: int) -> NDArray[np.uint8]:
    """The 288 bits (0 or 1) of ``mark``. Raises ValueError for a mark that has more than 40 bits."""
    return np.unpackbits(np.frombuffer(_word(key, mark), np.uint8))


def code_words(key: bytes, marks: Iterable[int]) -> NDArray[np.uint8]:
    """The code words of ``marks``, one a row."""
    packed = b"".join(_word(key, mark) for mark in marks)
    return np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, WORD_BITS // 8), axis=1)


def decode(soft: NDArray[np.floating], key: bytes) -> Decoded:
    """The mark whose code word fits ``soft`` (288 numbers; above 0 speaks for bit 0) best: soft Viterbi, ~1 ms."""
    soft = _checked(soft)
    metric, payload = _viterbi(soft)
    tag = payload & ((1 << TAG_BITS) - 1)
    mark = (payload >> TAG_BITS) ^ _mask(key, tag)
    total = float(np.abs(soft).sum())
    return Decoded(mark, total > 0 and tag == _tag(key, mark), metric / total if total else 0.0)


def scores(soft: NDArray[np.floating], words: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How strongly ``soft`` speaks for each of ``words`` (n x 288): z, which for words that have nothing to do
    with it has mean 0 and variance 1."""
    soft = _checked(soft)
    norm = float(np.linalg.norm(soft))
    if norm == 0 or not len(words):
        return np.zeros(len(words))
    weights = (soft / norm).astype(np.float32)
    # In blocks: the whole as floats would take 1 kB for each word.
    ones = [words[at : at + _BLOCK].astype(np.float32) @ weights for at in range(0, len(words), _BLOCK)]
    return float(weights.sum()) - 2 * np.concatenate(ones).astype(np.float64)


def _checked(soft: NDArray[np.floating]) -> NDArray[np.float64]:
    if soft.shape != (WORD_BITS,):
        raise ValueError(f"a soft vector has {WORD_BITS} numbers, this one has the shape {soft.shape}")
    return np.nan_to_num(soft.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _tag(key: bytes, mark: int) -> int:
    digest = hashlib.blake2b(mark.to_bytes(5, "big"), key=key, digest_size=TAG_BITS // 8, person=b"trace tag")
    return int.from_bytes(digest.digest(), "big")


def _mask(key: bytes, tag: int) -> int:
    digest = hashlib.blake2b(tag.to_bytes(3, "big"), key=key, digest_size=MARK_BITS // 8, person=b"trace mask")
    return int.from_bytes(digest.digest(), "big")


def _word(key: bytes, mark: int) -> bytes:
    """The code word in 36 bytes."""
    if not 0 <= mark < 1 << MARK_BITS:
        raise ValueError(f"a mark has {MARK_BITS} bits, {mark} has not")
    tag = _tag(key, mark)
    payload = (mark ^ _mask(key, tag)) << TAG_BITS | tag
    # Binary digits read as hexadecimal ones: each input bit has four bits of room for its outputs.
    spread = int(f"{payload:b}", 16)
    word = 0
    for age, taps in enumerate(_TAPS):
        word ^= spread * taps << 4 * (_MEMORY - age)
    return word.to_bytes(WORD_BITS // 8, "big")


def _outputs() -> NDArray[np.float64]:
    """+1 for bit 0 and -1 for bit 1, [input, state, 4]; a state is the last 8 inputs, the newest on top."""
    register = np.arange(512)[:, None] & np.array(_POLYNOMIALS)
    parity: NDArray[np.uint8] = np.bitwise_count(register) & 1
    return np.where(parity.reshape(2, 256, 4), -1.0, 1.0)


_OUTPUTS = _outputs()


def _viterbi(soft: NDArray[np.float64]) -> tuple[float, int]:
    """The metric and the 64 bits of the best path."""
    branches = np.einsum("usk,tk->tus", _OUTPUTS, soft.reshape(_STEPS, 4)).reshape(_STEPS, 2, 128, 2)
    metric = np.full(256, -np.inf)
    metric[0] = 0
    came = np.empty((_STEPS, 256), bool)
    for step in range(_STEPS):
        # State n is reached from 2 (n mod 128) and the one after it, by the input n div 128.
        ways = metric.reshape(128, 2) + branches[step]
        came[step] = (ways[..., 1] > ways[..., 0]).ravel()
        metric = ways.max(-1).ravel()
    state = payload = 0
    for step in reversed(range(_STEPS)):
        payload |= (state >> 7) << (_STEPS - 1 - step)
        state = (state & 127) << 1 | int(came[step, state])
    return float(metric[0]), payload >> _MEMORY
