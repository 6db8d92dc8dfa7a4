"""The reasons as a table, at most 115 columns wide."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from guardware.explain.reasons import Reasons

WIDTH = 115

_LABEL = 11
"""Columns before what a line says."""

_MOST_CHANGES = 20

_FEW_HEADERS = "Only the headers given were judged. A browser sends a dozen more: add them with -H 'Name: value'."
_CRAWLERS_FIRST = "What a known crawler or tool gets is set under crawlers:, which stands before the thresholds."
_NOTHING = ("scores", "habits", "limited_by", "retry_after")
"""Of a record, what is told elsewhere."""


def text(reasons: Reasons) -> str:
    """All of it."""
    parts = [_head(reasons), _changes(reasons), _evidence(reasons), _groups(reasons), _verdict(reasons)]
    return "\n\n".join("\n".join(part) for part in parts if part) + _notes(reasons)


def _head(reasons: Reasons) -> list[str]:
    monitor = "" if reasons["enforced"] else "  (mode: monitor, so it is served all the same)"
    visit, crawler = reasons["visit"], reasons["crawler"]
    out = [
        f"{reasons['verdict'].upper()}  decided by {reasons['decided_by']}{monitor}",
        "",
        *_said("visit", f"{visit['method']} {visit['path']} on {visit['host'] or 'no host'} by {visit['scheme']}"),
        *_said("kind", visit["kind"]),
        *_said("client", f"{visit['address']}, {visit['agent']}; class {visit['fingerprint']}"),
    ]
    if crawler:
        who = f"{crawler['token']} of {crawler['operator']} ({crawler['purpose']}), {crawler['standing']}"
        out += _said("crawler", f"{who}: {crawler['how']}" if crawler["how"] else who)
    out += _said("record", _record(reasons["record"]))
    if reasons["variant"]:
        out += _said("pictures", f"become {reasons['variant']}, a variant of images.variants")
    return out


def _record(record: dict[str, Any] | None) -> str:
    if record is None:
        return "not asked: what the headers say is enough"
    told = [f"{name}={value:g}" for name, value in record.items() if name not in _NOTHING and value]
    return ", ".join([*told, *(f"{habit}=1" for habit in record["habits"])]) or "empty"


def _changes(reasons: Reasons) -> list[str]:
    """Where the verdict changed; nothing for a single visit."""
    changes = reasons["changes"]
    if not changes:
        return []
    shown = [(_time(c["seconds"]), c) for c in changes[:_MOST_CHANGES]]
    decided = max(len(c["decided_by"]) for _, c in shown)
    out = [f"{'visit':>7}  {'after':>8}  verdict"]
    for after, c in shown:
        begin = f"{c['number']:>7}  {after:>8}  {c['action']:<7}  {c['decided_by']:<{decided}}  "
        begin += f"{c['score']:+6.2f}  "
        found = ", ".join(f"{name} {weight:+.2f}" for name, weight in c["evidence"].items()) or "-"
        out += wrap(found, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin))
    if len(changes) > len(shown):
        out.append(f"and {len(changes) - len(shown):,} more changes; --json has them all")
    return [*out, "", f"The last visit, number {reasons['visits']:,}:"]


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:g} s"


def _evidence(reasons: Reasons) -> list[str]:
    """The sum, a line for each piece: what it weighs, what of that counts, and the score with it."""
    if not reasons["evidence"] and not reasons["remembered"]:
        return ["evidence", "  none"]
    out = ["evidence   weight  counts   score"]
    for group in reasons["group_details"]:
        for item in reasons["evidence"]:
            if item["group"] == group:
                out += _piece(item)
        if group in reasons["remembered"]:
            step = reasons["remembered"][group]
            out += _row(group, "", step, "of this client's earlier visits; fades to a third in 6 hours")
    return out


def _piece(item: dict[str, Any]) -> list[str]:
    marks = [mark for mark, holds in (("proof", item["proof"]), ("prior", item["prior"])) if holds]
    words = f"{item['name']}: {item['reason']}" + (f" ({', '.join(marks)})" if marks else "")
    return _row(item["group"], f"{item['weight']:+.2f}", item, words)


def _row(group: str, weight: str, step: dict[str, float], words: str) -> list[str]:
    counts = f"{step['counts']:+.2f}" if step["counts"] else "-"
    begin = f"  {group:<9}{weight:>6}  {counts:>6}  {step['running']:+6.2f}  "
    return wrap(words, WIDTH, initial_indent=begin, subsequent_indent=" " * len(begin), break_long_words=True)


def _groups(reasons: Reasons) -> list[str]:
    """What each group comes to, and by which rule."""
    details = {name: group for name, group in reasons["group_details"].items() if group["value"]}
    out = [f"{'group' if not index else '':<{_LABEL}}{name:<9}  {group['value']:+6.2f}  {_rule(group)}"
           for index, (name, group) in enumerate(details.items())]  # fmt: skip
    low, high = reasons["bounds"]
    return [*out, f"{'score':<{_LABEL}}{'':9}  {reasons['score']:+6.2f}  their sum, from {low:g} to {high:+g}"]


def _rule(group: dict[str, Any]) -> str:
    rule = f"the sum, at most {group['cap']:g}" if group["rule"] == "sum" else "the heaviest piece"
    return f"{rule}; a prior: it makes doubtful and never refuses" if group["prior"] else rule


def _verdict(reasons: Reasons) -> list[str]:
    out = _said("decided", f"{reasons['decided_by']}: {reasons['why']}")
    for index, rung in enumerate(reasons["next"]):
        out += _said("" if index else "next", f"{rung['key']} ({rung['action']}) takes {rung['needs']}")
    thresholds = reasons["thresholds"]
    bounds = ", ".join(f"{name} {value:+.2f}" for name, value in thresholds.items())
    return [*out, *_said("thresholds", bounds)]


def _notes(reasons: Reasons) -> str:
    notes = [_FEW_HEADERS] if reasons["headers_given"] < 3 else []
    notes += [_CRAWLERS_FIRST] if reasons["rung"] == "crawlers" else []
    return "".join(f"\n\n{note}" for note in notes)


def _said(label: str, words: str) -> list[str]:
    return wrap(f"{label:<{_LABEL}}{words}", WIDTH, subsequent_indent=" " * _LABEL) or [label]


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as aligned lines, the first column to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].rjust(widths[0]), *(c.ljust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
