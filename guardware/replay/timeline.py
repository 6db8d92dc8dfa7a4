"""Timeline: how many pictures went where over time, in a bounded number of bins."""

from collections import Counter
from typing import NamedTuple

from guardware.replay.clients import Manner

MAX_BINS = 800
"""Bins of a time line: a month of hours, and then some."""


class Cell(NamedTuple):
    """``start``: in hours since the epoch; ``fate``: ORIGINAL, PROTECTED or REFUSED."""

    start: int
    manner: Manner
    fate: int


class Timeline:
    """Pictures by hour, manner of the client and fate. ``width`` of a bin: an hour, or where the log is long as
    many as it takes to stay within ``MAX_BINS``, a power of two.
    """

    def __init__(self) -> None:
        self.width = 1
        self._cells: Counter[Cell] = Counter()
        self._first = self._last = 0

    def add(self, hour: int, manner: Manner, fate: int, count: int) -> None:
        """``hour``: since the epoch."""
        if not self._cells:
            self._first = self._last = hour
        self._first, self._last = min(self._first, hour), max(self._last, hour)
        if self._last // self.width - self._first // self.width >= MAX_BINS:
            self._widen()
        self._cells[Cell(hour // self.width * self.width, manner, fate)] += count

    def _widen(self) -> None:
        while self._last // self.width - self._first // self.width >= MAX_BINS:
            self.width *= 2
        narrow, self._cells = self._cells, Counter()
        for cell, count in narrow.items():
            self._cells[cell._replace(start=cell.start // self.width * self.width)] += count

    @property
    def starts(self) -> range:
        """Where every bin begins, from the first picture's to the last's, empty ones too."""
        if not self._cells:
            return range(0)
        first = self._first // self.width * self.width
        return range(first, self._last + 1, self.width)

    def count(self, start: int, manner: Manner, fate: int) -> int:
        """Pictures in the bin that begins at ``start``."""
        return self._cells[Cell(start, manner, fate)]
