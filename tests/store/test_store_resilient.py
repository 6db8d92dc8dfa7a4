"""When Redis is away, slow or back: every visit is answered in time, and nothing is lost that Redis has."""

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import islice

import pytest
from redis_server import RedisServer, free_port

from guardware.errors import StoreError
from guardware.store import MemoryStore, Rate, Record, ResilientStore, Touch
from guardware.store.protocol import PROOF
from guardware.store.redis import RedisStore
from guardware.store.resilient import delays

BUDGET = 0.05
SLACK = 0.25
"""Seconds that a busy machine may add to a budget before a test complains."""

VISIT = Touch("c", "n", "a", "page")


class Remote:
    """A store that answers as it is told: with a record, an error, or never."""

    def __init__(self) -> None:
        self.answer: Record | Exception | None = Record()
        self.asked: list[str] = []
        self.closed = False
        self.delay = 0.0

    async def touch(self, touch: Touch, now: float | None = None) -> Record:
        self.asked.append(touch.client)
        await asyncio.sleep(self.delay if self.answer is not None else 60)
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer

    async def count_original(
        self, client: str, network: str, address: str, original: int, now: float | None = None
    ) -> None:
        await self.touch(Touch(client, network, address, "image"))

    async def secret(self, proposal: bytes) -> bytes:
        await self.touch(Touch("secret", "", "", ""))
        return b"remote"

    async def close(self) -> None:
        self.closed = True


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_what_the_remote_answers_is_passed_on() -> None:
    remote, local = Remote(), MemoryStore()
    remote.answer = Record(visits=77)
    store = ResilientStore(remote, local, clock=lambda: 5.0)
    assert (await store.touch(VISIT)).visits == 77
    await store.count_original("d", "n", "a", 1)
    assert await store.secret(b"mine") == b"remote"
    assert store.status == ("redis", True, 0, 5.0)
    assert remote.asked == ["c", "d", "secret"]
    assert len(local) == 0
    await store.close()
    assert remote.closed


@pytest.mark.parametrize("answer", [None, StoreError("broken")])
async def test_a_failing_remote_costs_one_visit_its_budget_and_the_next_nothing(answer: StoreError | None) -> None:
    remote = Remote()
    remote.answer = answer
    store = ResilientStore(remote, MemoryStore(), timeout=BUDGET)
    start = time.perf_counter()
    assert (await store.touch(VISIT)).visits == 1
    assert time.perf_counter() - start < BUDGET + SLACK
    assert [(await store.touch(VISIT)).visits for _ in range(20)] == list(range(2, 22))
    assert remote.asked == ["c"]
    assert store.status[:3] == ("memory", False, 1)
    await store.close()


@pytest.mark.parametrize("answer", [None, StoreError("broken")])
async def test_budgets_go_on_in_memory(answer: StoreError | None) -> None:
    remote = Remote()
    remote.answer = answer
    store = ResilientStore(remote, MemoryStore(), timeout=BUDGET)
    await store.count_original("c", "n", "a", 1)
    await store.count_original("c", "n", "a", 2)
    assert (await store.touch(VISIT)).day == 2
    await store.close()


async def test_without_the_remote_the_secret_is_this_process_own() -> None:
    remote = Remote()
    remote.answer = StoreError("broken")
    store = ResilientStore(remote, MemoryStore())
    assert await store.secret(b"mine") == b"mine"
    assert await store.secret(b"another") == b"mine"
    await store.close()


async def test_visits_that_fail_together_are_one_loss(caplog: pytest.LogCaptureFixture) -> None:
    remote = Remote()
    remote.answer = None
    store = ResilientStore(remote, MemoryStore(), timeout=BUDGET)
    records = await asyncio.gather(*(store.touch(VISIT) for _ in range(30)))
    assert sorted(r.visits for r in records) == list(range(1, 31))
    assert store.status.failures == 30
    assert len(caplog.records) == 1
    await store.close()


async def test_loss_and_return_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    remote = Remote()
    remote.answer = StoreError("broken")
    store = ResilientStore(remote, MemoryStore())
    for _ in range(5):
        await store.touch(VISIT)
    remote.answer = Record(visits=77)
    await until(lambda: store.status.available)
    for _ in range(5):
        assert (await store.touch(VISIT)).visits == 77
    assert caplog.record_tuples == [
        ("guardware.store", logging.WARNING, "the store is away, going on with local memory: broken"),
        ("guardware.store", logging.WARNING, "the store is back, 1 failures so far"),
    ]
    await store.close()


async def test_a_visit_late_is_said_so(caplog: pytest.LogCaptureFixture) -> None:
    remote = Remote()
    remote.answer = None
    store = ResilientStore(remote, MemoryStore(), timeout=0.02)
    await store.touch(VISIT)
    assert caplog.messages == ["the store is away, going on with local memory: no answer within 20 ms"]
    await store.close()


