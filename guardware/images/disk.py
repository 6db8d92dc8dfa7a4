"""Finished things on disk: bounded in bytes, shared by processes, safe to be killed at any moment."""

import hashlib
import logging
import os
import re
import stat
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from guardware.images.container import MAGIC, unpack

_ENDING, _UNFINISHED = ".gwc", ".gwc-unfinished"
_OURS = re.compile(rf"[0-9a-f]{{40}}(\..{{0,20}})?({re.escape(_ENDING)}|{re.escape(_UNFINISHED)})")
"""Names of our files. Nothing else is ever removed, should the owner name a folder that holds other things."""

_FAN = re.compile("[0-9a-f]{2}")
"""Names of the folders in the folder. A million files are 3906 in each, and a few are counted in milliseconds."""

_BLOCK = 4096
"""A file takes whole blocks (ext4, xfs and btrfs by default)."""

_TOUCH = 60.0
"""Seconds for which a file counts as just used, so that a get seldom writes."""

_STALE = 900.0
"""Seconds after which an unfinished file is one whose writer was killed."""

_KEEP = 3 / 4
"""The part of the capacity that eviction leaves in use,"""
_SHARE = 1 / 32
"""the part that a process adds before it has the folder counted anew,"""
_MEANWHILE = 2 * _SHARE
"""and the part that it adds during a count. Two processes stay below the capacity so: what a count missed and what
comes during the next, twice. Each further process may exceed it by an eighth at worst."""

_PATIENCE = 1.0
"""Seconds that a put waits for the end of a count when that part is used up; then it keeps nothing."""

_BY_THE_SECOND = 3600.0
"""Age in seconds up to which eviction tells seconds apart, and beyond only minutes. It counts bytes by age, since
a list of a million files would take 300 MB."""

_log = logging.getLogger("guardware.images")


class _File(NamedTuple):
    path: str
    size: int
    age: float
    """Seconds since it was used."""
    unfinished: bool

    @property
    def rank(self) -> int:
        """The higher, the sooner it is evicted."""
        return int(self.age) if self.age < _BY_THE_SECOND else int(_BY_THE_SECOND + self.age / 60)


