"""The time budget: late calls are cancelled, others are not, and a cancellation from elsewhere stays one."""

import asyncio

import pytest

from guardware.store.deadline import Deadline


async def answer(after: float) -> str:
    await asyncio.sleep(after)
    return "here"


async def test_a_call_in_time_returns_and_a_late_one_is_cancelled() -> None:
    deadline = Deadline(0.05)
    assert await deadline.keep(answer(0)) == "here"
    with pytest.raises(TimeoutError):
        await deadline.keep(answer(30))
    assert await deadline.keep(answer(0.01)) == "here"
    deadline.close()


async def test_of_many_at_once_only_the_late_ones_fail() -> None:
    deadline = Deadline(0.1)
    results = await asyncio.gather(
        *(deadline.keep(answer(30 if n % 2 else 0.001)) for n in range(20)), return_exceptions=True
    )
    assert [isinstance(r, TimeoutError) for r in results] == [bool(n % 2) for n in range(20)]
    deadline.close()


async def test_calls_that_begin_later_are_late_later() -> None:
    deadline = Deadline(0.1)
    first = asyncio.create_task(deadline.keep(answer(30)))
    await asyncio.sleep(0.06)
    second = asyncio.create_task(deadline.keep(answer(0.07)))
    with pytest.raises(TimeoutError):
        await first
    assert await second == "here"
    deadline.close()


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    deadline = Deadline(5)
    task = asyncio.create_task(deadline.keep(answer(30)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadline.close()


async def test_the_task_can_go_on_after_a_late_call() -> None:
    deadline = Deadline(0.01)
    with pytest.raises(TimeoutError):
        await deadline.keep(answer(30))
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    async with asyncio.timeout(1):
        await asyncio.sleep(0.001)
    deadline.close()


async def test_an_error_of_the_call_passes() -> None:
    async def fail() -> None:
        raise ValueError("no")

    deadline = Deadline(1)
    with pytest.raises(ValueError, match="no"):
        await deadline.keep(fail())
    deadline.close()


async def test_what_is_remembered_of_past_calls_goes_with_their_budget() -> None:
    deadline = Deadline(0.02)
    for _ in range(50):
        await deadline.keep(answer(0))
    await asyncio.sleep(0.05)
    assert await deadline.keep(answer(0)) == "here"
    assert len(deadline._calls) == 1
    deadline.close()
