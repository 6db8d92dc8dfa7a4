"""Sharing: once a second one pipeline to Redis, so that all processes of a site see the same crowds.

Nothing here is on a visit's way. While Redis is away or slow each process goes on with what it counted itself, and
what it could not tell is told later, up to a bound.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from guardware.aggregates.accounts import Account
from guardware.aggregates.cohorts import Cohort
from guardware.aggregates.core import Aggregates
from guardware.aggregates.telling import Telling, of_account, of_clients, of_cohort, of_pictures
from guardware.aggregates.words import Status
from guardware.store.redis_pool import open_pool

_EVERY = 1.0
_TIMEOUT = 2.0
"""Seconds."""

_AT_ONCE = 256
"""Cohorts, and accounts, in one pipeline; more wait for the next. Building it takes some 10 µs a command."""

_KEPT = 65_536
"""Names kept for telling while Redis is away."""

logger = logging.getLogger("guardware.aggregates")


class Sharing:
    """Tells the other processes at ``url`` (redis://, rediss:// or unix://) what ``aggregates`` counts, and hears
    of them. Belongs to one event loop. Raises ConfigError for a URL that cannot be used.

    ``clock`` gives seconds since the epoch. ``available``: whether the last exchange succeeded.
    """

    def __init__(self, aggregates: Aggregates, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._aggregates = aggregates
        self._clock = clock
        self._redis = Redis(connection_pool=open_pool(url))
        self._task: asyncio.Task[None] | None = None
        self._day = -1
        self._again: list[Cohort] = []
        """Of which was told a second ago: what others told at the same time is heard now."""
        self.available = True
        self.failures = 0

    @property
    def status(self) -> Status:
        """``Aggregates.status``, and how the sharing goes."""
        return self._aggregates.status._replace(available=self.available, failures=self.failures)

    def start(self) -> None:
        """Exchange once a second from now on. Called within the event loop; again: no effect."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop, and give the connection back."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def exchange(self) -> bool:
        """Tell what was counted and hear of the others; whether that succeeded. Never raises for Redis' sake."""
        now = self._clock()
        self._aggregates.roll(now)
        cohorts, accounts, tellings = self._collect()
        if not tellings:
            return True
        fault: object = None
        try:
            async with asyncio.timeout(_TIMEOUT):
                pipeline = self._redis.pipeline(transaction=False)
                for telling in tellings:
                    for command in telling.commands:
                        pipeline.execute_command(*command)
                replies = await pipeline.execute(raise_on_error=False)
                fault, damaged = _hear(tellings, replies)
                if damaged:
                    await self._redis.delete(*damaged)
        except Exception as error:  # redis-py's parser raises what it likes when a reply makes no sense
            fault = error if str(error) else f"no answer within {_TIMEOUT:.0f} s"
            await self._redis.connection_pool.disconnect()  # replies to come must not be taken for later ones
        if fault is not None:
            self._lost(fault, cohorts, accounts)
            return False
        for cohort in cohorts:
            self._aggregates.judge(cohort, now)
        if not self.available:
            logger.warning("aggregates are shared again, %d failures so far", self.failures)
        self.available, self._day = True, self._aggregates.counting.pictures.day
        return True

    def _collect(self) -> tuple[list[Cohort], list[Account], list[Telling]]:
        counting = self._aggregates.counting
        cohorts, counting.untold = counting.untold[:_AT_ONCE], counting.untold[_AT_ONCE:]
        for cohort in cohorts:
            cohort.untold = False
        changed = set(cohorts)
        cohorts += [cohort for cohort in self._again if cohort not in changed and not cohort.untold]
        self._again = list(changed)
        tellings = [telling for cohort in cohorts for telling in of_cohort(cohort)]
        accounts = counting.accounts
        some, accounts.untold = accounts.untold[:_AT_ONCE], accounts.untold[_AT_ONCE:]
        for account in some:
            account.untold = False
            tellings.append(of_account(account))
        tellings += of_clients(counting)
        if counting.pictures.fresh or self._day != counting.pictures.day:
            tellings += of_pictures(counting, earlier=self._day != counting.pictures.day)
        return cohorts, some, tellings

    def _lost(self, fault: object, cohorts: list[Cohort], accounts: list[Account]) -> None:
        """Keep what is to be told, and say so once."""
        self.failures += 1
        self._aggregates.counting.retell(cohorts, accounts, _KEPT)
        if self.available:
            self.available = False
            logger.warning("aggregates go on with what this process sees alone: %s", fault)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.exchange()
            except Exception:  # a fault of ours must not end the sharing, nor go unseen
                logger.exception("aggregates could not be shared")


def _hear(tellings: list[Telling], replies: list[Any]) -> tuple[object, list[str]]:
    """Let each telling hear its replies; the first fault, None if there was none, and the keys at which stands
    what we did not write: they would be faults for ever."""
    fault: object = None
    damaged: list[str] = []
    at = 0
    for telling in tellings:
        mine = replies[at : at + len(telling.commands)]
        at += len(telling.commands)
        error = next((reply for reply in mine if isinstance(reply, Exception)), None)
        if error is None:
            telling.hear(mine)
        else:
            fault = fault or error
            pairs = zip(telling.commands, mine, strict=True)
            damaged += [command[1] for command, reply in pairs if _is_damage(reply)]
    return fault, damaged


def _is_damage(reply: Any) -> bool:
    """Whether the key is of another type than ours, or a HyperLogLog that is broken."""
    return isinstance(reply, ResponseError) and str(reply).startswith(("WRONGTYPE", "INVALIDOBJ"))
