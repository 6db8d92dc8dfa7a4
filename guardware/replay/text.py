"""The report as text, at most 100 columns wide."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from guardware.replay.plots import joined
from guardware.replay.report import FATES, Report

WIDTH = 100

_SHARES = 24
"""Rows of pictures over time; bins are joined until no more are needed."""

_ROWS = 12
_MISTAKES = 10

_NOBODY = (
    "No client did all that a browser in a person's hands does (icon, style sheets or scripts, referers of this "
    "site), so nothing can be said of mistakes."
)
_FATES = ("as originals", "protected", "refused")
_COUNTS = ("clients", "visits", "pictures", "allow", "protect", "limit", "deny")


def text(report: Report) -> str:
    """The whole report."""
    parts = [_head(report), _mistakes(report), _decisions(report), _pictures(report)]
    parts += [_crawlers(report), _networks(report), _clients(report), _scores(report), _notes(report)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _head(report: Report) -> list[str]:
    lines, total, pictures = report["lines"], report["total"], report["pictures"]
    logs = ", ".join(f"{log['name']} ({log['format']})" for log in report["logs"])
    first = f"{lines['judged']:,} visits of {total['clients']:,} clients, "
    first += f"{when(report['from'])} to {when(report['to'])} UTC"
    gone = ", ".join(f"{pictures[name]:,} {word}" for name, word in zip(FATES, _FATES, strict=True))
    monitor = ["mode: monitor, so nothing of this would have been done, only written down."]
    return [
        *wrap(f"Replay of {logs}", WIDTH),
        *wrap(first + passed_over(lines), WIDTH),
        f"Pictures: {gone}.",
        *(monitor if report["mode"] == "monitor" else []),
    ]


def when(iso: str) -> str:
    """``2015-05-17T10:05:03Z`` to the minute, for people."""
    return f"{iso[:10]} {iso[11:16]}"


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


def _mistakes(report: Report) -> list[str]:
    found = report["mistakes"]
    title = _title("People who would have been touched")
    if not found["people"]:
        return [*title, *wrap(_NOBODY, WIDTH)]
    summary = (
        f"{found['clients']:,} of {found['people']:,} clients that fetched the icon and style sheets or scripts, "
        f"and came from pages of this site; {found['visits']:,} of their {found['people_visits']:,} visits "
        f"({found['share']:.2%})."
    )
    out = [*title, *wrap(summary, WIDTH)]
    for client in found["list"][:_MISTAKES]:
        out += ["", *_person(client)]
    if found["clients"] > _MISTAKES:
        out += ["", f"{found['clients'] - _MISTAKES:,} more."]
    return out


def _person(client: dict[str, Any]) -> Iterator[str]:
    yield cut(f"{client['client']}  {client['agent']}, {client['visits']:,} visits", WIDTH)
    touched = [d for d in client["decisions"] if d["action"] != "allow"]
    yield from _indented(", ".join(f"{d['action']} {d['visits']:,} by {d['decided_by']}" for d in touched))
    for item in client["evidence"]:
        yield from _indented(f"{item['weight']:+.1f} {item['name']}: {item['reason']}")


def _indented(line: str) -> list[str]:
    return wrap(line, WIDTH, initial_indent="    ", subsequent_indent="      ", break_long_words=True)


def _decisions(report: Report) -> list[str]:
    total = {"action": "all", "decided_by": "", **report["total"]}
    rows = [[d["action"], d["decided_by"], *_counts(d, 3)] for d in [*report["decisions"][:40], total]]
    return [*_title("What decided"), *table(["action", "decided by", *_COUNTS[:3]], rows, left=2)]


def _crawlers(report: Report) -> list[str]:
    rows = [[c["token"], c["purpose"], *_counts(c, 7)] for c in report["crawlers"][:_ROWS]]
    return (
        [*_title("Crawlers and tools, by the names they give"), *table(["", "", *_COUNTS], rows, left=2)]
        if rows
        else []
    )


def _networks(report: Report) -> list[str]:
    rows = [[n["network"], *_counts(n, 7)] for n in report["networks"][:_ROWS]]
    return [*_title("Networks"), *table(["", *_COUNTS], rows, left=1)]


def _clients(report: Report) -> list[str]:
    rows = [
        [c["client"], c["agent"], c["manner"], f"{c['score']:+.1f}", *_counts(c, 7)[1:]]
        for c in report["clients"][:_ROWS]
    ]
    return [*_title("Clients with most pictures"), *table(["", "", "", "score", *_COUNTS[1:]], rows, left=3)]


def _counts(row: dict[str, Any], many: int) -> list[str]:
    return [f"{row[name]:,}" if row.get(name) else "-" for name in _COUNTS[:many]]


def _pictures(report: Report) -> list[str]:
    bins, hours = joined(report["timeline"]["bins"], report["timeline"]["hours"], _SHARES)
    if not bins:
        return []
    rows = [[when(b["start"]), *(f"{b[name]:,}" if b[name] else "-" for name in FATES)] for b in bins]
    return [*_title(f"Pictures in {_hours(hours)}"), *table(["from (UTC)", *_FATES], rows, left=1)]


def _hours(hours: int) -> str:
    return f"each {'hour' if hours == 1 else f'{hours} hours'}"


def _scores(report: Report) -> list[str]:
    scores, thresholds = report["scores"], report["thresholds"]
    counts = [sum(column) for column in zip(*scores["clients"].values(), strict=True)]
    used = [at for at, count in enumerate(counts) if count]
    if not used:
        return []
    largest, out = max(counts), []
    for at in range(used[0], used[-1] + 1):
        low = scores["lowest"] + at * scores["step"]
        marks = [name for name in ("protect", "suspect", "deny") if low <= thresholds[name] < low + scores["step"]]
        bar = "#" * -(-counts[at] * 60 // largest)
        out.append(f"{low:+5.1f}  {counts[at]:>9,}  {bar:<60}  {' '.join(marks)}".rstrip())
    return [*_title("Highest score of each client"), *out]


def _notes(report: Report) -> list[str]:
    out = _title("To know")
    for note in report["notes"]:
        out += wrap(note, WIDTH, initial_indent="- ", subsequent_indent="  ")
    for example in report["lines"]["examples"]:
        out.append(cut(f"  {example['source']}:{example['number']}: {example['text']}", WIDTH))
    return out


def _title(words: str) -> list[str]:
    return [words, "-" * len(words)]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int) -> list[str]:
    """Aligned columns, the first ``left`` of them to the left; those give way when it gets too wide."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    spare = WIDTH - sum(widths[left:]) - 2 * (len(head) - 1)
    for at in range(left):
        widths[at] = min(widths[at], max(spare - sum(min(w, 12) for w in widths[at + 1 : left]), 8))
        spare -= widths[at]
    return [_row(line, widths, left) for line in lines]


def _row(line: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = [
        cut(cell, width).ljust(width) if at < left else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def cut(words: str, width: int) -> str:
    """``words`` within ``width`` columns."""
    return words if len(words) <= width else f"{words[: width - 1]}…"
