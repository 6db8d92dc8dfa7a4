"""Clients as the report tells them: an address with a user-agent, what it did, and what it would have got."""

import math
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.crawler import Purpose
from guardware.verdict import Action, Evidence

FAVICON, ASSET, OWN_REFERER = 1, 2, 4
"""Bits of ``Client.habits``: what browsers do with a page, and few programs."""
PERSON = FAVICON | ASSET | OWN_REFERER

ORIGINAL, PROTECTED, REFUSED = 0, 1, 2
"""What becomes of a picture."""

_MOST_EVIDENCE = 8
_MOST_HOURS = 2000

BROWSERS = (b"Mozilla/", b"Opera/")
"""How user-agents of browsers begin."""


class Manner(StrEnum):
    """What a client is like, for the plots.

    - ``people-like``: a browser's user-agent, and at least two of: icon, style sheets, referers of this site;
    - ``unknown``: neither that nor declared;
    - ``crawler``: declares itself a crawler that the catalogue knows;
    - ``tool``: declares itself a tool or an automated browser, or sends no user-agent.
    """

    PEOPLE = "people-like"
    UNKNOWN = "unknown"
    CRAWLER = "crawler"
    TOOL = "tool"


class Treatment(NamedTuple):
    """What one visit got, and what decided."""

    action: Action
    decided_by: str


class Client:
    """A client while it is remembered. ``agent``: its user-agent, None where the log does not show any.

    ``treatments``: visits by treatment; ``pictures``: pictures by treatment; ``hours``: pictures by
    ``hour * 4 + what became of it``; ``top``: its highest score; ``evidence``: what spoke against it when it was
    touched.
    """

    __slots__ = (
        "address",
        "agent",
        "crawler",
        "evidence",
        "first",
        "habits",
        "hours",
        "last",
        "pictures",
        "seen_last",
        "top",
        "treatments",
    )

    def __init__(self, address: str, agent: bytes | None, crawler: str | None, first: float) -> None:
        self.address = address
        self.agent = agent
        self.crawler = crawler
        self.first = self.last = first
        self.habits = 0
        self.top = -math.inf
        self.treatments: dict[Treatment, int] = {}
        self.pictures: dict[Treatment, int] = {}
        self.hours: dict[int, int] = {}
        self.evidence: dict[str, Evidence] = {}
        self.seen_last: tuple[Evidence, ...] = ()

    def weigh(self, evidence: tuple[Evidence, ...]) -> None:
        """Keep what spoke against the client."""
        self.seen_last = evidence
        for item in evidence:
            if len(self.evidence) < _MOST_EVIDENCE or item.name in self.evidence:
                self.evidence[item.name] = item

    @property
    def visits(self) -> int:
        return sum(self.treatments.values())

    @property
    def touched(self) -> int:
        """Visits that would not have been plainly allowed."""
        return sum(n for treatment, n in self.treatments.items() if treatment.action is not Action.ALLOW)

    @property
    def browser(self) -> bool:
        """Whether its user-agent is a browser's, as far as it says."""
        return self.crawler is None and self.agent is not None and self.agent.startswith(BROWSERS)

    @property
    def person(self) -> bool:
        """Whether it did all that a browser in a person's hands does: what it gets wrongly is a mistake."""
        return self.browser and self.habits == PERSON

    @property
    def full(self) -> bool:
        """Whether its hours should be handed on."""
        return len(self.hours) >= _MOST_HOURS


def manner_of(client: Client, catalogue: Catalogue, *, agents_seen: bool) -> Manner:
    """What ``client`` is like; without user-agents in the log, nobody lacks one."""
    crawler = catalogue.get(client.crawler) if client.crawler else None
    if crawler is not None:
        tool = crawler.purpose is Purpose.TOOL or crawler.automation
        return Manner.TOOL if tool else Manner.CRAWLER
    if client.agent is None:
        return Manner.TOOL if agents_seen else Manner.UNKNOWN
    return Manner.PEOPLE if client.browser and client.habits.bit_count() >= 2 else Manner.UNKNOWN


class ClientTable:
    """The clients that came last, at most ``2 * size``; ``fold`` gets each that is let go.

    In two generations, as ``BoundedCache``: whoever comes again in time stays.
    """

    def __init__(self, size: int, fold: Callable[[Client], None]) -> None:
        self._size = size
        self._fold = fold
        self._young: dict[tuple[str, bytes | None], Client] = {}
        self._old: dict[tuple[str, bytes | None], Client] = {}
        self.get = self._young.get
        self.let_go = 0
        """Clients that were let go before the end; one that came again counts twice."""

    def find(self, key: tuple[str, bytes | None]) -> Client | None:
        """The client remembered under ``key``, when ``get`` does not know it."""
        client = self._old.pop(key, None)
        if client is not None:
            self.put(key, client)
        return client

    def put(self, key: tuple[str, bytes | None], client: Client) -> None:
        if len(self._young) >= self._size:
            for forgotten in self._old.values():
                self._fold(forgotten)
            self.let_go += len(self._old)
            self._old = dict(self._young)
            self._young.clear()
        self._young[key] = client

    def close(self) -> None:
        """Let all go: the log is at its end."""
        for generation in (self._old, self._young):
            for client in generation.values():
                self._fold(client)
            generation.clear()
