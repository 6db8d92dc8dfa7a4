"""Which store a configuration opens."""

import pytest
from redis_server import RedisServer

from guardware.config.schema import Store as StoreConfig
from guardware.errors import ConfigError
from guardware.store import MemoryStore, ResilientStore, Touch, open_store


def test_memory_is_the_default() -> None:
    store = open_store(StoreConfig(max_clients=100), distinct=10)
    assert isinstance(store, MemoryStore)
    for i in range(101):
        store.touch_now(Touch(f"{i}", "n", "a", "page"))
    assert len(store) == 100


async def test_redis_comes_with_memory_behind_it(redis_server: RedisServer) -> None:
    store = open_store(StoreConfig(url=redis_server.url, timeout=30), distinct=1000)
    assert isinstance(store, ResilientStore)
    assert (await store.touch(Touch("open", "open", "open", "page"))).visits == 1
    assert store.status.backend == "redis"
    await store.close()


async def test_a_url_that_redis_py_cannot_use() -> None:
    with pytest.raises(ConfigError, match=r"store\.url: .*colour"):
        open_store(StoreConfig(url="redis://localhost/0?colour=blue"), distinct=1000)
