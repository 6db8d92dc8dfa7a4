"""``guardware report``: from what a recorder wrote to thresholds to paste, and what it says without that."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER
from click.testing import CliRunner, Result
from summaries_made_up import MONDAY, an_hour, with_crawlers, write_daily

from guardware import Config
from guardware.cli.report import command
from guardware.config import load_text
from guardware.config.schema import Observe
from guardware.errors import GuardwareError
from guardware.guard import Guard
from guardware.observe.events import Recorder
from guardware.observe.summary import to_line
from guardware.store import MemoryStore

EVENT = b'{"time":1793577600.5,"action":"protect","path":"/art/1.jpg"}\n'

WEEK = [
    with_crawlers(
        an_hour(
            MONDAY + n * 3600,
            people={0.0: 98, 2.25: 2},
            others={0.0: 5, 5.0: 20},
            pages={0.0: 30},
            asked={20: 30},
            asked_by_others={250: 1},
        ),
        {("GPTBot", "deny"): 4, ("Googlebot", "protect"): 2},
    )
    for n in range(7 * 24)
]


@pytest.fixture(autouse=True)
def sunday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: MONDAY + 7 * 86400.0)
    monkeypatch.setenv("COLUMNS", "100")


def report(tmp_path: Path, *arguments: str, config: str = "mode: monitor\n") -> Result:
    path = tmp_path / "guardware.yaml"
    path.write_text(f"{config}\nstore:\n  folder: {tmp_path / 'state'}\n")
    return CliRunner().invoke(command, ["--config", str(path), *arguments])


def test_a_week_in_words(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", WEEK)
    result = report(tmp_path)
    assert result.exit_code == 0, result.output
    text = result.output
    assert "2026-11-02 00:00 to 2026-11-09 00:00 UTC: 7 days, with visits in 168 of 168 hours." in text
    assert "27,048 visits, 21,840 of them by people-like clients. Mode now: monitor." in text
    assert "would have been refused    crawlers.training      672         -            -" in text
    assert "GPTBot     training     672  deny 672" in text
    assert "+2.25      336" in text
    assert "thresholds.protect     2        2.5     0 of 16,800    0.50%  2 touches 2.00% of them" in text
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_to_be_pasted_is_a_configuration(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", WEEK)
    snippet = json.loads(report(tmp_path, "--json").output)["snippet"]
    assert snippet in report(tmp_path).output
    config = load_text(snippet, "guardware.yaml")
    assert config.thresholds.model_dump() == {"protect": 2.5, "suspect": 4.0, "deny": 6.86}
    assert (config.budgets.per_hour, config.budgets.per_day) == (200, 1000)


def test_a_week_as_json(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", WEEK)
    found = json.loads(report(tmp_path, "--json", "--days", "2").output)
    assert (found["days"], found["hours"], found["visits"]) == (2, 48, 48 * 161)
    assert found["crawlers"][0] == {
        "token": "GPTBot",
        "operator": "OpenAI",
        "purpose": "training",
        "visits": 192,
        "actions": {"deny": 192},
    }
    assert {row["from"]: row["people_pictures"] for row in found["scores"] if row["people_pictures"]} == {
        0.0: 48 * 98,
        2.25: 96,
    }
    assert [row for row in found["asked"] if row["people"]] == [{"most": 20, "people": 1440, "others": 0}]


def test_too_few_people_to_say(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", [an_hour(people={2.25: 900}, lost=3)])
    text = report(tmp_path).output
    assert "Only 900 visits were of people-like clients: too few to say." in text
    assert "guardware.yaml" not in text
    assert "3 events could not be written" in text


def test_nothing_to_change(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", [an_hour(people={0.0: 5000}, asked={20: 5000})])
    assert "There is nothing to change." in report(tmp_path).output


def test_an_event_file_with_a_damaged_line(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    events.write_bytes(EVENT + b'{"summ\n' + to_line(WEEK[0]))
    (tmp_path / "events.jsonl.1").write_bytes(to_line(WEEK[1]))
    text = report(tmp_path, "--events", str(events)).output
    assert "322 visits" in text
    assert "1 damaged line passed over." in text


def test_the_event_file_of_the_configuration_when_there_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(to_line(WEEK[0]))
    result = report(tmp_path, config=f"observe:\n  file: {tmp_path / 'events.jsonl'}\n")
    assert "161 visits" in result.output


def test_nothing_recorded_yet(tmp_path: Path) -> None:
    result = report(tmp_path)
    assert result.exit_code == 1
    assert isinstance(result.exception, GuardwareError)
    told = " ".join(str(result.exception).split())
    assert "nothing has been recorded yet: let the guard run with mode: monitor" in told
    assert "the running hour's comes with the first visit after 01:00 UTC, or when the guard stops" in told


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_everything_keeps_to_the_width_of_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    told = f"guardware: {report(tmp_path).exception}"
    write_daily(tmp_path / "state" / "summary", WEEK)
    for text in (told, report(tmp_path).output):
        assert [line for line in text.splitlines() if len(line) > columns] == []
    why = "2 touches 2.00% of them"
    assert (f"  {why}" in text) if columns == 100 else (f"\n    {why}" in text)


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ([False], "They were judged in mode: monitor."),
        ([True], "They were judged in mode: enforce."),
        ([False, True], "They were judged partly in mode: monitor, partly in mode: enforce."),
    ],
)
def test_without_a_configuration_the_file_tells_the_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: list[bool], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"".join(to_line(an_hour(people={0.0: 9}, enforced=enforced)) for enforced in recorded))
    text = " ".join(CliRunner().invoke(command, ["--events", str(events)]).output.split())
    assert f"{words} No configuration was read: name yours with --config" in text
    assert "Mode now" not in text


def test_an_access_log_is_no_event_file(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text('203.0.113.9 - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5\n{"msg": "handled"}\n')
    result = report(tmp_path, "--events", str(log))
    assert result.exit_code == 1
    told = " ".join(str(result.exception).split())
    assert "access.log is no event file: none of its 2 lines is an event or a summary of guardware's" in told
    assert "guardware replay" in told


def test_events_of_the_first_hour(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(EVENT)
    told = " ".join(str(report(tmp_path, "--events", str(tmp_path / "events.jsonl")).exception).split())
    assert "events.jsonl has 1 event, but no summary of an hour yet." in told
    assert "first visit after 01:00 UTC" in told


def test_summaries_of_the_future(tmp_path: Path) -> None:
    write_daily(tmp_path / "state" / "summary", [an_hour(MONDAY + 30 * 86400, people={0.0: 9})])
    assert "are of the future; is the clock right?" in " ".join(str(report(tmp_path).exception).split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", "0"], "0 is not in the range"),
        (["--events", "/none/such.jsonl"], "/none/such.jsonl is not there"),
        (["--nope"], "No such option"),
    ],
)
def test_what_is_asked_wrongly(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = report(tmp_path, *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "summary" / "2026-11-02.jsonl"
    folder.mkdir(parents=True)
    result = report(tmp_path)
    assert result.exit_code == 1
    assert "2026-11-02.jsonl cannot be read (Is a directory)" in str(result.exception)


def test_names_in_a_made_up_file_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    evil = with_crawlers(WEEK[0], {("\x1b[31mred\u202e", "deny\x07"): 5})
    events = tmp_path / "events.jsonl"
    events.write_bytes(to_line(evil))
    for arguments in ([], ["--json"]):
        output = report(tmp_path, "--events", str(events), *arguments).output
        assert not {"\x1b", "\x07", "\u202e"} & set(output)


def test_from_visits_to_the_report(tmp_path: Path) -> None:
    """The guard in monitor mode, its recorder, and the report on what they wrote."""
    store = MemoryStore()
    guard = Guard(Config(mode="monitor"), store=store)
    now = MONDAY
    recorder = Recorder(Observe(log=False), folder=tmp_path / "state" / "summary", clock=lambda: now)

    def visit(path: str, headers: Any) -> None:
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("198.51.100.7", 1)}
        seen = guard.read(scope)
        assert seen is not None
        verdict = guard.judge_now(seen, store, now)
        recorder.record(seen, verdict)

    for n in range(20):
        now = MONDAY + 600.0 * n
        visit(f"/art/{n}.jpg", BROWSER)
        visit("/", [(b"host", b"localhost"), (b"user-agent", b"GPTBot/1.2")])
    recorder.close()
    found = json.loads(report(tmp_path, "--json").output)
    assert (found["visits"], found["hours"]) == (40, 4)
    refused = next(row for row in found["decisions"] if row["decided_by"] == "crawlers.training")
    assert (refused["action"], refused["visits"], refused["enforced"]) == ("deny", 20, False)
    assert "would have been refused" in report(tmp_path).output
