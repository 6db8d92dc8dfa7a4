"""What a folder of pictures holds, in the order a person would put it, and how its files are named and typed."""

import mimetypes
import os
import re
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from guardware.caching import BoundedCache

SHOWN: dict[str, str] = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jpe": "image/jpeg",
    ".jfif": "image/jpeg",
    ".png": "image/png",
    ".apng": "image/apng",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".bmp": "image/bmp",
}
"""Pictures that browsers show, with their media types (IANA registry, 2026)."""

_OTHER_PICTURES: dict[str, str] = {
    ".avifs": "image/avif",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".ico": "image/vnd.microsoft.icon",
    ".jp2": "image/jp2",
    ".jxl": "image/jxl",
    ".psd": "image/vnd.adobe.photoshop",
    ".svgz": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}

_TYPES = SHOWN | _OTHER_PICTURES
"""Ours, not the machine's: a slim container knows no image/webp, and the guard goes by the type."""

_OWN_FILES = frozenset({"guardware.yaml", "guardware.yml"})
"""A policy kept beside the pictures is nobody's business: it would tell a scraper where the thresholds lie."""

_SETTLED = 2.0
"""Seconds. A change within the same tick of a folder's mtime goes unseen; FAT's tick of 2 s is the longest."""

_REMEMBERED = 8
"""Folders kept in memory (twice that at most), 10 000 pictures taking about 1 MB."""


class Listing(NamedTuple):
    """What a folder shows: names, in natural order."""

    pictures: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


class Entry(NamedTuple):
    """A picture or a folder as a link: ``href`` relative and percent-encoded, ``title`` for eyes."""

    href: str
    title: str

    @classmethod
    def of(cls, name: str) -> "Entry":
        """The entry of a picture of this name."""
        return cls(quote(os.fsencode(name), safe=""), humanise(name))


def media_type(name: str) -> str:
    """The media type that a file is served with."""
    known = _TYPES.get(os.path.splitext(name)[1].lower())
    if known is not None:
        return known
    guessed, encoding = mimetypes.guess_type(name)
    return guessed if guessed is not None and encoding is None else "application/octet-stream"


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is kept from visitors."""
    return (name.startswith(".") and name != ".well-known") or name in _OWN_FILES


def readable(name: str) -> str:
    """A file's name as text that can be printed; bytes that are not UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def humanise(name: str) -> str:
    """``over-the_sea 02.jpg`` as ``Over the sea 02``."""
    stem = readable(name)
    if os.path.splitext(stem)[1].lower() in _TYPES:
        stem = os.path.splitext(stem)[0]
    words = re.sub(r"[\s_+-]+", " ", stem).strip() or stem
    return words[:1].upper() + words[1:]


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key: numbers by value, letters without case; the name itself settles ties."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return tuple(int(part) if index % 2 else part for index, part in enumerate(parts)), name


class Folders:
    """Reads folders below ``root`` and remembers them until they change. Blocks: call it in a thread, one only."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._seen: BoundedCache[str, tuple[int, Listing]] = BoundedCache(_REMEMBERED)

    def read(self, folder: str) -> Listing:
        """What the folder holds; empty if it cannot be read."""
        try:
            changed = os.stat(folder).st_mtime_ns
            known = self._seen.get(folder)
            if known is not None and known[0] == changed:
                return known[1]
            listing = self._scan(folder)
        except OSError:
            return Listing()
        if time.time() - changed / 1e9 > _SETTLED:
            self._seen.put(folder, (changed, listing))
        return listing

    def _scan(self, folder: str) -> Listing:
        pictures: list[str] = []
        folders: list[str] = []
        with os.scandir(folder) as entries:
            for entry in self._visible(entries):
                if entry.is_dir():
                    folders.append(entry.name)
                elif os.path.splitext(entry.name)[1].lower() in SHOWN and entry.is_file():
                    pictures.append(entry.name)
        pictures.sort(key=natural)
        folders.sort(key=natural)
        return Listing(tuple(pictures), tuple(folders))

    def _visible(self, entries: "os._ScandirIterator[str]") -> Iterator["os.DirEntry[str]"]:
        for entry in entries:
            if entry.name.startswith((".", "favicon.")) or is_hidden(entry.name):
                continue
            if entry.is_symlink() and not self._inside(entry.path):
                continue
            yield entry

    def _inside(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self._root or real.startswith(self._root.rstrip(os.sep) + os.sep)
