"""Journal: hands what is put into it to a writer on a thread of its own, so that no visit waits for a disk."""

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

logger = logging.getLogger("guardware")

MOST_WAITING = 10_000
"""Items that wait; some 10 MB of events. A flood that a disk cannot take for long is cut here."""

PAUSE = 1.0
"""Seconds between two writings, which is what a crash takes."""

Item = TypeVar("Item")


class Journal(Generic[Item]):
    """``write`` gets what was put in since it was called last, in order, at most once each ``pause`` seconds.

    It may raise OSError: then the items are lost, and one warning is logged until it works again. ``name`` says
    in that warning what cannot be written.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Item]], None],
        name: str,
        *,
        most: int = MOST_WAITING,
        pause: float = PAUSE,
    ) -> None:
        self.lost = 0
        """Items that were not written, because the queue was full or the disk said no."""
        self._write = write
        self._name = name
        self._most = most
        self._pause = pause
        self._waiting: deque[Item] = deque()
        self._writer: threading.Thread | None = None
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._silent = False
        os.register_at_fork(after_in_child=partial(_begin_anew, weakref.ref(self)))

    def put(self, item: Item, *, rare: bool = False) -> None:
        """Have ``item`` written soon. Never blocks, never raises. ``rare``: also when the queue is full."""
        if len(self._waiting) >= self._most and not rare:
            self.lost += 1
            return
        self._waiting.append(item)
        if self._writer is None:
            self._start()

    def close(self, patience: float = 5.0) -> None:
        """Write what waits; blocks for at most ``patience`` seconds. A later ``put`` begins anew."""
        with self._starting:
            writer, self._writer = self._writer, None
            self._stop.set()
        if writer is not None:
            writer.join(patience)

    def begin_anew(self) -> None:
        """In a process just forked: what waits is the parent's to write, and its thread is not here."""
        self._waiting.clear()
        self._writer, self._starting = None, threading.Lock()

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._stop = threading.Event()
                self._writer = threading.Thread(
                    target=self._run, args=(self._stop,), name="guardware-journal", daemon=True
                )
                self._writer.start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self._pause):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        items = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not items:
            return
        try:
            self._write(items)
            self._silent = False
        except OSError as error:
            self.lost += len(items)
            if not self._silent:
                logger.warning("%s cannot be written and are lost until they can: %s", self._name, error)
            self._silent = True


def _begin_anew(journal: "weakref.ref[Journal[Item]]") -> None:
    if (alive := journal()) is not None:
        alive.begin_anew()
