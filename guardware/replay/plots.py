"""The geometry of the page's plots: numbers between 0 and 100, which the template draws as SVG."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, log10
from typing import Any, NamedTuple

_BARS = 160
"""Bars of a plot over time; on a telephone each is then two pixels wide."""

_DAY = 24
_ROUND = (1, 1.5, 2, 3, 4, 5, 8, 10)


class Bar(NamedTuple):
    """A part of a bar: ``series`` is what it counts, the others are in hundredths of the plot."""

    series: str
    x: float
    y: float
    width: float
    height: float


class Tick(NamedTuple):
    """``at``: in hundredths from the left, or from the bottom. ``minor``: left out where there is little room."""

    at: float
    label: str
    minor: bool = False


class Spot(NamedTuple):
    """A whole bin, to point at, and what is said of it."""

    x: float
    width: float
    words: str


class Plot(NamedTuple):
    """Stacked bars over time. ``rows``: the same as numbers, for a table."""

    bars: tuple[Bar, ...]
    spots: tuple[Spot, ...]
    xs: tuple[Tick, ...]
    ys: tuple[Tick, ...]
    hours: int
    rows: tuple[dict[str, Any], ...]


class Level(NamedTuple):
    """One row of the histogram: how many clients have ``low`` or somewhat more; ``parts`` in hundredths of the
    longest row; ``marks``: the thresholds that lie here."""

    low: float
    clients: int
    parts: tuple[Bar, ...]
    marks: tuple[str, ...]


def over_time(bins: Sequence[dict[str, Any]], hours: int, series: Sequence[str]) -> Plot | None:
    """The plot of ``bins`` of the report, each of ``hours`` hours; None if there are none."""
    if not bins:
        return None
    bins, hours = joined(bins, hours, _BARS)
    top = nice(max(sum(b[s] for s in series) for b in bins))
    width = 100 / len(bins)
    bars, spots = [], []
    for number, one in enumerate(bins):
        below = 0.0
        for name in series:
            height = one[name] / top * 100
            if height:
                bars.append(Bar(name, number * width, 100 - below - height, width, height))
            below += height
        told = ", ".join(f"{one[s]:,} {s}" for s in series if one[s]) or "none"
        spots.append(Spot(number * width, width, f"{moment(one['start'])}: {told}"))
    return Plot(tuple(bars), tuple(spots), _times(bins, hours), _counts(top), hours, tuple(bins))


def joined(bins: Sequence[dict[str, Any]], hours: int, most: int) -> tuple[Sequence[dict[str, Any]], int]:
    """Neighbouring bins summed up until there are at most ``most``; and how many hours each then has."""
    many = -(-len(bins) // most) or 1
    out = []
    for at in range(0, len(bins), many):
        some = bins[at : at + many]
        sums = {key: sum(b[key] for b in some) for key in some[0] if key != "start"}
        out.append({"start": some[0]["start"], **sums})
    return out, hours * many


def levels(scores: dict[str, Any], thresholds: dict[str, float]) -> tuple[Level, ...]:
    """The histogram of scores, highest first, from the highest that is used to the lowest."""
    names, step = list(scores["clients"]), scores["step"]
    columns = list(zip(*scores["clients"].values(), strict=True))
    used = [at for at, column in enumerate(columns) if sum(column)]
    if not used:
        return ()
    longest = max(map(sum, columns))
    out = []
    for at in range(max(used), min(used) - 1, -1):
        low = scores["lowest"] + at * step
        left, parts = 0.0, []
        for name, count in zip(names, columns[at], strict=True):
            wide = count / longest * 100
            if count:
                parts.append(Bar(name, left, 0, wide, 100))
            left += wide
        marks = tuple(name for name, bound in thresholds.items() if low <= bound < low + step)
        out.append(Level(low, sum(columns[at]), tuple(parts), marks))
    return tuple(out)


def nice(largest: int) -> int:
    """A round number that is at least ``largest``."""
    if largest <= 2:
        return 2
    unit: int = 10 ** int(log10(largest))
    return next(ceil(factor * unit) for factor in _ROUND if ceil(factor * unit) >= largest)


def _counts(top: int) -> tuple[Tick, ...]:
    return Tick(0, "0"), Tick(50, f"{top / 2:,.0f}" if top % 2 == 0 else f"{top / 2:,.1f}"), Tick(100, f"{top:,}")


def _times(bins: Sequence[dict[str, Any]], hours: int) -> tuple[Tick, ...]:
    """About six places in time, at midnight if the plot is some days long."""
    first = _parsed(bins[0]["start"])
    span = len(bins) * hours
    apart = max(ceil(span / 6), 1)
    if span >= 3 * _DAY:
        apart = ceil(span / 6 / _DAY) * _DAY
    form = "%d %b" if span >= 3 * _DAY else "%d %b %H:%M"
    if span > 700 * _DAY:
        form = "%b %Y"
    start = first.replace(hour=0) + timedelta(days=1 if first.hour else 0) if span >= 3 * _DAY else first
    out: list[Tick] = []
    while (gone := (start - first).total_seconds() / 3600) < span:
        out.append(Tick(gone / span * 100, start.strftime(form), minor=len(out) % 2 == 1))
        start += timedelta(hours=apart)
    return tuple(tick for tick in out if tick.at <= 94)


def moment(iso: str) -> str:
    """``2015-05-17T10:00:00Z`` as ``17 May 2015 10:00``."""
    return _parsed(iso).strftime("%d %b %Y %H:%M")


def _parsed(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
