"""Opens Redis: one way for all that share one, with the same URLs, the same settings and the same error.

A module of its own: redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
"""

from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from guardware.errors import ConfigError


def open_pool(url: str, *, timeout: float | None = None) -> Any:
    """Connections to Redis at ``url`` (redis://, rediss:// or unix://); connects to nothing yet.

    No second attempts: who asks has somewhere else to go. ``timeout``: seconds for each answer and for connecting,
    None where the caller keeps the time. Any: what redis-py says of its types differs from version to version.
    Raises ConfigError for a URL that cannot be used.
    """
    try:
        pool: Any = ConnectionPool.from_url(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
        )
        pool.make_connection()  # connects nothing, but finds options that redis-py does not know
    except (ValueError, TypeError) as error:
        raise ConfigError([f"store.url: {error}; write redis://host:6379/0 or unix:///path/to/socket"]) from None
    return pool
