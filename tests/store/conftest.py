"""Every backend the suite knows, each as a fresh and empty store."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis_server import RedisServer

from guardware.store import MemoryStore, ResilientStore, Store
from guardware.store.redis import RedisStore


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not tmp_path: the path of a unix socket has room for 107 characters."""
    path = Path(tempfile.mkdtemp(prefix="gw-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests that leave it alive."""
    path = Path(tempfile.mkdtemp(prefix="gw-"))
    server = RedisServer(path).start()
    yield server
    server.stop()
    shutil.rmtree(path)


@pytest.fixture
async def redis_client(redis_server: RedisServer) -> AsyncIterator[Any]:
    """A client of redis-py's own, to look at what the store wrote. The database is empty before and after."""
    client: Any = Redis.from_url(redis_server.url)
    await client.flushall()
    yield client
    await client.flushall()
    await client.connection_pool.disconnect()


@pytest.fixture
async def redis_store(redis_server: RedisServer, redis_client: Any) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_server.url)
    yield store
    await store.close()


@pytest.fixture(params=["memory", "redis", "resilient"])
async def store(
    request: pytest.FixtureRequest, redis_server: RedisServer, redis_client: Any
) -> AsyncIterator[Store]:
    """Each backend in turn."""
    backend: Store
    if request.param == "memory":
        backend = MemoryStore()
    elif request.param == "redis":
        backend = RedisStore(redis_server.url)
    else:
        # The suite asks what it answers, not how fast: a busy machine must not send it to memory.
        backend = ResilientStore(RedisStore(redis_server.url), MemoryStore(), timeout=30)
    yield backend
    await backend.close()


@pytest.fixture
def own_server(folder: Path) -> Iterator[Callable[..., RedisServer]]:
    """Starts servers that a test may kill: ``own_server(port=..., options=...)``."""
    servers: list[RedisServer] = []

    def start(**options: Any) -> RedisServer:
        home = folder / str(len(servers))
        home.mkdir()
        servers.append(RedisServer(home, **options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def folder_server(folder: Path) -> Iterator[RedisServer]:
    """A server that is not started yet."""
    server = RedisServer(folder)
    yield server
    server.kill()


@pytest.fixture(scope="session")
def key() -> Callable[[], str]:
    """A new client or network key with each call, as 16 hex digits."""
    numbers = count(1)
    return lambda: f"{next(numbers):016x}"
