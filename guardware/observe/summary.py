"""Summary: what one hour's visits were and what was decided, as counts; one JSON line, and back.

The line is ``{"summary": {...}}``; docs/monitor.md lists its keys. No client can be told from it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from guardware.moments import iso
from guardware.policy.score import CEILING, FLOOR

VERSION = 1

HOUR = 3600.0

STEP = 0.25
"""The width of a bin of scores, natural-log units: bin 0 has scores from ``FLOOR``, -6, to below -5.75."""
BINS = int((CEILING - FLOOR) / STEP)

ASKED: tuple[int, ...] = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500),
    *(600, 800, 1000, 1200, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 8000, 10_000, 20_000, 50_000, 100_000),
)
"""Different pictures that a client asks within an hour: the ends of the bins, each within it. Round numbers, since
one of them becomes a budget."""

_LONGEST = 200
"""Characters of a name."""
_LARGEST = 2**53
"""The largest count that every reader of JSON keeps exactly."""


class Decided(NamedTuple):
    """What was decided; ``person``: of people-like clients, which fetched a page and what it shows."""

    action: str
    decided_by: str
    kind: str
    enforced: bool
    person: bool


class Scored(NamedTuple):
    """A bin of scores, of visits on which ``thresholds`` have a say. ``picture``: asked a picture, else anything
    else; ``denied``: refused by ``thresholds.deny``, for which a score alone is not enough."""

    picture: bool
    person: bool
    denied: bool
    bin: int


class Asked(NamedTuple):
    """Clients of which each asked at most ``most`` different pictures in the hour (one of ``ASKED``), and more
    than the one before."""

    person: bool
    most: int


class Summary(NamedTuple):
    """``hour``: when it begins, seconds since the epoch. ``crawlers``: visits by token and action. ``lost``:
    events that could not be written. ``uncounted``: pictures of clients that ``asked`` leaves out, since they were
    too many."""

    hour: float
    decisions: Mapping[Decided, int]
    crawlers: Mapping[tuple[str, str], int]
    scores: Mapping[Scored, int]
    asked: Mapping[Asked, int]
    lost: int = 0
    uncounted: int = 0


def bin_of(score: float) -> int:
    """0 to ``BINS - 1``."""
    return min(max(int((score - FLOOR) // STEP), 0), BINS - 1)


def to_line(summary: Summary) -> bytes:
    """One line of ASCII, newline included."""
    data = {
        "version": VERSION,
        "hour": iso(summary.hour),
        "decisions": _rows(summary.decisions, "visits"),
        "crawlers": [
            {"token": token, "action": action, "visits": visits}
            for (token, action), visits in sorted(summary.crawlers.items())
        ],
        "scores": _grouped(summary.scores),
        "asked": _rows(summary.asked, "clients"),
        "lost": summary.lost,
        "uncounted": summary.uncounted,
    }
    return json.dumps({"summary": data}, separators=(",", ":")).encode() + b"\n"


def from_data(data: Any) -> Summary:
    """The summary in what ``{"summary": ...}`` holds. Raises ValueError if it is none."""
    try:
        if data["version"] != VERSION:
            raise ValueError(f"a summary of version {data['version']!r}")
        return Summary(
            _time(data["hour"]),
            _counter((_decided(row), row["visits"]) for row in data["decisions"]),
            _counter(((_text(r["token"]), _text(r["action"])), r["visits"]) for r in data["crawlers"]),
            _counter(
                (_scored(row, float(low)), visits)
                for row in data["scores"]
                for low, visits in row["visits"].items()
            ),
            _counter((Asked(_flag(r["person"]), _edge(r["most"])), r["clients"]) for r in data["asked"]),
            _count(data["lost"]),
            _count(data["uncounted"]),
        )
    except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(f"no summary: {type(error).__name__} {error}") from None


def _rows(counts: Mapping[Any, int], name: str) -> list[dict[str, Any]]:
    """A dict for each key, which is a NamedTuple, and its count as ``name``; always in the same order."""
    return [{**key._asdict(), name: count} for key, count in sorted(counts.items())]


def _grouped(scores: Mapping[Scored, int]) -> list[dict[str, Any]]:
    rows: dict[tuple[bool, bool, bool], dict[str, int]] = {}
    for key, visits in sorted(scores.items()):
        rows.setdefault(key[:3], {})[f"{FLOOR + key.bin * STEP:g}"] = visits
    return [{**dict(zip(Scored._fields, key, strict=False)), "visits": bins} for key, bins in rows.items()]


def _counter(items: Iterable[tuple[Any, Any]]) -> Counter[Any]:
    counter: Counter[Any] = Counter()
    for key, count in items:
        counter[key] += _count(count)
    return counter


def _decided(row: Any) -> Decided:
    action, decided_by, kind = (_text(row[name]) for name in ("action", "decided_by", "kind"))
    return Decided(action, decided_by, kind, _flag(row["enforced"]), _flag(row["person"]))


def _scored(row: Any, low: float) -> Scored:
    if not FLOOR <= low < CEILING:
        raise ValueError(f"{low} is no score")
    return Scored(_flag(row["picture"]), _flag(row["person"]), _flag(row["denied"]), bin_of(low))


def _time(value: Any) -> float:
    time = datetime.fromisoformat(_text(value))
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time.timestamp()


def _edge(value: Any) -> int:
    if value not in ASKED:
        raise ValueError(f"{value!r} is not the end of a bin")
    return int(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError(f"{str(value)[:40]!r} is no name")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{str(value)[:40]!r} is neither true nor false")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise ValueError(f"{str(value)[:40]!r} is no count")
    return value
