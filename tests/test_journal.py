"""The journal: what is put in is written in order, off the event loop, and never in the way."""

import logging
import threading
from collections.abc import Sequence

import pytest

from guardware.journal import Journal


def test_what_is_put_in_is_written_in_order_and_before_closing_ends() -> None:
    written: list[int] = []
    journal: Journal[int] = Journal(written.extend, "numbers", pause=60)
    for number in range(5):
        journal.put(number)
    journal.close()
    assert written == [0, 1, 2, 3, 4]
    assert journal.lost == 0


def test_it_begins_anew_after_it_was_closed() -> None:
    written: list[int] = []
    journal: Journal[int] = Journal(written.extend, "numbers", pause=60)
    for number in (1, 2):
        journal.put(number)
        journal.close()
        journal.close()
    assert written == [1, 2]


def test_a_slow_disk_costs_lines_and_no_time_and_what_is_rare_passes() -> None:
    written: list[int] = []
    entered, released = threading.Event(), threading.Event()

    def slow(items: Sequence[int]) -> None:
        entered.set()
        assert released.wait(10)
        written.extend(items)

    journal: Journal[int] = Journal(slow, "numbers", most=3, pause=0.001)
    journal.put(0)
    assert entered.wait(10), "the writer has taken the first one, and hangs"
    for number in range(1, 10):
        journal.put(number)
    journal.put(100, rare=True)
    assert journal.lost == 6
    released.set()
    journal.close()
    assert written == [0, 1, 2, 3, 100]


def test_a_disk_that_hangs_does_not_hold_up_the_end() -> None:
    entered, released = threading.Event(), threading.Event()

    def hang(items: Sequence[int]) -> None:
        entered.set()
        assert released.wait(10)

    journal: Journal[int] = Journal(hang, "numbers", pause=0.001)
    journal.put(0)
    assert entered.wait(10)
    journal.close(patience=0.01)
    released.set()


def test_one_warning_until_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    failing = True

    def write(items: Sequence[int]) -> None:
        if failing:
            raise OSError(28, "No space left on device")

    journal: Journal[int] = Journal(write, "numbers", pause=60)
    for _ in range(3):
        journal.put(0)
        journal.close()
    assert journal.lost == 3
    assert [r.message for r in caplog.records] == [
        "numbers cannot be written and are lost until they can: [Errno 28] No space left on device"
    ]
    failing = False
    journal.put(0)
    journal.close()
    failing = True
    journal.put(0)
    journal.close()
    assert len(caplog.records) == 2, "the disk was well in between, so this is news"
    assert caplog.records[0].levelno == logging.WARNING


def test_a_forked_process_does_not_write_what_waits_in_its_parent() -> None:
    written: list[int] = []
    journal: Journal[int] = Journal(written.extend, "numbers", pause=60)
    journal.put(1)
    writer, stop = journal._writer, journal._stop
    journal.begin_anew()  # what the child does
    journal.put(2)
    journal.close()
    assert written == [2]
    assert writer is not None
    stop.set()
    writer.join(10)
