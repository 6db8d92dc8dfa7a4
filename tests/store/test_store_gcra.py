"""The limiter: how many, how long to wait, and at what price."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.store.gcra import gcra
from guardware.store.protocol import RECORD_TTL, Rate

US = 1_000_000
NOW = 1_780_000_000 * US

rates = st.builds(Rate, interval=st.integers(0, RECORD_TTL * US), burst=st.integers(1, 50))
pauses = st.integers(0, 90_000 * US) | st.integers(0, 2 * US)


def admitted_at(times: list[int], rate: Rate) -> list[int]:
    """Which of the visits at ``times`` are admitted."""
    tat, passed = 0, []
    for now in times:
        admitted, tat, _ = gcra(tat, now, rate)
        if admitted:
            passed.append(now)
    return passed


def test_a_burst_passes_and_then_one_each_interval() -> None:
    """Three at once and two a second: visits each 100 ms pass at 0, 100, 200 and then each 500 ms."""
    passed = admitted_at([NOW + i * 100_000 for i in range(30)], Rate(interval=500_000, burst=3))
    assert [(t - NOW) // 1000 for t in passed] == [0, 100, 200, 500, 1000, 1500, 2000, 2500]


def test_visits_in_the_same_microsecond_count_each() -> None:
    assert len(admitted_at([NOW] * 10, Rate(interval=500_000, burst=3))) == 3


def test_a_steady_client_above_the_rate_gets_the_whole_rate() -> None:
    """Ten a second against 2.5 a second, for a minute: denials cost nothing, so 150 and the burst pass."""
    passed = admitted_at([NOW + i * 100_000 for i in range(600)], Rate(interval=400_000, burst=5))
    assert len(passed) == 150 + 4


@pytest.mark.parametrize(
    ("tat", "rate", "admitted", "wait"),
    [
        (0, Rate(US, 1), True, 0),  # never seen
        (NOW, Rate(US, 1), True, 0),  # due exactly now
        (NOW + 1, Rate(US, 1), False, 1),  # a microsecond early
        (NOW + US, Rate(US, 2), True, 0),  # early by what the burst allows
        (NOW + US + 1, Rate(US, 2), False, 1),
        (NOW + 900 * US, Rate(US, 2), True, 0),  # a tat of another rate or clock locks nobody out
        (NOW + 900 * US, Rate(0, 1), True, 0),  # no limit in effect
        (NOW + RECORD_TTL * US, Rate(9 * RECORD_TTL * US, 1), False, RECORD_TTL * US),  # at most a record's life
    ],
)
def test_one_visit(tat: int, rate: Rate, admitted: bool, wait: int) -> None:
    assert gcra(tat, NOW, rate)[::2] == (admitted, wait)


@given(rate=rates, steps=st.lists(pauses, min_size=1, max_size=120))
def test_retrying_at_the_second_succeeds_and_one_earlier_fails(rate: Rate, steps: list[int]) -> None:
    tat, now = 0, NOW
    for step in steps:
        now += step
        admitted, tat, wait = gcra(tat, now, rate)
        if admitted:
            assert wait == 0
            continue
        seconds = ceil(wait / US)
        assert gcra(tat, now + seconds * US, rate)[0]
        assert not gcra(tat, now + (seconds - 1) * US, rate)[0]


@given(rate=rates.filter(lambda r: r.interval > 0), steps=st.lists(pauses, min_size=1, max_size=120))
def test_no_window_admits_more_than_the_burst_and_the_rate(rate: Rate, steps: list[int]) -> None:
    times = [NOW + sum(steps[: i + 1]) for i in range(len(steps))]
    passed = admitted_at(times, rate)
    for i, start in enumerate(passed):
        for n, end in enumerate(passed[i:], start=1):
            assert n <= rate.burst + (end - start) / rate.interval


@given(tat=st.integers(0, NOW * 2), rate=rates)
def test_a_denied_visit_leaves_the_tat_alone(tat: int, rate: Rate) -> None:
    admitted, after, wait = gcra(tat, NOW, rate)
    assert (after == tat and wait > 0) if not admitted else (after >= NOW + rate.interval and wait == 0)
