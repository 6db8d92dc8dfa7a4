"""Player: plays the lines of logs to the guard that serves, by the logs' own clock."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from guardware.aggregates import Aggregates
from guardware.caching import BoundedCache
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.guard import Guard, distinct
from guardware.hosting import HostingNetworks
from guardware.kinds import is_icon
from guardware.notices import Notices, refused_tokens
from guardware.replay.clients import (
    ASSET,
    FAVICON,
    ORIGINAL,
    OWN_REFERER,
    PERSON,
    PROTECTED,
    REFUSED,
    Client,
    ClientTable,
    Treatment,
)
from guardware.replay.entry import Entry
from guardware.replay.formats import Format
from guardware.replay.lines import Clock, Lines
from guardware.replay.site import Site, same_site
from guardware.replay.sources import Source
from guardware.replay.tally import Tally
from guardware.replay.visits import CUT, Visits
from guardware.secrets import state_folder
from guardware.store import MemoryStore
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

MAX_CLIENTS = 25_000
"""Half of the clients that are remembered at a time, some 1 kB each."""

EVERY = 1000
"""Lines between two looks at how far the reading is."""

_LOOK = 60.0
"""Seconds of the log between two looks at what stands out. Where a log has a visit in each second, a look a second
would be a third of all work, and crowds do not change that fast."""

# The log's clock salts the keys anew each day; nothing of them is kept, so the secret is none.
_SECRET = b"replay"

_ALLOW, _PROTECT = Action.ALLOW, Action.PROTECT
_IMAGE, _ASSET, _OWN = Kind.IMAGE, Kind.ASSET, Kind.OWN


class Player:
    """Plays logs. ``start``: when the first line was written, in seconds since the epoch."""

    def __init__(self, config: Config, site: Site, start: float, *, agents_seen: bool = True) -> None:
        self.config = config
        self.site = site
        self.agents_seen = agents_seen
        self.hosts_told = False
        """Whether lines say which host they are of."""
        self.first = start
        self.lines = Lines()
        self.catalogue = Catalogue.load(state_folder(config))
        self.tally = Tally(self.catalogue, agents_seen=agents_seen)
        self.clients = ClientTable(MAX_CLIENTS, self.tally.fold)
        self._clock = Clock(start)
        self._store = MemoryStore(config.store.max_clients, distinct(config), self._clock)
        self._aggregates = Aggregates(now=start, every=_LOOK)
        self._hosting = HostingNetworks.load(config.clients.networks)
        self._guards: dict[frozenset[str], Guard] = {}
        self._same_site: BoundedCache[tuple[bytes, str], tuple[bool]] = BoundedCache(4096)
        self._visits = Visits(site)
        self._treatments: BoundedCache[tuple[Action, str], Treatment] = BoundedCache(512)

    def play(self, source: Source, form: Format, progress: Callable[[], None] = lambda: None) -> None:
        """Play one log. ``progress`` is called every thousand lines."""
        guard, lines, parse, before = self._guard(form.seen), self.lines, form.parse, self.lines.read
        with _calm_collector():
            for line in source:
                lines.read += 1
                if not lines.read % EVERY:
                    progress()
                entry = parse(line) if line else None
                if entry is not None:
                    self._play(guard, entry)
                elif line != b"":
                    lines.not_read(source.name, lines.read - before, line)
        progress()

    @property
    def hosts_named(self) -> bool:
        """Whether names of hosts stand in the place of addresses."""
        return self._visits.named > 0

    @property
    def last(self) -> float:
        """When the last line was written, in seconds since the epoch."""
        return self._clock.latest

    def close(self) -> Tally:
        """Sum up; the log is at its end."""
        self.clients.close()
        return self.tally

    def _guard(self, seen: frozenset[str]) -> Guard:
        """The guard for logs that show as much as this; all share what is remembered."""
        if seen not in self._guards:
            config = self.config
            tokens = refused_tokens(self.catalogue, config.crawlers)
            self._guards[seen] = Guard(
                config,
                catalogue=self.catalogue,
                store=self._store,
                secret=_SECRET,
                notices=frozenset(Notices(config.notices, config.site, tokens).paths),
                hosting=self._hosting,
                aggregates=self._aggregates,
                seen=seen,
                clock=self._clock,
            )
        return self._guards[seen]

    def _play(self, guard: Guard, entry: Entry) -> None:
        request, lines = entry.request, self.lines
        if request is None:
            lines.no_request += 1
            return
        if entry.time != self._clock.now:
            lines.back += self._clock.follow(entry.time)
        visit = self._visits.of(entry, request, guard.read)
        if visit is None:
            lines.refused += 1
            return
        if visit.kind is _OWN:
            lines.own += 1
            return
        now = self._clock.now
        verdict = guard.judge_now(visit, self._store, now)
        if entry.status:
            guard.answered(visit, entry.status, entry.set_cookie, now)
        if entry.picture and visit.kind is not _IMAGE and verdict.action is _ALLOW:
            guard.count_original_now(visit, self._store)
        lines.judged += 1
        self.note(entry, visit, verdict, now)

    def note(self, entry: Entry, visit: Visit, verdict: Verdict, now: float) -> None:
        """Count a judged visit."""
        agent = visit.facts.user_agent
        if agent is not None and len(agent) > CUT:
            agent = agent[:CUT]
        key = (visit.source.client, agent)
        client = self.clients.get(key) or self.clients.find(key) or self._newcomer(key, entry, visit, verdict, now)
        client.last = now
        if verdict.score > client.top:
            client.top = verdict.score
        action = verdict.action
        known = (action, verdict.decided_by)
        treatment = self._treatments.get(known) or self._treatment(known)
        client.treatments[treatment] = client.treatments.get(treatment, 0) + 1
        if action is not _ALLOW and verdict.evidence is not client.seen_last:
            client.weigh(verdict.evidence)
        kind = visit.kind
        if (kind is _IMAGE or entry.picture) and entry.status < 400:
            client.pictures[treatment] = client.pictures.get(treatment, 0) + 1
            fate = REFUSED
            if action is _ALLOW or action is _PROTECT:
                fate = PROTECTED if verdict.variant else ORIGINAL
            hour = int(now // 3600) << 2 | fate
            client.hours[hour] = client.hours.get(hour, 0) + 1
            if client.full:
                self.tally.flush(client)
        if client.habits != PERSON:
            client.habits |= self._habits(visit)

    def _habits(self, visit: Visit) -> int:
        """What browsers do, and few programs."""
        found = 0
        if is_icon(visit.path):
            found |= FAVICON
        elif visit.kind is _ASSET:
            found |= ASSET
        referer = visit.referer
        if referer is not None:
            key = (referer, visit.host)
            known = self._same_site.get(key)
            if known is None:
                known = (same_site(*key),)
                if len(referer) <= CUT:
                    self._same_site.put(key, known)
            if known[0]:
                found |= OWN_REFERER
        return found

    def _newcomer(
        self, key: tuple[str, bytes | None], entry: Entry, visit: Visit, verdict: Verdict, now: float
    ) -> Client:
        if visit.source.unheeded:
            self.lines.unheeded += 1
        self.hosts_told = self.hosts_told or bool(entry.host)
        client = Client(self._visits.name_of(entry, visit), key[1], verdict.crawler, now)
        self.clients.put(key, client)
        return client

    def _treatment(self, key: tuple[Action, str]) -> Treatment:
        treatment = Treatment(*key)
        self._treatments.put(key, treatment)
        return treatment


@contextmanager
def _calm_collector() -> Iterator[None]:
    """Let the garbage collector look after more: what is kept of clients is no garbage, and in no circles."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
