"""Summaries read back from daily files and event files, whole, rotated, packed and damaged."""

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from summaries_made_up import MONDAY, an_hour, write_daily

from guardware.observe.summary import to_line
from guardware.report import reading
from guardware.report.reading import daily_files, event_files, read
from guardware.report.totals import add_up

EVENT = b'{"time":1793577600.5,"action":"protect","path":"/art/1.jpg"}\n'
LINE = to_line(an_hour(people={0.0: 10}))


def test_daily_files_in_their_order(tmp_path: Path) -> None:
    write_daily(tmp_path, [an_hour(MONDAY + n * 3600, people={0.0: n + 1}) for n in range(30)])
    (tmp_path / "notes.txt").write_text("not a summary")
    found = read(daily_files(tmp_path))
    assert [s.hour for s in found.summaries] == [MONDAY + n * 3600 for n in range(30)]
    assert (found.damaged, found.files) == (0, 2)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert read(daily_files(tmp_path / "none")) == ((), 0, 0, 0)


def test_an_event_file_and_what_it_was_rotated_into(tmp_path: Path) -> None:
    for name in ("e[1].jsonl", "e[1].jsonl.1", "e[1].jsonl-20261102"):
        (tmp_path / name).write_bytes(EVENT + LINE)
    for name in ("e[1].jsonl.2.gz", "e[1].jsonl-20261101.gz"):
        (tmp_path / name).write_bytes(gzip.compress(LINE + EVENT))
    for name in ("e[1].jsonl.bak", "e1.jsonl", "other.jsonl", "e[1].jsonl.md"):
        (tmp_path / name).write_bytes(LINE)
    (tmp_path / "e[1].jsonl.3").mkdir()
    files = event_files(tmp_path / "e[1].jsonl")
    assert [f.name for f in files] == [
        "e[1].jsonl",
        "e[1].jsonl-20261101.gz",
        "e[1].jsonl-20261102",
        "e[1].jsonl.1",
        "e[1].jsonl.2.gz",
    ]
    found = read(files)
    assert (len(found.summaries), found.damaged) == (5, 0)


def test_only_the_rotated_file_is_left(tmp_path: Path) -> None:
    (tmp_path / "e.jsonl.1").write_bytes(LINE)
    assert len(event_files(tmp_path / "e.jsonl")) == 1
    assert event_files(tmp_path / "other.jsonl") == []


@pytest.mark.parametrize(
    ("content", "summaries", "damaged"),
    [
        (b"", 0, 0),
        (b"\n\n", 0, 0),
        (EVENT * 3, 0, 0),
        (LINE + b"{half a li\n" + LINE, 2, 1),
        (LINE + LINE[:-9], 1, 1),
        (b"[1]\n3\nnull\n" + LINE, 1, 3),
        (b'{"summary":1}\n{"summary":null}\n{"summary":{"version":9}}\n' + LINE, 1, 3),
        (b"\xff\xfe\x00\n" + LINE, 1, 1),
        (b"[" * 100_000 + b"\n" + LINE, 1, 1),
        (b'{"a":' * 50_000 + b"\n" + LINE, 1, 1),
        (LINE.replace(b"2026-11-02", b"0000-13-99") + LINE, 1, 1),
        (LINE.replace(b'"visits":10', b'"visits":1e999', 1) + LINE, 1, 1),
        (LINE.replace(b'"visits":10', b'"visits":' + b"9" * 5000, 1) + LINE, 1, 1),
    ],
)
def test_damaged_lines_are_passed_over_and_counted(
    tmp_path: Path, content: bytes, summaries: int, damaged: int
) -> None:
    (tmp_path / "e.jsonl").write_bytes(content)
    found = read([tmp_path / "e.jsonl"])
    assert (len(found.summaries), found.damaged) == (summaries, damaged)


def test_a_line_that_is_too_long_is_one_damaged_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 2 * len(LINE))
    (tmp_path / "e.jsonl").write_bytes(LINE + b"x" * 9 * len(LINE) + b"\n" + LINE)
    found = read([tmp_path / "e.jsonl"])
    assert (len(found.summaries), found.damaged) == (2, 1)


def test_packed_files_that_break_off_or_are_none(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(to_line(an_hour(people={0.0: n})) for n in range(1, 2000)))
    (tmp_path / "half.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "none.gz").write_bytes(LINE)
    (tmp_path / "bent.gz").write_bytes(whole[:40] + bytes(100) + whole[140:])
    found = read(sorted(tmp_path.iterdir()))
    assert found.damaged >= 3
    assert 0 < len(found.summaries) < 2000


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    os.symlink(tmp_path / "loop", tmp_path / "loop")
    with pytest.raises(OSError):
        read([tmp_path / "loop"])


@given(st.binary(max_size=300))
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes", numbered=True) / "e.jsonl"
    path.write_bytes(LINE + content)
    assert len(read([path]).summaries) >= 1


def test_the_days_before_the_latest_hour() -> None:
    hours = [an_hour(MONDAY + n * 3600, people={0.0: 1}) for n in range(0, 15 * 24, 6)]
    totals = add_up(hours, 7, MONDAY + 40 * 86400)
    assert totals is not None
    assert (totals.first, totals.last) == (MONDAY + (7 * 24 + 24) * 3600, MONDAY + (15 * 24 - 6) * 3600)
    assert (totals.hours, totals.days, totals.visits) == (28, 7, 28)


def test_a_clock_that_once_stood_in_the_future_hides_nothing() -> None:
    hours = [an_hour(MONDAY, people={0.0: 3}), an_hour(MONDAY + 1e9, people={0.0: 1})]
    totals = add_up(hours, 7, MONDAY + 7200)
    assert totals is not None
    assert (totals.visits, totals.last) == (3, MONDAY)
    assert add_up(hours[1:], 7, MONDAY + 7200) is None
