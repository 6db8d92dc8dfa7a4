"""The backlog of jobs: bounded, without doubles, fair, and cleanly ended."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from guardware.crawlers import backlog as backlog_module
from guardware.crawlers.backlog import Backlog


class Jobs:
    """Counts what is done, behind a gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.done = self.running = self.most = 0

    async def __call__(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
            self.done += 1
        finally:
            self.running -= 1


@pytest_asyncio.fixture
async def backlog() -> AsyncIterator[Backlog]:
    made = Backlog(size=20, at_once=3, per_client=8)
    made.start()
    yield made
    await made.close()


async def test_each_job_is_done_once(backlog: Backlog) -> None:
    jobs = Jobs()
    assert backlog.offer("a", "c", jobs)
    assert backlog.offer("a", "c", jobs)
    assert backlog.offer("b", "c", jobs)
    assert len(backlog) == 2
    jobs.gate.set()
    await backlog.idle()
    assert (jobs.done, len(backlog)) == (2, 0)
    assert backlog.offer("a", "c", jobs)  # it is over, so it may be done again
    await backlog.idle()
    assert jobs.done == 3


async def test_few_run_at_once(backlog: Backlog) -> None:
    jobs = Jobs()
    for number in range(20):
        assert backlog.offer(number, f"c{number}", jobs)
    await asyncio.sleep(0)
    assert jobs.running == 3
    jobs.gate.set()
    await backlog.idle()
    assert (jobs.done, jobs.most) == (20, 3)


async def test_it_does_not_grow_past_its_size(backlog: Backlog) -> None:
    jobs = Jobs()
    offers = [backlog.offer(number, f"c{number}", jobs) for number in range(1000)]
    assert offers == [True] * 20 + [False] * 980
    assert (len(backlog), backlog.dropped) == (20, 980)


async def test_one_client_cannot_fill_it(backlog: Backlog) -> None:
    jobs = Jobs()
    greedy = sum(backlog.offer(number, "greedy", jobs) for number in range(100))
    assert greedy == 8
    assert backlog.offer("other", "modest", jobs)
    jobs.gate.set()
    await backlog.idle()
    assert backlog.offer("later", "greedy", jobs)


async def test_a_job_that_fails_takes_no_other_with_it(backlog: Backlog, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise RuntimeError("out of order")

    jobs = Jobs()
    jobs.gate.set()
    for number in range(6):
        backlog.offer(("broken", number), "c", broken)
    backlog.offer("fine", "c", jobs)
    await backlog.idle()
    assert (jobs.done, backlog.failed, len(backlog)) == (1, 6, 0)
    assert "out of order" in caplog.text


async def test_a_job_without_end_is_given_up(backlog: Backlog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "DEADLINE", 0.01)
    backlog.offer("a", "c", Jobs())
    await backlog.idle()
    assert (backlog.failed, len(backlog)) == (1, 0)


async def test_a_job_offered_while_the_last_worker_ends_is_done() -> None:
    made, done = Backlog(at_once=1), []
    made.start()

    async def second() -> None:
        done.append("second")

    async def first() -> None:
        done.append("first")
        # After the worker has found nothing more to do, and before its task counts as done.
        asyncio.get_running_loop().call_soon(made.offer, "b", "c", second)

    made.offer("a", "c", first)
    await made.idle()
    await asyncio.sleep(0)
    await made.idle()
    assert done == ["first", "second"]
    await made.close()


async def test_closing_cancels_what_runs_and_forgets_what_waits() -> None:
    made, jobs = Backlog(size=20, at_once=2), Jobs()
    made.start()
    for number in range(10):
        made.offer(number, "c", jobs)
    await asyncio.sleep(0)
    await made.close()
    assert (jobs.running, jobs.done, len(made)) == (0, 0, 0)
    assert not made.offer("a", "c", jobs)
    made.start()
    jobs.gate.set()
    assert made.offer("a", "c", jobs)
    await made.idle()
    assert jobs.done == 1
    await made.close()


async def test_closing_before_a_job_began() -> None:
    made, jobs = Backlog(), Jobs()
    made.start()
    made.offer("a", "c", jobs)
    await made.close()
    assert jobs.most == 0


def test_nothing_is_taken_before_the_start() -> None:
    async def never() -> None:
        raise AssertionError

    made = Backlog()
    assert not made.offer("a", "c", never)
    assert len(made) == 0
