"""The guard around its stores: what is remembered, what is forgotten, what is kept private."""

import math
from pathlib import Path

import pytest
from asgi import BROWSER, CURL, page_headers

from guardware import Action, Config, ConfigError, Guard
from guardware.config import from_mapping
from guardware.http import RawHeaders
from guardware.store import MemoryStore
from guardware.verdict import Verdict
from guardware.visit import Visit

NOW = 1_763_800_000.0
NAMELESS: RawHeaders = [h for h in BROWSER if h[0] != b"user-agent"]


def visit(
    guard: Guard, path: str = "/art/1.jpg", headers: RawHeaders = BROWSER, ip: str = "198.51.100.7"
) -> Visit:
    found = guard.read({"type": "http", "method": "GET", "path": path, "headers": headers, "client": (ip, 1)})
    assert found is not None
    return found


def test_a_score_fades_over_hours() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    bad = [h for h in BROWSER if h[0] not in (b"sec-fetch-dest", b"sec-fetch-site")]
    first = guard.judge_now(visit(guard, headers=bad), store, NOW)
    later = guard.judge_now(visit(guard), store, NOW + 60)
    much_later = guard.judge_now(visit(guard), store, NOW + 6 * 3600 + 60)
    assert first.action is Action.PROTECT
    assert later.score == pytest.approx(3.5, abs=0.02)
    assert later.action is Action.PROTECT
    assert much_later.score == pytest.approx(3.5 / 2.718, abs=0.02)
    assert much_later.action is Action.ALLOW


def test_one_clients_deeds_are_not_its_neighbours() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    guard.judge_now(visit(guard, headers=NAMELESS), store, NOW)
    assert guard.judge_now(visit(guard, ip="198.51.100.8"), store, NOW).score == 0.0
    assert guard.judge_now(visit(guard), store, NOW).score == 0.0, "another class behind the same address"


def test_what_a_neighbour_declares_is_not_remembered() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    headless = [(k, v.replace(b"Chrome/", b"HeadlessChrome/") if k == b"user-agent" else v) for k, v in BROWSER]
    for _ in range(5):
        assert guard.judge_now(visit(guard, headers=headless), store, NOW).action is Action.PROTECT
    person = guard.judge_now(visit(guard), store, NOW + 1)
    assert (person.action, person.score) == (Action.ALLOW, 0.0)


def test_nobody_can_choose_pictures_that_count_as_one() -> None:
    guards = [Guard(Config(), store=MemoryStore(), secret=secret) for secret in (b"x" * 32, b"y" * 32)]
    steps = [g.begin(visit(g), NOW) for g in guards]
    originals = [step.touch.original for step in steps if not isinstance(step, Verdict)]
    assert len(set(originals)) == 2


def test_pictures_of_those_who_get_no_originals_do_not_count_for_their_address() -> None:
    guard = Guard(Config(), store=MemoryStore())
    for headers in (CURL, NAMELESS):
        step = guard.begin(visit(guard, headers=headers), NOW)
        assert not isinstance(step, Verdict)
        assert step.touch.original is not None
        assert step.touch.count_below == -math.inf


def test_store_keys_hide_the_address_and_change_each_day() -> None:
    guard = Guard(Config(), store=MemoryStore(), secret=b"x" * 32)
    other = Guard(Config(), store=MemoryStore(), secret=b"y" * 32)
    steps = [
        guard.begin(visit(guard), NOW),
        guard.begin(visit(guard), NOW + 60),
        guard.begin(visit(guard), NOW + 86400),
        other.begin(visit(other), NOW),
    ]
    clients = [step.touch.client for step in steps if not isinstance(step, Verdict)]
    assert len(clients) == 4
    assert clients[0] == clients[1]
    assert len(set(clients)) == 3
    assert all(len(c) == 16 and "198" not in c for c in clients)


def test_the_same_visit_and_record_give_the_same_verdict() -> None:
    verdicts = []
    for _ in range(2):
        store = MemoryStore()
        guard = Guard(Config(), store=store)
        for headers in (page_headers(), BROWSER, CURL, NAMELESS):
            found = guard.judge_now(visit(guard, headers=headers), store, NOW)
            verdicts.append(found._replace(number=0, client=""))  # the key is salted with the process's own secret
    assert verdicts[:4] == verdicts[4:]


def test_support_ids_are_distinct() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    ids = {guard.judge_now(visit(guard), store, NOW).support_id for _ in range(1000)}
    assert len(ids) == 1000


def test_reasons_are_words_heaviest_first() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    found = guard.judge_now(visit(guard, headers=CURL), store, NOW)
    assert found.reasons[0] == "says it is curl, a tool and not a browser"


class TestTheSecret:
    def test_is_read_from_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_text("0123456789abcdef0123456789abcdef\n")
        config = from_mapping({"clients": {"secret_file": str(path)}})
        steps = [g.begin(visit(g), NOW) for g in (Guard(config, store=MemoryStore()) for _ in range(2))]
        clients = [s.touch.client for s in steps if not isinstance(s, Verdict)]
        assert clients[0] == clients[1]

    def test_is_read_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GUARDWARE_SECRET", "short")
        with pytest.raises(ConfigError, match="shorter than 16 characters"):
            Guard(Config(), store=MemoryStore())

    def test_that_cannot_be_read_is_a_fault_with_its_mend(self) -> None:
        config = from_mapping({"clients": {"secret_file": "/nowhere/secret"}})
        with pytest.raises(ConfigError, match="secret_file: No such file or directory; create it"):
            Guard(config, store=MemoryStore())


def test_header_values_of_64_kb_are_cut_before_they_are_read_or_remembered() -> None:
    store = MemoryStore()
    guard = Guard(Config(), store=store)
    long = [(k, v + b" " + b"x" * 65536) if k == b"user-agent" else (k, v) for k, v in BROWSER]
    assert guard.judge_now(visit(guard, headers=long), store, NOW).action is Action.ALLOW
    hidden = [(k, v + b" " * 65536 + b"GPTBot/1.0") if k == b"user-agent" else (k, v) for k, v in BROWSER]
    assert guard.judge_now(visit(guard, headers=hidden), store, NOW).crawler is None
