"""The findings for a terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from guardware.config.faults import printable
from guardware.doctor.examine import Examination
from guardware.doctor.finding import Finding, Level
from guardware.layout import READABLE, in_parts, underlined, wrap_whole

_SIGNS = {Level.OK: "ok", Level.WARNING: "WARNING", Level.FAULT: "FAULT"}
_INDENT = 9
"""Columns of the sign and the space after it."""


def text(examination: Examination, width: int) -> str:
    """By topic, each finding with its sign and its mend, and what it comes to at the end."""
    wide = min(width, READABLE)
    parts: list[Sequence[str]] = []
    ordered = sorted(examination.findings, key=_first_seen(examination.findings))
    for topic, findings in groupby(ordered, key=lambda finding: finding.topic):
        lines = underlined(topic.capitalize())
        for finding in findings:
            lines += _lines(finding, wide)
        parts.append(lines)
    return in_parts([*parts, wrap_whole(_sum(examination), wide)])


def as_json(examination: Examination) -> dict[str, Any]:
    """JSON-ready."""
    return {
        "findings": [
            {"level": f.level.value, "topic": f.topic, "text": f.text, "mend": list(f.mend)}
            for f in examination.findings
        ],
        "requests": examination.asked,
    }


def _first_seen(findings: Sequence[Finding]) -> Any:
    order = {finding.topic: at for at, finding in reversed(list(enumerate(findings)))}
    return lambda finding: order[finding.topic]


def _lines(finding: Finding, width: int) -> Iterator[str]:
    space = " " * _INDENT
    # Printable: a site's answers are in it, which a terminal must not take for commands.
    for number, line in enumerate(wrap_whole(printable(finding.text), width - _INDENT) or [""]):
        yield (_SIGNS[finding.level].ljust(_INDENT) if number == 0 else space) + line
    for line in map(printable, finding.mend):
        # What is to be copied into a file is short, and stays as it is; sentences go on in the next line.
        whole = [line] if len(line) <= width - _INDENT - 2 else wrap_whole(line, width - _INDENT - 2)
        yield from (f"{space}  {part}".rstrip() for part in whole)


def _sum(examination: Examination) -> str:
    counts = Counter(finding.level for finding in examination.findings)
    faults, warnings = counts[Level.FAULT], counts[Level.WARNING]
    if faults:
        verdict = "Something is wrong: mend what says FAULT, from the top."
    elif warnings:
        verdict = "Nothing is broken; look at what says WARNING."
    else:
        verdict = "All is well."
    asked = f" The doctor made {_counted(examination.asked, 'request')}." if examination.asked else ""
    found = f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}, {counts[Level.OK]} fine."
    return f"{found} {verdict}{asked}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
