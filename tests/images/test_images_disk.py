"""Finished things on disk: kept, bounded, shared, and never wrong."""

import errno
import logging
import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.images.container import pack, unpack
from guardware.images.disk import DiskCache

MEGABYTE = 1024 * 1024

Trouble = Callable[[Path], AbstractContextManager[None]]
"""Makes the folder unfit for use while it lasts."""


def thing(size: int = 1000, name: str = "thing") -> bytes:
    """A container of 4096 bytes on disk, or of so many more as ``size`` has."""
    return pack({"name": name}, b"\xa5" * size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Not there yet."""
    return tmp_path / "state" / "variants"


@pytest.fixture
def cache(folder: Path) -> Iterator[DiskCache]:
    made = DiskCache(folder, MEGABYTE)
    yield made
    made.close()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def used(folder: Path) -> int:
    """Bytes in whole blocks."""
    total = 0
    for path in folder.rglob("*"):
        try:
            about = path.stat()
        except FileNotFoundError:
            continue
        total += -(-about.st_size // 4096) * 4096 if stat.S_ISREG(about.st_mode) else 0
    return total


def put(cache: DiskCache, folder: Path, key: bytes, data: bytes, *, age: float = 0) -> Path:
    """Put it as though ``age`` seconds ago, and say which file that is."""
    before = set(files(folder))
    cache.put(key, data)
    (path,) = set(files(folder)) - before
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_was_put_is_got_by_every_process(cache: DiskCache, folder: Path) -> None:
    data = thing()
    assert cache.get(b"key") is None
    assert not cache.has(b"key")
    cache.put(b"key", data)
    for other in (cache, DiskCache(folder, MEGABYTE)):
        assert other.has(b"key")
        assert other.get(b"key") == data
        assert other.get(b"another key") is None


def test_a_second_put_replaces_the_first(cache: DiskCache, folder: Path) -> None:
    cache.put(b"key", thing(name="first"))
    cache.put(b"key", thing(name="second"))
    assert cache.get(b"key") == thing(name="second")
    assert len(files(folder)) == 1


@given(st.binary())
def test_keys_may_be_of_any_length(tmp_path_factory: pytest.TempPathFactory, key: bytes) -> None:
    cache = DiskCache(tmp_path_factory.getbasetemp() / "any keys", 64 * MEGABYTE)
    for data in (thing(10, "one"), thing(10, "two")):
        cache.put(key, data)
        assert cache.get(key) == data


def test_nobody_else_may_look_in(cache: DiskCache, folder: Path) -> None:
    file = put(cache, folder, b"key", thing())
    assert file.relative_to(folder).parts == (file.name[:2], file.name)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for made in (folder, file.parent):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_folder_that_is_there_keeps_its_mode(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o750)
    DiskCache(folder, MEGABYTE).put(b"key", thing())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_only_containers_are_kept(cache: DiskCache) -> None:
    with pytest.raises(ValueError, match="only containers"):
        cache.put(b"key", b"something else")


@pytest.mark.parametrize(
    ("age", "touched"), [(0, False), (50, False), (70, True), (90_000, True), (-90_000, True)]
)
def test_use_is_noted_once_a_minute(cache: DiskCache, folder: Path, age: float, touched: bool) -> None:
    file = put(cache, folder, b"key", thing(), age=age)
    before = file.stat().st_mtime
    assert cache.get(b"key") is not None
    assert (file.stat().st_mtime != before) is touched
    assert not touched or abs(file.stat().st_mtime - time.time()) < 5


def evicted(folder: Path, kept: dict[str, Path]) -> list[str]:
    """Names of those that go when a process with room for 12 (three quarters of 16) puts one more."""
    cache = DiskCache(folder, 16 * 4096)
    cache.put(b"one more", thing())
    cache.close()
    assert cache.size <= 16 * 4096
    return [name for name, file in kept.items() if not file.exists()]


def test_what_was_used_longest_ago_goes_first(cache: DiskCache, folder: Path) -> None:
    ages = {
        "yesterday": 86_400, "now": 0, "100 days": 8_640_000, "two hours": 7200, "a minute": 60,
        "three days": 260_000, "ten minutes": 600, "a second": 1, "half an hour": 1800, "ten seconds": 10,
        "five": 5, "an hour": 3601, "forty": 40, "a year": 31_536_000, "thirty": 30,
    }  # fmt: skip
    kept = {name: put(cache, folder, name.encode(), thing(), age=age) for name, age in ages.items()}
    gone = evicted(folder, kept)
    oldest = sorted(ages, key=lambda name: -ages[name])
    # Whether the new one is already counted is left to chance.
    assert 3 <= len(gone) <= 4
    assert set(gone) == set(oldest[: len(gone)])


def test_what_was_just_got_stays(cache: DiskCache, folder: Path) -> None:
    kept = {f"{n}": put(cache, folder, b"%d" % n, thing(), age=2000 - 100 * n) for n in range(13)}
    assert cache.get(b"0") is not None
    assert evicted(folder, kept) in (["1"], ["1", "2"])


def test_the_bound_holds(cache: DiskCache, folder: Path) -> None:
    for number in range(300):
        cache.put(b"%d" % number, thing(number % 50 * 1000))
        if number % 10 == 0:
            assert used(folder) <= MEGABYTE
    cache.close()
    assert MEGABYTE / 2 < used(folder) <= MEGABYTE


@pytest.mark.parametrize("size", [MEGABYTE, 3 * MEGABYTE, 1_000_000])
def test_what_is_larger_than_the_cache_is_not_kept(cache: DiskCache, folder: Path, size: int) -> None:
    cache.put(b"key", thing(size))
    assert cache.get(b"key") is None
    assert files(folder) == []


def test_no_capacity_keeps_nothing(folder: Path) -> None:
    cache = DiskCache(folder, 0)
    cache.put(b"key", thing())
    assert cache.get(b"key") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:100].ljust(len(data), b"\0"),  # blocks that never reached the disk
        lambda data: bytes(len(data)),
        lambda data: data[:500] + b"\1" + data[501:],
        lambda data: data + b"more",
        lambda data: b"something else",
    ],
)
def test_a_damaged_file_is_dropped(
    cache: DiskCache, folder: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    file = put(cache, folder, b"key", thing())
    file.write_bytes(damage(thing()))
    assert cache.get(b"key") is None
    assert not file.exists()
    assert "removed a damaged file" in caplog.text
    cache.put(b"key", thing())
    assert cache.get(b"key") == thing()


def test_a_file_too_large_to_be_ours_is_not_read(cache: DiskCache, folder: Path) -> None:
    file = put(cache, folder, b"key", thing())
    os.truncate(file, 100_000_000_000)
    assert cache.get(b"key") is None


def test_what_killed_writers_left_goes_and_what_is_not_ours_stays(folder: Path) -> None:
    first = DiskCache(folder, MEGABYTE)
    file = put(first, folder, b"key", thing())
    first.close()
    name = file.name.removesuffix(".gwc")
    foreign = [
        folder / "original.jpg",
        folder / "aa" / "cat.jpg",
        file.parent / "dog.jpg",
        file.parent / f"{name}.jpg",
    ]
    left, fresh = (file.parent / f"{name}.{end}.gwc-unfinished" for end in ("x1y2", "z3"))
    for path in (*foreign, left, fresh):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(2 * MEGABYTE if path in foreign else 4096))
        os.utime(path, (0, 0) if path != fresh else None)
    (file.parent / f"{'0' * 40}.gwc").symlink_to(foreign[0])
    second = DiskCache(folder, MEGABYTE)
    second.put(b"new", thing())
    second.close()
    assert not left.exists()
    assert fresh.exists()
    assert all(path.exists() for path in (*foreign, file))
    assert second.size in (2 * 4096, 3 * 4096)  # Whether the new one is already counted is left to chance.


@contextmanager
def a_file_in_its_place(folder: Path) -> Iterator[None]:
    folder.rename(folder.with_name("aside"))
    folder.write_bytes(b"a file")
    yield
    folder.unlink()
    folder.with_name("aside").rename(folder)


@contextmanager
def a_file_above(folder: Path) -> Iterator[None]:
    with a_file_in_its_place(folder.parent):
        yield


@contextmanager
def no_large_files(folder: Path) -> Iterator[None]:
    """Writing breaks off after 1000 bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refusing(name: str, code: int) -> Trouble:
    """``os.name`` fails with ``code``."""

    @contextmanager
    def refused(folder: Path) -> Iterator[None]:
        def refuse(*arguments: object, **options: object) -> None:
            raise OSError(code, os.strerror(code))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, name, refuse)
            yield

    return refused


