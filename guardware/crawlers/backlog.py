"""A backlog of jobs that no request waits for: bounded, without doubles, and fair between clients."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple

SIZE = 1024
"""Jobs that may wait. More claims than that at once are made up."""

AT_ONCE = 16
"""Jobs that run at the same time, most of which wait for the network."""

PER_CLIENT = 64
"""Jobs that one client may have waiting, so that it cannot crowd out the crawlers that come meanwhile."""

DEADLINE = 60.0
"""Seconds after which a job is given up. Each has time limits of its own; this is for those that forget."""

logger = logging.getLogger("guardware.crawlers")

Work = Callable[[], Awaitable[None]]


class _Job(NamedTuple):
    key: Hashable
    client: str
    work: Work


class Backlog:
    """Runs what it is offered, in order, between ``start`` and ``close``. Belongs to one event loop.

    ``dropped`` counts the offers that were turned down for want of room, ``failed`` the jobs that broke.
    """

    def __init__(self, size: int = SIZE, at_once: int = AT_ONCE, per_client: int = PER_CLIENT) -> None:
        self.dropped = 0
        self.failed = 0
        self.started = False
        self._size = size
        self._at_once = at_once
        self._per_client = per_client
        self._waiting: deque[_Job] = deque()
        self._keys: set[Hashable] = set()
        self._clients: dict[str, int] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._workers = 0  # not the size of _running: a task leaves that a moment after its work has ended

    def offer(self, key: Hashable, client: str, work: Work) -> bool:
        """Have ``work`` done some time; False if there is no room or nothing runs.

        True without doing anything if a job of that ``key`` waits or runs already.
        """
        if not self.started:
            return False
        if key in self._keys:
            return True
        waiting = self._clients.get(client, 0)
        if len(self._waiting) >= self._size or waiting >= self._per_client:
            self.dropped += 1
            return False
        self._keys.add(key)
        self._clients[client] = waiting + 1
        self._waiting.append(_Job(key, client, work))
        if self._workers < self._at_once:
            self._spawn()
        return True

    def start(self) -> None:
        """Take offers from now on; call it in the event loop that is to do the work."""
        self.started = True

    async def close(self) -> None:
        """Forget what waits, cancel what runs, and take no more offers."""
        self.started = False
        self._waiting.clear()
        self._keys.clear()
        self._clients.clear()
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._workers = 0

    async def idle(self) -> None:
        """Wait until nothing waits or runs."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def __len__(self) -> int:
        """How many jobs wait or run."""
        return len(self._keys)

    def _spawn(self) -> None:
        self._workers += 1
        task = asyncio.get_running_loop().create_task(self._work())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _work(self) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            self._leave(job.client)
            try:
                async with asyncio.timeout(DEADLINE):
                    await job.work()
            except Exception as error:  # one job must not take the others with it
                self.failed += 1
                logger.warning("a claim could not be checked: %s: %s", type(error).__name__, error)
            finally:
                self._keys.discard(job.key)
        self._workers -= 1

    def _leave(self, client: str) -> None:
        left = self._clients.get(client, 0) - 1
        if left > 0:
            self._clients[client] = left
        else:
            self._clients.pop(client, None)
