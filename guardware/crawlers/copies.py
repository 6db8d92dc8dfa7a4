"""Copies of published lists: shipped with the package, and kept in the state folder."""

import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from guardware.crawlers.published import LARGEST, ListError, Published, parse_json, published

FOLDER = "ranges"
_MOST_FILES = 500
_log = logging.getLogger("guardware")


class Copy(NamedTuple):
    """A list as it was at ``fetched`` (seconds since 1970); ``bundled`` if it came with the package."""

    list: Published
    fetched: float
    bundled: bool = False


@cache
def bundled_copies() -> Mapping[str, Copy]:
    """The lists that ``scripts/build_ranges.py`` put into the package, by their URLs. Never changed, so all share
    them: reading them takes some 50 ms."""
    found = {}
    text = files("guardware.crawlers").joinpath("ranges.json").read_text(encoding="utf-8")
    for url, raw in json.loads(text)["lists"].items():
        fetched = datetime.fromisoformat(raw["fetched"]).timestamp()
        found[url] = Copy(published(raw["prefixes"].split()), fetched, bundled=True)
    return MappingProxyType(found)


def kept_copies(folder: Path) -> Iterator[tuple[str, Copy]]:
    """The sound copies in the state folder ``folder``; whatever else lies there is passed over."""
    try:
        names = sorted(folder.joinpath(FOLDER).glob("*.json"))[:_MOST_FILES]
    except OSError:
        return
    for path in names:
        found = _read(path)
        if found is not None:
            yield found


def kept_copy(folder: Path, url: str) -> Copy | None:
    """The copy of ``url`` in the state folder, or None if there is no sound one."""
    path = path_of(folder, url)
    found = _read(path) if path.exists() else None
    return found[1] if found is not None else None


def keep_copy(folder: Path, url: str, copy: Copy) -> None:
    """Write ``copy`` into the state folder, whole or not at all. Raises OSError."""
    data = {"url": url, "fetched": copy.fetched, "prefixes": " ".join(copy.list.prefixes)}
    write_whole(path_of(folder, url), json.dumps(data))


def write_whole(path: Path, text: str) -> None:
    """Write a file that a reader sees as it was or as it will be, never in part. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def path_of(folder: Path, url: str) -> Path:
    """The file of the copy of ``url``."""
    return folder / FOLDER / f"{blake2b(url.encode('utf-8', 'replace'), digest_size=12).hexdigest()}.json"


def _read(path: Path) -> tuple[str, Copy] | None:
    """A file's URL and copy; None, and a line in the log, if it is damaged."""
    try:
        if path.stat().st_size > LARGEST:
            raise ListError("is too large")
        raw: Any = parse_json(path.read_bytes(), LARGEST)
        url, fetched, prefixes = raw["url"], float(raw["fetched"]), raw["prefixes"].split()
        if path != path_of(path.parent.parent, url):
            raise ListError("is another list's")
        return url, Copy(published(prefixes), fetched)
    except (OSError, ListError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        _log.warning("%s: no sound copy of a list (%s); it will be fetched anew", path, error)
        return None
