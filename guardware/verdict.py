"""Evidence, Verdict, Action: the words in which the guard says what it thinks of one visit."""

from enum import StrEnum
from typing import NamedTuple


class Action(StrEnum):
    """What is done with a visit, mildest first.

    ``protect`` concerns pictures only: the page, the style sheet and the feed are served as they are, and a
    variant replaces each picture.
    """

    ALLOW = "allow"
    PROTECT = "protect"
    LIMIT = "limit"
    DENY = "deny"

    # Enum's own __hash__ is a Python call; members are dictionary keys on the way of every request.
    __hash__ = str.__hash__


class Group(StrEnum):
    """Kinds of evidence. What is correlated stands in one group, which counts once (``policy/score.py``)."""

    DECLARED = "declared"
    HEADERS = "headers"
    BEHAVIOUR = "behaviour"
    NETWORK = "network"
    AGGREGATE = "aggregate"

    # Enum's own __hash__ is a Python call; members are dictionary keys on the way of every request.
    __hash__ = str.__hash__


GROUPS: tuple[Group, ...] = tuple(Group)
"""The order in which every per-group tuple (weights, scores) is laid out."""

LASTING: tuple[Group, ...] = (Group.HEADERS, Group.BEHAVIOUR)
"""Groups of which a client's record keeps a score, in the order it has there. What a visit declares stands in each
visit; what its network and the crowd around it say is no deed of the client's."""

PRIORS: tuple[Group, ...] = (Group.NETWORK, Group.AGGREGATE)
"""Groups that only say where a client comes from and who else comes: they make it doubtful and never condemn."""


class Evidence(NamedTuple):
    """One reason to believe that a visit is not a person's.

    ``weight`` is a natural-log likelihood ratio (scraper : person), between -6 and +14; positive speaks for a
    scraper. ``proof`` marks evidence that condemns without support from a second group. ``reason`` is a
    sentence for the owner's eyes.
    """

    name: str
    group: Group
    weight: float
    reason: str
    proof: bool = False


class Verdict(NamedTuple):
    """The one result of judging a visit.

    A ``NamedTuple`` and not a frozen dataclass: one is built for every request, and it costs a fifth.

    - ``action``: what is done with the visit;
    - ``decided_by``: the rule, purpose, limit, budget or threshold that decided, as a dotted config path;
    - ``score``: natural-log units, -6 to +14, after this visit;
    - ``number``: of this visit; ``support_id`` shows it in events and on answers of ours;
    - ``crawler``: the catalogue token that the visit declares, or None;
    - ``retry_after``: whole seconds until a limited visit will be admitted, else 0;
    - ``variant``: the name of the variant that pictures become, "" if they stay originals;
    - ``enforced``: False in ``mode: monitor``, where everything is served whatever the verdict says;
    - ``people_like``: the client opened a page and fetched what the page shows; anybody can, and people do;
    - ``asked``: different pictures that the client asked within the hour, this one included;
    - ``client``: the key of the client's record, 16 hex digits, new each day; "" where the record was not needed;
    - ``hour``, ``day``: what was held against the budgets: originals of the client, of its address or of its
      account in this hour and day of the clock (UTC), whichever are most.
    """

    action: Action
    decided_by: str
    score: float
    evidence: tuple[Evidence, ...]
    number: int
    crawler: str | None = None
    retry_after: int = 0
    enforced: bool = True
    variant: str = ""
    people_like: bool = False
    asked: int = 0
    client: str = ""
    hour: int = 0
    day: int = 0

    @property
    def support_id(self) -> str:
        """Ten hex digits, distinct for 2^40 visits of one process: multiplying by an odd number permutes."""
        return f"{self.mark:010x}"

    @property
    def mark(self) -> int:
        """The support id as a number, 0 to 2^40 - 1: what a traced copy of this visit carries."""
        return (self.number * 0x9E3779B97F) & 0xFFFFFFFFFF

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in words: each piece of evidence, heaviest first."""
        return tuple(e.reason for e in sorted(self.evidence, key=lambda e: -e.weight))
