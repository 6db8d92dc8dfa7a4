"""Does a cohort's hour stand out? Pure: counts and what is usual in, a lift out.

One-sided z of a proportion against what is usual for the same cohort. The variance has three parts: dice (the
binomial of this hour and of what was learned), and how much honest hours differ. Popular classes of thousands need
the last one: by dice alone every good Sunday would stand out.
"""

from collections.abc import Iterable, Iterator
from math import inf, sqrt
from typing import NamedTuple

from guardware.aggregates.baseline import Baseline, Usual
from guardware.aggregates.measures import BARE, BARE_BLOCK, MEASURES, Counts, Measure
from guardware.aggregates.words import Lift

HIGHEST = 2.0
"""Natural-log units: the most that a crowd may do to one of its members."""

_FROM_Z, _FULL_Z = 3.0, 6.0
"""z from which on a cohort is lifted, and at which by all of ``HIGHEST``."""

_FLOCKING, _SWEEPING = 0.60, 0.85
"""Of a block asked without pages, the share of different pictures: people flock (0.42 in the log of
``measures.py``, standard deviation 0.09), pools take each picture once (1.0). Between the two a lift grows."""

_ALL_BARE = 0.75
"""The share of all addresses that open no page from which on a site is pageless."""

_BETWEEN_COHORTS = 0.10
"""Standard deviation, where a cohort is not compared with itself. Classes of the log in ``measures.py`` differ by
0.18; those far out flock, which ``_FLOCKING`` tells."""

LEAST_OF_CLASS, LEAST_OF_NETWORK = 30, 10
"""Addresses, whatever else is measured: a crowd must not answer for what a few do."""

NOTHING = Lift(0.0, "")


class Usage(NamedTuple):
    """What is usual on this site.

    ``common``: in all classes that were seen for a day; it stands in for those that were not. ``pageless``: next
    to nobody opens pages here, week in, week out. They are served elsewhere (this is a host for pictures alone, or
    a CDN keeps the pages), and having opened none means nothing.
    """

    common: Baseline
    pageless: bool = False


def usage(classes: Iterable[Baseline], everybody: Baseline) -> Usage:
    """What the baselines of ``classes`` and of ``everybody`` say of the site. What is common is not what
    ``everybody`` does: that includes pools."""
    return Usage(Baseline.joined(classes), everybody.share(BARE) > _ALL_BARE)


def judge(counts: Counts, own: Baseline | None, around: Usage) -> Lift:
    """By how much ``counts`` stand out against what is usual for the cohort (``own``; None for networks, for which
    smaller numbers are enough), or if that has not been seen for a day, ``around`` it, or by prior."""
    if counts.addresses < (LEAST_OF_CLASS if own is not None else LEAST_OF_NETWORK):
        return NOTHING
    best, why = 0.0, None
    for measure, usual in _usuals(own, around):
        of = measure.of(counts)
        if of < (measure.classes if own is not None else measure.networks):
            continue
        share = max(measure.hits(counts), 0.0) / of
        value = _lift(share, of, usual) * (_sweep(counts) if measure.sweeping else 1.0)
        if value > best:
            best, why = value, (measure, share, of, usual)
    if why is None:
        return NOTHING
    measure, share, of, usual = why
    return Lift(best, measure.words.format(share=share, of=of, usual=usual.share))


def _usuals(own: Baseline | None, around: Usage) -> Iterator[tuple[Measure, Usual]]:
    for index, measure in enumerate(MEASURES):
        if measure.sweeping and around.pageless:
            continue
        usual = own.usual(index) if own is not None else None
        if usual is None and measure.prior is not None:
            common = around.common.usual(index)
            usual = Usual(common.share if common else measure.prior, inf, _BETWEEN_COHORTS)
        if usual is not None:
            yield measure, usual


def _lift(share: float, of: float, usual: Usual) -> float:
    dice = usual.share * (1 - usual.share) * (1 / of + 1 / usual.size)
    z = (share - usual.share) / sqrt(dice + usual.varies**2)
    return HIGHEST * min(max((z - _FROM_Z) / (_FULL_Z - _FROM_Z), 0.0), 1.0)


def _sweep(counts: Counts) -> float:
    """0 where those who opened no page flock to a few pictures (somebody posted them), 1 where all differ."""
    if not counts.bare_blocks:
        return 0.0
    spread = counts.bare_different / (counts.bare_blocks * BARE_BLOCK)
    return min(max((spread - _FLOCKING) / (_SWEEPING - _FLOCKING), 0.0), 1.0)


def louder(now: Lift, before: Lift, elapsed: float) -> Lift:
    """The larger of this hour's lift and the last one's, which fades while this hour passes (``elapsed``: 0 to
    1)."""
    faded = before.value * (1.0 - elapsed)
    return now if now.value >= faded else Lift(faded, before.reason)
