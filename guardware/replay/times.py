"""Times as access logs write them."""

import re
from calendar import timegm
from datetime import UTC, datetime

from guardware.caching import BoundedCache

_MONTHS = {name: n for n, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}
_COMMON = re.compile(rb"(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d):(\d\d) ([+-]\d{4})")
"""Minute, second and zone of the common log format: ``17/May/2015:10:05:03 +0000``."""

_LATEST = 32_503_680_000.0
"""The year 3000; a number beyond it is in milliseconds, microseconds or nanoseconds."""


class TimeReader:
    """Reads times. Owns a bounded memory of minutes."""

    def __init__(self) -> None:
        self._known: BoundedCache[tuple[bytes, bytes], float] = BoundedCache(1024)
        self.minutes = self._known.get
        """What ``minute`` found, or None: a call less for what comes again."""

    def common(self, minute: bytes, second: bytes, zone: bytes) -> float | None:
        """Seconds since the epoch of ``17/May/2015:10:05``, ``03``, ``+0000``; None if there is no such time."""
        known = self.minutes((minute, zone)) or self.minute(minute, zone)
        return None if known is None else known + int(second)

    def minute(self, minute: bytes, zone: bytes) -> float | None:
        """Seconds since the epoch when ``17/May/2015:10:05`` began in ``+0000``; None if there is no such time."""
        found = _minute(minute, zone)
        if found is not None:
            self._known.put((minute, zone), found)
        return found

    def any(self, value: object) -> float | None:
        """Seconds since the epoch of a number (of seconds or smaller units), an ISO 8601 text, or a common one.

        None if it is no time, or none between 1970 and 3000. A text without zone is taken as UTC.
        """
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return _number(value)
        if not isinstance(value, str) or len(value) > 64:
            return None
        match = _COMMON.fullmatch(value.strip("[]").encode("latin-1", "replace"))
        return self.common(*match.groups()) if match else _text(value)


def _minute(minute: bytes, zone: bytes) -> float | None:
    month = _MONTHS.get(minute[3:6])
    day, year, hour, at = int(minute[:2]), int(minute[7:11]), int(minute[12:14]), int(minute[15:17])
    if month is None or not 1 <= day <= 31 or not 1970 <= year < 3000 or hour > 23 or at > 59:
        return None
    offset = int(zone[1:3]) * 3600 + int(zone[3:5]) * 60
    return float(timegm((year, month, day, hour, at, 0))) - (offset if zone[:1] == b"+" else -offset)


def _number(value: float) -> float | None:
    if not 0 <= value < _LATEST * 1e9:  # nor NaN, nor an integer that no float can be
        return None
    value = float(value)
    while value >= _LATEST:
        value /= 1000
    return value


def _text(value: str) -> float | None:
    try:
        moment = datetime.fromisoformat(value)
        return _number((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        pass
    try:
        return _number(float(value))
    except (ValueError, OverflowError):
        return None
