"""Merges drafts into the entries of the catalogue, and writes its file."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from guardware.crawlers.sources.lists import AI_ROBOTS, UNKNOWN, USER_AGENTS, VERIFY, Draft
from guardware.crawlers.sources.names import PHRASES, reduce
from guardware.crawlers.sources.own import DATE, OWN, Own
from guardware.crawlers.sources.tables import OPERATORS, PURPOSES
from guardware.crawlers.sources.verification import VERIFICATION

SOURCES: Mapping[str, tuple[str, str]] = {
    VERIFY: ("https://www.pathwren.workers.dev/c/pypi-verify/", "CC0-1.0"),
    AI_ROBOTS: ("https://github.com/ai-robots-txt/ai.robots.txt", "MIT"),
    USER_AGENTS: ("https://github.com/monperrus/crawler-user-agents", "MIT"),
}
AI_PURPOSES = ("training", "dataset", "ai-search")
NOT_AI = ("search", "preview", "tool")
"""A crawler of these is not refused in robots.txt even if a list of AI crawlers names it: pages want finding."""

Entry = dict[str, Any]
"""A crawler as it stands in ``catalogue.json``."""


def entries(lists: Iterable[Draft]) -> list[Entry]:
    """One entry a token, sorted. Our own table goes before the lists, and an earlier list before a later one."""
    own = {row.token.lower(): row for row in OWN}
    drafts = {key: _own_draft(row) for key, row in own.items()}
    for draft in lists:
        known = drafts.setdefault(draft.token.lower(), draft)
        if known is not draft:
            _fill(known, draft, with_phrases=draft.token.lower() not in own)
    return [_entry(drafts[key], own.get(key)) for key in sorted(drafts)]


def _own_draft(row: Own) -> Draft:
    ai = row.purpose in AI_PURPOSES
    return Draft(row.token, row.operator, row.purpose, ai, set(row.phrases), row.url, automation=row.automation)


def _fill(known: Draft, other: Draft, with_phrases: bool) -> None:
    if known.operator == UNKNOWN:
        known.operator = other.operator
    if with_phrases:
        known.phrases |= other.phrases
    known.url = known.url or other.url
    known.ai = known.ai or other.ai
    known.automation = known.automation or other.automation
    known.lists += [name for name in other.lists if name not in known.lists]


def _entry(draft: Draft, own: Own | None) -> Entry:
    key = draft.token.lower()
    purpose = PURPOSES.get(key, draft.purpose)
    entry: Entry = {
        "token": draft.token,
        "operator": OPERATORS.get(key, draft.operator),
        "purpose": purpose,
        "phrases": reduce(set(PHRASES.get(key, draft.phrases))),
    }
    flags = {
        "ai": purpose in AI_PURPOSES or (draft.ai and purpose not in NOT_AI),
        "robots_only": draft.robots_only,
        "automation": draft.automation and purpose == "tool",
    }
    entry |= {name: True for name, value in flags.items() if value}
    if draft.url:
        entry["url"] = draft.url
    verification = VERIFICATION.get(key, draft.verification)
    if verification:
        entry["verification"] = verification
    return entry | ({"source": f"{own.source}; {own.url}", "date": DATE} if own else {"sources": draft.lists})


def faults(found: Iterable[Entry]) -> list[str]:
    """What must not reach the catalogue: a crawler that nothing gives away, or two that the same phrase does."""
    lines = []
    owner: dict[str, str] = {}
    for entry in found:
        if not entry["phrases"]:
            lines.append(f"{entry['token']} has no phrase")
        for phrase in entry["phrases"]:
            first = owner.setdefault(phrase.lower().removeprefix("^"), entry["token"])
            if first != entry["token"]:
                lines.append(f"{phrase!r} gives away {first} and {entry['token']}; settle it in PHRASES")
    return lines


def render(found: Iterable[Entry], dates: Mapping[str, str]) -> str:
    """The file, one crawler a line. ``dates``: when each source was read, in ISO's form."""
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in found)
    head = ",\n".join(
        f"{json.dumps(name)}: {json.dumps({'url': url, 'licence': licence, 'date': dates[name]})}"
        for name, (url, licence) in SOURCES.items()
    )
    return f'{{"sources": {{\n{head}\n}},\n"crawlers": [\n{lines}\n]}}\n'
