"""Files as lines: packed or not, broken or not, however long the lines."""

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from guardware.errors import GuardwareError
from guardware.replay.sources import MAX_LINE, Source

LINES = [b"one", b"two", b"three"]
TEXT = b"one\ntwo\r\nthree"


def lines_of(path: Path) -> tuple[list[bytes | None], str]:
    """The lines of a file, and the fault that ended them."""
    source = Source(str(path))
    try:
        return list(source), source.fault
    finally:
        source.close()


def two_frames(data: bytes) -> bytes:
    pack = zstandard.ZstdCompressor().compress
    return pack(data[:5]) + pack(data[5:])


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]), two_frames]
)
def test_packed_or_not(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """The name says nothing: rotated logs are called anything."""
    path = tmp_path / "access.log.1"
    path.write_bytes(pack(TEXT))
    assert lines_of(path) == (LINES, "")


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT)
    assert lines_of(path)[0] == LINES


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BufferedReader(io.BytesIO(gzip.compress(TEXT)))

    monkeypatch.setattr("sys.stdin", Stdin)
    source = Source("-")
    assert (list(source), source.size) == (LINES, 0)
    source.close()
    assert not Stdin.buffer.closed


@pytest.mark.parametrize(
    ("length", "kept"), [(MAX_LINE - 1, True), (MAX_LINE, True), (MAX_LINE + 1, False), (1_000_000, False)]
)
def test_lines_that_are_too_long_are_passed_over(tmp_path: Path, length: int, kept: bool) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a\n" + b"x" * length + b"\nb\n")
    assert lines_of(path)[0] == [b"a", b"x" * length if kept else None, b"b"]


def test_a_file_that_is_one_long_line_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with gzip.open(path, "wb", 1) as file:
        for _ in range(50):
            file.write(b"x" * 1_000_000)
    tracemalloc.start()
    try:
        assert lines_of(path)[0] == [None]
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_packed_file_that_is_damaged_is_read_up_to_there(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    many = b"".join(b"%d %d\n" % (n, n * n * 7919 % 99991) for n in range(50_000))
    packed = bytearray(pack(many))
    packed[len(packed) // 2 : len(packed) // 2 + 64] = b"\xff" * 64
    path = tmp_path / "log"
    path.write_bytes(packed)
    lines, fault = lines_of(path)
    assert lines[:2] == [b"0 0", b"1 7919"]
    assert len(lines) < 50_000
    assert fault.startswith("it breaks off after line ")


def test_a_packed_file_that_is_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(b"a line\n" * 100_000)[:-40])
    lines, fault = lines_of(path)
    assert lines[0] == b"a line"
    assert "ended before the end-of-stream marker" in fault


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    assert lines_of(path) == ([], "")


def test_how_far_the_reading_is(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a line\n" * 100_000)
    source = Source(str(path))
    try:
        early = source.position
        assert sum(1 for _ in source) == 100_000
        assert 0 < early < source.position == source.size == 700_000
    finally:
        source.close()


def test_utf_16_is_named_with_the_mend(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes("a line".encode("utf-16"))
    with pytest.raises(GuardwareError, match="iconv -f UTF-16 -t UTF-8"):
        Source(str(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GuardwareError, match="cannot be read"):
        Source(str(tmp_path / "none"))


def test_zst_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    path = tmp_path / "log"
    path.write_bytes(two_frames(TEXT))
    with pytest.raises(GuardwareError, match=r"in a clone of guardware: pip install '\.\[zstd\]'"):
        Source(str(path))
