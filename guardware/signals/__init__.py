"""Signals: pure rules that look at a visit and its client's record, and may yield evidence.

A new signal is one function and one line in the table of its group; a new group is one file and one line here.
"""

from collections.abc import Iterable

from guardware.config.schema import Signals
from guardware.identity import Identity
from guardware.signals.declared import DECLARED
from guardware.signals.headers import HEADERS, SELF_REFERER, navigated, navigations, self_referer
from guardware.signals.table import Reading, Signal
from guardware.store.protocol import Record
from guardware.verdict import GROUPS, Evidence
from guardware.visit import Visit

__all__ = ["NAMES", "TABLE", "SignalTable", "group_weights", "navigated"]

TABLE: tuple[Signal, ...] = (*DECLARED, *HEADERS)
NAMES: tuple[str, ...] = (*(s.name for s in TABLE), SELF_REFERER.name, "navigated-pictures")
"""Every signal's name, as used in ``signals.off`` and ``signals.weights``."""


class SignalTable:
    """The signals that are switched on, with the owner's weights."""

    def __init__(self, config: Signals) -> None:
        self._off = frozenset(config.off)
        self._weights = config.weights
        self._signals = tuple(
            s._replace(weight=config.weights.get(s.name, s.weight)) for s in TABLE if s.name not in self._off
        )
        self._self_referer = self._tuned(SELF_REFERER)

    def of_headers(self, visit: Visit, identity: Identity) -> tuple[Evidence, ...]:
        """Evidence in what all requests with these headers share; the caller may remember it."""
        reading = Reading(visit.facts, visit.kind, visit.trustworthy, identity)
        found = ((s, s.look(reading)) for s in self._signals)
        return tuple(Evidence(s.name, s.group, s.weight, reason, s.proof) for s, reason in found if reason)

    def of_visit(self, visit: Visit) -> tuple[Evidence, ...]:
        """Evidence in this very URL."""
        return self._self_referer if self._self_referer and self_referer(visit) else ()

    def of_record(self, record: Record) -> tuple[Evidence, ...]:
        """Evidence in what the client did before."""
        found = navigations(record)
        return self._tuned(found) if found else ()

    def _tuned(self, evidence: Evidence) -> tuple[Evidence, ...]:
        if evidence.name in self._off:
            return ()
        return (evidence._replace(weight=self._weights.get(evidence.name, evidence.weight)),)


def group_weights(evidence: Iterable[Evidence]) -> tuple[float, ...]:
    """This visit's maximum for each group, in ``GROUPS`` order: evidence within a group is correlated."""
    weights = dict.fromkeys(GROUPS, 0.0)
    for item in evidence:
        weights[item.group] = max(weights[item.group], item.weight)
    return tuple(weights.values())
