"""The report as text, for a terminal of any width."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any

from guardware.layout import PIPED, READABLE, aligned, bar_of, column_widths, in_parts, line_width, underlined
from guardware.moments import when
from guardware.observe.summary import STEP
from guardware.report.proposals import ENOUGH
from guardware.report.report import Report

_ROWS = 20
_CRAWLERS = 15
_LEGIBLE = 12
"""Columns that names should have."""
_BAR = 15
_BESIDE = 68
"""Columns of a bar at most, and of what stands beside the two."""

_DONE = {"allow": "allowed", "protect": "protected", "limit": "limited", "deny": "refused"}

_COLUMNS = ("people_pictures", "others_pictures", "people_pages", "others_pages")

_FEW = (
    "Only {people:,} {visits} of people-like clients: too few to say. From {enough:,} on thresholds are "
    "proposed; let it run longer."
)
_WHAT_COUNTS = (
    "People-like is a client that fetched a page and what a page needs: most people, and programs that drive a "
    "browser. Visits of one person are alike, so to go below the shipped values takes many hours of clients, and "
    "not many visits."
)


def text(report: Report, width: int = PIPED) -> str:
    """The whole report, in ``width`` columns (at least 60; more than 120 are not used)."""
    width = min(width, READABLE)
    every = (_head, _decisions, _touched, _crawlers, _scores, _asked, _proposals, _snippet)
    return in_parts(part(report, width) for part in every)


def _head(report: Report, width: int) -> list[str]:
    days, first, last = report["days"], when(report["from"]), when(report["to"])
    sentences = [
        f"{first} to {last} UTC: {days} {_plural(days, 'day')}, with visits in {report['hours']} of "
        f"{report['span_hours']} {_plural(report['span_hours'], 'hour')}.",
        f"{report['visits']:,} {_plural(report['visits'], 'visit')}, {report['people_visits']:,} of them by "
        f"people-like clients. {_mode(report)}",
    ]
    if report["damaged"]:
        sentences.append(f"{report['damaged']:,} damaged {_plural(report['damaged'], 'line')} passed over.")
    if report["lost"]:
        told = (
            "event could not be written; it is" if report["lost"] == 1 else "events could not be written; they are"
        )
        sentences.append(f"{report['lost']:,} {told} counted here all the same.")
    if report["uncounted"]:
        pictures = f"{report['uncounted']:,} {_plural(report['uncounted'], 'picture')}"
        sentences.append(f"{pictures} asked by more clients than are followed at a time.")
    return [line for sentence in sentences for line in wrap(sentence, width)]


_MODES = {"both": "partly in mode: monitor, partly in mode: enforce"}


def _mode(report: Report) -> str:
    """What is configured now; without a configuration, how the visits were judged."""
    if report["configured"]:
        return f"Mode now: {report['mode']}."
    judged = _MODES.get(report["recorded_mode"], f"in mode: {report['recorded_mode']}")
    return (
        f"They were judged {judged}. No configuration was read: name yours with --config, since thresholds and "
        "budget are compared with the default ones here."
    )


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _decisions(report: Report, width: int) -> list[str]:
    rows = [[_done(r), r["decided_by"], *_numbers(r, "visits", "pictures", "people")] for r in report["decisions"]]
    head = ["", "decided by", "visits", "pictures", "people-like"]
    return [*underlined("What was done, or would have been"), *_table(head, rows, (0, 1), _ROWS, width)]


def _done(row: dict[str, Any]) -> str:
    done = _DONE.get(row["action"], row["action"])
    return done if row["enforced"] or row["action"] == "allow" else f"would have been {done}"


def _touched(report: Report, width: int) -> list[str]:
    title = underlined("Budgets and limits")
    rows = [[r["decided_by"], _done(r), *_numbers(r, "visits", "people")] for r in report["touched"]]
    if not rows:
        return [*title, "Nobody reached one."]
    return [*title, *_table(["", "", "visits", "people-like"], rows, (0, 1), _ROWS, width)]


def _crawlers(report: Report, width: int) -> list[str]:
    rows = [[c["token"], c["purpose"], *_numbers(c, "visits"), _actions(c)] for c in report["crawlers"]]
    if not rows:
        return []
    title = underlined("Crawlers and tools, by the names they give")
    return [*title, *_table(["", "", "visits", "verdicts"], rows, (0, 1, 3), _CRAWLERS, width)]


def _actions(crawler: dict[str, Any]) -> str:
    return ", ".join(f"{action} {visits:,}" for action, visits in crawler["actions"].items())


def _scores(report: Report, width: int) -> list[str]:
    """Bars for pictures, on which most depends; figures for both. A run of empty bins is one line."""
    rows = report["scores"]
    if not rows:
        return []
    most = {name: max(row[name] for row in rows) for name in _COLUMNS}
    bar, lines = max(min(_BAR, (width - _BESIDE) // 2), 0), list[str]()
    for row in rows:
        if any(row[name] for name in _COLUMNS) or _marks(report, row):
            lines.append(_score(report, row, most, bar))
        elif lines[-1] != _GAP:
            lines.append(_GAP)
    heads = "".join(f"{name:>9}" for name in ("people", "others") * 2)
    return [
        *underlined("Scores of visits that thresholds decide"),
        f"{'':6}{'pictures':>18}{'pages':>18}{'  pictures' if bar else ''}",
        f"{'from':>6}{heads}" + (f"  {'people':<{bar}} others" if bar else ""),
        *lines,
    ]


_GAP = "   ..."


def _score(report: Report, row: dict[str, Any], most: dict[str, int], bar: int) -> str:
    figures = "".join(f"{number:>9}" for number in _numbers(row, *_COLUMNS))
    bars = " ".join(f"{bar_of(row[name], most[name], bar):<{bar}}" for name in _COLUMNS[:2])
    return f"{row['from']:+6.2f}{figures}  {bars} {_marks(report, row)}".rstrip()


def _marks(report: Report, row: dict[str, Any]) -> str:
    """The thresholds that stand in a bin."""
    thresholds = (p for p in report["proposals"] if p["key"].startswith("thresholds."))
    return " ".join(p["key"].partition(".")[2] for p in thresholds if 0 <= p["now"] - row["from"] < STEP)


def _asked(report: Report, width: int) -> list[str]:
    rows = [[f"{r['most']:,}", *_numbers(r, "people", "others")] for r in report["asked"]]
    if not rows:
        return []
    title = underlined("Different pictures that a client asked in an hour")
    return [*title, *_table(["up to", "people-like", "others"], rows, (), len(rows), width)]


def _proposals(report: Report, width: int) -> list[str]:
    title = underlined("Thresholds and budget that would fit")
    if not report["enough"]:
        return [*title, *wrap(_few(report), width)]
    rows = [
        [
            p["key"],
            f"{p['now']:g}",
            f"{p['proposed']:g}",
            f"{p['touched']:,} of {p['people']:,}",
            f"{p['share']:.2%}",
            p["why"],
        ]
        for p in report["proposals"]
    ]
    head = ["", "now", "would fit", "people touched", "at most", ""]
    return [*title, *_table(head, rows, (0, 5), len(rows), width), "", *wrap(_WHAT_COUNTS, width)]


def _few(report: Report) -> str:
    people = report["people_visits"]
    return _FEW.format(people=people, visits="visit was" if people == 1 else "visits were", enough=ENOUGH)


def _snippet(report: Report, width: int) -> list[str]:
    if not report["enough"]:
        return []
    if not report["snippet"]:
        return wrap("There is nothing to change. When you have seen enough, write mode: enforce.", width)
    return ["To take it over, put this into guardware.yaml:", "", *report["snippet"].splitlines()]


def _numbers(row: dict[str, Any], *names: str) -> list[str]:
    return [f"{row[name]:,}" if row[name] else "-" for name in names]


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], lefts: Sequence[int], most: int, width: int
) -> list[str]:
    """Aligned columns, those in ``lefts`` to the left. When it gets too wide, what stands last in words goes below
    its row; then the widest of ``lefts`` gives way."""
    every = list(rows)
    lines = [head, *every[:most]]
    below = [""] * len(lines)
    if line_width(column_widths(lines)) > width and len(head) - 1 in lefts:
        below = [line[-1] for line in lines]
        lines, lefts = [line[:-1] for line in lines], [at for at in lefts if at < len(head) - 1]
    widths = column_widths(lines)
    while (spare := width - line_width(widths)) < 0 and lefts:
        widest = max(lefts, key=lambda at: widths[at])
        if widths[widest] <= _LEGIBLE:
            break
        widths[widest] = max(widths[widest] + spare, _LEGIBLE)
    out = []
    for line, words in zip(lines, below, strict=True):
        out.append(aligned(line, widths, lefts))
        out += wrap(words, width, initial_indent="    ", subsequent_indent="    ")
    return out if len(every) <= most else [*out, f"and {len(every) - most:,} more; --json has them all"]