TROUBLES = {
    "a file in its place": a_file_in_its_place,
    "a file above": a_file_above,
    "breaks off": no_large_files,
    "full": refusing("replace", errno.ENOSPC),
    "read-only": refusing("open", errno.EROFS),
    "broken": refusing("replace", errno.EIO),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_a_disk_in_trouble_is_logged_once_and_used_again_when_mended(
    trouble: Trouble,
    cache: DiskCache,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    cache.put(b"before", thing(50_000))
    cache.close()
    with trouble(folder):
        for number in range(5):
            cache.put(b"%d" % number, thing(50_000))
            assert cache.get(b"%d" % number) is None
            assert not cache.has(b"%d" % number)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(folder) in caplog.text
    assert [path.suffix for path in files(folder)] == [".gwc"]
    for number in range(5):
        cache.put(b"%d" % number, thing(50_000))
        assert cache.get(b"%d" % number) == thing(50_000)
    assert cache.get(b"before") == thing(50_000)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_folder_that_went_away_is_made_anew(cache: DiskCache, folder: Path) -> None:
    put(cache, folder, b"key", thing())
    cache.close()
    folder.rename(folder.with_name("aside"))
    assert cache.get(b"key") is None
    cache.put(b"key", thing())
    assert cache.get(b"key") == thing()


def test_a_folder_that_cannot_be_counted_is_logged(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = DiskCache(folder, MEGABYTE)
    with refusing("scandir", errno.EIO)(folder):
        cache.put(b"key", thing())
        cache.close()
    assert "cannot be used" in caplog.text
    assert cache.size == 4096


HAMMER = """
import hashlib, random, sys
from pathlib import Path
from guardware.images.container import pack, unpack
from guardware.images.disk import DiskCache

def of(number):
    return pack({"number": number}, hashlib.sha256(b"%d" % number).digest() * (number % 700))

cache = DiskCache(Path(sys.argv[1]), int(sys.argv[2]))
dice, right = random.Random(int(sys.argv[4])), 0
for _ in range(int(sys.argv[3])):
    number = dice.randrange(600)
    data = cache.get(b"%d" % number)
    if data is None:
        cache.put(b"%d" % number, of(number))
    else:
        assert data == of(number)
        right += 1
print(right)
"""


def hammer(folder: Path, capacity: int, times: int, seed: int) -> subprocess.Popen[str]:
    """Another process that puts or gets so many times; it fails if it gets what neither it nor another has put."""
    return subprocess.Popen(
        [sys.executable, "-c", HAMMER, str(folder), str(capacity), str(times), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_two_processes_share_a_folder_and_its_bound(folder: Path) -> None:
    most = 0
    with hammer(folder, 4 * MEGABYTE, 900, 1) as one, hammer(folder, 4 * MEGABYTE, 900, 2) as two:
        while one.poll() is None or two.poll() is None:
            most = max(most, used(folder))
            time.sleep(0.02)
        for process in (one, two):
            right, errors = process.communicate()
            assert errors == ""
            assert int(right) > 100
    assert 2 * MEGABYTE < most <= 4 * MEGABYTE


def test_a_process_killed_while_it_writes_leaves_nothing_wrong(folder: Path) -> None:
    for seed in range(6):
        with hammer(folder, 64 * MEGABYTE, 1_000_000, seed) as process:
            while len(files(folder)) < 30 * (seed + 1):
                time.sleep(0.001)
            process.kill()
    cache = DiskCache(folder, 64 * MEGABYTE)
    got = {number: data for number in range(600) if (data := cache.get(b"%d" % number)) is not None}
    assert len(got) >= 180 - 6
    assert all(unpack(data)[0] == {"number": number} for number, data in got.items())
