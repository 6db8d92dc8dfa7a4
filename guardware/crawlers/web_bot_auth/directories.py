"""The key directories of agents: fetched when a claim first needs one, remembered, and never too many at once."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.crawlers.web_bot_auth.directory import Directory, Fetched, read_directory
from guardware.crawlers.web_bot_auth.keys import Key
from guardware.crawlers.web_bot_auth.result import RefusalError, Rules

MAX_ORIGINS = 256
"""Strangers' directories kept, and as many failures."""
MAX_FETCHES = 8
STRANGERS_FETCHES = 6
"""At once; the rest is kept free for agents that the catalogue knows."""
STRANGERS_PER_MINUTE = 30
"""Made-up origins cost us a request each, and somebody else too if they lead to him. A guess at what is plenty."""
NEGATIVE = 300.0
"""Seconds before asking again after a failure, or for a key that was not there."""

Fetch = Callable[[str], Awaitable[Fetched]]

_log = logging.getLogger(__name__)


class Lookup(NamedTuple):
    """``key``, or None and the ``reason`` in words. ``settled``: asking the origin would not help now."""

    key: Key | None
    reason: str = ""
    settled: bool = True


class _Copy(NamedTuple):
    directory: Directory
    at: float


class _Failure(NamedTuple):
    reason: str
    at: float


class KeyDirectories:
    """Finds keys by origin and key ID, never by key ID alone. Belongs to one event loop.

    ``familiar``: origins whose directories strangers' never push out, such as those of the catalogue. ``clock``:
    seconds since the epoch; it may jump.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        familiar: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.time,
        rules: Rules | None = None,
    ) -> None:
        self._fetch = fetch
        self._familiar = familiar
        self._clock = clock
        self._rules = rules or Rules()
        # A BoundedCache holds twice its size. That of the familiar never fills.
        self._strangers: BoundedCache[str, _Copy] = BoundedCache(MAX_ORIGINS // 2)
        self._known: BoundedCache[str, _Copy] = BoundedCache(len(familiar) + 1)
        self._failures: BoundedCache[str, _Failure] = BoundedCache(MAX_ORIGINS // 2)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._recent: deque[float] = deque(maxlen=STRANGERS_PER_MINUTE)

    async def key(self, origin: str, keyid: str) -> Lookup:
        """The key of ``origin`` whose thumbprint is ``keyid``; fetches the directory if need be."""
        found = self._look(origin, keyid)
        if found.settled:
            return found
        task = self._under_way.get(origin) or self._start(origin)
        if task is None:
            return Lookup(found.key, "too many key directories are being fetched")
        await asyncio.wait({task})  # a caller that gives up ends its waiting, not the fetch
        return self._look(origin, keyid)

    async def close(self) -> None:
        """End all fetches."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __len__(self) -> int:
        """Origins that something is remembered of, and fetches under way."""
        return len(self._strangers) + len(self._known) + len(self._failures) + len(self._under_way)

    def _look(self, origin: str, keyid: str) -> Lookup:
        now, failure, copy = self._clock(), self._failures.get(origin), self._shelf(origin).get(origin)
        failed = failure is not None and _is_within(now - failure.at, NEGATIVE)
        reason = failure.reason if failure is not None and failed else "the key directory is not fetched yet"
        if copy is None:
            return Lookup(None, reason, failed)
        key = copy.directory.keys.get(keyid)
        if key is None:
            # A key that was put there since may sign already, so a miss is asked for sooner than a hit.
            settled = failed or _is_within(now - copy.at, min(NEGATIVE, copy.directory.lifetime))
            return Lookup(None, "the key directory has no such key", settled)
        # A copy whose time is up still counts while no newer one can be had.
        return Lookup(key, "", failed or _is_within(now - copy.at, copy.directory.lifetime))

    def _shelf(self, origin: str) -> BoundedCache[str, _Copy]:
        return self._known if origin in self._familiar else self._strangers

    def _start(self, origin: str) -> asyncio.Task[None] | None:
        """The fetch of ``origin``, or None when there are too many."""
        stranger, now = origin not in self._familiar, self._clock()
        if len(self._under_way) >= (STRANGERS_FETCHES if stranger else MAX_FETCHES):
            return None
        if stranger:
            if len(self._recent) == STRANGERS_PER_MINUTE and _is_within(now - self._recent[0], 60.0):
                return None
            self._recent.append(now)
        task = asyncio.create_task(self._bring(origin))
        self._under_way[origin] = task
        task.add_done_callback(lambda _: self._under_way.pop(origin, None))
        return task

    async def _bring(self, origin: str) -> None:
        try:
            fetched = await self._fetch(origin)
            directory = read_directory(fetched, origin, self._clock(), self._rules)
        except RefusalError as refusal:
            self._failures.put(origin, _Failure(refusal.reason, self._clock()))
        except Exception:
            # A fetch that failed in a way nobody thought of must not be tried with each request.
            _log.exception("fetching the key directory of %s", origin)
            self._failures.put(origin, _Failure("the key directory cannot be fetched", self._clock()))
        else:
            self._shelf(origin).put(origin, _Copy(directory, self._clock()))


def _is_within(age: float, span: float) -> bool:
    """Whether ``age`` is below ``span``. Of an age below 0, after the clock was set back, nothing is known."""
    return 0.0 <= age < span
