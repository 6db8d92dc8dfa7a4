"""Web Bot Auth: nonces, one suite for both memories."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis_server import RedisServer

from guardware.crawlers.web_bot_auth.nonces import MemoryNonces, Nonces, nonce_key
from guardware.crawlers.web_bot_auth.redis_nonces import RedisNonces
from guardware.errors import ConfigError, StoreError


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="gw-"))  # the path of a unix socket has room for 107 characters
    server = RedisServer(folder).start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture(params=["memory", "redis"])
async def nonces(request: pytest.FixtureRequest, server: RedisServer) -> AsyncIterator[Nonces]:
    nonces: Nonces = MemoryNonces() if request.param == "memory" else RedisNonces(server.url)
    yield nonces
    await nonces.close()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return nonce_key("https://agent.example.org", "key", request.node.name)


class TestEveryMemory:
    async def test_the_first_use_is_the_only_one(self, nonces: Nonces, key: str) -> None:
        until = time.time() + 60
        assert [await nonces.first_use(key, until) for _ in range(3)] == [True, False, False]

    async def test_another_nonce_is_another(self, nonces: Nonces, key: str) -> None:
        assert await nonces.first_use(key, time.time() + 60)
        assert await nonces.first_use(key[::-1] + "0", time.time() + 60)

    async def test_of_many_at_once_one_is_first(self, nonces: Nonces, key: str) -> None:
        until = time.time() + 60
        assert sum(await asyncio.gather(*(nonces.first_use(key, until) for _ in range(20)))) == 1

    @pytest.mark.parametrize("until", [-1e18, 0, 1, 1e18])
    async def test_times_out_of_reach_make_no_error(self, nonces: Nonces, key: str, until: float) -> None:
        assert await nonces.first_use(key, until)

    async def test_what_has_expired_is_forgotten(self, nonces: Nonces, key: str) -> None:
        assert await nonces.first_use(key, time.time() - 1)
        while not await nonces.first_use(key, time.time() - 1):  # Redis keeps it for a millisecond
            pass


class TestInMemory:
    async def test_it_keeps_a_nonce_until_the_signature_expires(self) -> None:
        now = 1000.0
        nonces = MemoryNonces(clock=lambda: now)
        assert await nonces.first_use("a", 1100)
        now = 1099.9
        assert not await nonces.first_use("a", 1100)
        now = 1100
        assert await nonces.first_use("a", 1200)
        assert len(nonces) == 1

    async def test_a_clock_set_back_forgets_nothing(self) -> None:
        now = 1000.0
        nonces = MemoryNonces(clock=lambda: now)
        assert await nonces.first_use("a", 1100)
        now = 0
        assert not await nonces.first_use("a", 1100)

    async def test_it_is_bounded_and_forgets_first_what_expires_first(self) -> None:
        nonces = MemoryNonces(size=1000, clock=lambda: 0.0)
        began = time.process_time()
        for number in range(20_000):
            assert await nonces.first_use(f"{number}", 1 + number)
        assert len(nonces) == 1000
        assert (time.process_time() - began) / 20_000 < 100e-6
        assert not await nonces.first_use("19999", 20_000)
        assert not await nonces.first_use("19000", 20_000)
        assert await nonces.first_use("18999", 20_000)

    async def test_what_expires_far_from_now_is_kept_for_a_day(self) -> None:
        now = 0.0
        nonces = MemoryNonces(clock=lambda: now)
        assert await nonces.first_use("a", 1e18)
        now = 100_000
        assert await nonces.first_use("a", 1e18)


class TestInRedis:
    async def test_all_processes_share_it_and_every_key_expires(self, server: RedisServer) -> None:
        one, two = RedisNonces(server.url), RedisNonces(server.url)
        assert await one.first_use("shared", time.time() + 60)
        assert not await two.first_use("shared", time.time() + 60)
        assert 0 < await one._redis.pttl("gw:nonce:shared") <= 60_000
        await one.first_use("far", 1e18)
        assert 0 < await one._redis.pttl("gw:nonce:far") <= 90_000_000
        await one.close()
        await two.close()

    async def test_a_server_that_is_away_is_an_error_and_comes_back(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="gw-"))
        server = RedisServer(folder).start()
        nonces = RedisNonces(server.url)
        assert await nonces.first_use("a", time.time() + 60)
        server.kill()
        for _ in range(2):
            with pytest.raises(StoreError, match="Redis"):
                await nonces.first_use("b", time.time() + 60)
        server.start()
        assert await nonces.first_use("b", time.time() + 60)
        await nonces.close()
        server.kill()
        shutil.rmtree(folder)

    @pytest.mark.parametrize(
        "url", ["http://localhost", "redis://localhost:port", "redis://localhost?sokcet_timeout=1", ""]
    )
    def test_a_url_that_cannot_be_used_is_told(self, url: str) -> None:
        with pytest.raises(ConfigError, match=r"store\.url"):
            RedisNonces(url)


def test_keys_are_short_and_differ_in_every_part() -> None:
    keys = {nonce_key("a", "b", "c"), nonce_key("a", "bc", ""), nonce_key("ab", "c", ""), nonce_key("", "ab", "c")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert len(nonce_key("a" * 5000, "b" * 5000, "c" * 5000)) == 32