class DiskCache:
    """Containers by key in files under ``folder``, about ``capacity`` bytes in all; least recently used first out.

    Calls wait for the disk, so they belong in threads. Any number of threads and processes may use one folder. It
    is made when it is not there, readable for its owner alone. A disk that is full, gone or read-only is logged
    once; until it is mended ``get`` finds nothing and ``put`` keeps nothing. What is evicted is known by counting
    the folder: in a thread of its own, when a process first puts and whenever it has put a share of the capacity.
    """

    def __init__(self, folder: Path, capacity: int) -> None:
        self._folder, self._capacity = os.path.abspath(folder), capacity
        self._lock = threading.Lock()
        self._counted = 0
        self._added = 0
        self._counting: threading.Thread | None = None
        self._out_of_order = False

    @property
    def size(self) -> int:
        """Bytes in use, as far as this process knows: last count and what it has put since."""
        return self._counted + self._added

    def get(self, key: bytes) -> bytes | None:
        """The container that was put for ``key``, whole, or None. A damaged one is removed."""
        path = self._path(key)
        try:
            data = self._read(path)
            if data is None:
                return None
            unpack(data)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain(error)
            return None
        except ValueError as error:
            _log.warning("removed a damaged file from the pictures' cache: %s: %s", path, error)
            _remove(path)
            return None
        return data

    def put(self, key: bytes, data: bytes) -> None:
        """Keep ``data``, a container (ValueError if it is none). What is larger than the cache is not kept."""
        if not data.startswith(MAGIC):
            raise ValueError("only containers can be kept: their checksum tells a torn file")
        charge = _charge(len(data))
        if charge > _KEEP * self._capacity or not self._room(charge):
            return
        try:
            _write(self._path(key), data)
        except OSError as error:
            self._complain(error)
            with self._lock:
                self._added = max(0, self._added - charge)
            return
        if self._out_of_order:
            self._out_of_order = False
            _log.info("the pictures' cache in %s works again", self._folder)

    def has(self, key: bytes) -> bool:
        """Whether there is a file for ``key``; it is not read."""
        return os.path.isfile(self._path(key))

    def close(self) -> None:
        """Wait until a count that is under way has ended."""
        counting = self._counting
        if counting is not None:
            counting.join()

    def _path(self, key: bytes) -> str:
        # Hashed, so that keys may be of any length.
        name = hashlib.blake2b(key, digest_size=20).hexdigest()
        return os.path.join(self._folder, name[:2], name + _ENDING)

    def _read(self, path: str) -> bytes | None:
        with open(path, "rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            if about.st_size > self._capacity:  # Not from us: then it may be of any size.
                return None
            if abs(time.time() - about.st_mtime) > _TOUCH:
                with suppress(OSError):  # read-only: then nothing is evicted either
                    os.utime(file.fileno())
            return file.read()

    def _complain(self, error: OSError) -> None:
        if not self._out_of_order:
            self._out_of_order = True
            _log.warning(
                "the pictures' cache in %s cannot be used, so pictures are made anew until it can: %s",
                self._folder, error,
            )  # fmt: skip

    def _room(self, charge: int) -> bool:
        """Account for ``charge`` bytes more, and have the folder counted when it is time. False: do not put."""
        counting = self._counting
        if counting is not None and self._added + charge > _MEANWHILE * self._capacity:
            counting.join(_PATIENCE)
            if counting.is_alive():
                return False
        with self._lock:
            self._added += charge
            due = self._counting is None or self._added > _SHARE * self._capacity
            if due and (self._counting is None or not self._counting.is_alive()):
                thread = threading.Thread(target=self._count, name="guardware-disk", daemon=True)
                with suppress(RuntimeError):  # no more threads: the next put tries again
                    thread.start()
                    self._counting = thread
        return True

    def _count(self) -> None:
        with self._lock:
            before, self._added = self._added, 0
        try:
            counted = _bound(self._folder, int(_KEEP * self._capacity))
        except OSError as error:
            self._complain(error)
            counted = self._counted + before
        with self._lock:
            self._counted = counted


def _bound(folder: str, keep: int) -> int:
    """Remove what was used longest ago until ``keep`` bytes are in use, and what killed writers left behind.

    Returns the bytes then in use. Other processes may be at the same work.
    """
    now, sizes = time.time(), Counter[int]()
    for file in _files(folder, now):
        if file.unfinished and file.age > _STALE:
            _remove(file.path)
        else:
            sizes[file.rank] += file.size
    used = sum(sizes.values())
    return used - _evict(folder, now, sizes, used - keep) if used > keep else used


def _evict(folder: str, now: float, sizes: Counter[int], excess: int) -> int:
    """Remove at least ``excess`` bytes of those that ``sizes`` counted by rank, highest first; bytes removed."""
    last, of_last = 0, excess
    for rank in sorted(sizes, reverse=True):
        last = rank
        if sizes[rank] >= of_last:
            break
        of_last -= sizes[rank]
    removed = 0
    for file in _files(folder, now):
        if file.rank < last or file.unfinished or (file.rank == last and of_last <= 0):
            continue
        _remove(file.path)  # If another process did so, it is gone as well.
        removed += file.size
        of_last -= file.size if file.rank == last else 0
    return removed


def _files(folder: str, now: float) -> Iterator[_File]:
    for fan in _entries(folder, _FAN):
        for entry in _entries(fan.path, _OURS):
            try:
                about = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # evicted by another process, or finished
                continue
            if stat.S_ISREG(about.st_mode):
                age = max(0.0, now - about.st_mtime)
                yield _File(entry.path, _charge(about.st_size), age, entry.name.endswith(_UNFINISHED))


def _entries(folder: str, names: re.Pattern[str]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if names.fullmatch(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _charge(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _write(path: str, data: bytes) -> None:
    """The file at ``path``, all at once: nobody ever sees a part of it."""
    folder, name = os.path.split(path)
    try:
        descriptor, unfinished = tempfile.mkstemp(_UNFINISHED, name[:40] + ".", folder)
    except FileNotFoundError:
        # ``makedirs`` would give only the last of several this mode.
        for made in (os.path.dirname(folder), folder):
            os.makedirs(made, mode=0o700, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(_UNFINISHED, name[:40] + ".", folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(unfinished, path)
    except BaseException:
        _remove(unfinished)
        raise


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
