"""Proposals: which thresholds, and which hourly budget, would fit the visits that were seen.

A threshold should leave people alone: of the visits of people-like clients (those that fetched a page and what a
page needs) it may touch a small share. Where the shipped one touches more, a higher one is proposed. A lower one
is proposed only where it would catch others as well, and where so many people were seen that the share will be
kept, but for one chance in twenty. There an hour of a client counts as one, however much it looked at: visits of
one person are alike, and a thousand of them are not a thousand witnesses.
"""

from collections.abc import Callable, Sequence
from math import exp, log
from typing import NamedTuple

from guardware.config.schema import Budgets, Config, Thresholds
from guardware.observe.summary import ASKED, BINS, STEP, bin_of
from guardware.policy.score import CEILING, FLOOR
from guardware.report.totals import Totals

ENOUGH = 1000
"""People-like visits, or for the budget hours of such clients, below which nothing is proposed."""

CONFIDENCE = 0.05
"""The chance of being wrong that a lower threshold may have."""

SHARES = {"protect": 0.005, "suspect": 0.001, "deny": 0.0001, "per_hour": 0.001}
"""The largest share of people-like visits (for the budget: of their hours) that each may touch. A protected
picture costs a person little, a refusal costs the page. (Our judgement.)"""

_EDGES = tuple(FLOOR + at * STEP for at in range(BINS))


class Proposal(NamedTuple):
    """``now``: what is configured; ``proposed``: what fits better, or the same; ``share``: of people that it may
    touch. ``people``: people-like visits that were seen, and ``touched_now`` and ``touched`` of these by the two;
    likewise ``others``. ``why``: in words. For ``budgets.per_hour`` the counts are of a client's hours."""

    key: str
    shipped: float
    now: float
    proposed: float
    share: float
    people: int
    touched_now: int
    touched: int
    others: int
    others_now: int
    others_touched: int
    why: str


class _Crowd(NamedTuple):
    """How many there are, how many of them a value would touch, and how many witnesses they make."""

    size: int
    touched: Callable[[float], int]
    witnesses: int


def propose(totals: Totals, config: Config) -> list[Proposal]:
    """One proposal for each of ``SHARES``; thresholds in their order, none below the one before."""
    shipped, now, proposals = Thresholds(), config.thresholds, []
    least = FLOOR
    for name in ("protect", "suspect", "deny"):
        people, others = (_scored(totals, name, person, now.deny) for person in (True, False))
        usual, current = getattr(shipped, name), getattr(now, name)
        proposal = _fit(f"thresholds.{name}", usual, current, SHARES[name], people, others, _EDGES)
        if proposal.proposed < least and people.size >= ENOUGH:
            proposal = _raised(proposal, least, people, others)
        least = proposal.proposed
        proposals.append(proposal)
    people, others = (_asked(totals, person) for person in (True, False))
    usual, current = Budgets().per_hour, config.budgets.per_hour
    return [*proposals, _fit("budgets.per_hour", usual, current, SHARES["per_hour"], people, others, ASKED)]


def _raised(proposal: Proposal, least: float, people: _Crowd, others: _Crowd) -> Proposal:
    return proposal._replace(
        proposed=least,
        touched=people.touched(least),
        others_touched=others.touched(least),
        why="may not be below the one before",
    )


def _scored(totals: Totals, name: str, person: bool, deny: float) -> _Crowd:
    """Those with a score. Protected pictures leave pages alone, so ``protect`` and ``suspect`` look at pictures;
    whoever reached ``deny`` and was not refused (one kind of evidence, no proof) will not be by another."""
    counts = [0] * BINS
    beyond = bin_of(deny)
    for key, visits in totals.scores.items():
        if key.person is person and (key.picture or name == "deny"):
            spared = name == "deny" and not key.denied and key.bin >= beyond
            counts[0 if spared else key.bin] += visits
    above = [sum(counts[at:]) for at in range(BINS)]
    witnesses = min(above[0], _asked(totals, person).size)
    return _Crowd(above[0], lambda value: above[bin_of(value)] if value < CEILING else 0, witnesses)


def _asked(totals: Totals, person: bool) -> _Crowd:
    hours = {key.most: clients for key, clients in totals.asked.items() if key.person is person}
    size = sum(hours.values())
    return _Crowd(size, lambda budget: sum(n for most, n in hours.items() if most > budget), size)


def _fit(
    key: str, shipped: float, now: float, share: float, people: _Crowd, others: _Crowd, edges: Sequence[float]
) -> Proposal:
    if people.size < ENOUGH:
        proposed, why = now, "too few to say"
    else:
        # An owner who is stricter than we are knows why, as long as it spares people.
        stricter = now < shipped and people.touched(now) <= share * people.size
        proposed, why = _choose(now if stricter else shipped, share, people, others, edges)
    return Proposal(
        *(key, shipped, now, proposed, share),
        *(people.size, people.touched(now), people.touched(proposed)),
        *(others.size, others.touched(now), others.touched(proposed)),
        why,
    )


def _choose(
    base: float, share: float, people: _Crowd, others: _Crowd, edges: Sequence[float]
) -> tuple[float, str]:
    """The value that fits, which is ``base`` if nothing speaks against it; and why it is that."""
    touched = people.touched(base)
    if touched > share * people.size:
        fitting = (edge for edge in edges if edge > base and people.touched(edge) <= share * people.size)
        return next(fitting, edges[-1]), f"{base:g} touches {touched / people.size:.2%} of them"
    lower = [e for e in edges if e < base and surely(people.touched(e) / people.size, people.witnesses, share)]
    if not lower:
        return base, "fits; too few seen to go lower"
    caught = others.touched(lower[0])
    if caught == others.touched(base):
        return base, "fits; nothing lower catches others"
    # The highest that catches as many: nothing is gained by going further down.
    return max(edge for edge in lower if others.touched(edge) == caught), "catches more, and people stay below"


def surely(seen: float, witnesses: int, share: float) -> bool:
    """Whether the true share is at most ``share``, but for a chance of ``CONFIDENCE``, when it was ``seen`` in so
    many ``witnesses`` (Chernoff's bound on the binomial's lower tail; Hoeffding 1963, theorem 1)."""
    if seen >= share:
        return False
    divergence = (1 - seen) * log((1 - seen) / (1 - share)) + (seen * log(seen / share) if seen else 0.0)
    return exp(-witnesses * divergence) <= CONFIDENCE
