"""What is usual on this site: how many pictures there are, and how fast visitors are."""

from itertools import accumulate
from math import ceil, exp, log2

from guardware.store.distinct import LinearCounter

DAYS = 7

_PICTURES = 50_000
"""Different pictures that are counted within a few per cent; 1128 bytes."""


class Pictures:
    """Different pictures asked for on each of the last 7 days.

    Days apart, and the fullest counts: the hashes of pictures change daily. ``fresh``: those other processes were
    not told of.
    """

    def __init__(self, *, shared: bool) -> None:
        self._counter = LinearCounter(_PICTURES)
        self._bits = bytearray(self._counter.size)
        self._ones = 0
        self._shared = shared
        self.day = -1
        self.days: dict[int, int] = {}
        self.fresh: set[int] = set()

    def add(self, picture: int, day: int) -> None:
        """Somebody asked for ``picture`` on ``day`` (since the epoch)."""
        if day != self.day:
            self._turn(day)
        bit = picture % self._counter.bits  # LinearCounter.place, which would cost as much as the rest
        place, mask = bit >> 3, 1 << (bit & 7)
        if not self._bits[place] & mask:
            self._bits[place] |= mask
            self._ones += 1
        if self._shared and len(self.fresh) < _PICTURES:
            self.fresh.add(picture)

    def learn(self, day: int, count: int) -> None:
        """All processes together counted ``count`` on ``day``."""
        if self.day - DAYS < day <= self.day:
            self.days[day] = max(count, self.days.get(day, 0))

    @property
    def size(self) -> int:
        """Pictures, on the fullest day before this one: of today's, whoever is asked about may have asked most.
        0 on the first day."""
        return max((count for day, count in self.days.items() if day < self.day), default=0)

    def _turn(self, day: int) -> None:
        if self._ones:
            self.days[self.day] = max(self._counter.estimates[self._ones], self.days.get(self.day, 0))
        self._ones = self._counter.clear(self._bits, 0)
        self.fresh.clear()
        self.day = day
        self.days = {d: n for d, n in self.days.items() if day - DAYS < d <= day}


_ENOUGH = 1000
"""Clients before a site's own 99.9th percentile means anything: one in a thousand."""

_TAIL = 0.001
_SLOWEST = 0.125
"""Visits a second; all that are slower share the first bin."""
_A_BIN = 4
"""Bins to a doubling: an edge is within 19 % of what it stands for."""
_BINS = 13 * _A_BIN
"""Up to 1000 visits a second."""
_WEEK = 168.0


class Rates:
    """How fast clients were at their fastest in an hour, as a histogram that fades over a week (hours)."""

    def __init__(self) -> None:
        self._bins = [0.0] * _BINS
        self._hour = -1

    def turn(self, hour: int) -> None:
        """An hour begins."""
        if hour > self._hour >= 0:
            factor = exp(-(hour - self._hour) / _WEEK)
            self._bins = [n * factor for n in self._bins]
        self._hour = hour

    def move(self, old: int, rate: float) -> tuple[int, float]:
        """A client of bin ``old`` (-1: of none yet) reached ``rate``. Its new bin, and the highest rate in it."""
        times = min(max(rate / _SLOWEST, 1.0), 2.0**13)
        new = min(ceil(log2(times) * _A_BIN), _BINS - 1)
        if old >= 0:
            self._bins[old] = max(self._bins[old] - 1.0, 0.0)
        self._bins[new] += 1.0
        return new, _edge(new)

    def fast(self) -> float | None:
        """Visits a second that one client in a thousand exceeds; None until enough were seen."""
        total = sum(self._bins)
        if total < _ENOUGH:
            return None
        above = accumulate(reversed(self._bins))
        down = next(n for n, count in enumerate(above) if count > _TAIL * total)
        return _edge(_BINS - 1 - down)


def _edge(index: int) -> float:
    """The highest rate of a bin."""
    return float(_SLOWEST * 2.0 ** (index / _A_BIN))
