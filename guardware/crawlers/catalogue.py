"""The catalogue: every known crawler, read from the data that ``scripts/build_catalogue.py`` makes."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from guardware.crawlers.crawler import Crawler, Purpose, Verification
from guardware.crawlers.matcher import Matcher

_UNVERIFIABLE = Verification()


class Catalogue:
    """Known crawlers, sorted by token. Immutable; iterating gives every ``Crawler``."""

    __slots__ = ("_by_token", "_crawlers", "_matcher")

    def __init__(self, entries: Iterable[tuple[Crawler, Iterable[str]]]) -> None:
        """``entries``: crawlers with the phrases (see ``matcher``) that give them away."""
        pairs = list(entries)
        self._crawlers = tuple(crawler for crawler, _ in pairs)
        self._by_token = {crawler.token.lower(): crawler for crawler in self._crawlers}
        self._matcher = Matcher(pairs)

    @classmethod
    def load(cls) -> "Catalogue":
        """The catalogue that is shipped with the package. Takes some 10 ms: load it once."""
        text = files("guardware.crawlers").joinpath("catalogue.json").read_text(encoding="utf-8")
        return cls(_entries(json.loads(text)))

    def __iter__(self) -> Iterator[Crawler]:
        return iter(self._crawlers)

    def __len__(self) -> int:
        return len(self._crawlers)

    def get(self, token: str) -> Crawler | None:
        """The crawler of that token, in whatever case, or None."""
        return self._by_token.get(token.lower())

    def suggest(self, token: str) -> list[str]:
        """Up to three tokens that look like ``token``, the closest first."""
        close = get_close_matches(token.lower(), self._by_token, n=3)
        return [self._by_token[name].token for name in close]

    def match(self, user_agent: str) -> Crawler | None:
        """The crawler that ``user_agent`` declares, or None.

        A declaration proves nothing: anyone can send it. When a string names several crawlers, a ``robots_only``
        token counts most, then the strictest purpose, then the first name; a name within a longer one
        (``Googlebot`` in ``Googlebot-Image``) does not count.
        """
        return self._matcher.match(user_agent)


def _entries(data: dict[str, Any]) -> Iterator[tuple[Crawler, list[str]]]:
    """What ``catalogue.json`` holds; ``sources`` are named there once and referred to by each crawler."""
    sources = data["sources"]
    cited: dict[tuple[str, ...], tuple[str, str]] = {}
    for raw in data["crawlers"]:
        names = tuple(raw.get("sources", ()))
        if names and names not in cited:
            cited[names] = (
                ", ".join(f"{name} ({sources[name]['url']})" for name in names),
                max(sources[name]["date"] for name in names),
            )
        source, date = cited[names] if names else (raw["source"], raw["date"])
        yield _crawler(raw, source, date), raw["phrases"]


def _crawler(raw: dict[str, Any], source: str, date: str) -> Crawler:
    return Crawler(
        token=raw["token"],
        operator=raw["operator"],
        purpose=Purpose(raw["purpose"]),
        ai=raw.get("ai", False),
        robots_only=raw.get("robots_only", False),
        automation=raw.get("automation", False),
        source=source,
        date=date,
        url=raw.get("url"),
        verification=_verification(raw["verification"]) if "verification" in raw else _UNVERIFIABLE,
    )


def _verification(raw: dict[str, Any]) -> Verification:
    return Verification(
        ranges=tuple(raw.get("ranges", ())),
        rdns=tuple(raw.get("rdns", ())),
        web_bot_auth=raw.get("web_bot_auth"),
    )
