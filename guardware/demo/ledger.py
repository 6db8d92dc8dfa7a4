"""The ledger: which files of the gallery's folder are whole, and what they were drawn by.

It notes for every work its recipe and the digests of its files. A file counts only if both still hold, so a
half-written, damaged or outdated picture is drawn again.
"""

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from itertools import chain
from pathlib import Path

from guardware.demo.catalogue import Work
from guardware.errors import GuardwareError

NAME = ".guardware-demo.json"
"""A folder with this file is ours; one with other files and without it is not touched."""

OURS = ("pictures/[!.]*.*", "thumbs/[!.]*.jpg", "works/[!.]*.html")
"""The files of works; those of works that hang no longer are deleted."""

STALE_SECONDS = 600
"""Unfinished files older than this were left by a process that was killed."""


def write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


class Ledger:
    """The ledger of one folder. Raises GuardwareError if the folder holds somebody's own files, unless it is
    known to be ours; OSError if it cannot be written."""

    def __init__(self, folder: Path, ours: bool = False) -> None:
        self._folder = folder
        self._path = folder / NAME
        if not ours and folder.is_dir() and not self._path.exists() and any(folder.iterdir()):
            raise GuardwareError(f"{folder} is not empty and not a demo gallery; name a new or empty folder")
        self._entries = self._read()
        # Written at once: a build that is broken off must find its own folder again.
        self._save()

    def holds(self, work: Work, recipe: str) -> bool:
        """Whether the work's files are there, whole, and drawn by ``recipe``."""
        entry = self._entries.get(work.slug)
        if entry is None or entry.get("recipe") != recipe:
            return False
        return all(self._digest(path) == entry.get(path) for path in (work.original, work.thumb))

    def note(self, work: Work, recipe: str, digests: dict[str, str]) -> None:
        """The work's files are written."""
        self._entries[work.slug] = {"recipe": recipe, **digests}
        self._save()

    def keep_only(self, works: tuple[Work, ...]) -> None:
        """Forget all other works and delete their files, and unfinished files of the past."""
        slugs = {work.slug for work in works}
        for slug in self._entries.keys() - slugs:
            del self._entries[slug]
        shown = {path for work in works for path in (work.original, work.thumb, work.page)}
        for path in chain.from_iterable(self._folder.glob(pattern) for pattern in OURS):
            if path.relative_to(self._folder).as_posix() not in shown:
                path.unlink(missing_ok=True)
        for part in self._folder.glob("**/.*.part"):
            with suppress(OSError):  # another process may have finished it just now
                if time.time() - part.stat().st_mtime > STALE_SECONDS:
                    part.unlink()
        self._save()

    def _digest(self, path: str) -> str | None:
        try:
            return sha256((self._folder / path).read_bytes()).hexdigest()
        except OSError:
            return None

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            table = json.loads(self._path.read_bytes())
            return {str(slug): {str(k): str(v) for k, v in entry.items()} for slug, entry in table.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _save(self) -> None:
        write(self._path, json.dumps(self._entries, indent=1).encode())
