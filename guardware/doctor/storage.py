"""Whether the store answers, and lets the guard run what it runs there."""

import asyncio
from collections.abc import Iterator

from guardware.config.schema import Config
from guardware.doctor.finding import Finding, fault, ok

TOPIC = "store"
_PATIENCE = 5.0


async def store_findings(config: Config) -> list[Finding]:
    """Looks at Redis, if ``store.url`` names one, and writes nothing to it."""
    if config.store.url.startswith("memory:"):
        return [ok(TOPIC, "What is known of visitors is kept in memory: nothing to reach.")]
    try:
        async with asyncio.timeout(_PATIENCE):
            await _try_out(config.store.url)
    except Exception as error:  # redis-py raises errors of its own, OSErrors, and ValueErrors for odd answers
        return list(_failed(error))
    return [ok(TOPIC, "Redis answers, and runs scripts.")]


async def _try_out(url: str) -> None:
    # Imported here because redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
    from redis.asyncio import Redis

    redis = Redis.from_url(url)
    try:
        await redis.ping()
        await redis.eval("return 1", 0)
    finally:
        await redis.aclose()


def _failed(error: Exception) -> Iterator[Finding]:
    name = type(error).__name__
    kinds = {kind.__name__ for kind in type(error).__mro__}
    # Not the message: it may hold the address with its password.
    if kinds & {"ResponseError", "AuthenticationError"}:
        yield fault(
            TOPIC,
            f"Redis does not let the guard in, or run scripts ({name}).",
            "Check user and password in store.url, and let that user run EVAL and EVALSHA",
        )
    else:
        yield fault(
            TOPIC,
            f"Redis does not answer ({name}). The guard goes on with its own memory until it does.",
            "Check that Redis runs, and store.url in guardware.yaml",
        )
