"""Recorder: counts every verdict, and keeps and logs those other than allow."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from guardware.config.schema import Observe
from guardware.verdict import Action, Verdict
from guardware.visit import Visit

logger = logging.getLogger("guardware.events")


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


LINES_A_SECOND = 50
"""Log lines; a scraper must not fill the disk with its refusals."""


class Recorder:
    """Bounded: a counter per (action, kind), the last ``config.events`` events, so many log lines a second."""

    def __init__(
        self, config: Observe, *, keep_addresses: bool = False, clock: Callable[[], float] = time.time
    ) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.unreadable = 0
        """Requests whose path or host could not be judged."""
        self.events: deque[Event] = deque(maxlen=config.events)
        self._log = config.log
        self._keep_addresses = keep_addresses
        self._clock = clock
        self._second = 0
        self._lines = 0

    def record(self, visit: Visit, verdict: Verdict) -> None:
        """Count ``verdict``; keep and log it unless it is allow."""
        self.counts[verdict.action, visit.kind] += 1
        if verdict.action is Action.ALLOW:
            return
        event = Event(
            self._clock(),
            verdict.support_id,
            verdict.action.value,
            verdict.enforced,
            verdict.decided_by,
            round(verdict.score, 2),
            visit.kind.value,
            visit.method[:16],
            visit.path[:200],
            verdict.crawler,
            tuple(e.name for e in verdict.evidence),
            visit.source.address if self._keep_addresses else "",
            verdict.variant,
        )
        self.events.append(event)
        if self._log and self._may_log(int(event.time)):
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
