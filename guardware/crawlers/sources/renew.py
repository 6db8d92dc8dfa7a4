"""Renews the catalogue from freshly fetched lists: they may add to what is known, and take nothing away.

A list from the net can be wrong, or in somebody's hands. So it adds crawlers and phrases, and makes a purpose
stricter; it never makes one milder, hides a crawler behind another, or touches a browser or a search engine.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from guardware.config.faults import printable
from guardware.crawlers.catalogue import Catalogue, crawlers_of
from guardware.crawlers.crawler import STRICTEST_FIRST, Crawler
from guardware.crawlers.matcher import Matcher
from guardware.crawlers.published import ListError
from guardware.crawlers.sources.build import SOURCES, Entry, entries, render
from guardware.crawlers.sources.lists import (
    AI_ROBOTS,
    USER_AGENTS,
    VERIFY,
    Draft,
    read_ai_robots,
    read_user_agents,
)
from guardware.crawlers.sources.names import PHRASES, careful, covers
from guardware.crawlers.sources.sanity import misled
from guardware.crawlers.sources.tables import PURPOSES

MOST_ADDED = 500
"""Crawlers that one renewal may add: the lists have grown by some 150 a year."""
_LONGEST_FILE = 32
"""Phrases filed under one word, and so the work for it; 8 in the shipped catalogue."""
_PHRASE = range(3, 101)
"""Characters of a phrase."""
_FINDERS = ("search", "preview")
"""By crawlers of these purposes people find the site: a list must not have them refused."""
_RANK = {purpose.value: rank for rank, purpose in enumerate(STRICTEST_FIRST)}


class Renewal(NamedTuple):
    """What changes. ``text`` is the new catalogue's file, or None if nothing does.

    - ``added``: new crawlers, as they stand in the file;
    - ``stricter``: token, purpose before, purpose after;
    - ``phrases``: token, phrase by which a known crawler is now found too;
    - ``ai``: tokens that are now refused in robots.txt;
    - ``unlisted``: tokens that no list names any more; they stay;
    - ``refused``: what the lists wanted and do not get, with the reason.
    """

    added: tuple[Entry, ...] = ()
    stricter: tuple[tuple[str, str, str], ...] = ()
    phrases: tuple[tuple[str, str], ...] = ()
    ai: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    text: str | None = None


def renew(base: Mapping[str, Any], lists: Mapping[str, Any], date: str) -> Renewal:
    """The renewal of the catalogue data ``base`` by ``lists``: parsed JSON by the names of ``SOURCES``.

    ``date`` is today in ISO's form. Raises ListError if a list is empty, or would make the catalogue take people
    for crawlers or hide a search engine: then it changes nothing.
    """
    refused: list[str] = []
    drafts = _drafts(lists, refused)
    known = {entry["token"].lower(): dict(entry) for entry in base["crawlers"]}
    work = _Work(known, Matcher((crawler, map(str.lower, found)) for crawler, found in crawlers_of(base)), refused)
    listed = {draft.token.lower() for draft in drafts}
    for entry in entries(drafts):
        key = entry["token"].lower()
        if key in known:
            work.change(known[key], entry)
        elif key in listed:
            work.add(entry)
    if len(work.added) > MOST_ADDED:
        raise ListError(f"adds {len(work.added)} crawlers at once; more than {MOST_ADDED} is no list of that kind")
    result = Renewal(
        added=tuple(work.added),
        stricter=tuple(work.stricter),
        phrases=tuple(work.phrases),
        ai=tuple(work.ai),
        unlisted=tuple(_unlisted(known, lists.keys(), listed)),
        refused=tuple(map(printable, refused)),
    )
    return result._replace(text=_text(base, known, lists, date)) if any(result[:4]) else result


def _drafts(lists: Mapping[str, Any], faults: list[str]) -> list[Draft]:
    readers = {AI_ROBOTS: read_ai_robots, USER_AGENTS: read_user_agents}
    drafts: list[Draft] = []
    for name, reader in readers.items():
        found = reader(lists[name], faults) if name in lists else []
        if name in lists and not found:
            raise ListError(f"{name} names no crawlers")
        drafts += found
    return drafts


class _Work:
    """The entries under change, in ``known``, and what has changed."""

    def __init__(self, known: dict[str, Entry], matcher: Matcher, refused: list[str]) -> None:
        self.added: list[Entry] = []
        self.stricter: list[tuple[str, str, str]] = []
        self.phrases: list[tuple[str, str]] = []
        self.ai: list[str] = []
        self._known = known
        self._matcher = matcher
        self._refused = refused
        self._taken = {_bare(phrase) for entry in known.values() for phrase in entry["phrases"]}

    def add(self, entry: Entry) -> None:
        phrases = [p for p in sorted(careful(entry["token"], entry["phrases"])) if self._may(entry, p)]
        if phrases:
            self.added.append(entry | {"phrases": phrases})
            self._known[entry["token"].lower()] = self.added[-1]
            self._taken |= set(map(_bare, phrases))

    def change(self, old: Entry, new: Entry) -> None:
        """Take into ``old`` what ``new`` may change: nothing in our own table's entries."""
        if "sources" not in old:
            return
        if VERIFY not in old["sources"] and old["token"].lower() not in PURPOSES:
            self._change_purpose(old, new)
        if old["token"].lower() not in PHRASES:
            self._change_phrases(old, new)

    def _change_purpose(self, old: Entry, new: Entry) -> None:
        token, before, after = old["token"], old["purpose"], new["purpose"]
        if _RANK[after] > _RANK[before]:
            self._refused.append(f"{token}: {after} would be milder than {before}")
        elif before in _FINDERS and (after != before or new.get("ai", False) > old.get("ai", False)):
            self._refused.append(f"{token}: people find the site by it ({before}), so no list makes it {after}")
        elif after != before:
            old["purpose"] = after
            self.stricter.append((token, before, after))
        if new.get("ai", False) > old.get("ai", False) and before not in _FINDERS:
            old["ai"] = True
            self.ai.append(token)

    def _change_phrases(self, old: Entry, new: Entry) -> None:
        known = old["phrases"]
        unknown = [p for p in new["phrases"] if p not in known and not any(covers(each, p) for each in known)]
        for phrase in sorted(careful(old["token"], unknown)):
            if phrase not in old["phrases"] and self._may(old, phrase):
                old["phrases"] = sorted({*old["phrases"], phrase})
                old["sources"] = [*dict.fromkeys((*old["sources"], *new["sources"]))]
                self.phrases.append((old["token"], phrase))
                self._taken.add(_bare(phrase))

    def _may(self, entry: Entry, phrase: str) -> bool:
        """Whether ``phrase`` may give the entry away; if not, why is noted."""
        reason = self._against(entry, phrase)
        if reason:
            self._refused.append(f"{entry['token']}: the name {phrase!r} {reason}")
        return not reason

    def _against(self, entry: Entry, phrase: str) -> str:
        bare = _bare(phrase)
        if len(bare) not in _PHRASE or not bare.isascii() or not bare.isprintable():
            return "is too short, too long or not plain text"
        if not any(character.isalnum() for character in bare):
            return "has no word in it"
        if bare in self._taken:
            return "gives another crawler away"
        hidden = self._matcher.match(bare)
        if hidden is not None and hidden.token != entry["token"] and _hides(bare, hidden, entry["purpose"]):
            return f"would hide {hidden.token}"
        return ""


