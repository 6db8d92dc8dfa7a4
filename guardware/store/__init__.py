"""Where records, limits and budgets live: memory, or Redis with memory behind it."""

from guardware.config.schema import Store as StoreConfig
from guardware.store.memory import MemoryStore, Status
from guardware.store.protocol import Rate, Record, Store, Touch
from guardware.store.resilient import ResilientStore

__all__ = ["MemoryStore", "Rate", "Record", "ResilientStore", "Status", "Store", "Touch", "open_store"]


def open_store(config: StoreConfig, *, distinct: int) -> MemoryStore | ResilientStore:
    """The store that ``config`` names. Connects to nothing yet; raises ConfigError for an unusable URL.

    ``distinct`` is the largest count of pictures that matters: the larger of the two budgets.
    """
    memory = MemoryStore(config.max_clients, distinct)
    if config.url.startswith("memory://"):
        return memory
    # Imported here because redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
    from guardware.store.redis import RedisStore

    return ResilientStore(RedisStore(config.url), memory, timeout=config.timeout)
