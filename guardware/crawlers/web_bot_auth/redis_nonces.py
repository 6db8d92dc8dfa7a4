"""Nonces in Redis, so that a request copied from one process proves nothing to another.

A module of its own: redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
"""

import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from guardware.crawlers.web_bot_auth.nonces import LONGEST
from guardware.errors import StoreError
from guardware.store.redis_pool import open_pool

_PREFIX = "gw:nonce:"
_TIMEOUT = 1.0


class RedisNonces:
    """In Redis at ``url``, shared by all processes. Raises ConfigError for a URL that cannot be used."""

    def __init__(self, url: str, clock: Callable[[], float] = time.time) -> None:
        self._redis: Any = Redis(connection_pool=open_pool(url, timeout=_TIMEOUT))
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
        await self._redis.connection_pool.disconnect()
