"""Totals: what the summaries of a span of days sum up to."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from guardware.linefiles import day_of
from guardware.observe.summary import Asked, Decided, Scored, Summary

DAY = 86400.0


class Totals(NamedTuple):
    """``first`` and ``last``: the earliest and the latest hour, seconds since the epoch; ``hours``: of these in
    which there were visits; ``days``: calendar days, UTC, with visits. For the rest see ``Summary``."""

    first: float
    last: float
    hours: int
    days: int
    decisions: Counter[Decided]
    crawlers: Counter[tuple[str, str]]
    scores: Counter[Scored]
    asked: Counter[Asked]
    lost: int
    uncounted: int

    @property
    def visits(self) -> int:
        return self.decisions.total()

    @property
    def people(self) -> int:
        """Visits of people-like clients."""
        return sum(visits for key, visits in self.decisions.items() if key.person)


def add_up(summaries: Iterable[Summary], days: int, now: float) -> Totals | None:
    """The sums over the ``days`` before the latest summary that is not of the future; None if there is none."""
    # A clock that once stood in the future must not hide everything that came after.
    past = [summary for summary in summaries if summary.hour <= now]
    if not past:
        return None
    last = max(summary.hour for summary in past)
    chosen = [summary for summary in past if summary.hour > last - days * DAY]
    hours = {summary.hour for summary in chosen}
    totals = Totals(
        min(hours),
        last,
        len(hours),
        len({day_of(hour) for hour in hours}),
        Counter(),
        Counter(),
        Counter(),
        Counter(),
        sum(summary.lost for summary in chosen),
        sum(summary.uncounted for summary in chosen),
    )
    for summary in chosen:
        totals.decisions.update(summary.decisions)
        totals.crawlers.update(summary.crawlers)
        totals.scores.update(summary.scores)
        totals.asked.update(summary.asked)
    return totals
