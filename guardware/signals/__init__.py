"""Signals: pure rules on a visit, its client's record and what is known around them, which may yield evidence.

A new signal is one function and one line in the table of its group; a new group is one file and one line here.
"""

from collections.abc import Collection

from guardware.config.schema import Signals
from guardware.identity import Identity
from guardware.signals.aggregate import WEIGHTS
from guardware.signals.behaviour import BEHAVIOUR, Conduct, whole_of
from guardware.signals.behaviour import evidence as of_deed
from guardware.signals.declared import DECLARED
from guardware.signals.headers import HEADERS, SELF_REFERER, navigated, self_referer
from guardware.signals.network import HOSTING, HOSTING_WEIGHT
from guardware.signals.table import Reading, Signal
from guardware.signals.transport import TRANSPORT
from guardware.verdict import Evidence
from guardware.visit import Visit

__all__ = ["NAMES", "PRIORS", "TABLE", "Conduct", "SignalTable", "navigated"]

TABLE: tuple[Signal, ...] = (*DECLARED, *HEADERS, *TRANSPORT)
"""Signals that look at one visit's headers."""

PRIORS: dict[str, float] = {HOSTING: HOSTING_WEIGHT, **WEIGHTS}
"""Signals on where a client comes from and who else comes, with what each weighs at most."""

NAMES: tuple[str, ...] = (
    *(s.name for s in TABLE),
    SELF_REFERER.name,
    *(d.name for d in BEHAVIOUR),
    *PRIORS,
)
"""Every signal's name, as used in ``signals.off`` and ``signals.weights``."""


_MOST: dict[str, float] = {
    SELF_REFERER.name: SELF_REFERER.weight,
    **{d.name: d.weight for d in BEHAVIOUR},
    **PRIORS,
}
"""What the signals that look at more than headers weigh at most, as shipped."""


class SignalTable:
    """The signals that are switched on, with the owner's weights.

    A weight of the owner's is the most a signal may weigh. Where the shipped weight grows with what was seen, the
    owner's grows alike.

    ``seen``: the headers (fields of ``Facts``, and "referer") that can be seen at all, None for all of them; a
    signal that needs another is not asked, since its absence would say nothing.
    """

    def __init__(self, config: Signals, seen: Collection[str] | None = None) -> None:
        self._off = frozenset(config.off)
        self._weights = {name: w for name, w in config.weights.items() if name in _MOST}
        self._signals = tuple(
            s._replace(weight=config.weights.get(s.name, s.weight))
            for s in TABLE
            if s.name not in self._off and (seen is None or set(s.needs) <= set(seen))
        )
        self._self_referer = self.tuned((SELF_REFERER,)) if seen is None or "referer" in seen else ()
        self._deeds = tuple((d, d.look, self._weights.get(d.name)) for d in BEHAVIOUR if d.name not in self._off)

    def of_headers(self, visit: Visit, identity: Identity) -> tuple[Evidence, ...]:
        """Evidence in what all requests with these headers share; the caller may remember it."""
        reading = Reading(visit.facts, visit.kind, visit.trustworthy, identity)
        found = ((s, s.look(reading)) for s in self._signals)
        return tuple(Evidence(s.name, s.group, s.weight, reason, s.proof) for s, reason in found if reason)

    def of_visit(self, visit: Visit) -> tuple[Evidence, ...]:
        """Evidence in this very URL."""
        return self._self_referer if self._self_referer and self_referer(visit) else ()

    def of_deeds(self, conduct: Conduct) -> tuple[Evidence, ...]:
        """Evidence in what the client did."""
        # A plain loop: of a client that did too much this is asked at each visit, and generators would take half
        # as long again.
        found: list[Evidence] = []
        did = whole_of(conduct.record)
        for deed, look, owners in self._deeds:
            yielded = look(conduct, did)
            if yielded is not None:
                weight, reason = yielded
                found.append(of_deed(deed, weight if owners is None else owners * (weight / deed.weight), reason))
        return tuple(found)

    def tuned(self, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
        """``evidence`` as the owner wants it: what is switched off goes, what has another weight gets it."""
        if not self._off and not self._weights:
            return evidence
        return tuple(
            e._replace(weight=self._scaled(e.name, e.weight)) for e in evidence if e.name not in self._off
        )

    def _scaled(self, name: str, weight: float) -> float:
        owners = self._weights.get(name)
        return weight if owners is None else owners * (weight / _MOST[name])
