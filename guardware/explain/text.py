"""The reasons as a table, as wide as the terminal, and at most 115 columns."""

from typing import Any

from guardware.explain.reasons import Reasons
from guardware.layout import in_parts, wrap_whole

WIDTH = 115
"""At most: longer lines are hard to read."""

_LABEL = 11
"""Columns before what a line says."""

_MOST_CHANGES = 20

_FEW_HEADERS = (
    "Only the headers given were judged. A browser sends a dozen more{here}: add them with -H 'Name: value'."
)
_CRAWLERS_FIRST = "What a known crawler or tool gets is set under crawlers:, which stands before the thresholds."
_NAMES = "What the names in the record mean: guardware explain --help."
_NOTHING = ("scores", "habits", "limited_by", "retry_after")
"""Of a record, what is told elsewhere."""


def text(reasons: Reasons, width: int = WIDTH) -> str:
    """All of it, at most ``width`` columns wide (from 60 to ``WIDTH``)."""
    width = min(width, WIDTH)
    return in_parts(part(reasons, width) for part in (_head, _changes, _evidence, _groups, _verdict, _notes))


def _head(reasons: Reasons, width: int) -> list[str]:
    monitor = "" if reasons["enforced"] else "  (mode: monitor, so it is served all the same)"
    visit, crawler = reasons["visit"], reasons["crawler"]
    asks = f"{visit['method']} {visit['path']} on {visit['host'] or 'no host'} by {visit['scheme']}"
    out = [
        *wrap_whole(f"{reasons['verdict'].upper()}  decided by {reasons['decided_by']}{monitor}", width),
        "",
        *_said("visit", asks, width),
        *_said("kind", visit["kind"], width),
        *_said("client", f"{visit['address']}, {visit['agent']}", width),
        *_said("class", f"{visit['fingerprint']}: {visit['class']}", width),
    ]
    if crawler:
        who = f"{crawler['token']} of {crawler['operator']} ({crawler['purpose']}), {crawler['standing']}"
        out += _said("crawler", f"{who}: {crawler['how']}" if crawler["how"] else who, width)
    out += _said("record", _record(reasons["record"]), width)
    if reasons["variant"]:
        out += _said("pictures", f"become {reasons['variant']}, a variant of images.variants", width)
    return out


def _record(record: dict[str, Any] | None) -> str:
    if record is None:
        return "not asked: what the headers say is enough"
    told = [f"{name}={value:g}" for name, value in record.items() if name not in _NOTHING and value]
    return ", ".join([*told, *(f"{habit}=1" for habit in record["habits"])]) or "empty"


def _changes(reasons: Reasons, width: int) -> list[str]:
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
        out += _after(begin, found, width)
    if len(changes) > len(shown):
        out.append(f"and {len(changes) - len(shown):,} more changes; --json has them all")
    return [*out, "", f"The last visit, number {reasons['visits']:,}:"]


def _time(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:g} s"


def _after(begin: str, words: str, width: int) -> list[str]:
    """``words`` beside ``begin``, or below it where beside it there is no room."""
    if len(begin) > width - 30:
        return [begin.rstrip(), *wrap_whole(words, width, initial_indent=" " * 19, subsequent_indent=" " * 19)]
    return wrap_whole(words, width, initial_indent=begin, subsequent_indent=" " * len(begin))


def _evidence(reasons: Reasons, width: int) -> list[str]:
    """The sum, a line for each piece: what it weighs, what of that counts, and the score with it."""
    if not reasons["evidence"] and not reasons["remembered"]:
        return ["evidence", "  none"]
    out = ["evidence   weight  counts   score"]
    for group in reasons["group_details"]:
        for item in reasons["evidence"]:
            if item["group"] == group:
                out += _piece(item, width)
        if group in reasons["remembered"]:
            step = reasons["remembered"][group]
            out += _row(group, "", step, "of this client's earlier visits; fades to a third in 6 hours", width)
    return out


def _piece(item: dict[str, Any], width: int) -> list[str]:
    marks = [mark for mark, holds in (("proof", item["proof"]), ("prior", item["prior"])) if holds]
    words = f"{item['name']}: {item['reason']}" + (f" ({', '.join(marks)})" if marks else "")
    return _row(item["group"], f"{item['weight']:+.2f}", item, words, width)


def _row(group: str, weight: str, step: dict[str, float], words: str, width: int) -> list[str]:
    counts = f"{step['counts']:+.2f}" if step["counts"] else "-"
    begin = f"  {group:<9}{weight:>6}  {counts:>6}  {step['running']:+6.2f}  "
    return _after(begin, words, width)


def _groups(reasons: Reasons, width: int) -> list[str]:
    """What each group comes to, and by which rule."""
    details = {name: group for name, group in reasons["group_details"].items() if group["value"]}
    out = []
    for index, (name, group) in enumerate(details.items()):
        begin = f"{'group' if not index else '':<{_LABEL}}{name:<9}  {group['value']:+6.2f}  "
        out += _after(begin, _rule(group), width)
    low, high = reasons["bounds"]
    words = f"their sum, from {low:g} to {high:+g}" if details else "nothing speaks against it"
    return [*out, f"{'score':<{_LABEL}}{'':9}  {reasons['score']:+6.2f}  {words}"]


def _rule(group: dict[str, Any]) -> str:
    rule = f"the sum, at most {group['cap']:g}" if group["rule"] == "sum" else "the heaviest piece"
    return f"{rule}; a prior: it makes doubtful and never refuses" if group["prior"] else rule


def _verdict(reasons: Reasons, width: int) -> list[str]:
    out = _said("decided", f"{reasons['decided_by']}: {reasons['why']}", width)
    for index, rung in enumerate(reasons["next"]):
        out += _said("" if index else "next", f"{rung['key']} ({rung['action']}) takes {rung['needs']}", width)
    thresholds = reasons["thresholds"]
    bounds = ", ".join(f"{name} {value:+.2f}" for name, value in thresholds.items())
    out += _said("thresholds", bounds, width)
    for index, unasked in enumerate(reasons["unasked"]):
        out += _said("" if index else "not asked", f"{', '.join(unasked['signals'])}: {unasked['why']}", width)
    return out


def _notes(reasons: Reasons, width: int) -> list[str]:
    missing = reasons["headers_missing"]
    notes = []
    if missing or reasons["headers_given"] < 3:
        notes.append(_FEW_HEADERS.format(here=f", here {' and '.join(missing)}" if missing else ""))
    notes += [_CRAWLERS_FIRST] if reasons["rung"] == "crawlers" else []
    if reasons["record"]:
        notes.append(_NAMES)
    return [line for index, note in enumerate(notes) for line in [""] * bool(index) + wrap_whole(note, width)]


def _said(label: str, words: str, width: int) -> list[str]:
    return wrap_whole(f"{label:<{_LABEL}}{words}", width, subsequent_indent=" " * _LABEL) or [label]
