"""The score: one number from the groups, and whether it is enough to condemn."""

from collections.abc import Iterable, Sequence

from guardware.config.schema import Thresholds
from guardware.verdict import GROUPS, LASTING, PRIORS, Evidence, Group

FLOOR, CEILING = -6.0, 14.0
"""Natural-log units (docs/detection.md)."""

SUPPORTS = 2.0
"""From this score on a group counts as speaking against a client: odds of seven to one. With 1 an old telephone
(1.5) that shows a page of 800 thumbnails (deeds of 6) was refused. (Our judgement.)"""

SUMS = {Group.BEHAVIOUR: 6.0}
"""Groups whose evidence adds up, each deed being capped by itself, and to how much: below the bound of 6.86, so
that deeds alone never condemn. In all other groups the heaviest piece counts."""

_NO_WEIGHTS = (0.0,) * len(GROUPS)
_PLACES = {group: (index, SUMS.get(group)) for index, group in enumerate(GROUPS)}
_LASTING = tuple(GROUPS.index(group) for group in LASTING)
_DEEDS = tuple(index for index, group in enumerate(GROUPS) if group not in PRIORS)


def group_weights(evidence: Iterable[Evidence]) -> tuple[float, ...]:
    """What ``evidence`` weighs in each group, in ``GROUPS`` order."""
    return with_evidence(_NO_WEIGHTS, evidence)


def with_evidence(weights: Sequence[float], evidence: Iterable[Evidence]) -> tuple[float, ...]:
    """The ``group_weights`` of what weighs ``weights`` (``GROUPS`` order) and ``evidence`` together."""
    sums = list(weights)
    for _, group, weight, _, _ in evidence:
        at, cap = _PLACES[group]
        # Comparisons and not max() and min(), which take three times as long: this is done at most visits of a
        # client that did too much.
        if cap is None:
            if weight > sums[at]:
                sums[at] = weight
        else:
            weight += sums[at]
            sums[at] = weight if weight < cap else cap
    return tuple(sums)


def with_record(scores: Sequence[float], kept: Sequence[float]) -> tuple[float, ...]:
    """This visit's ``scores`` and those that its client's record kept (``LASTING`` order): the larger of both."""
    both = list(scores)
    for at, score in zip(_LASTING, kept, strict=True):
        if score > both[at]:
            both[at] = score
    return tuple(both)


def total(scores: Sequence[float]) -> float:
    """The sum over groups, clipped."""
    if not any(scores):
        return 0.0
    score = sum(scores)
    return CEILING if score > CEILING else score if score > FLOOR else FLOOR


def suspect_bound(bounds: Thresholds) -> float:
    """From this score on a client is suspect: ``thresholds.suspect``, kept between ``protect`` and ``deny``."""
    return min(max(bounds.suspect, bounds.protect), bounds.deny)


def condemned(scores: Sequence[float], proof: bool, bound: float) -> bool:
    """Whether ``scores`` (``GROUPS`` order) may deny: what the client itself said and did reaches ``bound``, and
    two groups of that agree, or one piece is proof. Where it comes from and who else comes count for nothing."""
    own = [scores[index] for index in _DEEDS]
    return sum(own) >= bound and (proof or sum(s >= SUPPORTS for s in own) >= 2)
