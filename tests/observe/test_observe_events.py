"""The recorder: what is counted, kept and logged, and how much at most."""

import logging

import pytest
from asgi import CURL

from guardware import Config, Guard
from guardware.config.schema import Observe
from guardware.observe.events import LINES_A_SECOND, Recorder
from guardware.store import MemoryStore
from guardware.visit import Visit


def judged(path: str) -> tuple[Guard, MemoryStore, Visit]:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    scope = {"type": "http", "method": "GET", "path": path, "headers": CURL, "client": ("198.51.100.7", 1)}
    visit = guard.read(scope)
    assert visit is not None
    return guard, store, visit


@pytest.mark.parametrize(("keep", "address"), [(False, ""), (True, "198.51.100.7")])
def test_an_event_has_no_address_unless_the_owner_wants_it(keep: bool, address: str) -> None:
    guard, store, visit = judged("/art/1.jpg")
    recorder = Recorder(Observe(), keep_addresses=keep)
    recorder.record(visit, guard.judge_now(visit, store))
    assert recorder.events[0].address == address
    assert recorder.counts == {("protect", "image"): 1}


def test_events_are_bounded() -> None:
    guard, store, visit = judged("/art/1.jpg")
    recorder = Recorder(Observe(events=3, log=False))
    for _ in range(9):
        recorder.record(visit, guard.judge_now(visit, store))
    assert len(recorder.events) == 3
    assert recorder.counts["protect", "image"] == 9


def test_a_flood_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    guard, store, visit = judged("/art/1.jpg")
    now = 1000.0
    recorder = Recorder(Observe(), clock=lambda: now)
    with caplog.at_level(logging.INFO, "guardware.events"):
        for _ in range(LINES_A_SECOND + 30):
            recorder.record(visit, guard.judge_now(visit, store))
        assert len(caplog.records) == LINES_A_SECOND
        now = 1001.0
        recorder.record(visit, guard.judge_now(visit, store))
    assert caplog.messages[LINES_A_SECOND] == "30 more within one second, not written"
    assert len(caplog.records) == LINES_A_SECOND + 2


def test_a_path_cannot_forge_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    guard, store, visit = judged("/art/\u2028INFO all is well.jpg")
    with caplog.at_level(logging.INFO, "guardware.events"):
        Recorder(Observe()).record(visit, guard.judge_now(visit, store))
    assert "\u2028" not in caplog.text
    assert "\\u2028INFO" in caplog.text