def _hides(phrase: str, hidden: Crawler, purpose: str) -> bool:
    """Whether a crawler of that ``purpose``, found by ``phrase``, would be seen in place of the one that it names
    to somebody's gain: a stricter one's, or at the cost of one that people need. A name that goes on, such as
    Googlebot-Image, is another crawler's."""
    if _RANK[hidden.purpose] < _RANK[purpose]:
        return True
    goes_on = re.search(re.escape(hidden.token.lower()) + "-[a-z]{3}", phrase)
    return hidden.purpose in _FINDERS and purpose not in _FINDERS and goes_on is None


def _bare(phrase: str) -> str:
    return phrase.lower().removeprefix("^")


def _unlisted(known: Mapping[str, Entry], lists: Any, listed: set[str]) -> Iterator[str]:
    for key, entry in known.items():
        if entry.get("sources") and set(entry["sources"]) <= set(lists) and key not in listed:
            yield entry["token"]


def _text(base: Mapping[str, Any], known: dict[str, Entry], lists: Mapping[str, Any], date: str) -> str:
    """The new file. Raises ListError if it would do harm."""
    found = [known[key] for key in sorted(known)]
    data = {"sources": base["sources"], "crawlers": found}
    after = Matcher(crawlers_of(data))
    if after.longest_file > _LONGEST_FILE:
        raise ListError(f"{after.longest_file} names share a word, which would make every look-up slow")
    wrong = misled(Catalogue(crawlers_of(base)).match, after.match)
    if wrong:
        raise ListError("; ".join(wrong[:5]))
    dates = {name: date if name in lists else base["sources"][name]["date"] for name in SOURCES}
    return render(found, dates)