async def test_a_remote_that_answers_probes_with_errors_is_not_taken_back() -> None:
    remote = Remote()
    remote.answer = ValueError("a bug")
    store = ResilientStore(remote, MemoryStore())
    remote.answer = StoreError("READONLY")
    await store.touch(VISIT)
    remote.answer = ValueError("a bug")
    await until(lambda: store.status.failures == 3)
    assert store.status.backend == "memory"
    assert set(remote.asked) == {"c", "probe"}
    await store.close()


async def test_a_remote_that_answers_but_too_slowly_for_a_visit_is_not_taken_back() -> None:
    remote = Remote()
    remote.delay = 0.2
    store = ResilientStore(remote, MemoryStore(), timeout=BUDGET)
    await store.touch(VISIT)
    await until(lambda: store.status.failures == 2)
    assert remote.asked == ["c", "probe", "probe"]
    assert store.status.backend == "memory"
    await store.close()


async def test_a_visitor_who_leaves_is_no_failure() -> None:
    remote = Remote()
    remote.answer = None
    store = ResilientStore(remote, MemoryStore(), timeout=5)
    visit = asyncio.create_task(store.touch(VISIT))
    await asyncio.sleep(0.01)
    visit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visit
    assert store.status[:3] == ("redis", True, 0)
    await store.close()


def test_delays_double_up_to_ten_seconds() -> None:
    assert list(islice(delays(lambda low, high: high), 7)) == [0.5, 1, 2, 4, 8, 10, 10]
    assert list(islice(delays(lambda low, high: low), 3)) == [0.25, 0.5, 1]


async def test_one_that_comes_and_goes_is_asked_ever_less_often() -> None:
    now = [0.0]
    remote = Remote()
    store = ResilientStore(remote, MemoryStore(), clock=lambda: now[0])
    schedules = []
    for pause in (1, 1, 60):
        now[0] += pause
        remote.answer = StoreError("broken")
        await store.touch(VISIT)
        schedules.append(store._delays)
        remote.answer = Record()
        await until(lambda: store.status.available)
    assert schedules[0] is schedules[1]
    assert schedules[2] is not schedules[1]
    await store.close()


# With a real server ------------------------------------------------------------------------------------------


async def test_killed_and_back_with_everything_it_had(own_server: Callable[..., RedisServer]) -> None:
    server = own_server(port=free_port(), options="--appendonly yes --appendfsync always")
    store = ResilientStore(RedisStore(server.url), MemoryStore(), timeout=1)
    await store.secret(b"ours")
    banned = VISIT._replace(habits=PROOF, weights=(9.0, 0.0), client_rate=Rate(3600 * 10**6, 1))
    await store.touch(banned)
    await store.count_original("c", "n", "a", 1)

    server.kill()
    start = time.perf_counter()
    assert (await store.touch(VISIT))[1:6] == (False, 1, 0, 0, 0)  # memory knows nobody yet
    assert time.perf_counter() - start < SLACK
    assert store.status[:2] == ("memory", False)

    server.start()
    await until(lambda: store.status.available)
    record = await store.touch(banned._replace(habits=0, weights=(0.0, 0.0)))
    assert (record.habits, record.visits, record.day, record.limited_by) == (PROOF, 1, 1, "client")
    assert record.scores[0] == pytest.approx(9, rel=0.01)
    assert await store.secret(b"another") == b"ours"
    await store.close()


async def test_frozen_and_thawed(own_server: Callable[..., RedisServer]) -> None:
    server = own_server()
    store = ResilientStore(RedisStore(server.url), MemoryStore(), timeout=0.3)
    await asyncio.gather(*(store.touch(VISIT) for _ in range(5)))

    server.freeze()
    start = time.perf_counter()
    records = await asyncio.gather(*(store.touch(VISIT) for _ in range(5)))
    assert time.perf_counter() - start < 0.3 + SLACK
    assert sorted(r.visits for r in records) == [1, 2, 3, 4, 5]
    server.thaw()
    await until(lambda: store.status.available)
    # The five that were too late may have reached Redis all the same; none of their replies is another's.
    assert 6 <= (await store.touch(VISIT)).visits <= 11
    assert (await store.touch(Touch("d", "n", "b", "page"))).visits == 1
    await store.close()


async def test_a_port_that_accepts_and_never_answers() -> None:
    release = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    store = ResilientStore(RedisStore(f"redis://127.0.0.1:{port}/0"), MemoryStore(), timeout=BUDGET)
    start = time.perf_counter()
    assert (await store.touch(VISIT)).visits == 1
    assert time.perf_counter() - start < BUDGET + SLACK
    assert store.status.backend == "memory"
    await store.close()
    release.set()
    listener.close()
    await listener.wait_closed()


async def test_started_before_redis(folder_server: RedisServer) -> None:
    store = ResilientStore(RedisStore(folder_server.url), MemoryStore(), timeout=1)
    assert (await store.touch(VISIT)).visits == 1
    assert store.status.backend == "memory"
    folder_server.start()
    await until(lambda: store.status.backend == "redis")
    assert (await store.touch(VISIT)).visits == 1
    await store.close()
