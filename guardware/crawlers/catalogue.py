"""The catalogue: every known crawler, read from the data that ``scripts/build_catalogue.py`` makes.

``guardware crawlers update`` may put a newer copy of that data into the state folder.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from guardware.crawlers.crawler import Crawler, Purpose, Verification
from guardware.crawlers.matcher import Matcher

KEPT = "catalogue.json"
"""The copy's name in the state folder."""
_LARGEST = 16 * 1024 * 1024
"""Bytes of a copy; the shipped one has 300 kB."""
_UNVERIFIABLE = Verification()
_log = logging.getLogger("guardware")


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
    def load(cls, folder: Path | None = None) -> "Catalogue":
        """The copy in the state folder ``folder`` if it is sound and not older than the one that is shipped with
        the package, else that. Takes some 10 ms: load it once."""
        return cls(crawlers_of(catalogue_data(folder)))

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


def catalogue_data(folder: Path | None = None) -> dict[str, Any]:
    """What ``Catalogue.load(folder)`` is made from, as it stands in the file."""
    shipped: dict[str, Any] = json.loads(
        files("guardware.crawlers").joinpath("catalogue.json").read_text(encoding="utf-8")
    )
    kept = _kept(folder / KEPT, len(shipped["crawlers"])) if folder is not None else None
    return kept if kept is not None and newest_source(kept) >= newest_source(shipped) else shipped


def newest_source(data: dict[str, Any]) -> date:
    """The day of the newest source that ``data`` is made from."""
    return max(date.fromisoformat(source["date"]) for source in data["sources"].values())


def _kept(path: Path, at_least: int) -> dict[str, Any] | None:
    """The data in ``path``; None, and a line in the log, if it is damaged. An update takes no crawler away, so a
    copy with fewer is none of ours."""
    try:
        if not path.exists():
            return None
        if path.stat().st_size > _LARGEST:
            raise ValueError("is too large")
        data: dict[str, Any] = json.loads(path.read_bytes())
        newest_source(data)
        if len(Catalogue(crawlers_of(data))) < at_least // 2:
            raise ValueError("is cut short")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        _log.warning("%s: %s; the shipped catalogue is used; run: guardware crawlers update", path, error)
        return None
    return data


def crawlers_of(data: Mapping[str, Any]) -> Iterator[tuple[Crawler, list[str]]]:
    """Every crawler in ``catalogue.json``'s data, with its phrases; ``sources`` are named there once and referred
    to by each."""
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
