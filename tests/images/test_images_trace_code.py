"""Code words: 40 bits into 288 and back, through noise; and the random tables that never change."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.images.trace.code import WORD_BITS, code_word, code_words, decode, scores, table_rng

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
marks = st.integers(0, 2**40 - 1)


def soft(mark: int, key: bytes = KEY) -> np.ndarray:
    """What a perfect copy says: +1 for bit 0, -1 for bit 1."""
    return 1.0 - 2.0 * code_word(key, mark)


def noise(sigma: float, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, sigma, WORD_BITS)


@given(marks)
def test_every_mark_comes_back(mark: int) -> None:
    assert decode(soft(mark), KEY) == (mark, True, 1.0)


@pytest.mark.parametrize("seed", range(20))
def test_through_noise_as_loud_as_the_mark(seed: int) -> None:
    decoded = decode(soft(0x123456789A) + noise(1.0, seed), KEY)
    assert (decoded.mark, decoded.valid) == (0x123456789A, True)


def test_with_half_of_the_bits_missing() -> None:
    half = soft(7)
    half[np.random.default_rng(3).permutation(WORD_BITS)[::2]] = 0
    assert decode(half, KEY).mark == 7


def test_another_key_reads_nothing() -> None:
    assert not decode(soft(7), OTHER).valid


@pytest.mark.parametrize("seed", range(50))
def test_noise_is_no_mark(seed: int) -> None:
    decoded = decode(noise(1, seed), KEY)
    assert not decoded.valid
    assert 0.5 < decoded.quality < 0.7


@pytest.mark.parametrize("empty", [np.zeros(WORD_BITS), np.full(WORD_BITS, np.nan), np.full(WORD_BITS, np.inf)])
def test_nothing_is_no_mark(empty: np.ndarray) -> None:
    assert decode(empty, KEY)[1:] == (False, 0.0)
    assert scores(empty, code_words(KEY, [1, 2])).tolist() == [0, 0]


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="has 288 numbers"):
        decode(np.zeros(287), KEY)


@pytest.mark.parametrize("mark", [-1, 2**40])
def test_a_mark_has_forty_bits(mark: int) -> None:
    with pytest.raises(ValueError, match="40 bits"):
        code_word(KEY, mark)


def test_any_two_words_of_a_short_run_lie_far_apart() -> None:
    """Free distance 24, by the table of Larsen (1973); neighbours' words differ like random ones."""
    words = code_words(KEY, range(300)).astype(int)
    apart = (words[:, None] != words[None]).sum(2)[np.triu_indices(300, 1)]
    assert apart.min() > 90
    assert abs(apart.mean() - 144) < 1


def test_the_code_has_free_distance_24() -> None:
    """The lightest word of all inputs of up to 8 bits: words are sums of shifted responses to one bit."""
    polynomials = (0o463, 0o535, 0o733, 0o745)

    def weight(bits: int) -> int:
        total = 0
        for polynomial in polynomials:
            product = 0
            for shift in range(bits.bit_length()):
                product ^= (polynomial << shift) * (bits >> shift & 1)
            total += product.bit_count()
        return total

    assert min(map(weight, range(1, 2**8))) == 24


def test_words_one_by_one_and_together_are_the_same() -> None:
    assert (code_words(KEY, [5, 6, 2**40 - 1]) == [code_word(KEY, mark) for mark in (5, 6, 2**40 - 1)]).all()
    assert code_words(KEY, []).shape == (0, WORD_BITS)


def test_scores_are_z() -> None:
    """17 for the mark itself (the root of 288), mean 0 and variance about 1 for 20 000 others."""
    z = scores(soft(5), code_words(KEY, range(20_000)))
    assert z[5] == pytest.approx(288**0.5)
    others = np.delete(z, 5)
    assert abs(others.mean()) < 0.05
    assert 0.9 < others.std() < 1.15
    assert others.max() < 6


def test_tables_are_the_same_for_ever() -> None:
    """Changed tables would make every mark that was ever given unreadable."""
    rng = table_rng(KEY, "test")
    drawn = [rng.order(1000), rng.signs(1000), rng.unit(1000), rng.spread(1000), code_word(KEY, 1)]
    digest = hashlib.sha256(b"".join(np.asarray(part, "<f8").tobytes() for part in drawn)).hexdigest()[:16]
    assert digest == "2598883a475324af"


def test_tables_differ_by_key_label_and_draw() -> None:
    one = table_rng(KEY, "a")
    draws = [one.unit(8), one.unit(8), table_rng(KEY, "b").unit(8), table_rng(OTHER, "a").unit(8)]
    assert len({tuple(draw) for draw in draws}) == 4
    assert (table_rng(KEY, "a").unit(8) == draws[0]).all()


def test_what_tables_hold() -> None:
    rng = table_rng(KEY, "x")
    assert sorted(rng.order(100).tolist()) == list(range(100))
    assert set(rng.signs(100).tolist()) == {-1.0, 1.0}
    unit = rng.unit(1000)
    assert 0 <= unit.min() < 0.02 < 0.98 < unit.max() < 1
    assert set(np.bincount(rng.spread(300, 288)).tolist()) == {1, 2}
