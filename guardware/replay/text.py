"""The report as text, for a terminal of any width."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from textwrap import wrap
from typing import Any

from guardware.layout import PIPED, READABLE, aligned, bar_of, column_widths, cut, in_parts, line_width, underlined
from guardware.moments import when
from guardware.replay.notes import count
from guardware.replay.plots import joined
from guardware.replay.report import FATES, Report

_BAR = 60
_BESIDE = 40
"""Columns of a bar at most, and of what stands beside it."""

_LEGIBLE = 14
"""Columns that names should have, before the counts go below them."""

_SHARES = 24
"""Rows of pictures over time; bins are joined until no more are needed."""

_ALIKE = 4
"""Networks that are listed of clients that are alike."""

_ROWS = 12
_MISTAKES = 10

_NOBODY = (
    "No client did all that a browser in a person's hands does (icon, style sheets or scripts, referers of this "
    "site), so nothing can be said of mistakes."
)
_FATES = ("as originals", "protected", "refused")
_COUNTS = ("clients", "visits", "pictures", "allow", "protect", "limit", "deny")


def text(report: Report, width: int = PIPED) -> str:
    """The whole report, in ``width`` columns (at least 60; more than 120 are not used)."""
    width = min(width, READABLE)
    every = (_head, _mistakes, _decisions, _pictures, _crawlers, _networks, _clients, _scores, _notes)
    return in_parts(part(report, width) for part in every)


def _head(report: Report, width: int) -> list[str]:
    lines, total, pictures = report["lines"], report["total"], report["pictures"]
    logs = ", ".join(f"{log['name']} ({log['format']})" for log in report["logs"])
    first = f"{count(lines['judged'], 'visit', 'visits')} of {count(total['clients'], 'client', 'clients')}, "
    first += f"{when(report['from'])} to {when(report['to'])} UTC"
    gone = ", ".join(f"{pictures[name]:,} {word}" for name, word in zip(FATES, _FATES, strict=True))
    monitor = "mode: monitor, so nothing of this would have been done, only written down."
    cut_short = (
        f"Cut short: you ended the reading (Ctrl-C) after line {lines['read']:,}. What follows is on those lines."
    )
    return [
        *wrap(f"Replay of {logs}", width),
        *(wrap(cut_short, width) if report["cut_short"] else []),
        *wrap(first + passed_over(lines), width),
        *wrap(f"Pictures: {gone}.", width),
        *(wrap(monitor, width) if report["mode"] == "monitor" else []),
    ]


def passed_over(lines: dict[str, Any]) -> str:
    """What became of the lines that were not judged."""
    names = {
        "unparsable": "unreadable",
        "too_long": "too long",
        "no_request": "without a request",
        "bad_request": "with an address that servers read differently (400)",
        "own": "to guardware's own addresses",
    }
    found = [f"{lines[key]:,} {words}" for key, words in names.items() if lines[key]]
    return f"; besides {', '.join(found)}." if found else "."


def _mistakes(report: Report, width: int) -> list[str]:
    found = report["mistakes"]
    title = underlined("People who would have been touched")
    if not found["people"]:
        return [*title, *wrap(_NOBODY, width)]
    summary = (
        f"{found['clients']:,} of {count(found['people'], 'client', 'clients')} that fetched the icon and style "
        f"sheets or scripts, and came from pages of this site; {found['visits']:,} of their "
        f"{count(found['people_visits'], 'visit', 'visits')} ({found['share']:.2%})."
    )
    out, shown = [*title, *wrap(summary, width)], found["groups"][:_MISTAKES]
    for group in shown:
        out += ["", *_people(group, width)]
    more = found["clients"] - sum(group["clients"] for group in shown)
    return [*out, "", f"{more:,} more."] if more else out


def _people(group: dict[str, Any], width: int) -> Iterator[str]:
    """Clients that had the same done for the same reasons."""
    yield from wrap(f"{whom(group)}  {group['agent']}, {count(group['visits'], 'visit', 'visits')}", width)
    done = ", ".join(f"{d['action']} {d['visits']:,} by {d['decided_by']}" for d in group["decisions"])
    yield from _indented(done, width)
    for item in group["evidence"]:
        yield from _indented(f"{item['weight']:+.1f} {item['name']}: {item['reason']}", width)


def whom(group: dict[str, Any]) -> str:
    """``203.0.113.0/24``, or ``5 clients (203.0.113.0/24, 192.0.2.0/24 and 2 others)``."""
    if group["clients"] == 1:
        return str(group["client"])
    listed, others = ", ".join(group["alike"][:_ALIKE]), len(group["alike"]) - _ALIKE
    more = f" and {others:,} other{'s' if others > 1 else ''}" if others > 0 else ""
    return f"{group['clients']:,} clients ({listed}{more})"


def _indented(line: str, width: int) -> list[str]:
    return wrap(line, width, initial_indent="    ", subsequent_indent="      ", break_long_words=True)


def _decisions(report: Report, width: int) -> list[str]:
    total = {"action": "all", "decided_by": "", **report["total"]}
    rows = [[d["action"], d["decided_by"], *_counts(d, 3)] for d in [*report["decisions"][:40], total]]
    return [
        *underlined("What decided"),
        *_table(["action", "decided by", *_COUNTS[:3]], rows, left=2, width=width),
    ]


def _crawlers(report: Report, width: int) -> list[str]:
    rows = [[c["token"], c["purpose"], *_counts(c, 7)] for c in report["crawlers"][:_ROWS]]
    return (
        [
            *underlined("Crawlers and tools, by the names they give"),
            *_table(["", "", *_COUNTS], rows, left=2, width=width),
        ]
        if rows
        else []
    )


def _networks(report: Report, width: int) -> list[str]:
    rows = [[n["network"], *_counts(n, 7)] for n in report["networks"][:_ROWS]]
    return [*underlined("Networks"), *_table(["", *_COUNTS], rows, left=1, width=width)]


def _clients(report: Report, width: int) -> list[str]:
    rows = [
        [c["client"], c["agent"], c["manner"], f"{c['score']:+.1f}", *_counts(c, 7)[1:]]
        for c in report["clients"][:_ROWS]
    ]
    return [
        *underlined("Clients with most pictures"),
        *_table(["", "", "", "score", *_COUNTS[1:]], rows, left=3, width=width),
    ]


def _counts(row: dict[str, Any], many: int) -> list[str]:
    return [f"{row[name]:,}" if row.get(name) else "-" for name in _COUNTS[:many]]


def _pictures(report: Report, width: int) -> list[str]:
    bins, hours = joined(report["timeline"]["bins"], report["timeline"]["hours"], _SHARES)
    if not bins:
        return []
    rows = [[when(b["start"]), *(f"{b[name]:,}" if b[name] else "-" for name in FATES)] for b in bins]
    return [
        *underlined(f"Pictures in {_hours(hours)}"),
        *_table(["from (UTC)", *_FATES], rows, left=1, width=width),
    ]


def _hours(hours: int) -> str:
    return f"each {'hour' if hours == 1 else f'{hours} hours'}"


def _scores(report: Report, width: int) -> list[str]:
    scores, thresholds = report["scores"], report["thresholds"]
    counts = [sum(column) for column in zip(*scores["clients"].values(), strict=True)]
    used = [at for at, count in enumerate(counts) if count]
    if not used:
        return []
    largest, wide, out = max(counts), min(_BAR, max(width - _BESIDE, 10)), []
    for at in range(used[0], used[-1] + 1):
        low = scores["lowest"] + at * scores["step"]
        marks = [name for name in ("protect", "suspect", "deny") if low <= thresholds[name] < low + scores["step"]]
        bar = bar_of(counts[at], largest, wide)
        out.append(f"{low:+5.1f}  {counts[at]:>9,}  {bar:<{wide}}  {' '.join(marks)}".rstrip())
    return [*underlined("Highest score of each client"), *out]


def _notes(report: Report, width: int) -> list[str]:
    out = underlined("To know")
    for note in report["notes"]:
        out += wrap(note, width, initial_indent="- ", subsequent_indent="  ")
    for example in report["lines"]["examples"]:
        out += wrap(shown_example(example), width, initial_indent="  ", subsequent_indent="    ")
    return out


def shown_example(example: dict[str, Any]) -> str:
    """A line that could not be read, behind its place: the log's name goes without its folders."""
    return f"{PurePath(example['source']).name}:{example['number']}: {example['text']}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int, width: int) -> list[str]:
    """Aligned columns, the first ``left`` of them names and to the left, the others counts. When it gets too wide,
    columns without any count go, then names give way; and where too little of them would be left, counts go below.
    """
    lines = [list(head), *(list(row) for row in rows)]
    if line_width(column_widths(lines)) > width:
        used = [at for at in range(len(head)) if at < left or any(line[at] != "-" for line in lines[1:])]
        lines = [[line[at] for at in used] for line in lines]
    widths = column_widths(lines)
    spare = width - line_width(widths) + sum(widths[:left])
    if spare < sum(min(w, _LEGIBLE) for w in widths[:left]):
        return _stacked(lines, left, width)
    for at in range(left):
        widths[at] = min(widths[at], spare - sum(min(w, _LEGIBLE) for w in widths[at + 1 : left]))
        spare -= widths[at]
    return [aligned(line, widths, range(left)) for line in lines]


def _stacked(lines: Sequence[Sequence[str]], left: int, width: int) -> list[str]:
    """Each row in two lines, counts below names."""
    widths = column_widths(line[left:] for line in lines)
    out = []
    for line in lines:
        names = "  ".join(cell for cell in line[:left] if cell)
        out += [cut(names, width)] if names else []
        out.append("  " + aligned(line[left:], widths, ()))
    return out
