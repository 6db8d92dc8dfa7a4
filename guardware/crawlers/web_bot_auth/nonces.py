"""Nonces: which signatures have been seen, so that a copied request proves nothing."""

import hashlib
import heapq
import time
from collections.abc import Callable
from typing import Protocol

MAX_NONCES = 100_000
"""Some 20 MB. Only signatures that proved good are remembered, so that nobody fills it for nothing."""
LONGEST = 90_000.0
"""Seconds: a day, as long as a signature may live, and an hour."""


class Nonces(Protocol):
    """Remembers what was used once. Keys are ``nonce_key``'s."""

    async def first_use(self, key: str, until: float) -> bool:
        """Whether ``key`` was not used before; from now until ``until`` (seconds since the epoch) it is.

        Raises StoreError when that cannot be told.
        """

    async def close(self) -> None:
        """Let go of connections."""


def nonce_key(agent: str, keyid: str, nonce: str) -> str:
    """A hash of who signed and the nonce: 32 hex digits, whatever their length."""
    # Neither can hold a line break, so no two triples make the same text.
    return hashlib.blake2b(f"{agent}\n{keyid}\n{nonce}".encode(), digest_size=16).hexdigest()


class MemoryNonces:
    """In this process. At most ``size``; beyond that those that expire first are forgotten."""

    def __init__(self, size: int = MAX_NONCES, clock: Callable[[], float] = time.time) -> None:
        self._size = size
        self._clock = clock
        self._seen: set[str] = set()
        self._order: list[tuple[float, str]] = []

    async def first_use(self, key: str, until: float) -> bool:
        """See ``Nonces.first_use``."""
        now = self._clock()
        while self._order and self._order[0][0] <= now:
            self._forget()
        if key in self._seen:
            return False
        if until <= now:
            return True
        if len(self._order) >= self._size:
            self._forget()
        self._seen.add(key)
        heapq.heappush(self._order, (min(until, now + LONGEST), key))
        return True

    async def close(self) -> None:
        """See ``Nonces.close``."""

    def __len__(self) -> int:
        return len(self._order)

    def _forget(self) -> None:
        self._seen.discard(heapq.heappop(self._order)[1])
