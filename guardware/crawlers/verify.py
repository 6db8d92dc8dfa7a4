"""The verifier: joins published ranges, reverse DNS and signatures; whatever needs the network runs behind it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from guardware.crawlers.backlog import Backlog
from guardware.crawlers.claims import Claims, Names, Ranges
from guardware.crawlers.crawler import Crawler
from guardware.crawlers.proof import NOTHING_CLAIMED, Outcome, Proof, Standing
from guardware.crawlers.signatures import Checker, Signatures, Signed
from guardware.visit import Visit

SWEEP_EVERY = 600.0
"""Seconds after which addresses of which nothing is remembered any more are dropped on a quiet site too."""


class Stats(NamedTuple):
    """For health and metrics. ``waiting``: claims that are to be checked or just being checked; ``verified``,
    ``lying`` and ``unverified``: answers found since the start; ``dropped``: claims for which there was no room;
    ``failed``: checks that broke.
    """

    waiting: int
    verified: int
    lying: int
    unverified: int
    dropped: int
    failed: int


class Verifier:
    """Says what a visit's claims are worth, at once and from memory.

    Before ``start`` and after ``close``, as in explain and replay, nobody is asked. ``ranges``, ``names`` and
    ``checker`` are None where that way is switched off. ``closing``: what is to be closed with it. Belongs to
    one event loop.
    """

    def __init__(
        self,
        catalogue: Iterable[Crawler],
        *,
        ranges: Ranges | None = None,
        names: Names | None = None,
        checker: Checker | None = None,
        closing: Iterable[Callable[[], Awaitable[None]]] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        crawlers = tuple(catalogue)
        self._clock = clock
        self._backlog = Backlog()
        self._counts = dict.fromkeys(Standing, 0)
        self._claims = Claims(ranges, names, self._backlog, self._counts, clock)
        self._signatures = (
            None if checker is None else Signatures(crawlers, checker, self._backlog, self._counts, clock)
        )
        self._closing = tuple(closing)
        self._sweeping: asyncio.Task[None] | None = None

    def standing(self, visit: Visit, crawler: Crawler | None, now: float) -> Proof:
        """What the claims of ``visit`` are worth: to be ``crawler``, and to be who signs it. Never waits.

        What is not known yet is unverified, and found out in the background for the visits to come.
        """
        if crawler is None:
            if not visit.signed or self._signatures is None:
                return NOTHING_CLAIMED
            return _join(NOTHING_CLAIMED, self._signatures.standing(visit, now))
        claim = self._claims.standing(visit.source, crawler, now)
        if not visit.signed or self._signatures is None:
            return claim
        return _join(claim, self._signatures.standing(visit, now))

    @property
    def stats(self) -> Stats:
        counts = self._counts
        return Stats(
            len(self._backlog),
            counts[Standing.VERIFIED],
            counts[Standing.LYING],
            counts[Standing.UNVERIFIED],
            self._backlog.dropped,
            self._backlog.failed,
        )

    async def start(self) -> None:
        """Have claims checked from now on."""
        if self._sweeping is None:
            self._backlog.start()
            self._sweeping = asyncio.get_running_loop().create_task(self._sweep_for_ever())

    async def close(self) -> None:
        """Cancel what is being checked. Answers that are known stay."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
            self._sweeping = None
        await self._backlog.close()
        for close in self._closing:
            await close()

    async def idle(self) -> None:
        """Wait until all claims so far are checked."""
        await self._backlog.idle()

    def sweep(self, now: float) -> None:
        """Forget what has expired."""
        self._claims.sweep(now)
        if self._signatures is not None:
            self._signatures.sweep(now)

    @property
    def remembered(self) -> int:
        """How many answers are remembered. (No ``__len__``: a verifier is not false for remembering nobody.)"""
        return len(self._claims) + (0 if self._signatures is None else len(self._signatures))

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            self.sweep(self._clock())


def _join(claim: Proof, signed: Signed) -> Proof:
    """One proof of what the user-agent names and what the signature names.

    A good signature proves the crawler that signs so, and otherwise only tells who the agent is. A bad one is a
    lie, unless the address proves the crawler; or may still prove it, where the signature is that crawler's.
    """
    crawler = claim.crawler
    own = crawler in signed.crawlers
    who = crawler or next(iter(signed.crawlers), None)
    if signed.outcome is Outcome.CONFIRMED:
        if claim.standing is Standing.VERIFIED or not (crawler is None or own):
            return claim._replace(agent=signed.agent)
        return Proof(Standing.VERIFIED, f"its visits are signed by {signed.agent}", signed.agent, who)
    if signed.outcome is Outcome.REFUTED and claim.standing is not Standing.VERIFIED:
        if crawler is not None and own and claim.standing is Standing.UNVERIFIED and _by_address(crawler):
            return claim
        return Proof(Standing.LYING, f"its signature is false: {signed.reason}", crawler=who)
    return claim if crawler is not None else claim._replace(how=signed.reason)


def _by_address(crawler: Crawler) -> bool:
    """Whether an address can prove it."""
    return bool(crawler.verification.ranges or crawler.verification.rdns)
