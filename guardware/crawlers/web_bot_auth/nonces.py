"""Nonces: which signatures have been seen, so that a copied request proves nothing."""

import hashlib
import heapq
import time
from collections.abc import Callable
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from guardware.errors import ConfigError, StoreError

MAX_NONCES = 100_000
"""Some 20 MB. Only signatures that proved good are remembered, so that nobody fills it for nothing."""
LONGEST = 90_000.0
"""Seconds: a day, as long as a signature may live, and an hour."""
_PREFIX = "gw:nonce:"
_TIMEOUT = 1.0


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


class RedisNonces:
    """In Redis at ``url``, shared by all processes. Raises ConfigError for a URL that cannot be used."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        try:
            self._redis: Any = Redis.from_url(
                url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=Retry(NoBackoff(), 0)
            )
        except (ValueError, TypeError) as error:
            raise ConfigError(
                [f"store.url: {error}; write redis://host:6379/0 or unix:///path/to/socket"]
            ) from None
        self._clock = clock

    async def first_use(self, key: str, until: float) -> bool:
        """See ``Nonces.first_use``."""
        milliseconds = max(1, int(min(until - self._clock(), LONGEST) * 1000))
        try:
            # One command, so that of two processes that ask at once only one is the first.
            answer = await self._redis.set(_PREFIX + key, 1, nx=True, px=milliseconds)
        except (RedisError, OSError, ValueError) as error:
            raise StoreError(f"Redis: {type(error).__name__}: {error}") from error
        return bool(answer)

    async def close(self) -> None:
        """See ``Nonces.close``."""
        await self._redis.aclose()
