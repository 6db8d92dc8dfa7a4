"""The shape of a signal, and of what it looks at."""

from collections.abc import Callable
from typing import NamedTuple

from guardware.identity import Identity
from guardware.verdict import Group
from guardware.visit import Facts, Kind


class Reading(NamedTuple):
    """What signals look at: the same for all requests with these headers, so it is read once."""

    facts: Facts
    kind: Kind
    trustworthy: bool
    identity: Identity

    @property
    def modern(self) -> bool:
        """The user-agent claims an engine that sends fetch metadata."""
        return self.identity.engine is not None and self.identity.engine.modern

    @property
    def fetch_headers(self) -> int:
        """How many of the three Sec-Fetch headers that every browser request carries are there."""
        facts = self.facts
        return sum(v is not None for v in (facts.fetch_dest, facts.fetch_mode, facts.fetch_site))

    @property
    def encodings(self) -> bytes:
        return self.facts.accept_encoding or b""


class Signal(NamedTuple):
    """A rule that may yield evidence. ``look`` returns the reason in words, or "" for none; it is pure.

    ``needs``: the fields of ``Facts``, and "referer", that must be there to be seen for its answer to mean
    anything: an access log that does not have a header says nothing of its absence.
    """

    name: str
    group: Group
    weight: float
    look: Callable[[Reading], str]
    proof: bool = False
    needs: tuple[str, ...] = ()
