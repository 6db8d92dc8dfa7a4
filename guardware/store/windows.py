"""Counts of the hour and the day, for the memory store: of a client's pictures, and their sum for its address.

They stand within the rows of memory.py::

    client   hour, its ones, day, its ones | bitmap of the hour | bitmap of the day
    address  hour, its sum, day, its sum

A window that is not the present one counts as nothing. Both turn with the hour, since a day begins with one.
"""

import struct

from guardware.store.distinct import LinearCounter
from guardware.store.protocol import ADDRESS_SHARE

_HOUR = 3600 * 1_000_000
_ONES = struct.Struct("<IIII")
SUMS = struct.Struct("<IQIQ")
"""An address's part. 64 bits for a sum: nothing bounds how many classes of headers its scraper makes up."""


Counts = tuple[int, int, int, int, int]


class Windows:
    """``largest``: the largest count that matters. ``at`` and ``sums_at``: where the two parts begin in a row."""

    __slots__ = ("_at", "_counter", "_day_at", "_hour_at", "_sums_at", "blank")

    def __init__(self, largest: int, at: int, sums_at: int) -> None:
        self._counter = LinearCounter(largest)
        self._at = at
        self._sums_at = sums_at
        self._hour_at = at + _ONES.size
        self._day_at = self._hour_at + self._counter.size
        self.blank = bytes(_ONES.size + 2 * self._counter.size)
        """A client's part before its first picture."""

    def count(self, row: bytearray, home: bytearray, original: int, given: bool, t: int) -> Counts:
        """Add a picture at ``t`` (microseconds) to a client's ``row``, which has this part, and if it is ``given``
        as it is, to its address's.

        Returns what ``counts`` would then.
        """
        hour, hour_ones, day, day_ones = _ONES.unpack_from(row, self._at)
        home_hour, hour_sum, home_day, day_sum = SUMS.unpack_from(home, self._sums_at)
        this_hour, counter = t // _HOUR, self._counter
        today, estimates = this_hour // 24, counter.estimates
        if hour != this_hour:
            hour_ones = counter.clear(row, self._hour_at)
            if day != today:
                day_ones = counter.clear(row, self._day_at)
        if home_hour != this_hour:
            hour_sum = 0
            if home_day != today:
                day_sum = 0
        place, mask = counter.place(original)
        of_hour, of_day = self._hour_at + place, self._day_at + place
        if not row[of_hour] & mask:  # what is new to the day is new to the hour
            row[of_hour] |= mask
            hour_ones += 1
            if given:
                hour_sum += estimates[hour_ones] - estimates[hour_ones - 1]
            if not row[of_day] & mask:
                row[of_day] |= mask
                day_ones += 1
                if given:
                    day_sum += estimates[day_ones] - estimates[day_ones - 1]
            _ONES.pack_into(row, self._at, this_hour, hour_ones, today, day_ones)
            if given:
                SUMS.pack_into(home, self._sums_at, this_hour, hour_sum, today, day_sum)
        return _larger(estimates[hour_ones], estimates[day_ones], hour_sum, day_sum)

    def counts(self, row: bytearray, home: bytearray, t: int) -> Counts:
        """Different pictures of this hour and this day: the larger of the client's and of its part of its
        address's, twice; then the client's own, twice; then its address's of this hour."""
        home_hour, hour_sum, home_day, day_sum = SUMS.unpack_from(home, self._sums_at)
        this_hour, hour_count, day_count = t // _HOUR, 0, 0
        today = this_hour // 24
        if len(row) > self._at:
            hour, hour_ones, day, day_ones = _ONES.unpack_from(row, self._at)
            if hour == this_hour:
                hour_count = self._counter.estimates[hour_ones]
            if day == today:
                day_count = self._counter.estimates[day_ones]
        return _larger(
            hour_count, day_count, hour_sum if home_hour == this_hour else 0, day_sum if home_day == today else 0
        )


def _larger(hour: int, day: int, hour_sum: int, day_sum: int) -> Counts:
    of_hour, of_day = hour_sum // ADDRESS_SHARE, day_sum // ADDRESS_SHARE
    return of_hour if of_hour > hour else hour, of_day if of_day > day else day, hour, day, hour_sum
