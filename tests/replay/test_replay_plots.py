"""Plots: shares of bars, round numbers, places in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.replay.plots import joined, levels, nice, over_time

SERIES = ("original", "protected")


def bins(*counts: tuple[int, int], hours: int = 1) -> list[dict[str, Any]]:
    start = datetime(2026, 11, 20, 7, tzinfo=UTC)
    return [
        {"start": (start + timedelta(hours=hours * n)).isoformat(), "original": a, "protected": b}
        for n, (a, b) in enumerate(counts)
    ]


def test_bars_are_stacked_from_the_ground() -> None:
    plot = over_time(bins((3, 1), (0, 2)), 1, SERIES)
    assert plot is not None
    assert [tuple(bar) for bar in plot.bars] == [
        ("original", 0, 25, 50, 75),
        ("protected", 0, 0, 50, 25),
        ("protected", 50, 50, 50, 50),
    ]
    assert [spot.words for spot in plot.spots] == [
        "20 Nov 2026 07:00: 3 original, 1 protected",
        "20 Nov 2026 08:00: 2 protected",
    ]
    assert [(tick.at, tick.label) for tick in plot.ys] == [(0, "0"), (50, "2"), (100, "4")]


def test_nothing_to_plot() -> None:
    assert over_time([], 1, SERIES) is None
    assert levels({"lowest": -6.0, "step": 0.5, "clients": {"unknown": [0, 0]}}, {}) == ()


def test_only_pictures_that_nobody_took() -> None:
    plot = over_time(bins((0, 0)), 1, SERIES)
    assert plot is not None
    assert plot.bars == ()
    assert plot.spots[0].words == "20 Nov 2026 07:00: none"


def test_many_bins_are_joined_and_nothing_is_lost() -> None:
    some, hours = joined(bins(*[(1, 2)] * 1000, hours=2), 2, 160)
    assert (len(some), hours) == (143, 14)
    assert sum(b["original"] for b in some) == 1000
    assert some[1]["start"] == "2026-11-20T21:00:00+00:00"


@pytest.mark.parametrize(
    ("hours", "count", "labels"),
    [
        (1, 4, ["20 Nov 07:00", "20 Nov 08:00", "20 Nov 09:00", "20 Nov 10:00"]),
        (1, 96, ["21 Nov", "22 Nov", "23 Nov", "24 Nov"]),
        (24, 60, ["21 Nov", "01 Dec", "11 Dec", "21 Dec", "31 Dec", "10 Jan"]),
        (512, 100, ["Nov 2026", "Nov 2027", "Nov 2028", "Oct 2029", "Oct 2030", "Oct 2031"]),
    ],
)
def test_places_in_time(hours: int, count: int, labels: list[str]) -> None:
    plot = over_time(bins(*[(1, 1)] * count, hours=hours), hours, SERIES)
    assert plot is not None
    assert [tick.label for tick in plot.xs] == labels
    assert all(0 <= tick.at < 100 for tick in plot.xs)


@given(st.integers(0, 10**12))
def test_round_numbers_are_large_enough_and_not_much_larger(largest: int) -> None:
    assert max(largest, 2) <= nice(largest) <= max(2 * largest, 2)


def test_a_histogram_from_the_highest_score_to_the_lowest() -> None:
    scores = {"lowest": 0.0, "step": 1.0, "clients": {"unknown": [4, 0, 1, 0], "tool": [0, 0, 1, 0]}}
    found = levels(scores, {"protect": 1.5, "deny": 2.0})
    assert [(level.low, level.clients, level.marks) for level in found] == [
        (2.0, 2, ("deny",)),
        (1.0, 0, ("protect",)),
        (0.0, 4, ()),
    ]
    assert [(part.series, part.x, part.width) for part in found[0].parts] == [("unknown", 0, 25), ("tool", 25, 25)]
