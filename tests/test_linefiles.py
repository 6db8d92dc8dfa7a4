"""Files with lines: begun anew when full, followed when renamed, ended when a line broke off."""

import errno
import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from guardware.linefiles import DailyFiles, EventFile, day_of

NOV_3 = 1_793_700_000.0
DAY = 86400.0


def test_lines_are_appended_and_the_file_is_not_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "new" / "events.jsonl"
    file = EventFile(path, 10_000)
    file.append([b"one\n", b"two\n"])
    file.append([b"three\n"])
    assert path.read_bytes() == b"one\ntwo\nthree\n"
    assert stat.S_IMODE(path.stat().st_mode) & ~0o640 == 0


def test_a_full_file_becomes_point_one_and_the_one_before_goes(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = EventFile(path, 30)
    for letter in b"abcdef":
        file.append([bytes([letter]) * 11 + b"\n"])
    assert path.read_bytes() == b"eeeeeeeeeee\nfffffffffff\n"
    assert (tmp_path / "events.jsonl.1").read_bytes() == b"ccccccccccc\nddddddddddd\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["events.jsonl", "events.jsonl.1"]


def test_a_flood_at_once_is_split_so_that_no_file_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventFile(path, 100_000).append([b"x" * 999 + b"\n"] * 190)
    sizes = [path.stat().st_size, (tmp_path / "events.jsonl.1").stat().st_size]
    assert max(sizes) <= 100_000
    assert sum(sizes) < 190_000, "two files are kept, and the oldest lines are gone"


def test_who_renames_the_file_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    file = EventFile(path, 10_000)
    file.append([b"one\n"])
    path.rename(tmp_path / "events.jsonl-20261103")
    file.append([b"two\n"])
    assert path.read_bytes() == b"two\n"


def test_what_was_there_stays_and_a_broken_line_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"whole": 1}\n{"brok')
    EventFile(path, 10_000).append([b"next\n"])
    assert path.read_bytes() == b'{"whole": 1}\n{"brok\nnext\n'


def test_a_disk_that_takes_a_part_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, write = tmp_path / "events.jsonl", os.write
    file = EventFile(path, 10_000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
        with pytest.raises(OSError, match="only 3 of 6 bytes") as caught:
            file.append([b"first\n"])
    assert caught.value.errno == errno.ENOSPC
    file.append([b"second\n"])
    assert path.read_bytes() == b"fir\nsecond\n"


def test_a_device_that_is_full() -> None:
    with pytest.raises(OSError, match="No space left"):
        EventFile(Path("/dev/full"), 1).append([b"one\n", b"two\n"])


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(OSError, match="File exists"):
        EventFile(tmp_path / "logs" / "events.jsonl", 100).append([b"one\n"])


def test_a_pipe_that_is_not_read_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match=r"could be written|Resource temporarily unavailable"):
        EventFile(path, 1000).append([b"x" * 60_000 + b"\n"] * 100)
    os.close(reader)


def test_two_writers_lose_nothing_when_the_file_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = 300  # of 7 bytes, by two: more than one file takes and less than two

    def write(name: bytes) -> None:
        file = EventFile(path, 2500)
        for number in range(lines):
            file.append([b"%b %04d\n" % (name, number)])

    writers = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = (tmp_path / "events.jsonl.1").read_bytes() + path.read_bytes()
    assert set(kept.splitlines()) == {b"%b %04d" % (n, i) for n in (b"a", b"b") for i in range(lines)}


def test_daily_files_are_the_owners_and_are_kept_so_many_days(tmp_path: Path) -> None:
    now = NOV_3
    daily = DailyFiles(tmp_path / "state" / "summary", 35, lambda: now)
    for day in range(40):
        now = NOV_3 + day * DAY
        daily.append(now, b"line\n")
    kept = sorted(p.name for p in (tmp_path / "state" / "summary").iterdir())
    assert kept[0] == f"{day_of(NOV_3 + 4 * DAY)}.jsonl"
    assert len(kept) == 36, "today and 35 days before"
    assert stat.S_IMODE((tmp_path / "state" / "summary" / kept[0]).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state" / "summary").stat().st_mode) == 0o700


def test_daily_files_leave_other_files_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "1999-01-01.jsonl", "1999-01-01.jsonl.bak"):
        (tmp_path / name).write_text("")
    DailyFiles(tmp_path, 35, lambda: NOV_3).append(NOV_3, b"line\n")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "1999-01-01.jsonl.bak",
        f"{day_of(NOV_3)}.jsonl",
        "notes.txt",
    ]


@pytest.mark.parametrize("lines", [1, 300])
def test_a_write_that_another_is_at_is_not_taken_for_a_broken_line(tmp_path: Path, lines: int) -> None:
    def write(name: bytes) -> None:
        daily = DailyFiles(tmp_path, 35, lambda: NOV_3)
        for _ in range(100):
            daily.append(NOV_3, (name * 200 + b"\n") * lines)

    writers = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    written = (tmp_path / f"{day_of(NOV_3)}.jsonl").read_bytes().splitlines()
    assert {line: written.count(line) for line in set(written)} == {
        n * 200: 100 * lines for n in (b"a", b"b", b"c")
    }


def test_a_process_forked_during_a_write_does_not_keep_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    copies: list[int] = []

    def forked(file: int, data: bytes) -> int:
        copies.append(os.dup(file))  # what the child has
        return write(file, data)

    monkeypatch.setattr(os, "write", forked)
    daily = DailyFiles(tmp_path, 35, lambda: NOV_3)

    def twice() -> None:
        for _ in range(2):
            daily.append(NOV_3, b"line\n")

    writer = threading.Thread(target=twice, daemon=True)
    writer.start()
    writer.join(5)
    for copy in copies:
        os.close(copy)
    assert len(copies) == 2, "the second write got its turn"
    writer.join()


def test_a_file_system_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(file: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    path = tmp_path / "events.jsonl"
    file = EventFile(path, 10)
    for line in (b"first\n", b"second\n"):
        file.append([line])
    assert path.read_bytes() == b"second\n"
    assert (tmp_path / "events.jsonl.1").read_bytes() == b"first\n"
