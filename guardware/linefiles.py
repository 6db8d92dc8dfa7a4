"""Files that lines are appended to: one that is begun anew when it is full, and one for each day."""

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

_CHUNK = 65536
"""Bytes that are written at once: below the least ``observe.file_size``, so that no file gets longer than that."""

_DAY = 86400.0


class EventFile:
    """``path``, which becomes ``path.1`` at ``most`` bytes (the ``path.1`` before it goes).

    It is opened anew for each writing, so that whoever renames or empties it meanwhile (logrotate) is followed.
    Several processes may write to it. What was there stays; a line that broke off is ended first.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most

    def append(self, lines: Iterable[bytes]) -> None:
        """Append ``lines``, each ending in a newline. Raises OSError."""
        for chunk in _chunks(lines):
            with _opened(self._path, 0o640) as file:
                full = self._full(file, len(chunk))
                if not full:
                    _append(file, chunk, self._path)
            if full:
                self._begin_anew(len(chunk))
                with _opened(self._path, 0o640) as file:
                    _append(file, chunk, self._path)

    def _full(self, file: int, more: int) -> bool:
        status = os.fstat(file)
        return stat.S_ISREG(status.st_mode) and status.st_size > 0 and status.st_size + more > self._most

    def _begin_anew(self, more: int) -> None:
        """Rename the file, unless another process has just done so."""
        with _opened(self._path, 0o640) as file, _locked(file):
            if self._full(file, more) and _is(self._path, file):
                os.replace(self._path, f"{self._path}.1")


class DailyFiles:
    """``folder/YYYY-MM-DD.jsonl`` (UTC), for their owner alone; those older than ``keep`` days are removed.

    Several processes may write to one folder. A line that broke off is ended first.
    """

    def __init__(self, folder: Path, keep: float, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._keep = keep
        self._clock = clock
        self._tidied = ""

    def append(self, time: float, lines: bytes) -> None:
        """Append ``lines``, each ending in a newline, to the file of the day of ``time``. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{day_of(time)}.jsonl"
        with _opened(path, 0o600) as file:
            _append(file, lines, path)
        self._tidy(day_of(self._clock()))

    def _tidy(self, today: str) -> None:
        """Once a day, remove what is too old."""
        if today == self._tidied:
            return
        self._tidied = today
        oldest = day_of(self._clock() - self._keep * _DAY)
        for path in self._folder.glob("????-??-??.jsonl"):
            if path.stem < oldest:
                path.unlink(missing_ok=True)


def day_of(time: float) -> str:
    """The day in which ``time`` (seconds since the epoch) falls, UTC, as ``2026-11-03``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        if waiting and size + len(line) > _CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line)
    if waiting:
        yield b"".join(waiting)


@contextmanager
def _opened(path: Path, mode: int) -> Iterator[int]:
    """Not to wait: ``path`` may be a pipe that nobody reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, mode)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """Alone with ``file``; on network file systems without locks, not quite: two may rename it at once, or one
    take the middle of another's write for a line that broke off, and leave an empty line."""
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):  # not left to the closing: a process forked meanwhile has it open too
            fcntl.flock(file, fcntl.LOCK_UN)


def _is(path: Path, file: int) -> bool:
    """Whether ``path`` still names the open ``file``."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False


def _append(file: int, lines: bytes, path: Path) -> None:
    """One write. A disk that is nearly full takes a part of it, and the system calls that a success."""
    with _locked(file):
        status = os.fstat(file)
        torn = stat.S_ISREG(status.st_mode) and status.st_size and os.pread(file, 1, status.st_size - 1) != b"\n"
        lines = b"\n" + lines if torn else lines
        written = os.write(file, lines)
    if written < len(lines):
        raise OSError(errno.ENOSPC, f"only {written} of {len(lines)} bytes could be written", str(path))
