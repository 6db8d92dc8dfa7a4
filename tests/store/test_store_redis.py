"""What only the Redis store has to get right: keys, scripts, and replies that make no sense."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.crc import key_slot
from redis_server import RedisServer, free_port

from guardware.errors import ConfigError, StoreError
from guardware.store import Rate, Record, Touch
from guardware.store.protocol import RATE_SPAN, RECORD_TTL
from guardware.store.redis import RedisStore

RATE = Rate(10**6, 5)
VISIT = Touch("c" * 16, "n" * 16, "a" * 16, "image", (1.0, 0.0), RATE, RATE, 12345, 2.0, navigated=True)

FREE = VISIT._replace(client_rate=None, network_rate=None)


async def keys_of(client: Any) -> list[bytes]:
    return sorted([key async for key in client.scan_iter()])


async def test_the_keys_of_a_visit(redis_store: RedisStore, redis_client: Any) -> None:
    await redis_store.touch(VISIT, 1_780_000_000)
    c, n, a = b"c" * 16, b"n" * 16, b"a" * 16
    assert await keys_of(redis_client) == [
        b"gw1:{%b}:a:%b" % (n, a),
        b"gw1:{%b}:c:%b" % (n, c),
        b"gw1:{%b}:d:%b:20601" % (n, c),
        b"gw1:{%b}:h:%b:494444" % (n, c),
        b"gw1:{%b}:n:" % n,
    ]


async def test_the_keys_of_a_visit_share_a_slot(redis_store: RedisStore, redis_client: Any) -> None:
    await redis_store.touch(VISIT)
    await redis_store.count_original("stranger", VISIT.network, "elsewhere", 1)
    assert len({key_slot(key) for key in await keys_of(redis_client)}) == 1


async def test_every_key_expires(redis_store: RedisStore, redis_client: Any) -> None:
    await redis_store.secret(b"secret")
    for client in "abc":
        for _ in range(8):  # beyond the limit, too
            await redis_store.touch(VISIT._replace(client=client, address=client, network_rate=Rate(1000, 100)))
        await redis_store.touch(Touch(client, client, client, "page"))
        await redis_store.count_original(client + "-stranger", "n", client + "-stranger", 1)
    lives = {key: await redis_client.ttl(key) for key in await keys_of(redis_client)}
    assert len(lives) == 1 + 1 + 3 * (4 + 2 + 4)
    assert all(0 < life <= RECORD_TTL + 60 for key, life in lives.items() if key != b"gw:secret")
    assert 89 * 86400 < lives[b"gw:secret"] <= 90 * 86400


async def test_expiry_is_put_off_by_every_visit_of_a_new_minute(
    redis_store: RedisStore, redis_client: Any
) -> None:
    for now in (1_780_000_000, 1_780_000_060):
        await redis_store.touch(VISIT, now)
        for key in await keys_of(redis_client):
            if key.endswith((b":n:", b"c" * 16, b"a" * 16)):
                assert await redis_client.ttl(key) > RECORD_TTL
                await redis_client.expire(key, 1000)


async def test_a_denied_visit_writes_no_limit(redis_store: RedisStore, redis_client: Any) -> None:
    greedy = Touch("c", "n", "a", "page", client_rate=Rate(10**9, 1), network_rate=Rate(10**9, 9))
    await redis_store.touch(greedy)
    before = await redis_client.get("gw1:{n}:a:a"), await redis_client.get("gw1:{n}:n:")
    assert (await redis_store.touch(greedy)).limited_by == "client"
    assert (await redis_client.get("gw1:{n}:a:a"), await redis_client.get("gw1:{n}:n:")) == before


async def test_a_crowded_visit_writes_nothing_to_the_network(redis_store: RedisStore, redis_client: Any) -> None:
    full = Touch("c", "n", "a", "page", client_rate=Rate(10**9, 9), network_rate=Rate(10**9, 1))
    await redis_store.touch(full._replace(address="neighbour"))
    before = await redis_client.get("gw1:{n}:n:")
    assert (await redis_store.touch(full)).crowded
    assert await redis_client.get("gw1:{n}:n:") == before
    assert await redis_client.get("gw1:{n}:a:a") is not None


async def test_a_visit_is_few_commands(redis_store: RedisStore, redis_client: Any) -> None:
    """One read and one write a record; a known picture counts at no price."""
    for _ in range(2):
        await redis_store.touch(VISIT, 1_780_000_000)
    await redis_client.config_resetstat()
    await redis_store.touch(VISIT, 1_780_000_001)
    used = await redis_client.info("commandstats")
    calls = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in used.items()}
    assert {name: n for name, n in calls.items() if name in ("get", "set", "expire", "pfadd", "pfcount")} == {
        "get": 3,
        "set": 3,
        "pfadd": 2,
    }


async def test_the_secret_is_renewed_by_who_asks_again(redis_store: RedisStore, redis_client: Any) -> None:
    await redis_store.secret(b"secret")
    await redis_client.expire("gw:secret", 1000)
    assert await redis_store.secret(b"another") == b"secret"
    assert await redis_client.ttl("gw:secret") > 89 * 86400


async def test_the_script_is_sent_again_when_the_server_forgot_it(
    redis_store: RedisStore, redis_client: Any
) -> None:
    await redis_store.touch(VISIT)
    await redis_client.script_flush()
    assert (await redis_store.touch(VISIT)).visits == 2


async def test_all_keys_are_found_on_a_cluster(own_server: Callable[..., RedisServer]) -> None:
    """A cluster of one node refuses what does not share a slot, as one of many does."""
    port = free_port()
    server = own_server(port=port, options=f"--cluster-enabled yes --cluster-port {free_port()}")
    store = RedisStore(server.url)
    await store._call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    for _ in range(400):
        if "cluster_state:ok" in str(await store._call("CLUSTER", "INFO")):
            break
        await asyncio.sleep(0.05)
    assert (await store.touch(VISIT)).hour == 1
    await store.count_original(VISIT.client, VISIT.network, VISIT.address, 99)
    assert (await store.touch(VISIT)).day == 2
    await store.close()


# What goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["gw1:{n}:c:c", "gw1:{n}:a:a", "gw1:{n}:n:"])
async def test_a_key_of_another_type(redis_store: RedisStore, redis_client: Any, key: str) -> None:
    """It counts as absent and is written over: one foreign key must not send the guard to memory for good."""
    await redis_client.lpush(key, "a list")
    visit = Touch("c", "n", "a", "page", client_rate=RATE, network_rate=RATE)
    assert await redis_store.touch(visit, 1_780_000_000) == Record(rate=1 / RATE_SPAN)
    assert await redis_client.type(key) == b"string"
    assert await redis_client.ttl(key) > 0
    assert (await redis_store.touch(visit, 1_780_000_000)).visits == 2


@pytest.mark.parametrize("stem", ["h", "d"])
@pytest.mark.parametrize("counting", ["touch", "count"])
async def test_a_count_of_another_type(
    redis_store: RedisStore, redis_client: Any, stem: str, counting: str
) -> None:
    """A list, or text that is no HyperLogLog, where the hour's or the day's pictures are counted."""
    now = 1_780_000_000
    key = f"gw1:{{n}}:{stem}:c:{now // (3600 if stem == 'h' else 86400)}"
    for spoil in (("LPUSH", key, "a list"), ("SET", key, "no HyperLogLog")):
        await redis_client.flushall()
        await redis_client.execute_command(*spoil)
        for picture in (1, 2, 2, 3):
            if counting == "touch":
                await redis_store.touch(Touch("c", "n", "a", "image", original=picture), now)
            else:
                await redis_store.count_original("c", "n", "a", picture, now)
        record = await redis_store.touch(Touch("c", "n", "a", "image", original=3), now)
        assert (record.asked_hour, record.asked_day) == (3, 3)
        assert await redis_client.pfcount(key) == 3
        assert await redis_client.ttl(key) > 0


async def test_a_secret_of_another_type(redis_store: RedisStore, redis_client: Any) -> None:
    """Nobody can have agreed on it, so the first proposal counts."""
    await redis_client.lpush("gw:secret", "a list")
    assert await redis_store.secret(b"proposal") == b"proposal"
    assert await redis_store.secret(b"another") == b"proposal"
    assert await redis_client.ttl("gw:secret") > 0


@pytest.mark.parametrize("rotten", [b"", b"x", bytes(79), b"\xff" * 66, b"\xff" * 94, b"\xff" * 40, b"\x7f" * 66])
async def test_a_damaged_record_heals(redis_store: RedisStore, redis_client: Any, rotten: bytes) -> None:
    """Of a wrong length, or full of what is no number."""
    for key in ("gw1:{n}:c:c", "gw1:{n}:a:a", "gw1:{n}:n:"):
        await redis_client.set(key, rotten)
    damaged = Touch("c", "n", "a", "page", client_rate=RATE, network_rate=RATE)
    assert await redis_store.touch(damaged) == Record(rate=1 / RATE_SPAN)
    assert await redis_client.ttl("gw1:{n}:c:c") > 0


async def test_a_late_reply_is_nobody_elses(redis_store: RedisStore, redis_client: Any) -> None:
    """The reply to a visit that gave up waiting must not be read as the next visit's."""
    for client, visits in (("slow", 5), ("next", 2)):
        for _ in range(visits):
            await redis_store.touch(Touch(client, "n", client, "page"))
    await redis_client.client_pause(200)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await redis_store.touch(Touch("slow", "n", "slow", "page"))
    assert (await redis_store.touch(Touch("next", "n", "next", "page"))).visits == 3


