"""Made-up weeks, of which it is known what the report should say."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from guardware.linefiles import DailyFiles
from guardware.observe.summary import Asked, Decided, Scored, Summary, bin_of, to_line

MONDAY = 1_793_577_600.0
"""2026-11-02 00:00 UTC."""

Scores = Mapping[float, int]


def an_hour(
    hour: float = MONDAY,
    *,
    people: Scores | None = None,
    others: Scores | None = None,
    pages: Scores | None = None,
    denied: Scores | None = None,
    asked: Scores | None = None,
    asked_by_others: Scores | None = None,
    enforced: bool = False,
    lost: int = 0,
) -> Summary:
    """An hour of visits with these scores: pictures of people-like clients, of others; pages of people-like
    clients, and what of these was denied; and the clients that asked so many pictures."""
    rows = [
        (True, True, False, people or {}),
        (True, False, False, others or {}),
        (False, True, False, pages or {}),
        (False, True, True, denied or {}),
    ]
    scores, decisions = Counter[Scored](), Counter[Decided]()
    for picture, person, refused, by_score in rows:
        for score, visits in by_score.items():
            scores[Scored(picture, person, refused, bin_of(score))] += visits
            decided = Decided(*_decided(score, refused), "image" if picture else "page", enforced, person)
            decisions[decided] += visits
    clients = Counter({Asked(True, int(most)): n for most, n in (asked or {}).items()})
    clients.update({Asked(False, int(most)): n for most, n in (asked_by_others or {}).items()})
    return Summary(hour, decisions, {}, scores, clients, lost)


def _decided(score: float, refused: bool) -> tuple[str, str]:
    if refused:
        return "deny", "thresholds.deny"
    return ("protect", "thresholds.protect") if score >= 2 else ("allow", "default")


def with_crawlers(summary: Summary, crawlers: Mapping[tuple[str, str], int]) -> Summary:
    """``summary`` with visits by token and action, decided by a purpose."""
    decisions = Counter(summary.decisions)
    for (_, action), visits in crawlers.items():
        decisions[Decided(action, "crawlers.training", "page", False, False)] += visits
    return summary._replace(crawlers=crawlers, decisions=decisions)


def write_daily(folder: Path, summaries: Iterable[Summary]) -> None:
    """As the recorder does."""
    for summary in summaries:
        DailyFiles(folder, 3650, lambda: MONDAY).append(summary.hour, to_line(summary))
