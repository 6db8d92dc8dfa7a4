"""Work in threads: once for a key, and only so much of it."""

from collections.abc import Iterator
from concurrent.futures import Future
from threading import Event
from time import sleep

import pytest

from guardware.images.workshop import Workshop


@pytest.fixture
def gate() -> Iterator[Event]:
    """Work waits for it; opened at the end, so that no thread is left."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def workshop() -> Iterator[Workshop[str]]:
    """One worker, two places in the queue, 100 units of weight."""
    shop = Workshop[str](workers=1, queue=2, max_weight=100)
    yield shop
    shop.close()


def blocked(gate: Event, result: str = "done") -> str:
    assert gate.wait(10)
    return result


def slow() -> str:
    sleep(0.2)
    return "done"


def result(job: Future[str] | None) -> str:
    assert job is not None
    return job.result(10)


def test_the_same_key_is_worked_on_once(workshop: Workshop[str], gate: Event) -> None:
    jobs = [workshop.do("a", lambda: blocked(gate), 1) for _ in range(20)]
    assert len(set(map(id, jobs))) == 1
    gate.set()
    assert result(jobs[0]) == "done"


def test_a_key_that_is_done_can_be_asked_again(workshop: Workshop[str]) -> None:
    first = result(workshop.do("a", lambda: "one", 1))
    while (again := workshop.do("a", lambda: "two", 1)) is None or again.result(10) == first:
        pass  # the thread is about to forget the first
    assert again.result(10) == "two"


def test_more_than_the_queue_holds_is_refused_until_there_is_room(workshop: Workshop[str], gate: Event) -> None:
    running = workshop.do("a", lambda: blocked(gate), 1)
    waiting = [workshop.do(key, lambda: "later", 1) for key in ("b", "c")]
    assert all(job is not None for job in (running, *waiting))
    assert workshop.waiting == 2
    assert workshop.do("d", lambda: "never", 1) is None
    assert workshop.do("b", lambda: "joins the one that waits", 1) is waiting[0]
    gate.set()
    assert [result(job) for job in waiting] == ["later", "later"]


def test_what_waits_may_weigh_only_so_much(workshop: Workshop[str], gate: Event) -> None:
    assert workshop.do("a", lambda: blocked(gate), 60) is not None
    assert workshop.do("b", lambda: "too heavy", 41) is None
    assert workshop.do("c", lambda: "fits", 40) is not None
    gate.set()


def test_an_idle_worker_takes_anything(workshop: Workshop[str]) -> None:
    assert result(workshop.do("a", lambda: "heavy", 10_000)) == "heavy"


def test_without_a_queue_only_idle_workers_take_work(gate: Event) -> None:
    shop = Workshop[str](workers=2, queue=0, max_weight=100)
    jobs = [shop.do(key, lambda: blocked(gate), 1) for key in "abc"]
    assert [job is not None for job in jobs] == [True, True, False]
    gate.set()
    shop.close()


def test_close_calls_off_what_waits_and_work_can_begin_anew(workshop: Workshop[str], gate: Event) -> None:
    running = workshop.do("a", lambda: blocked(gate), 1)
    waiting = workshop.do("b", lambda: "never", 1)
    assert running is not None
    assert waiting is not None
    while not running.running():
        pass
    workshop.close()
    assert waiting.cancelled()
    assert workshop.waiting == 0
    gate.set()
    assert running.result(10) == "done"
    assert result(workshop.do("c", lambda: "new", 1)) == "new"


def test_failed_work_leaves_room_behind(workshop: Workshop[str]) -> None:
    for number in range(10):
        while (job := workshop.do(number, lambda: str(1 // 0), 90)) is None:
            pass  # the thread is about to forget the last
        assert isinstance(job.exception(10), ZeroDivisionError)


def test_the_wait_is_estimated_from_recent_work_and_what_waits(gate: Event) -> None:
    shop = Workshop[str](workers=2, queue=40, max_weight=100)
    assert shop.wait_estimate() == 1  # nothing is known, nothing waits
    assert result(shop.do("slow", slow, 1)) == "done"
    assert shop.wait_estimate() == 1
    for number in range(32):
        shop.do(number, lambda: blocked(gate), 1)
    assert shop.waiting == 30
    assert 3 <= shop.wait_estimate() <= 15  # 0.2 s or a little more, 30 waiting, 2 at a time
    gate.set()
    shop.close()
