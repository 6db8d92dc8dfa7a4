"""Formats: which parsers there are, which one reads a file, and what its lines cannot show."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from guardware.facts import FACT_HEADERS, Facts
from guardware.replay import json_formats, text_formats
from guardware.replay.entry import Entry

Parser = Callable[[bytes], Entry | None]
"""What a line tells; None for a line that is of another format or of none. Never raises."""

_FORMATS: dict[str, Callable[[Sequence[bytes]], Parser | None]] = {
    "vhost": lambda samples: text_formats.combined(vhost=True),
    "combined": lambda samples: text_formats.combined(),
    "common": lambda samples: text_formats.common(),
    "caddy": lambda samples: json_formats.caddy(),
    "json": json_formats.flat,
}
"""By name, the one that tells more first; each makes a parser for a file that begins with these lines."""

FORMATS: tuple[str, ...] = tuple(_FORMATS)

_TELLING: dict[bytes, str] = {
    **dict(zip(FACT_HEADERS, Facts._fields, strict=False)),
    b"referer": "referer",
    b"cookie": "cookie",
}
"""Headers that signals look at, and how the guard calls them. ``Facts`` goes on with what no log line has: the
order of the headers, and what a proxy saw of the connection."""

_TEXT_HAS: dict[str, frozenset[str]] = {
    "vhost": frozenset(["user_agent", "referer"]),
    "combined": frozenset(["user_agent", "referer"]),
    "common": frozenset(),
}


class Format(NamedTuple):
    """How a file is read. ``seen``: what its lines show of what signals look at."""

    name: str
    parse: Parser
    seen: frozenset[str]


def detect(samples: Sequence[bytes], name: str = "auto") -> Format | None:
    """The format that reads most of ``samples``, a file's first lines; None if none reads any.

    ``name``: one of ``FORMATS`` to try that one only.
    """
    best, most = None, 0
    for candidate in FORMATS if name == "auto" else (name,):
        parse = _FORMATS[candidate](samples)
        if parse is None:
            continue
        entries = [entry for line in samples if (entry := parse(line)) is not None]
        if len(entries) > most:
            most = len(entries)
            best = Format(candidate, parse, _seen(candidate, entries))
    return best


def _seen(name: str, entries: Sequence[Entry]) -> frozenset[str]:
    """A header that no line has may not have been written down; so it counts as unseen."""
    if name in _TEXT_HAS:
        return _TEXT_HAS[name]
    has = {field for entry in entries for header, _ in entry.headers if (field := _TELLING.get(header))}
    if name == "caddy" and has - {"user_agent", "referer"}:
        return frozenset(_TELLING.values())  # Caddy writes them all, so what is not there was not sent.
    return frozenset(has)
