"""What the recorder writes: events as they come, and each hour summed up, also when the clock is odd."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, page_headers

from guardware import Config
from guardware.config.schema import Observe
from guardware.guard import Guard
from guardware.observe.events import Recorder
from guardware.observe.hour import MOST_CLIENTS, MOST_KEYS
from guardware.observe.summary import Summary, from_data
from guardware.store import MemoryStore
from guardware.verdict import Action, Verdict
from guardware.visit import Visit

TEN = 1_793_700_000.0
"""2026-11-03 10:00 UTC."""

HELD = Verdict(Action.ALLOW, "default", 0.0, (), 1)
DOUBTFUL = Verdict(Action.PROTECT, "thresholds.protect", 2.3, (), 2, enforced=False, variant="veiled")
REFUSED = Verdict(Action.DENY, "crawlers.training", 7.0, (), 3, crawler="GPTBot")


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(Config())


def visit_to(guard: Guard, path: str = "/art/1.jpg", ip: str = "198.51.100.7") -> Visit:
    headers = BROWSER if path.endswith(".jpg") else page_headers()
    visit = guard.read({"type": "http", "method": "GET", "path": path, "headers": headers, "client": (ip, 1)})
    assert visit is not None
    return visit


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def summaries_in(folder: Path) -> list[Summary]:
    return [from_data(line["summary"]) for file in sorted(folder.iterdir()) for line in lines_of(file)]


def test_events_are_written_as_they_are_and_the_hour_at_the_end(tmp_path: Path, guard: Guard) -> None:
    path, visit = tmp_path / "events.jsonl", visit_to(guard, "/art/\u2028forged.jpg")
    recorder = Recorder(Observe(file=str(path), log=False), clock=Clock(TEN + 5))
    recorder.record(visit, HELD)
    recorder.record(visit, DOUBTFUL)
    recorder.close()
    event, summary = lines_of(path)
    assert event == {
        "time": TEN + 5,
        "support_id": DOUBTFUL.support_id,
        "action": "protect",
        "enforced": False,
        "decided_by": "thresholds.protect",
        "score": 2.3,
        "kind": "image",
        "method": "GET",
        "path": "/art/\u2028forged.jpg",
        "crawler": None,
        "evidence": [],
        "address": "",
        "variant": "veiled",
        "host": "localhost",
    }
    assert sum(from_data(summary["summary"]).decisions.values()) == 2


def test_every_hour_with_visits_is_summed_up_once(tmp_path: Path, guard: Guard) -> None:
    clock = Clock(TEN + 3599)
    recorder = Recorder(Observe(log=False), folder=tmp_path / "summary", clock=clock)
    picture, page = visit_to(guard), visit_to(guard, "/")
    recorder.record(picture, HELD._replace(people_like=True, asked=3))
    recorder.record(page, HELD._replace(people_like=True, asked=3))
    recorder.record(page, REFUSED)
    clock.now = TEN + 3600
    recorder.record(picture, DOUBTFUL)
    clock.now = TEN + 6 * 3600.0
    recorder.record(picture, DOUBTFUL)
    recorder.close()
    recorder.close()
    first, second, last = summaries_in(tmp_path / "summary")
    assert [s.hour for s in (first, second, last)] == [TEN, TEN + 3600, TEN + 6 * 3600]
    assert [sum(s.decisions.values()) for s in (first, second, last)] == [3, 1, 1]
    assert dict(first.crawlers) == {("GPTBot", "deny"): 1}
    assert {(*key[:3], key.bin): n for key, n in first.scores.items()} == {
        (True, True, False, 24): 1,
        (False, True, False, 24): 1,
    }, "what a crawler's purpose decided is not for thresholds"
    assert {(key.person, key.most): n for key, n in first.asked.items()} == {(True, 3): 1}
    assert recorder.counts == {
        ("allow", "image"): 1,
        ("allow", "page"): 1,
        ("deny", "page"): 1,
        ("protect", "image"): 2,
    }


@pytest.mark.parametrize(("back", "hours"), [(600, 1), (3000, 1), (6 * 3600, 2)])
def test_a_clock_that_is_set_back(tmp_path: Path, guard: Guard, back: float, hours: int) -> None:
    """A little: the hour goes on. By hours: it ends, and another begins."""
    clock = Clock(TEN + 300)
    recorder = Recorder(Observe(log=False), folder=tmp_path / "summary", clock=clock)
    for _ in range(3):
        recorder.record(visit_to(guard), DOUBTFUL)
        clock.now -= back / 3
    clock.now = TEN + 300 - back
    recorder.record(visit_to(guard), DOUBTFUL)
    recorder.close()
    summaries = summaries_in(tmp_path / "summary")
    assert sum(sum(s.decisions.values()) for s in summaries) == 4
    assert len(summaries) >= hours
    assert (len(summaries) == 1) == (hours == 1)


def test_ten_thousand_events_are_bounded(tmp_path: Path, guard: Guard) -> None:
    path, visit = tmp_path / "events.jsonl", visit_to(guard)
    recorder = Recorder(Observe(file=str(path), events=100, log=False, file_size=1_000_000), clock=Clock(TEN))
    for _ in range(10_000):
        recorder.record(visit, DOUBTFUL)
    recorder.close()
    assert len(recorder.events) == 100
    written = path.stat().st_size, (tmp_path / "events.jsonl.1").stat().st_size
    assert max(written) <= 1_000_000
    assert "summary" in lines_of(path)[-1]


def test_a_flood_of_kinds_and_clients_is_bounded(tmp_path: Path, guard: Guard) -> None:
    recorder = Recorder(Observe(log=False, events=0), folder=tmp_path / "summary", clock=Clock(TEN))
    visit = visit_to(guard)
    for number in range(MOST_KEYS + 500):
        recorder.record(visit, HELD._replace(decided_by=f"rules[{number}]"))
    for number in range(MOST_CLIENTS + 7):
        recorder.record(visit, HELD._replace(asked=2, client=f"{number:016x}"))
    recorder.close()
    (summary,) = summaries_in(tmp_path / "summary")
    assert len(summary.decisions) <= MOST_KEYS + 2
    assert sum(summary.decisions.values()) == MOST_KEYS + 500 + MOST_CLIENTS + 7
    assert sum(summary.asked.values()) == MOST_CLIENTS
    assert summary.uncounted == 7


def test_a_client_counts_once_by_the_most_it_asked(tmp_path: Path, guard: Guard) -> None:
    recorder = Recorder(Observe(log=False), folder=tmp_path / "summary", clock=Clock(TEN))
    visit, one, two = visit_to(guard), HELD._replace(client="1" * 16), HELD._replace(client="2" * 16)
    for asked in (1, 2, 3, 2):
        recorder.record(visit, one._replace(asked=asked))
    recorder.record(visit, one._replace(people_like=True, asked=4))  # now it has shown that it is people-like
    recorder.record(visit, two._replace(asked=17))
    recorder.record(visit, two)
    recorder.close()
    (summary,) = summaries_in(tmp_path / "summary")
    assert {(key.person, key.most): n for key, n in summary.asked.items()} == {(True, 4): 1, (False, 20): 1}


def test_whoever_changes_his_name_is_the_client_that_the_budget_knows(tmp_path: Path) -> None:
    """Any name that claims no browser is of one class, and so has one record."""
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    recorder = Recorder(Observe(log=False), folder=tmp_path / "summary", clock=Clock(TEN))
    for number in range(5):
        agent = [(b"host", b"localhost"), (b"user-agent", b"Fetch-%d/1.0" % number)]
        scope = {"type": "http", "method": "GET", "path": f"/art/{number}.jpg", "headers": agent}
        visit = guard.read({**scope, "client": ("198.51.100.7", 1)})
        assert visit is not None
        recorder.record(visit, guard.judge_now(visit, store, TEN))
    recorder.close()
    (summary,) = summaries_in(tmp_path / "summary")
    assert {key.most: n for key, n in summary.asked.items()} == {5: 1}


@pytest.mark.parametrize("where", ["/dev/full", "{tmp}/taken/events.jsonl"])
def test_a_disk_that_refuses_is_told_once_and_visits_go_on(
    tmp_path: Path, guard: Guard, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("a file where a folder should be")
    observe = Observe(file=where.replace("{tmp}", str(tmp_path)), log=False)
    recorder = Recorder(observe, folder=tmp_path / "summary", clock=Clock(TEN))
    with caplog.at_level(logging.WARNING, "guardware"):
        for _ in range(20):
            recorder.record(visit_to(guard), DOUBTFUL)
            recorder.close()
    assert len([r for r in caplog.records if "cannot be written" in r.message]) == 1
    assert recorder.lost >= 20
    summaries = summaries_in(tmp_path / "summary")
    assert sum(sum(s.decisions.values()) for s in summaries) == 20, "the summaries have another place"
    assert sum(s.lost for s in summaries) > 0


def test_without_a_place_nothing_is_written(tmp_path: Path, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clock = Clock(TEN)
    recorder = Recorder(Observe(log=False), clock=clock)
    for _ in range(3):
        recorder.record(visit_to(guard), DOUBTFUL)
        clock.now += 3600
    recorder.close()
    assert recorder.counts == {("protect", "image"): 3}
    assert not list(tmp_path.iterdir())
    assert recorder.lost == 0
