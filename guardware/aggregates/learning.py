"""How a cohort goes from hour to hour: what was counted is learned, unless it stood out."""

from guardware.aggregates.cohorts import SITE, Cohort, Hour
from guardware.aggregates.judgement import NOTHING, Usage, judge, louder

SETTLED = 10.0
"""Seconds after an hour's end at which all processes have told what they counted in it, and it is learned."""


def turn(cohort: Cohort, hour: int, around: Usage) -> None:
    """``hour`` (since the epoch) begins for ``cohort``.

    A clock set back by an hour or less goes on in the present one. Set back by more, or after a silence, what was
    counted last says nothing of now.
    """
    finished = cohort.now
    if hour in (finished.number, finished.number - 1):
        return
    if cohort.last is not None:
        learn(cohort, cohort.last, around)
    cohort.last, cohort.before = None, NOTHING
    if hour == finished.number + 1:
        cohort.before = judge(finished.counts(), cohort.baseline, around)
        cohort.last = finished
    elif hour > finished.number:
        learn(cohort, finished, around)
    elif cohort.baseline is not None:
        cohort.baseline.hour = min(cohort.baseline.hour, hour - 1)
    cohort.now = Hour(hour)
    cohort.unread = cohort.baseline is not None


def settle(cohort: Cohort, elapsed: float, around: Usage) -> None:
    """Judge ``cohort`` anew, ``elapsed`` seconds into its hour, and learn the last one once it is settled."""
    last = cohort.last
    if last is not None and elapsed >= SETTLED:
        cohort.before = judge(last.counts(), cohort.baseline, around)  # others may have told more of it
        learn(cohort, last, around)
        cohort.last = None
    now = judge(cohort.now.counts(), cohort.baseline, around)
    cohort.lift = louder(now, cohort.before, elapsed / 3600)


def learn(cohort: Cohort, finished: Hour, around: Usage) -> None:
    """Take ``finished`` into what is usual. Not an hour that stood out: who stays long enough would become usual.

    For the site as a whole every hour counts: that nobody opens pages here must become known."""
    if cohort.baseline is None:
        return
    counts = finished.counts()
    if counts.addresses and (cohort.sort == SITE or not judge(counts, cohort.baseline, around).value):
        cohort.baseline.learn(finished.number, counts)
