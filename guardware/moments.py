"""Points in time as text: for programs to the second, for people to the minute; always UTC."""

from datetime import UTC, datetime


def iso(time: float) -> str:
    """``time``, seconds since the epoch, as ISO 8601 to the second: ``2026-11-03T10:05:03Z``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(moment: str) -> str:
    """What ``iso`` wrote, to the minute, for people: ``2026-11-03 10:05``."""
    return f"{moment[:10]} {moment[11:16]}"
