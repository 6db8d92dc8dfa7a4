"""Fault: one thing that is wrong in a configuration, where it stands, and how it reads on a line."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Where a value stands in the tree: keys and list positions, from the top."""

_LONGEST = 60
"""Characters of a key or a value in a message."""

_USERINFO = re.compile(r"://[^/?#\s]*@")


class Place(NamedTuple):
    """A position in a file; lines and columns count from 1."""

    line: int
    column: int


class Fault(NamedTuple):
    """``text`` says what is wrong, a semicolon, and how to mend it. ``place`` is None for a dict from Python."""

    path: Path
    text: str
    place: Place | None = None


def render(faults: Iterable[Fault], name: str) -> list[str]:
    """``faults`` of the file ``name`` as lines ``file:line:column: key: text``, by place, each once."""
    ordered = sorted(faults, key=lambda fault: (fault.place or Place(0, 0), dotted(fault.path), fault.text))
    return list(dict.fromkeys(_line(fault, name) for fault in ordered))


def _line(fault: Fault, name: str) -> str:
    where = f"{printable(name)}:{fault.place.line}:{fault.place.column}" if fault.place else printable(name)
    return f"{where}: {dotted(fault.path)}: {printable(fault.text)}"


def dotted(path: Path) -> str:
    """``("rules", 0, "match")`` as ``rules[0].match``; the whole configuration is ``configuration``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_key(part)}"
    return text.removeprefix(".") or "configuration"


def _key(part: str) -> str:
    return _short(printable(_USERINFO.sub("://…@", part)))


def shown(value: Any) -> str:
    """``value`` as it may stand in a message: quoted, escaped, short, less the password of an address."""
    return _short(_USERINFO.sub("://…@", repr(value)))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def printable(text: str) -> str:
    """``text`` without line breaks, terminal codes and lone surrogates: those are shown escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
