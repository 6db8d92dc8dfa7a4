"""Ledger: writes down which visit got which marked copy, off the event loop, in daily files."""

import errno
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from guardware.images.trace.record import Entry, to_line

_MOST_WAITING = 20_000
"""Entries that wait to be written; beyond that (a disk that hangs) the oldest are lost, and counted."""

_PAUSE = 1.0
"""Seconds between two writings."""

_log = logging.getLogger("guardware.images")


class Ledger:
    """Appends entries to ``folder/YYYY-MM-DD.jsonl`` (UTC), and removes files older than ``keep`` seconds.

    Several processes may write to one folder: each writing is one append of whole lines. ``note`` never blocks
    and never raises. What a crash takes is the last second.
    """

    def __init__(self, folder: Path, keep: float, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._keep = keep
        self._clock = clock
        self._waiting: deque[Entry] = deque(maxlen=_MOST_WAITING)
        self._writer: threading.Thread | None = None
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._tidied = ""
        self._silent = False
        self._torn = False
        self.lost = 0
        """Entries that could not be written."""
        os.register_at_fork(after_in_child=partial(_begin_anew, weakref.ref(self)))

    def note(self, entry: Entry) -> None:
        """Have ``entry`` written within about a second."""
        if len(self._waiting) == _MOST_WAITING:
            self.lost += 1
        self._waiting.append(entry)
        if self._writer is None:
            self._start()

    def begin_anew(self) -> None:
        """In a process just forked: what waits is the parent's to write, and its thread is not here."""
        self._waiting.clear()
        self._writer, self._starting = None, threading.Lock()

    def close(self) -> None:
        """Write what waits. A later ``note`` begins anew. Blocks for as long as the disk takes."""
        with self._starting:
            writer, self._writer = self._writer, None
            self._stop.set()
        if writer is not None:
            writer.join(5.0)

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._stop = threading.Event()
                self._writer = threading.Thread(
                    target=self._run, args=(self._stop,), name="guardware-ledger", daemon=True
                )
                self._writer.start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(_PAUSE):
            self._write()
        self._write()

    def _write(self) -> None:
        entries = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not entries:
            return
        by_day: dict[str, list[Entry]] = {}
        for entry in entries:
            by_day.setdefault(_day(entry.time), []).append(entry)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for day, of_day in by_day.items():
                self._append(self._folder / f"{day}.jsonl", "".join(map(to_line, of_day)).encode())
            self._tidy(_day(self._clock()))
            self._silent = False
        except OSError as error:
            self.lost += len(entries)
            if not self._silent:
                _log.warning("the record of marked copies cannot be written: %s", error)
            self._silent = True

    def _append(self, path: Path, lines: bytes) -> None:
        """One write. A disk that is nearly full takes a part of it, and the system calls that a success."""
        lines = b"\n" + lines if self._torn else lines
        with open(path, "ab", buffering=0, opener=_private) as file:
            written = file.write(lines)
            self._torn = written < len(lines)
        if self._torn:
            raise OSError(errno.ENOSPC, f"{path}: only {written} of {len(lines)} bytes could be written")

    def _tidy(self, today: str) -> None:
        """Once a day, remove what is too old."""
        if today == self._tidied:
            return
        self._tidied = today
        oldest = _day(self._clock() - self._keep)
        for path in self._folder.glob("????-??-??.jsonl"):
            if path.stem < oldest:
                path.unlink(missing_ok=True)


def _begin_anew(ledger: weakref.ref[Ledger]) -> None:
    if (alive := ledger()) is not None:
        alive.begin_anew()


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
