"""Sources: files and standard input, unpacked, as lines of bounded length."""

import gzip
import io
import sys
import zlib
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

from guardware.errors import GuardwareError, MissingExtraError

MAX_LINE = 65_536
"""Bytes of a line; a longer one is passed over. Servers that limit request line and headers stop at 8 kB each."""

SAMPLES = 200
"""First lines of a source that settle its format and its place in time."""

_GZIP, _ZSTD, _UTF16 = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"

_WINDOW = 1 << 27
"""Bytes that unpacking zst may hold: what ``zstd --long`` packs with; without it, 8 MB."""


class Source:
    """One log. ``name``: as the owner called it. ``samples``: its first lines. ``fault``: why reading it ended
    before its end, "" if it did not. Iterating gives all lines without their ends, once; None for one too long.

    Raises GuardwareError if it cannot be opened.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault = ""
        self._raw = _open(name)
        self.size = 0 if name == "-" else Path(name).stat().st_size
        """Bytes on the disk, 0 if unknown."""
        try:
            self._file = _unpacked(self._raw, name)
        except GuardwareError:
            self._close_raw()
            raise
        self._lines = self._read(self._file)
        self._first = list(islice(self._lines, SAMPLES))
        self.samples = [line for line in self._first if line]

    @property
    def position(self) -> int:
        """Bytes read of ``size``."""
        try:
            return self._raw.tell()
        except (OSError, ValueError):
            return self.size

    def __iter__(self) -> Iterator[bytes | None]:
        return chain(self._first, self._lines)

    def close(self) -> None:
        """Give the file back; standard input stays open."""
        self._lines.close()
        if self._file is not self._raw:
            self._file.close()
        self._close_raw()

    def _close_raw(self) -> None:
        if self.name != "-":
            self._raw.close()

    def _read(self, file: BinaryIO) -> Generator[bytes | None, None, None]:
        number, readline = 0, file.readline
        try:
            while line := readline(MAX_LINE + 1):
                if not number:
                    line = line.removeprefix(_UTF8_MARK)
                number += 1
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    _pass_over(file)
                    yield None
                else:
                    yield line.rstrip(b"\r\n")
        except (OSError, EOFError, zlib.error, _ZstdError) as error:
            self.fault = f"it breaks off after line {number:,} ({str(error) or type(error).__name__})"


class _ZstdError(Exception):
    """What either library raises on broken zst."""


def _pass_over(file: BinaryIO) -> None:
    while (more := file.readline(MAX_LINE)) and not more.endswith(b"\n"):
        pass


def _open(name: str) -> BinaryIO:
    if name == "-":
        return sys.stdin.buffer
    try:
        return Path(name).open("rb")
    except OSError as error:
        raise GuardwareError(f"{name} cannot be read ({error.strerror}); check its name and permissions") from None


def _unpacked(raw: BinaryIO, name: str) -> BinaryIO:
    """Told by the first bytes and not by the name: logs are renamed as they are rotated."""
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw))
    head = b""
    with suppress(OSError):
        head = buffered.peek(4)[:4]
    if head.startswith(_UTF16):
        raise GuardwareError(f"{name} is in UTF-16; change it to UTF-8 first: iconv -f UTF-16 -t UTF-8")
    if head.startswith(_GZIP):
        return io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=buffered)), 1 << 16)
    if head == _ZSTD:
        return io.BufferedReader(_Unzst(buffered), 1 << 16)
    return buffered


class _Unzst(io.RawIOBase):
    """Unpacks zst as it is read, several frames too."""

    def __init__(self, file: BinaryIO) -> None:
        self._reader, self._error = _zst_reader(file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        try:
            data = self._reader.read(len(buffer))
        except self._error as error:
            raise _ZstdError(str(error)) from None
        buffer[: len(data)] = data
        return len(data)


def _zst_reader(file: BinaryIO) -> tuple[BinaryIO, type[Exception]]:
    """A reader of what ``file`` holds packed, and what it raises. In the standard library from Python 3.14 on."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        options = {zstd.DecompressionParameter.window_log_max: _WINDOW.bit_length() - 1}
        return zstd.ZstdFile(file, options=options), zstd.ZstdError
    try:
        import zstandard  # an extra: few logs are packed so
    except ImportError:
        raise MissingExtraError("zstandard", "zstd") from None
    packed = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    reader = packed.stream_reader(file, read_across_frames=True, closefd=False)
    return cast(BinaryIO, reader), zstandard.ZstdError
