"""The score: one number from the groups, and whether it is enough to condemn."""

from collections.abc import Sequence

FLOOR, CEILING = -6.0, 14.0
"""Natural-log units (docs/detection.md)."""

SUPPORTS = 1.0
"""From this score on a group counts as speaking against a client: odds of e to 1. (Our judgement.)"""


def total(scores: Sequence[float]) -> float:
    """The sum over groups, clipped. Each group brings its own maximum, so no pile of oddities adds up."""
    if not any(scores):
        return 0.0
    return min(max(sum(scores), FLOOR), CEILING)


def condemned(scores: Sequence[float], proof: bool) -> bool:
    """Whether a high score may deny: two groups agree, or there is one proof."""
    return proof or sum(s >= SUPPORTS for s in scores) >= 2