async def test_connections_the_server_closed_are_noticed_before_use(
    redis_store: RedisStore, redis_client: Any
) -> None:
    await asyncio.gather(*(redis_store.touch(FREE) for _ in range(5)))
    await redis_client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await asyncio.sleep(0.05)
    assert (await redis_store.touch(FREE)).visits == 6


async def test_more_calls_than_connections_wait_their_turn(redis_server: RedisServer, redis_client: Any) -> None:
    store = RedisStore(redis_server.url, max_connections=2)
    records = await asyncio.gather(*(store.touch(FREE) for _ in range(40)))
    assert sorted(r.visits for r in records) == list(range(1, 41))
    assert len(await redis_client.client_list()) <= 3
    await store.close()


async def test_a_port_where_nobody_listens() -> None:
    store = RedisStore(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(StoreError, match="ConnectionError"):
        await store.touch(VISIT)
    await store.close()


@asynccontextmanager
async def store_told(reply: bytes) -> AsyncIterator[tuple[RedisStore, list[asyncio.Task[None]]]]:
    """A store whose server answers +OK to the two commands that introduce a client, and then ``reply``.

    Second: one task for each connection that was made.
    """
    conversations: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.append(task)
        while data := await reader.read(65536):
            introductions = data.count(b"SETINFO")
            if not introductions and not reply:
                break
            writer.write(b"+OK\r\n" * introductions or reply)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    store = RedisStore(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    try:
        yield store, conversations
    finally:
        await store.close()
        server.close()
        await asyncio.gather(*conversations)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="closed without a word"),
        b"+OK\r\n",
        b":1\r\n",
        b":x\r\n",
        b"$-1\r\n",
        b"*0\r\n",
        b"*1\r\n$1\r\n1\r\n",
        pytest.param(b"$159\r\n" + bytes(159) + b"\r\n", id="a byte short"),
        pytest.param(b"$160\r\n" + b"\xff" * 160 + b"\r\n", id="not numbers"),
        pytest.param(b"$160\r\n" + b"\x7f" * 160 + b"\r\n", id="numbers that cannot be"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-OOM command not allowed when used memory > 'maxmemory'\r\n",
        b"-NOSCRIPT No matching script\r\n",  # and again when the script is sent in full
        b"\x00\xff\xfe\r\n",
    ],
)
async def test_a_reply_to_a_visit_that_makes_no_sense(reply: bytes) -> None:
    async with store_told(reply) as (store, _):
        with pytest.raises(StoreError):
            await store.touch(VISIT)


