"""Work off the event loop: a bounded pool of threads that does the same thing once, however many ask."""

import math
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

R = TypeVar("R")

_NEWS = 0.2
"""Weight of the last piece of work in the mean of their times: about the last ten count."""


class Workshop(Generic[R]):
    """``workers`` pieces of work at a time; ``queue`` more may wait, while all weigh at most ``max_weight``.

    Any thread and any event loop may ask. Threads start with the first piece of work.
    """

    def __init__(self, workers: int, queue: int, max_weight: int) -> None:
        self._workers, self._queue, self._max_weight = workers, queue, max_weight
        self._jobs: dict[Hashable, Future[R]] = {}
        self._weight = 0
        self._mean = 0.0
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    @property
    def waiting(self) -> int:
        """Pieces of work that no thread has begun."""
        return max(0, len(self._jobs) - self._workers)

    def wait_estimate(self) -> int:
        """Seconds until what waits now will have been begun, going by recent work; at least 1. For Retry-After."""
        return max(1, math.ceil(self._mean * self.waiting / self._workers))

    def do(self, key: Hashable, work: Callable[[], R], weight: int) -> Future[R] | None:
        """The future of ``work``, or of the same ``key`` under way; None when too much waits already.

        ``weight`` is what a piece of work holds until it is done; an idle worker takes any. Work that nobody
        waits for any more is done all the same.
        """
        with self._lock:
            if (job := self._jobs.get(key)) is not None:
                return job
            idle = len(self._jobs) < self._workers
            full = len(self._jobs) >= self._workers + self._queue or self._weight + weight > self._max_weight
            if full and not idle:
                return None
            job = self._jobs[key] = self._threads().submit(self._timed, work)
            self._weight += weight
        job.add_done_callback(lambda _: self._forget(key, weight))
        return job

    def close(self) -> None:
        """Cancel what has not begun. What has begun ends in its own time; later work starts new threads."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, "guardware-images")
        return self._pool

    def _timed(self, work: Callable[[], R]) -> R:
        begun = time.monotonic()
        try:
            return work()
        finally:
            took = time.monotonic() - begun
            with self._lock:
                self._mean += _NEWS * (took - self._mean) if self._mean else took

    def _forget(self, key: Hashable, weight: int) -> None:
        with self._lock:
            del self._jobs[key]
            self._weight -= weight
