"""Files written whole or not at all, so that an interrupted command leaves no halves."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, data: bytes, *, replace: bool) -> None:
    """The file ``path`` with ``data``; its folder is made when it is not there.

    Raises FileExistsError if it is there and not to be replaced, and other OSErrors; then nothing is left behind.
    """
    _make_folder(path.parent)
    # Not tempfile's: its files are for the owner alone, and pictures are to be served by others. Not after the
    # file either: a name may have 255 bytes, and the draft's must not be longer.
    draft = path.with_name(f".{secrets.token_hex(8)}.guardware-unfinished")
    try:
        with draft.open("xb") as file:
            file.write(data)
        if replace:
            draft.replace(path)
        else:
            _put(draft, path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def check_writable(folder: Path) -> None:
    """Make ``folder`` if it is not there, and see that files can be written to it. Raises OSError."""
    _make_folder(folder)
    probe = folder / f".{secrets.token_hex(8)}.guardware-unfinished"
    probe.touch(exist_ok=False)
    probe.unlink()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (
        FileExistsError
    ):  # A file is in the way; FileExistsError is to say that of the file to be written alone.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def _put(draft: Path, path: Path) -> None:
    """Give ``draft`` its name, which nothing may have: the file system refuses, so nothing comes in between."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # no links here: FAT, some network shares
        if path.exists():
            raise FileExistsError(f"{path} is there") from None
        draft.replace(path)