@pytest.mark.parametrize("reply", [b":1\r\n", b"$-1\r\n", b"$0\r\n\r\n", b"*0\r\n", b"-ERR no\r\n"])
async def test_a_secret_that_is_none(reply: bytes) -> None:
    async with store_told(reply) as (store, _):
        with pytest.raises(StoreError):
            await store.secret(b"proposal")


async def test_after_an_error_the_next_call_asks_anew() -> None:
    """After a failover the old connection leads to a replica for ever; a new one finds the new master."""
    async with store_told(b"-READONLY You can't write against a read only replica.\r\n") as (store, conversations):
        for _ in range(2):
            with pytest.raises(StoreError, match="read only"):
                await store.touch(VISIT)
        assert len(conversations) == 2


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("redis://127.0.0.1:6379/0?colour=blue", "colour"),
        ("redis://127.0.0.1:99999999/0", "[Pp]ort"),
        ("redis://127.0.0.1:6379/0?socket_timeout=soon", "socket_timeout"),
        ("http://127.0.0.1", "scheme"),
    ],
)
async def test_a_url_that_cannot_be_used(url: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=rf"store\.url: .*{fault}.*; write redis://"):
        RedisStore(url)


def test_redis_py_is_imported_only_for_a_redis_store() -> None:
    program = "import sys, guardware.store; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
