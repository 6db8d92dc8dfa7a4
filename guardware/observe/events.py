"""Recorder: counts every verdict, sums up each hour, and keeps, logs and writes those other than allow."""

import json
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from guardware.config.schema import Observe
from guardware.journal import Journal
from guardware.linefiles import DailyFiles, EventFile
from guardware.observe.hour import OFFSET, PER_UNIT, Hour
from guardware.observe.summary import to_line
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

logger = logging.getLogger("guardware.events")

_ALLOW, _IMAGE = Action.ALLOW, Kind.IMAGE
"""Looking a member up on its enumeration takes ten times as long as a global."""

LINES_A_SECOND = 50
"""Log lines; a scraper must not fill the disk with its refusals."""

KEEP_DAYS = 35
"""How long summaries are kept: a month, and some days to look at it."""

SUMMARIES = "summary"
"""The folder of the summaries within ``store.folder``."""


class Event(NamedTuple):
    """One verdict other than allow. ``address`` is empty unless ``clients.keep_addresses`` is on."""

    time: float
    support_id: str
    action: str
    enforced: bool
    decided_by: str
    score: float
    kind: str
    method: str
    path: str
    crawler: str | None
    evidence: tuple[str, ...]
    address: str
    variant: str = ""
    host: str = ""


class _Closed(NamedTuple):
    """An hour that is over, and how many events had been lost by then."""

    hour: Hour
    lost: int


class Recorder:
    """Bounded: counts of one hour, the last ``config.events`` events, so many log lines a second.

    Events go to ``config.file`` if it is set, a summary of each hour there and to the daily files in ``folder``
    (``store.folder``/summary; None: nowhere), all on threads of their own: ``record`` never waits. One event loop
    owns it. ``clock`` gives seconds since the epoch.
    """

    def __init__(
        self,
        config: Observe,
        *,
        keep_addresses: bool = False,
        folder: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.unreadable = 0
        """Requests whose path or host could not be judged."""
        self.events: deque[Event] = deque(maxlen=config.events)
        self._log = config.log
        self._keep_addresses = keep_addresses
        self._clock = clock
        self._second = 0
        self._lines = 0
        self._past: Counter[tuple[str, str]] = Counter()
        self._hour = Hour(0.0)
        self._file = _event_journal(Path(config.file), config.file_size) if config.file else None
        self._summaries = _summary_journal(DailyFiles(folder, KEEP_DAYS, clock)) if folder else None
        self._told = 0

    @property
    def counts(self) -> Counter[tuple[str, str]]:
        """Visits by action and kind, since the beginning."""
        return self._past + _by_kind(self._hour)

    @property
    def lost(self) -> int:
        """Events that could not be written to the file."""
        return self._file.lost if self._file is not None else 0

    def record(self, visit: Visit, verdict: Verdict) -> None:
        """Count ``verdict``; keep, log and write it unless it is allow."""
        now = self._clock()
        hour = self._hour
        if not hour.since <= now < hour.until:
            hour = self._turn(now)
        action = verdict.action
        key = (
            action,
            visit.kind,
            verdict.decided_by,
            verdict.crawler,
            verdict.enforced,
            int(verdict.score * PER_UNIT + OFFSET),
            verdict.people_like,
        )
        counts = hour.counts
        known = counts.get(key)
        if known is None:
            hour.first(key)
        else:
            counts[key] = known + 1
        if verdict.asked and visit.kind is _IMAGE:
            hour.asked(verdict.client, verdict.asked, verdict.people_like)
        if action is not _ALLOW:
            self._keep(visit, verdict, now)

    def close(self) -> None:
        """Write what is to be written, the running hour's summary too; waits some seconds for a slow disk.

        What is recorded later begins anew.
        """
        self._turn(self._clock())
        for journal in (self._file, self._summaries):
            if journal is not None:
                journal.close()

    def _turn(self, now: float) -> Hour:
        """Begin another hour, and have the one that was written down."""
        old, self._hour = self._hour, Hour(now)
        if old.counts:
            self._past += _by_kind(old)
            lost = self.lost
            closed, self._told = _Closed(old, lost - self._told), lost
            if self._file is not None:
                self._file.put(closed, rare=True)
            if self._summaries is not None:
                self._summaries.put(closed)
        return self._hour

    def _keep(self, visit: Visit, verdict: Verdict, now: float) -> None:
        # ``_value_``: ``value`` is a Python function in Python 3.11.
        event = Event(
            now,
            verdict.support_id,
            verdict.action._value_,
            verdict.enforced,
            verdict.decided_by,
            round(verdict.score, 2),
            visit.kind._value_,
            visit.method[:16],
            visit.path[:200],
            verdict.crawler,
            tuple([e.name for e in verdict.evidence]),
            visit.source.address if self._keep_addresses else "",
            verdict.variant,
            visit.host,
        )
        self.events.append(event)
        if self._file is not None:
            self._file.put(event)
        if self._log and self._may_log(int(now)):
            # %r: a path is the client's text, and must not be able to forge log lines.
            logger.info(
                "%s %s %s %r score=%.2f by=%s crawler=%s id=%s%s",
                event.action,
                event.kind,
                event.method,
                event.path,
                event.score,
                event.decided_by,
                event.crawler or "-",
                event.support_id,
                "" if event.enforced else " (monitor)",
            )

    def _may_log(self, second: int) -> bool:
        """Whether there is room for a line in this second; says afterwards how many there was none for."""
        if second != self._second:
            if self._lines > LINES_A_SECOND:
                logger.info("%d more within one second, not written", self._lines - LINES_A_SECOND)
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= LINES_A_SECOND


def _by_kind(hour: Hour) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for key, visits in hour.counts.items():
        counts[key[:2]] += visits
    return counts


def _event_journal(path: Path, most: int) -> Journal[Event | _Closed]:
    file = EventFile(path, most)

    def write(items: Sequence[Event | _Closed]) -> None:
        file.append(map(_line, items))

    return Journal(write, f"events in {path}")


def _summary_journal(files: DailyFiles) -> Journal[_Closed]:
    def write(items: Sequence[_Closed]) -> None:
        for item in items:
            files.append(item.hour.start, _line(item))

    return Journal(write, "summaries in store.folder")


def _line(item: Event | _Closed) -> bytes:
    """As ASCII, so that no letter of a path can end the line."""
    if isinstance(item, Event):
        return json.dumps(item._asdict(), separators=(",", ":")).encode() + b"\n"
    return to_line(item.hour.summary(item.lost))
