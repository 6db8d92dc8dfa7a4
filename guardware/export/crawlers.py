"""The crawler map: the catalogue's phrases as regular expressions that every front reads alike.

The fronts know no catalogue, so what ``crawlers/matcher.py`` does becomes rows; the first that fits a user-agent
decides, as the strictest purpose does there. The expressions use only what PCRE and RE2 (Caddy) have in common: no
look-around, and every sign with a meaning anywhere is written as ``\\xHH``.

One thing differs: where a user-agent names two crawlers of the same purpose, the matcher takes the first, the
rows the one that is refused.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from guardware.config.crawlers import purposes
from guardware.config.schema import Crawlers
from guardware.crawlers.crawler import STRICTEST_FIRST, Crawler
from guardware.verdict import Action

_LONGEST = 1200
"""Characters of one expression. nginx reads parameters of up to 4096 bytes, older HAProxy lines of 2048."""

_EDGE_BEFORE, _EDGE_AFTER = "(?:^|[^0-9A-Za-z])", "(?:[^0-9A-Za-z]|$)"
_WORD = re.compile("[0-9A-Za-z]")
_PLAIN = re.compile(r"[0-9A-Za-z _/-]")


class Row(NamedTuple):
    """A regular expression on the user-agent, and whether whom it fits is refused."""

    pattern: str
    refused: bool


class _Phrase(NamedTuple):
    """A phrase in the notation of ``crawlers/matcher.py``, taken apart."""

    text: str
    at_start: bool
    exact: bool

    @property
    def frame(self) -> tuple[str, str]:
        """What stands before and after an alternation of phrases like this one."""
        edged = "" if not _WORD.match(self.text[0]) else _EDGE_BEFORE
        case = "" if self.exact else "(?i)"
        return case + ("^" if self.at_start else edged), _EDGE_AFTER if _WORD.match(self.text[-1]) else ""


def rows(catalogue: Iterable[tuple[Crawler, Iterable[str]]], config: Crawlers) -> tuple[Row, ...]:
    """The map; ``catalogue``: crawlers with their phrases. Empty if nobody is refused by name.

    A row that refuses nobody stands for names that are looked at before: of a stricter purpose, or such as hold a
    refused name (``Googlebot-Image`` where ``Googlebot`` is refused).
    """
    by_rank: dict[int, tuple[list[str], list[str]]] = {}
    for crawler, phrases in catalogue:
        refused, others = by_rank.setdefault(_rank(crawler), ([], []))
        (refused if action_of(crawler, config) is Action.DENY else others).extend(phrases)
    everybody_else = [phrase for _, others in by_rank.values() for phrase in others]
    found: list[Row] = []
    passed: list[Row] = []
    for rank in sorted(by_rank):
        refused, others = by_rank[rank]
        ours = list(_of_rank(refused, everybody_else))
        found += [*passed, *ours] if ours else []
        passed = ([] if ours else passed) + [Row(pattern, False) for pattern in patterns(others)]
    return tuple(found)


def action_of(crawler: Crawler, config: Crawlers) -> Action:
    """What the configuration gives whoever names himself so, before he has proven anything."""
    if crawler.robots_only:
        return Action.DENY
    named = {token.lower(): action for token, action in config.tokens.items()}
    return Action(named.get(crawler.token.lower()) or purposes(config)[crawler.purpose.value])


def patterns(phrases: Iterable[str]) -> list[str]:
    """Regular expressions that together fit whatever has one of ``phrases`` in it; sorted, each phrase once."""
    by_frame: dict[tuple[str, str], list[str]] = {}
    for phrase in sorted(map(_parse, sorted(set(phrases)))):
        by_frame.setdefault(phrase.frame, []).append(_escaped(phrase.text))
    return [
        f"{before}(?:{_by_first_sign(part)}){after}"
        for (before, after), texts in sorted(by_frame.items())
        for part in _parts(texts)
    ]


def _rank(crawler: Crawler) -> int:
    """As the matcher: a token that is never sent counts most, then the strictest purpose."""
    return -1 if crawler.robots_only else STRICTEST_FIRST.index(crawler.purpose)


def _of_rank(refused: Sequence[str], others: Sequence[str]) -> Iterator[Row]:
    holders = {phrase: _holders(phrase, others) for phrase in refused}
    yield from (Row(p, True) for p in patterns(phrase for phrase, held in holders.items() if not held))
    yield from (Row(p, False) for p in patterns(name for held in holders.values() for name in held))
    yield from (Row(p, True) for p in patterns(phrase for phrase, held in holders.items() if held))


def _holders(phrase: str, others: Sequence[str]) -> list[str]:
    """Those of ``others`` that have ``phrase`` in them, as a name of its own."""
    bare = _parse(phrase).text.lower()
    near = [other for other in others if bare in other.lower()]
    if not near:
        return []
    wanted = re.compile(patterns([phrase])[0])
    return [other for other in near if wanted.search(_parse(other).text)]


def _parse(phrase: str) -> _Phrase:
    bare = phrase.removeprefix("^")
    return _Phrase(bare, bare != phrase, bare != bare.lower())


def _escaped(text: str) -> str:
    return "".join(map(_sign, text))


def _sign(sign: str) -> str:
    if not sign.isascii():
        return r"[^\x00-\x7f]+"  # PCRE sees two to four bytes, RE2 one sign
    return sign if _PLAIN.fullmatch(sign) else f"\\x{ord(sign):02x}"


def _by_first_sign(texts: Sequence[str]) -> str:
    """An alternation in which each first letter stands once: a browser's user-agent, in which no name is, is then
    done with in 60 µs instead of 95 (nginx 1.22; with ``pcre_jit`` in 8)."""
    by_sign: dict[str, list[str]] = {}
    for text in texts:
        first = text[:1] if _PLAIN.match(text) else text
        by_sign.setdefault(first, []).append(text.removeprefix(first))
    return "|".join(
        f"{first}{rest[0]}" if len(rest) == 1 else f"{first}(?:{'|'.join(rest)})"
        for first, rest in by_sign.items()
    )


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for text in texts:
        if part and sum(map(len, part)) + len(part) + len(text) > _LONGEST:
            yield part
            part = []
        part.append(text)
    yield part
