"""Tally: what all clients sum up to, in bounded tables."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable
from ipaddress import ip_network

from guardware.addresses import parse_address
from guardware.config.faults import printable
from guardware.crawlers.catalogue import Catalogue
from guardware.policy.score import CEILING, FLOOR
from guardware.replay.clients import Client, Manner, Treatment, manner_of
from guardware.replay.timeline import Timeline
from guardware.verdict import Action

MAX_NETWORKS = 20_000
"""Networks that are summed up; when there are more, the smaller half is dropped."""

MOST = 100
"""Clients that are listed of each kind, those with most visits first."""

STEP = 0.5
"""The width of a bin of scores, natural-log units."""
BINS = int((CEILING - FLOOR) / STEP)


class Sums:
    """Clients, pictures, and visits by action."""

    __slots__ = ("actions", "clients", "pictures")

    def __init__(self) -> None:
        self.clients = self.pictures = 0
        self.actions: Counter[Action] = Counter()

    @property
    def visits(self) -> int:
        return self.actions.total()

    def add(self, client: Client, treatment: Treatment | None = None) -> None:
        """Add ``client``, or only its visits with one treatment."""
        self.clients += 1
        self.pictures += sum(client.pictures.values()) if treatment is None else client.pictures.get(treatment, 0)
        for each, visits in client.treatments.items():
            if treatment is None or each == treatment:
                self.actions[each.action] += visits


class Longest:
    """The ``MOST`` clients that rank highest."""

    def __init__(self, rank: Callable[[Client], tuple[float, ...]]) -> None:
        self._rank = rank
        self._heap: list[tuple[tuple[float, ...], int, Client]] = []
        self.offered = 0

    def offer(self, client: Client) -> None:
        entry = (self._rank(client), -self.offered, client)  # of equals the first stays
        self.offered += 1
        if len(self._heap) < MOST:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def sorted(self) -> list[Client]:
        """The highest first."""
        return [client for _, _, client in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]


class Tally:
    """Everything the report is made of. ``agents_seen``: the log shows user-agents."""

    def __init__(self, catalogue: Catalogue, *, agents_seen: bool = True) -> None:
        self._catalogue = catalogue
        self._agents_seen = agents_seen
        self.total = Sums()
        self.treatments: defaultdict[Treatment, Sums] = defaultdict(Sums)
        self.manners: defaultdict[Manner, Sums] = defaultdict(Sums)
        self.crawlers: defaultdict[str, Sums] = defaultdict(Sums)
        self.networks: defaultdict[str, Sums] = defaultdict(Sums)
        self.networks_dropped = 0
        self.people = Sums()
        """Clients that did all that a browser in a person's hands does."""
        self.mistakes = Longest(lambda c: (c.touched, c.visits))
        """Such people who would have been touched."""
        self.largest = Longest(lambda c: (sum(c.pictures.values()), c.visits))
        self.scores: Counter[tuple[Manner, int]] = Counter()
        """Clients by manner and bin of their highest score."""
        self.timeline = Timeline()

    def fold(self, client: Client) -> None:
        """Sum up ``client``, which is not seen again."""
        manner = self._flush(client)
        self.total.add(client)
        self.manners[manner].add(client)
        for treatment in client.treatments:
            self.treatments[treatment].add(client, treatment)
        if client.crawler:
            self.crawlers[client.crawler].add(client)
        self.networks[network_of(client.address)].add(client)
        if len(self.networks) > MAX_NETWORKS:
            self._drop_small()
        self.scores[manner, score_bin(client.top)] += 1
        self.largest.offer(client)
        if client.person:
            self.people.add(client)
            if client.touched:
                self.mistakes.offer(client)

    def flush(self, client: Client) -> None:
        """Take over the hours of a client that goes on; bounds what is kept of one that never rests."""
        self._flush(client)

    def _flush(self, client: Client) -> Manner:
        manner = manner_of(client, self._catalogue, agents_seen=self._agents_seen)
        for key, count in client.hours.items():
            self.timeline.add(key >> 2, manner, key & 3, count)
        client.hours.clear()
        return manner

    def _drop_small(self) -> None:
        ranked = sorted(self.networks.items(), key=lambda item: -item[1].visits)
        self.networks_dropped += len(ranked) - MAX_NETWORKS // 2
        self.networks = defaultdict(Sums, ranked[: MAX_NETWORKS // 2])


def score_bin(score: float) -> int:
    """0 to ``BINS - 1``."""
    return min(max(int((score - FLOOR) / STEP), 0), BINS - 1)


def network_of(address: str) -> str:
    """The neighbourhood of an address (IPv4 /24, IPv6 /48); of a host's name its last two parts."""
    parsed = parse_address(address)
    if parsed is not None:
        return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))
    return f"*.{printable('.'.join(address.rsplit('.', 2)[-2:]))}" if "." in address else "unknown"
