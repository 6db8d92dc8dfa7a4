"""Claims: whether a visit comes from the crawler that its user-agent names, as far as its address can tell."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from guardware.addresses import Source
from guardware.crawlers.backlog import Backlog
from guardware.crawlers.crawler import Crawler
from guardware.crawlers.expiring import Expiring
from guardware.crawlers.plan import Plan, make_plan
from guardware.crawlers.proof import Outcome, Proof, Standing
from guardware.crawlers.reverse_dns import Confirmation
from guardware.public import is_public

RENEWED_AFTER, VERIFIED_FOR = 86400.0, 172800.0
"""Seconds. After a day a proven crawler is asked for again; until the answer is there, the old one stands for a
second day, so that an operator's outage does not turn a search engine away."""

LYING_FOR = 3600.0
"""Seconds: a lie costs an hour, and the next user of a shared address no more than that."""

UNVERIFIED_FOR = 300.0
"""Seconds until whoever did not answer is asked again."""

SIZE = 8192
"""Claims remembered of each standing. Search engines come from some thousand addresses."""

_Key = tuple[str, str]
"""The address, and the crawler's token."""


class Ranges(Protocol):
    """Published address lists."""

    def contains(self, url: str, address: str) -> bool | None:
        """Whether the list at ``url`` holds ``address``, at once; None when no copy is good enough to say."""

    async def refresh(self, url: str) -> object:
        """Fetch the list, if the copy is not new enough."""


class Names(Protocol):
    """Forward-confirmed reverse DNS."""

    async def confirm(self, address: str, suffixes: tuple[str, ...]) -> Confirmation:
        """See ``ReverseDns.confirm``."""

    def sweep(self, now: float) -> None:
        """Forget what has expired."""


class Claims:
    """Answers from memory, and has the ``backlog`` find out what it does not know.

    ``ranges`` and ``names`` are None where they are not to be asked. ``counts``: of the answers found, by
    standing. ``clock``: seconds since the epoch.
    """

    def __init__(
        self,
        ranges: Ranges | None,
        names: Names | None,
        backlog: Backlog,
        counts: dict[Standing, int],
        clock: Callable[[], float],
    ) -> None:
        self._ranges = ranges
        self._names = names
        self._backlog = backlog
        self._counts = counts
        self._clock = clock
        self._plans: dict[str, Plan] = {}
        """Of those that were claimed; there are no more than the catalogue has."""
        self._verified: Expiring[_Key, Proof] = Expiring(SIZE, VERIFIED_FOR)
        self._lying: Expiring[_Key, Proof] = Expiring(SIZE, LYING_FOR)
        self._unverified: Expiring[_Key, Proof] = Expiring(SIZE, UNVERIFIED_FOR)

    def standing(self, source: Source, crawler: Crawler, now: float) -> Proof:
        """What the claim to be ``crawler`` is worth. Never waits."""
        plan = self._plans.get(crawler.token)
        if plan is None:
            plan = self._plans[crawler.token] = self._make_plan(crawler)
        if plan.settled is not None:
            return plan.settled
        key = (source.address, crawler.token)
        proof = self._verified.get(key, now)
        if proof is not None:
            if self._verified.age(key, now) >= RENEWED_AFTER and self._unverified.get(key, now) is None:
                self._enqueue(plan, key, source)
            return proof
        return self._lying.get(key, now) or self._unverified.get(key, now) or self._new(plan, key, source, now)

    def sweep(self, now: float) -> None:
        """Forget what has expired: addresses are not to be kept longer than they are of use."""
        for known in (self._verified, self._lying, self._unverified):
            known.sweep(now)
        if self._names is not None:
            self._names.sweep(now)

    def __len__(self) -> int:
        """How many claims are remembered."""
        return len(self._verified) + len(self._lying) + len(self._unverified)

    def _new(self, plan: Plan, key: _Key, source: Source, now: float) -> Proof:
        if not is_public(source.address):
            return plan.private
        outcome = self._in_ranges(plan, source.address)
        if not self._backlog.started:  # explain and replay: whatever is known without asking
            return self._at_once(plan, outcome)
        if outcome is Outcome.CONFIRMED:
            self._remember(self._verified, key, plan.by_range, now)
            return plan.by_range
        # A no is not believed yet: the copy may be older than the address.
        return plan.waiting if self._enqueue(plan, key, source) else plan.crowded

    def _at_once(self, plan: Plan, by_range: Outcome | None) -> Proof:
        if by_range is Outcome.CONFIRMED:
            return plan.by_range
        return plan.refuted if by_range is Outcome.REFUTED and plan.complete and not plan.rdns else plan.unasked

    def _enqueue(self, plan: Plan, key: _Key, source: Source) -> bool:
        return self._backlog.offer(key, source.client, partial(self._settle, plan, key))

    async def _settle(self, plan: Plan, key: _Key) -> None:
        """Find out, and remember it: also that it failed, or the next visit would ask again."""
        proof = plan.unanswered
        try:
            proof = await self._ask(plan, key[0])
        finally:
            self._found(key, proof, self._clock())

    def _found(self, key: _Key, proof: Proof, now: float) -> None:
        if proof.standing is Standing.VERIFIED:
            self._remember(self._verified, key, proof, now)
        elif proof.standing is Standing.LYING:
            self._remember(self._lying, key, proof, now)
        else:
            self._unverified.put(key, proof, now)  # next to what was verified before, which stands
            self._counts[Standing.UNVERIFIED] += 1

    def _remember(self, memory: Expiring[_Key, Proof], key: _Key, proof: Proof, now: float) -> None:
        for known in (self._verified, self._lying, self._unverified):
            known.forget(key)
        memory.put(key, proof, now)
        self._counts[proof.standing] += 1

    def _make_plan(self, crawler: Crawler) -> Plan:
        return make_plan(crawler, ranges=self._ranges is not None, names=self._names is not None)

    async def _ask(self, plan: Plan, address: str) -> Proof:
        if self._ranges is not None:
            for url in plan.ranges:
                await self._ranges.refresh(url)
        by_range = self._in_ranges(plan, address)
        if by_range is Outcome.CONFIRMED:
            return plan.by_range
        by_name = None
        if self._names is not None and plan.rdns:
            by_name, name = await self._names.confirm(address, plan.rdns)
            if by_name is Outcome.CONFIRMED:
                return plan.by_name(name)
        refuted = plan.complete and all(outcome in (None, Outcome.REFUTED) for outcome in (by_range, by_name))
        return plan.refuted if refuted else plan.unanswered

    def _in_ranges(self, plan: Plan, address: str) -> Outcome | None:
        """What the lists say; None if there are none to ask."""
        if self._ranges is None or not plan.ranges:
            return None
        answers = [self._ranges.contains(url, address) for url in plan.ranges]
        if any(answers):
            return Outcome.CONFIRMED
        return Outcome.UNKNOWN if None in answers else Outcome.REFUTED
