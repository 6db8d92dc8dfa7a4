"""Several addresses of one site: which of them is asked next, and which are left alone for a while."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence

import aiohttp

from guardware.config.upstreams import Address

logger = logging.getLogger("guardware.proxy")

_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 60.0
"""Seconds an address is left alone after a failed connection, doubled with each failure in a row."""

Opener = Callable[[Address], aiohttp.ClientSession]
Clock = Callable[[], float]


class Member:
    """One address: its connections, and how it fares. Shared by all routes that name it.

    ``pending``: requests that it has or that wait for it. ``sick``: what health checks found last. The client
    session is made by ``opener`` when it is first needed, within the event loop.
    """

    def __init__(
        self, address: Address, max_connections: int, opener: Opener, clock: Clock = time.monotonic
    ) -> None:
        self.address = address
        self.pending = 0
        self.sick = False
        self._free = asyncio.Semaphore(max_connections)
        self._opener = opener
        self._session: aiohttp.ClientSession | None = None
        self._clock = clock
        self._failures = 0
        self._trying = False
        self._until = 0.0

    @property
    def session(self) -> aiohttp.ClientSession:
        """The client, made anew after ``close``."""
        if self._session is None:
            self._session = self._opener(self.address)
        return self._session

    async def close(self) -> None:
        """Close the client and its connections."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def enter(self, patience: float) -> bool:
        """Take one of the connections, within ``patience`` seconds, or return False. ``leave`` gives it back."""
        self.pending += 1
        try:
            if self._free.locked():
                async with asyncio.timeout(patience):
                    await self._free.acquire()
            else:
                await self._free.acquire()
        except TimeoutError:
            self.pending -= 1
            return False
        except BaseException:
            self.pending -= 1
            raise
        return True

    def leave(self) -> None:
        """Give the connection back."""
        self.pending -= 1
        self._free.release()

    @property
    def paused_until(self) -> float:
        """The time, by its clock, from which it may be asked again; 0 if it has not failed."""
        return self._until if self._failures else 0.0

    def is_ready(self) -> bool:
        """Whether it may be asked."""
        return not self.sick and (not self._failures or self._clock() >= self._until)

    def begin(self) -> None:
        """It has been chosen. After a pause one request tries it; the others go elsewhere until that is known."""
        if self._failures and self._clock() >= self._until:
            self._trying = True
            self._until = self._clock() + self._pause()

    def failed(self) -> None:
        """A connection to it failed: leave it alone for a while, longer with each time in a row."""
        if self._failures and not self._trying and self._clock() < self._until:
            return  # one more of the requests that were under way when the first one failed
        self._failures += 1
        self._trying = False
        self._until = self._clock() + self._pause()
        if self._failures == 1:
            logger.warning("the upstream %s cannot be reached", self.address)

    def worked(self) -> None:
        """It answered, in whatever way."""
        if self._failures:
            self._failures = 0
            self._trying = False
            logger.warning("the upstream %s can be reached again", self.address)

    def _pause(self) -> float:
        return min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)


class Group:
    """Addresses that share the requests of one route; never empty.

    Every way of asking goes through it, so that all share what is known of health and load. Whoever asks::

        member = group.choose()
        if await member.enter(settings.connect_timeout):  # one of max_connections; else answer 503
            try:
                ...  # member.address says where to connect
            finally:
                member.leave()

    and says ``member.failed()`` when the connection could not be made, ``member.worked()`` once an answer's head
    has come.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self._turn = 0

    def choose(self, tried: Collection[Member] = ()) -> Member:
        """Who is asked next: among those that are well, who has least to do; among equals they take turns.

        Not one of ``tried``, if there is another. If none is well, who may be back soonest: trying is better than
        refusing.
        """
        if len(self.members) == 1:
            return self.members[0]
        self._turn = (self._turn + 1) % len(self.members)
        turned = self.members[self._turn :] + self.members[: self._turn]
        fresh = [member for member in turned if member not in tried] or turned
        ready = [member for member in fresh if member.is_ready()]
        if ready:
            chosen = min(ready, key=lambda member: member.pending)
        else:
            chosen = min(fresh, key=lambda member: (member.sick, member.paused_until, member.pending))
        chosen.begin()
        return chosen
