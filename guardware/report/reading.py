"""Reading summaries back: from the daily files, or from an event file and what it was rotated into."""

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import IO, NamedTuple, cast

from guardware.observe.summary import Summary, from_data

LONGEST_LINE = 1 << 22
"""Bytes; a summary of 4096 kinds of visits has some 500 kB."""

_DAILY = "????-??-??.jsonl"
_ROTATED = re.compile(r"[.-]\d{1,14}(?:[.-]\d{1,6})?(?:\.gz)?|\.gz")
"""What logrotate and we append to a name: ``.1``, ``.2.gz``, ``-20261103.gz``."""


class Found(NamedTuple):
    """``summaries`` by their hour; ``damaged``: lines that are neither event nor summary, and packed
    files that break off; ``files``: how many were read; ``events``: lines that are events."""

    summaries: tuple[Summary, ...]
    damaged: int
    files: int
    events: int = 0


def daily_files(folder: Path) -> list[Path]:
    """The files with summaries in ``folder``, oldest first; none if it is not there."""
    return sorted(folder.glob(_DAILY))


def event_files(path: Path) -> list[Path]:
    """The event file ``path`` and those it was rotated into, as far as they are there."""
    beside = path.parent.glob(f"{escape(path.name)}?*")
    rotated = sorted(p for p in beside if _ROTATED.fullmatch(p.name.removeprefix(path.name)))
    return [p for p in (path, *rotated) if p.is_file()]


def read(paths: Iterable[Path]) -> Found:
    """All summaries in ``paths``. Raises OSError for a file that may not be read."""
    summaries: list[Summary] = []
    damaged = files = events = 0
    for path in paths:
        files += 1
        for line in _lines(path):
            try:
                summary = _summary(line)
            except ValueError:
                damaged += 1
            else:
                if summary is None:
                    events += 1
                else:
                    summaries.append(summary)
    summaries.sort(key=lambda summary: summary.hour)
    return Found(tuple(summaries), damaged, files, events)


def _summary(line: bytes | None) -> Summary | None:
    """The summary in ``line``, None if it is an event's. Raises ValueError if it is neither."""
    if line is None or not line.endswith(b"\n"):
        raise ValueError("it breaks off")
    try:
        data = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(data, dict):
        raise ValueError("no object")
    if "summary" not in data and "action" not in data:
        raise ValueError("neither an event nor a summary")
    return from_data(data["summary"]) if "summary" in data else None


def _lines(path: Path) -> Iterator[bytes | None]:
    """The lines of a file that are not empty; None for one that is too long, or where a packed file breaks off."""
    with _opened(path) as file:
        try:
            while line := file.readline(LONGEST_LINE):
                if not line.endswith(b"\n") and len(line) == LONGEST_LINE:
                    _skip(file)
                    yield None
                elif line.strip():
                    yield line
        except (EOFError, gzip.BadGzipFile, zlib.error):
            yield None


def _skip(file: IO[bytes]) -> None:
    """To the end of the line."""
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        if path.suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            yield file
