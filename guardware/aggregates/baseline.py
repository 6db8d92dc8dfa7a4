"""What is usual for a cohort: its own hours, the older the less they weigh.

An exponentially weighted average over seven days, of proportions: each hour weighs by what it had, up to a cap, so
that one great day does not decide what is usual. Beside the average it learns how much the hours differ, because
people's habits vary more than dice would.
"""

from collections.abc import Iterable, Mapping
from math import exp, isfinite, sqrt
from typing import NamedTuple

from guardware.aggregates.measures import MEASURES, Counts

HOURS = 168.0
"""Hours in which what was learned falls to 1/e: a week."""

A_DAY = 24
"""Learned hours before a cohort is compared with itself."""

_CAP = 8
"""An hour weighs no more than this many times the least that a measure needs."""

_STEADIEST = 0.02
"""Standard deviation between hours that is always allowed (our judgement; 0.03 in the log of ``measures.py``)."""


class Usual(NamedTuple):
    """The usual ``share``, learned from ``size`` (fading) cases; hours vary by ``varies`` (standard deviation)."""

    share: float
    size: float
    varies: float


class _Row:
    """Of one measure, all fading: ``hits`` of ``size``; ``off``: squared deviations in ``checks`` hours."""

    __slots__ = ("checks", "hits", "off", "size")

    def __init__(self, hits: float = 0.0, size: float = 0.0, off: float = 0.0, checks: float = 0.0) -> None:
        self.hits, self.size, self.off, self.checks = hits, size, off, checks

    def fade(self, factor: float) -> None:
        self.hits *= factor
        self.size *= factor
        self.off *= factor
        self.checks *= factor

    @property
    def share(self) -> float:
        return self.hits / self.size if self.size else 0.0

    def add(self, hits: float, of: float, least: int) -> None:
        if of >= least <= self.size:
            usual = self.share
            dice = usual * (1 - usual) * (1 / of + 1 / self.size)
            self.off += max((hits / of - usual) ** 2 - dice, 0.0)
            self.checks += 1
        weight = min(of, _CAP * least) / of
        self.hits += weight * hits
        self.size += weight * of


class Baseline:
    """``hour``: the last that was learned (hours since the epoch, -1 for none); ``hours``: how many were."""

    __slots__ = ("_rows", "hour", "hours")

    def __init__(self) -> None:
        self.hour = -1
        self.hours = 0
        self._rows: list[_Row] = []
        """One for each measure, from the first hour on: a flood of classes never gets that far."""

    @property
    def known(self) -> bool:
        """Whether a day of its own was learned."""
        return self.hours >= A_DAY

    def learn(self, hour: int, counts: Counts) -> None:
        """Take ``counts`` of the finished ``hour`` in. An hour that is known or older than known is left out."""
        if hour <= self.hour:
            return
        self._rows = self._rows or [_Row() for _ in MEASURES]
        factor = exp(-(hour - self.hour) / HOURS) if self.hours else 1.0
        for row, measure in zip(self._rows, MEASURES, strict=True):
            row.fade(factor)
            of = measure.of(counts)
            if of > 0:
                row.add(min(max(measure.hits(counts), 0.0), of), of, measure.classes)
        self.hour = hour
        self.hours += 1

    def usual(self, index: int) -> Usual | None:
        """What is usual for ``MEASURES[index]``, within its bounds; None before a day was learned."""
        if not self.known:
            return None
        row, measure = self._rows[index], MEASURES[index]
        if row.size < measure.classes:
            return None
        off = (row.off + A_DAY * measure.varies**2) / (row.checks + A_DAY)
        share = min(max(row.share, measure.low), measure.high)
        return Usual(share, row.size, max(sqrt(off), _STEADIEST))

    def share(self, index: int) -> float:
        """What was learned for ``MEASURES[index]``, without bounds; 0 before a day was."""
        return self._rows[index].share if self.known else 0.0

    @classmethod
    def joined(cls, baselines: Iterable["Baseline"]) -> "Baseline":
        """What is usual for all of those together that were learned for a day."""
        joined = cls()
        joined._rows = [_Row() for _ in MEASURES]
        for baseline in baselines:
            if not baseline.known:
                continue
            joined.hours = max(joined.hours, baseline.hours)
            for row, other in zip(joined._rows, baseline._rows, strict=True):
                row.hits += other.hits
                row.size += other.size
        return joined

    def fields(self) -> dict[str, str]:
        """For a store: names and texts from which ``parse`` makes the same baseline."""
        fields = {"hour": str(self.hour), "hours": str(self.hours)}
        for row, measure in zip(self._rows, MEASURES, strict=bool(self._rows)):
            fields[measure.name] = " ".join(map(repr, (row.hits, row.size, row.off, row.checks)))
        return fields

    @classmethod
    def parse(cls, fields: Mapping[bytes, bytes]) -> "Baseline | None":
        """The baseline that ``fields`` tell of; None if they make no sense."""
        baseline = cls()
        rows: list[_Row] = []
        try:
            baseline.hour, baseline.hours = int(fields[b"hour"]), int(fields[b"hours"])
            for measure in MEASURES:
                hits, size, off, checks = map(float, fields.get(measure.name.encode(), b"0 0 0 0").split())
                sound = isfinite(hits + size + off + checks) and min(off, checks) >= 0 and 0 <= hits <= size
                if not sound:
                    return None
                rows.append(_Row(hits, size, off, checks))
        except (KeyError, ValueError):
            return None
        baseline._rows = rows
        return baseline if baseline.hour >= 0 and baseline.hours >= 0 else None
