"""A remote store with a time budget: what it does not answer in time, local memory answers at once.

::

    remote ── a call fails or is late ──► local ── two probes succeed ──► remote
                                          │   ▲
                                          └───┘  a probe fails: wait twice as long

While local answers, no visit waits for the remote: one background task probes it. Bans and counters in the
remote are as they were when it is back; what memory gathered meanwhile stays in memory.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator

from guardware.errors import StoreError
from guardware.store.deadline import Deadline
from guardware.store.memory import MemoryStore, Status
from guardware.store.protocol import Record, Store, Touch

FIRST_DELAY = 0.5
"""Seconds from a failure to the first probe: a restart of Redis takes about as long."""

LONGEST_DELAY = 10.0
"""Seconds: an owner who mends Redis sees it taken up within this."""

START_BUDGET = 2.0
"""Seconds for what no visitor waits for: the secret at start-up, and a probe's connecting and logging in."""

_PROBE = Touch("probe", "probe", "probe", "probe")
"""A real touch and not PING: it also fails on a read-only replica, full memory or missing rights."""

logger = logging.getLogger("guardware.store")


def delays(jitter: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
    """Seconds to wait before each probe: doubling, and spread so that many processes do not come all at once."""
    delay = FIRST_DELAY
    while True:
        yield jitter(delay / 2, delay)
        delay = min(delay * 2, LONGEST_DELAY)


class ResilientStore:
    """``remote`` within ``timeout`` seconds a call, else ``local``. Never raises StoreError.

    ``clock`` (seconds since the epoch) dates ``status``. Belongs to one event loop; closes both stores.
    """

    def __init__(
        self, remote: Store, local: MemoryStore, *, timeout: float = 0.05, clock: Callable[[], float] = time.time
    ) -> None:
        self._remote = remote
        self._local = local
        self._timeout = timeout
        self._deadline = Deadline(timeout)
        self._clock = clock
        self._available = True
        self._failures = 0
        self._since = clock()
        self._delays = delays()
        self._probing: asyncio.Task[None] | None = None
        self.on_return: Callable[[], Awaitable[None]] | None = None
        """Awaited when the remote is back, before visits go there again."""

    @property
    def status(self) -> Status:
        """Which backend answers now; ``failures`` counts the remote's failed calls and probes."""
        return Status("redis" if self._available else "memory", self._available, self._failures, self._since)

    async def touch(self, touch: Touch, now: float | None = None) -> Record:
        """See ``Store.touch``. Takes at most ``timeout``, and no time at all while the remote is away."""
        if self._available:
            try:
                return await self._deadline.keep(self._remote.touch(touch, now))
            except (StoreError, TimeoutError) as error:
                self._lost(error, self._timeout)
        return self._local.touch_now(touch, now)

    async def count_original(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        """See ``Store.count_original``. Takes at most ``timeout``."""
        if self._available:
            try:
                return await self._deadline.keep(
                    self._remote.count_original(client, network, address, original, now)
                )
            except (StoreError, TimeoutError) as error:
                self._lost(error, self._timeout)
        self._local.count_original_now(client, network, address, original, now)

    async def secret(self, proposal: bytes) -> bytes:
        """See ``Store.secret``. Waits up to START_BUDGET; without the remote the secret is this process's own."""
        try:
            async with asyncio.timeout(START_BUDGET):
                return await self._remote.secret(proposal)
        except (StoreError, TimeoutError) as error:
            self._lost(error, START_BUDGET)
        return await self._local.secret(proposal)

    async def close(self) -> None:
        """See ``Store.close``."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        self._deadline.close()
        await self._remote.close()
        await self._local.close()

    def _lost(self, error: Exception, budget: float) -> None:
        """Go on with local memory. Of calls that fail together only the first finds the remote available."""
        self._failures += 1
        if not self._available:
            return
        now = self._clock()
        if now - self._since > LONGEST_DELAY:
            self._delays = delays()  # it was well for a while; one that comes and goes is asked ever less often
        self._available, self._since = False, now
        reason = f"no answer within {budget * 1000:.0f} ms" if isinstance(error, TimeoutError) else error
        logger.warning("the store is away, going on with local memory: %s", reason)
        self._probing = asyncio.get_running_loop().create_task(self._probe_until_back())

    async def _probe_until_back(self) -> None:
        for delay in self._delays:
            await asyncio.sleep(delay)
            if await self._answers():
                break
            self._failures += 1
        if self.on_return is not None:
            await self.on_return()
        self._available, self._since = True, self._clock()
        logger.warning("the store is back, %d failures so far", self._failures)

    async def _answers(self) -> bool:
        """Twice: the first probe may have to connect, the second must keep the budget of a visit."""
        try:
            for budget in (max(START_BUDGET, self._timeout), self._timeout):
                async with asyncio.timeout(budget):
                    await self._remote.touch(_PROBE)
        except Exception:  # also what a store should not raise: this task must not die while the remote is away
            return False
        return True
