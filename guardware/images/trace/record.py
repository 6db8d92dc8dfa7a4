"""The record of marked copies: one JSON line for each, in daily files ``YYYY-MM-DD.jsonl``. Here it is read."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from guardware.images.trace.code import MARK_BITS

_LONGEST_LINE = 8192
"""Bytes; what is longer was not written by us."""
_FILES = "????-??-??.jsonl"


class Entry(NamedTuple):
    """One marked copy that was given. ``time``: seconds since 1970; ``event``: support id of the verdict;
    ``picture``: the first 16 hex digits of the SHA-256 of the original's bytes; ``size``: width and height of the
    copy; ``scheme``: T1 (a mark that all visits of a variant share) or T2 (one of its own); ``key``: id of the
    key."""

    mark: int
    time: float
    event: str
    path: str
    picture: str
    size: tuple[int, int]
    scheme: str
    key: str
    client: str
    user_agent: str
    decided_by: str
    variant: str
    address: str = ""


def to_line(entry: Entry) -> str:
    """``entry`` as a line of ASCII, its end included."""
    return json.dumps(as_json(entry), separators=(",", ":")) + "\n"


def as_json(entry: Entry) -> dict[str, Any]:
    """``entry`` as JSON writes it: the mark in ten hexadecimal digits, no address if there is none."""
    fields = entry._asdict() | {"mark": f"{entry.mark:0{MARK_BITS // 4}x}"}
    if not entry.address:
        del fields["address"]
    return fields


def from_line(line: str | bytes) -> Entry:
    """The entry of a line. Raises ValueError if anything is missing, of the wrong kind or out of range."""
    try:
        fields = json.loads(line)
        texts = {name: fields[name] for name in _TEXTS} | {"address": fields.get("address", "")}
        size, time, mark = fields["size"], fields["time"], fields["mark"]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a line that lacks {error}") from None
    if not all(isinstance(text, str) for text in texts.values()) or texts["scheme"] not in ("T1", "T2"):
        raise ValueError("a line whose texts are none")
    if type(time) not in (int, float) or not math.isfinite(time):
        raise ValueError("a line without a time")
    if not (isinstance(size, list) and len(size) == 2 and all(type(n) is int and 0 < n < 1 << 16 for n in size)):
        raise ValueError("a line without a size")
    if not (isinstance(mark, str) and len(mark) == MARK_BITS // 4 and set(mark) <= _HEX):
        raise ValueError("a line without a mark")
    return Entry(mark=int(mark, 16), time=float(time), size=(size[0], size[1]), **texts)


_HEX = frozenset("0123456789abcdef")
_TEXTS = ("event", "path", "picture", "scheme", "key", "client", "user_agent", "decided_by", "variant")


class Record:
    """The entries in ``folder``, read anew each time, line by line: a record of years needs no memory.

    A folder that is not there is an empty record. Reading raises OSError for files that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged = 0
        """Lines that the last reading passed over."""

    def __iter__(self) -> Iterator[Entry]:
        """All entries, the oldest file first."""
        return self._read(b"")

    def of_picture(self, picture: str) -> list[Entry]:
        """The entries of one picture (16 hexadecimal digits)."""
        return [entry for entry in self._read(picture.encode()) if entry.picture == picture]

    def with_mark(self, mark: int) -> list[Entry]:
        """The entries of one mark, of whatever picture."""
        return [entry for entry in self._read(b"%010x" % mark) if entry.mark == mark]

    def _read(self, needle: bytes) -> Iterator[Entry]:
        """The entries of lines that contain ``needle``; looking for it is ten times quicker than parsing."""
        self.damaged = 0
        for path in sorted(self.folder.glob(_FILES)):
            with open(path, "rb") as file:
                while line := file.readline(_LONGEST_LINE):
                    if needle not in line:
                        continue
                    try:
                        yield from_line(line)
                    except ValueError:
                        self.damaged += 1
