"""The ledger: who got which marked copy, written down off the event loop."""

import logging
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from guardware.images.trace.ledger import Ledger
from guardware.images.trace.record import Entry, from_line

DAY = 86400.0
NOON = 1_795_348_800.0
"""2026-11-22 12:00 UTC."""


def entry(mark: int = 1, time: float = NOON) -> Entry:
    return Entry(mark, time, "00000000ab", "/a.jpg", "0" * 16, (800, 600), "T2", "k", "c", "curl/8", "x", "veiled")


def lines(folder: Path) -> dict[str, list[Entry]]:
    return {
        path.name: [from_line(line) for line in path.read_text().splitlines()]
        for path in sorted(folder.glob("*.jsonl"))
    }


def test_entries_are_written_by_day_for_the_owner_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "trace", 10 * DAY, clock=lambda: NOON)
    for number in range(3):
        ledger.note(entry(number))
    ledger.note(entry(9, NOON + DAY))
    ledger.close()
    written = lines(tmp_path / "trace")
    assert list(written) == ["2026-11-22.jsonl", "2026-11-23.jsonl"]
    assert [e.mark for e in written["2026-11-22.jsonl"]] == [0, 1, 2]
    assert stat.S_IMODE((tmp_path / "trace" / "2026-11-22.jsonl").stat().st_mode) == 0o600


def test_what_is_older_than_the_owner_wants_is_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("2026-10-01.jsonl", "2026-11-21.jsonl", "notes.txt", "2026-1-1.jsonl"):
        (tmp_path / name).write_text("")
    ledger = Ledger(tmp_path, 30 * DAY, clock=lambda: NOON)
    ledger.note(entry())
    ledger.close()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"2026-11-21.jsonl", "2026-11-22.jsonl", "notes.txt", "2026-1-1.jsonl"}


def test_it_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, DAY, clock=lambda: NOON)
    for mark in (1, 2):
        ledger.note(entry(mark))
        ledger.close()
    assert [e.mark for e in lines(tmp_path)["2026-11-22.jsonl"]] == [1, 2]


def test_a_disk_that_cannot_be_written_costs_lines_and_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file", DAY)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            ledger.note(entry())
            ledger.close()
    assert ledger.lost == 2
    assert len(caplog.records) == 1


def _write(folder: Path, start: int) -> None:
    ledger = Ledger(folder, DAY, clock=lambda: NOON)
    for mark in range(start, start + 500):
        ledger.note(entry(mark))
    ledger.close()


def test_several_processes_write_to_one_folder_without_tearing_lines(tmp_path: Path) -> None:
    with get_context("spawn").Pool(3) as pool:
        pool.starmap(_write, [(tmp_path, 1000 * n) for n in range(3)])
    marks = {e.mark for e in lines(tmp_path)["2026-11-22.jsonl"]}
    assert marks == {1000 * n + k for n in range(3) for k in range(500)}


def test_a_line_that_a_crash_tore_is_ended_first(tmp_path: Path) -> None:
    (tmp_path / "2026-11-22.jsonl").write_text('{"mark": "00')
    ledger = Ledger(tmp_path, DAY, clock=lambda: NOON)
    ledger.note(entry(7))
    ledger.close()
    torn, whole = (tmp_path / "2026-11-22.jsonl").read_text().splitlines()
    assert torn == '{"mark": "00'
    assert from_line(whole).mark == 7
