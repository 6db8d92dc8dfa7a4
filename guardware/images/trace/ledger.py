"""Ledger: writes down which visit got which marked copy, off the event loop, in daily files."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from guardware.images.trace.record import Entry, to_line
from guardware.journal import Journal
from guardware.linefiles import DailyFiles, day_of

_MOST_WAITING = 20_000
"""Entries that wait to be written; beyond that (a disk that hangs) those that come are lost, and counted."""

_DAY = 86400.0


class Ledger:
    """Appends entries to ``folder/YYYY-MM-DD.jsonl`` (UTC), and removes files older than ``keep`` seconds.

    Several processes may write to one folder: each writing is one append of whole lines. ``note`` never blocks
    and never raises. What a crash takes is the last second.
    """

    def __init__(self, folder: Path, keep: float, *, clock: Callable[[], float] = time.time) -> None:
        self._files = DailyFiles(folder, keep / _DAY, clock)
        self._journal = Journal(self._write, f"records of marked copies in {folder}", most=_MOST_WAITING)

    @property
    def lost(self) -> int:
        """Entries that could not be written."""
        return self._journal.lost

    def note(self, entry: Entry) -> None:
        """Have ``entry`` written within about a second."""
        self._journal.put(entry)

    def close(self) -> None:
        """Write what waits. A later ``note`` begins anew. Blocks for at most 5 seconds if the disk is slow."""
        self._journal.close()

    def _write(self, entries: Sequence[Entry]) -> None:
        by_day: dict[str, list[Entry]] = {}
        for entry in entries:
            by_day.setdefault(day_of(entry.time), []).append(entry)
        for of_day in by_day.values():
            self._files.append(of_day[0].time, "".join(map(to_line, of_day)).encode())
