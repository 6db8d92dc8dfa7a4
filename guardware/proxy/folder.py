"""What a folder of pictures holds, in the order a person would put it, and how its files are named and typed."""

import mimetypes
import os
import re
import time
from collections.abc import Callable, Iterator
from heapq import merge
from typing import NamedTuple
from urllib.parse import quote

from guardware.images.cache import MemoryCache
from guardware.paths import normalise

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

_OTHER_TYPES: dict[str, str] = {
    ".atom": "application/atom+xml",
    ".js": "text/javascript",
    ".json": "application/json",
    ".m4v": "video/mp4",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".otf": "font/otf",
    ".rss": "application/rss+xml",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
}
"""What Python's own table lacks or has otherwise (IANA registry, 2026; RFC 9239 for JavaScript)."""

_COMMON = mimetypes.MimeTypes()
"""Python's own table without the machine's files: a slim container knows no image/webp, and the guard goes by
the type."""

_CODED = (".br", ".gz", ".zst")
"""What tools that compress a whole site leave beside each file."""

_OWN_FILES = frozenset({"guardware.yaml", "guardware.yml"})
"""A policy kept beside the pictures is nobody's business: it would tell a scraper where the thresholds lie."""

_SETTLED = 2.0
"""Seconds. A change within the same tick of a folder's mtime goes unseen; FAT's tick of 2 s is the longest."""

_REMEMBERED_BYTES = 32 * 1024 * 1024
"""For listings of folders in memory: some 300 000 names of 20 letters."""

_NAME_BYTES = 57
"""What a short name takes in memory besides its letters: 49 of the string, 8 in the tuple (sys.getsizeof)."""

_RUN = 2000
"""Names sorted at a stroke: 5 ms, for which no other thread of the process gets on, the event loop's included."""

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .()-]{0,200}")
"""Most names; nothing in them can be read in two ways."""

_IDLE = 10
"""How many times as long as it took to read a folder it is not read again, were it changing all the time."""


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
    extension = os.path.splitext(name)[1].lower()
    known = _TYPES.get(extension) or _OTHER_TYPES.get(extension)
    if known is not None:
        return known
    guessed, encoding = _COMMON.guess_type(f"x{extension}")
    return guessed if guessed is not None and encoding is None else "application/octet-stream"


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is kept from visitors.

    So is a compressed picture: no browser asks for it, and the guard could not tell that it is one.
    """
    if name.startswith("."):
        return name != ".well-known"
    lower = name.lower()  # some disks know a name in capitals, too
    stem, extension = os.path.splitext(lower)
    return lower in _OWN_FILES or (extension in _CODED and os.path.splitext(stem)[1] in _TYPES)


def is_addressable(name: str) -> bool:
    """Whether the guard lets a file of this name be asked for; it refuses what servers read differently."""
    return (
        _PLAIN.fullmatch(name) is not None
        or normalise(f"/{readable(name)}", f"/{quote(os.fsencode(name), safe='')}".encode()) is not None
    )


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


def _sorted(names: list[str]) -> tuple[str, ...]:
    """``names`` in natural order."""
    runs = [sorted(map(natural, names[at : at + _RUN])) for at in range(0, len(names), _RUN)]
    return tuple(name for _, name in merge(*runs))


class _Seen(NamedTuple):
    """What a folder held when it was read.

    ``changed``: its mtime in nanoseconds, or None if another change may bear the same. ``until``: when it may be
    read again (seconds of ``clock``).
    """

    listing: Listing
    changed: int | None
    until: float

    @property
    def charge(self) -> int:
        """Bytes of memory, about."""
        pictures, folders = self.listing
        return sum(map(len, pictures)) + sum(map(len, folders)) + _NAME_BYTES * (len(pictures) + len(folders))


class Folders:
    """Reads folders below ``root`` and remembers them until they change. Blocks: call it in a thread, one only.

    ``clock``: monotonic seconds.
    """

    def __init__(self, root: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._seen: MemoryCache[_Seen] = MemoryCache(_REMEMBERED_BYTES, lambda seen: seen.charge)

    @property
    def remembered(self) -> int:
        """Bytes that what is remembered takes, about."""
        return self._seen.size

    def read(self, folder: str) -> Listing:
        """What the folder holds; empty if it cannot be read."""
        key = os.fsencode(folder)
        begun = self._clock()
        known = self._seen.get(key)
        try:
            changed = os.stat(folder).st_mtime_ns
            if known is not None and (known.changed == changed or begun < known.until):
                return known.listing
            settled = time.time() - changed / 1e9 > _SETTLED
            listing = self._scan(folder)
        except OSError:
            return Listing()
        done = self._clock()
        self._seen.put(key, _Seen(listing, changed if settled else None, done + _IDLE * (done - begun)))
        return listing

    def _scan(self, folder: str) -> Listing:
        pictures: list[str] = []
        folders: list[str] = []
        root = os.path.realpath(self._root)
        with os.scandir(folder) as entries:
            for entry in _visible(entries, root):
                if entry.is_dir():
                    folders.append(entry.name)
                elif os.path.splitext(entry.name)[1].lower() in SHOWN and entry.is_file():
                    pictures.append(entry.name)
        return Listing(_sorted(pictures), _sorted(folders))


def _visible(entries: "os._ScandirIterator[str]", root: str) -> Iterator["os.DirEntry[str]"]:
    for entry in entries:
        if entry.name.startswith((".", "favicon.")) or is_hidden(entry.name) or not is_addressable(entry.name):
            continue
        if entry.is_symlink() and not _inside(entry.path, root):
            continue
        yield entry


def _inside(path: str, root: str) -> bool:
    real = os.path.realpath(path)
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)
