"""Hour: the counts of the hour that is running, as cheap to add to as can be; it becomes a summary at its end."""

from bisect import bisect_left
from collections import Counter

from guardware.observe.summary import ASKED, BINS, HOUR, STEP, Asked, Decided, Scored, Summary
from guardware.policy.score import FLOOR
from guardware.verdict import Action
from guardware.visit import Kind

MOST_KEYS = 4096
"""Kinds of visits that are told apart; a site's configuration makes some hundreds."""

MOST_CLIENTS = 20_000
"""Clients whose pictures are followed; of those that come later, pictures are only counted."""

BACK = 3600.0
"""Seconds by which a clock may be set back without the hour ending."""

OFFSET, PER_UNIT = -FLOOR / STEP, 1 / STEP
"""``int(score * PER_UNIT + OFFSET)`` is the bin of a score, but that the highest one has a bin of its own."""

Key = tuple[Action, Kind, str, str | None, bool, int, bool]
"""Action, kind, what decided, crawler, enforced, bin of the score, person."""


class Hour:
    """``since`` and ``until``: the times for which it counts, seconds since the epoch.

    ``counts`` may be added to from outside by keys that are in it; others go through ``first``.
    """

    __slots__ = ("_others", "_people", "counts", "since", "start", "uncounted", "until")

    def __init__(self, now: float) -> None:
        self.start = now // HOUR * HOUR
        self.since, self.until = self.start - BACK, self.start + HOUR
        self.counts: dict[Key, int] = {}
        self.uncounted = 0
        self._people: dict[str, int] = {}
        self._others: dict[str, int] = {}

    def first(self, key: Key) -> None:
        """Count a visit of a kind that was not seen before in this hour."""
        if len(self.counts) >= MOST_KEYS:
            action, kind, _, _, enforced, _, person = key
            key = (action, kind, "others", None, enforced, 0, person)
        self.counts[key] = self.counts.get(key, 0) + 1

    def asked(self, client: str, pictures: int, person: bool) -> None:
        """Note how many different ``pictures`` ``client`` (``Verdict.client``) asked so far in this clock hour.

        It is the client that budgets know: another name in the user-agent does not make another.
        """
        table = self._people if person else self._others
        known = table.get(client)
        if known is not None:
            if pictures > known:
                table[client] = pictures
        elif len(self._people) + len(self._others) < MOST_CLIENTS:
            table[client] = pictures
        else:
            self.uncounted += 1

    def summary(self, lost: int) -> Summary:
        """What was counted; on a thread that may take its time, when nothing is added any more."""
        decisions, crawlers, scores = Counter[Decided](), Counter[tuple[str, str]](), Counter[Scored]()
        for (action, kind, decided_by, crawler, enforced, at, person), visits in self.counts.items():
            decisions[Decided(action.value, decided_by, kind.value, enforced, person)] += visits
            if crawler is not None:
                crawlers[crawler, action.value] += visits
            if judged_by_score(decided_by):
                denied = decided_by == "thresholds.deny"
                scores[Scored(kind is Kind.IMAGE, person, denied, min(max(at, 0), BINS - 1))] += visits
        return Summary(self.start, decisions, crawlers, scores, self._asked(), lost, self.uncounted)

    def _asked(self) -> Counter[Asked]:
        """A client that turned out to be people-like is no longer one of the others."""
        clients = Counter[Asked]()
        for client, pictures in self._people.items():
            clients[Asked(True, _edge(max(pictures, self._others.get(client, 0))))] += 1
        for client, pictures in self._others.items():
            if client not in self._people:
                clients[Asked(False, _edge(pictures))] += 1
        return clients


def judged_by_score(decided_by: str) -> bool:
    """Whether thresholds have a say: no rule, crawler's purpose or limit decided before."""
    return decided_by == "default" or decided_by.startswith(("thresholds.", "budgets."))


def _edge(pictures: int) -> int:
    return ASKED[min(bisect_left(ASKED, pictures), len(ASKED) - 1)]
