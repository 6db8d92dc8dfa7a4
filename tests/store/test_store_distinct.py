"""Linear counting: small bitmaps, small errors."""

import random
from math import exp, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardware.store.distinct import STANDARD_ERROR, LinearCounter, bits_for


def counted(counter: LinearCounter, values: list[int]) -> int:
    bitmap = bytearray(counter.size)
    for value in values:
        place, mask = counter.place(value)
        bitmap[place] |= mask
    return counter.estimates[sum(byte.bit_count() for byte in bitmap)]


def standard_error(bits: int, n: int) -> float:
    """Equation 10 of Whang et al., relative to n."""
    return sqrt(bits * (exp(n / bits) - n / bits - 1)) / n


@pytest.mark.parametrize(("largest", "size"), [(0, 72), (300, 88), (1000, 112), (10_000, 352), (100_000, 1968)])
def test_bytes_of_a_bitmap(largest: int, size: int) -> None:
    assert LinearCounter(largest).size == size


@pytest.mark.parametrize("largest", [1, 50, 300, 1000, 5000, 100_000])
def test_the_error_at_the_largest_count_is_as_promised(largest: int) -> None:
    assert standard_error(bits_for(largest), largest) <= STANDARD_ERROR


@settings(max_examples=60)
@given(n=st.integers(0, 1000), seed=st.integers(0, 2**32))
def test_estimates_are_within_five_standard_errors(n: int, seed: int) -> None:
    hashes = random.Random(seed)
    values = [hashes.getrandbits(64) for _ in range(n)]
    assert counted(LinearCounter(1000), values) == pytest.approx(n, abs=1 + 5 * STANDARD_ERROR * n)


def test_the_same_picture_twice_is_one() -> None:
    assert counted(LinearCounter(1000), [2**63 + 12345] * 50) == 1


def test_a_full_bitmap_is_over_any_budget() -> None:
    """Far beyond the largest count the estimate is coarse, but it never falls below it."""
    counter = LinearCounter(1000)
    assert counter.estimates == sorted(counter.estimates)
    assert counter.estimates[-1] > 1000


def test_clearing_touches_only_its_own_bitmap() -> None:
    counter = LinearCounter(10)
    both = bytearray(b"\xff" * 2 * counter.size)
    assert counter.clear(both, counter.size) == 0
    assert both == b"\xff" * counter.size + bytes(counter.size)
