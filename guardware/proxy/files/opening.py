"""Root: finds and opens what lies below one folder, never what is outside, hidden, or no plain file."""

import errno
import os
import stat
from io import FileIO
from typing import NamedTuple

from guardware.proxy.folder import is_hidden

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
"""For a folder on the way, which need not be readable itself."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""For a file; without O_NONBLOCK a pipe that took its place a moment ago would wait for a writer, for ever."""

_PASSING = frozenset([errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR])
"""What says nothing of the file: too many are open."""


class Found(NamedTuple):
    """``path``: the real path. ``status``: of what was opened. ``file``: open for reading; None for a folder."""

    path: str
    status: os.stat_result
    file: FileIO | None

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


class Root:
    """The folder at ``path``, which may be a symbolic link that is turned elsewhere at any time."""

    def __init__(self, path: str) -> None:
        self._path = path

    def find(self, path: str) -> Found | None:
        """The file or folder at ``path``, relative, without dot segments; "" is the folder itself. Blocks.

        None if there is none to be served: it is missing, unreadable, hidden, a device or a pipe, or a symbolic
        link leads out of the folder. Raises OSError where the machine is short of something.

        What is opened is what was checked: links are resolved first, then the real path is walked part by part
        without following any, so whoever exchanges one in between gains nothing.
        """
        try:
            top = os.path.realpath(self._path)
            real = os.path.realpath(os.path.join(top, path))
            inner = os.path.relpath(real, top)
            parts = [] if inner == os.curdir else inner.split(os.sep)
            asked = path.split(os.sep) if path else []
            if any(part == os.pardir or is_hidden(part) for part in (*asked, *parts)):
                return None
            return _open(top, real, parts)
        except ValueError:  # a NUL, or a character that no file name has
            return None
        except OSError as error:
            if error.errno in _PASSING:
                raise
            return None


def _open(top: str, real: str, parts: list[str]) -> Found | None:
    folder = os.open(top, _FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        name = parts[-1] if parts else os.curdir
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return Found(real, status, None)
        # Looked at first: to open a device may do something, rewind a tape for one.
        return _opened(real, name, folder) if stat.S_ISREG(status.st_mode) else None
    finally:
        os.close(folder)


def _opened(real: str, name: str, folder: int) -> Found | None:
    file = FileIO(os.open(name, _FILE, dir_fd=folder), "r")
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        file.close()
        return None
    return Found(real, status, file)
