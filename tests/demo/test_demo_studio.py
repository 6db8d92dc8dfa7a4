"""Drawing into files: whole, the same everywhere, and only what is missing."""

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from guardware.demo import Build, Work, studio, works
from guardware.demo.ledger import NAME, STALE_SECONDS
from guardware.demo.studio import drawn, recipe
from guardware.errors import GuardwareError


@pytest.fixture
def two(some: tuple[Work, ...]) -> tuple[Work, ...]:
    """Two that are quick to draw."""
    return tuple(work for work in some if work.slug in ("quiet-primer", "harbour"))


def hang(folder: Path, shown: tuple[Work, ...]) -> list[str]:
    """Build, and say what had to be drawn."""
    return [work.slug for work in Build(folder, shown=shown, workers=1).run()]


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_file_opens_and_is_what_its_name_says(hung: Path, some: tuple[Work, ...]) -> None:
    for work in some:
        with Image.open(hung / work.original) as picture:
            picture.load()
            assert picture.format is not None
            assert (picture.format.lower(), picture.size) == (work.format, work.size)
            assert getattr(picture, "n_frames", 1) == (36 if work.format == "gif" else 1)
        with Image.open(hung / work.thumb) as thumb:
            thumb.load()
            assert (thumb.format, thumb.size) == ("JPEG", work.thumb_size)


def test_a_second_build_draws_nothing(hung: Path, some: tuple[Work, ...]) -> None:
    before = digests(hung)
    build = Build(hung, shown=some)
    assert build.missing == ()
    assert list(build.run()) == []
    assert digests(hung) == before


def test_processes_draw_the_same_bytes(two: tuple[Work, ...], tmp_path: Path) -> None:
    alone = {work.slug: found for work, found in drawn(two, tmp_path / "alone", workers=1)}
    together = {work.slug: found for work, found in drawn(two, tmp_path / "together", workers=2)}
    assert alone == together
    assert digests(tmp_path / "alone") == digests(tmp_path / "together")


def test_a_damaged_file_is_drawn_again(two: tuple[Work, ...], tmp_path: Path) -> None:
    hang(tmp_path, two)
    good = digests(tmp_path)
    first, second = two
    whole = (tmp_path / first.original).read_bytes()
    (tmp_path / first.original).write_bytes(whole[: len(whole) // 2])
    (tmp_path / second.thumb).unlink()
    assert sorted(hang(tmp_path, two)) == sorted([first.slug, second.slug])
    assert digests(tmp_path) == good


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b'{"harbour": 3}', b'{"harbour": {}}', b"\xff\xfe"])
def test_a_damaged_ledger_is_started_anew(damage: bytes, two: tuple[Work, ...], tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(damage)
    assert len(Build(tmp_path, shown=two, workers=1).missing) == 2


def test_a_build_that_was_broken_off_goes_on(two: tuple[Work, ...], tmp_path: Path) -> None:
    running = Build(tmp_path, shown=two, workers=1).run()
    done = next(running)
    del running
    assert hang(tmp_path, two) == [work.slug for work in two if work is not done]


def test_another_recipe_is_another_picture(two: tuple[Work, ...], tmp_path: Path) -> None:
    hang(tmp_path, two)
    first, second = two
    changed = first._replace(take=first.take + 1)
    assert recipe(changed) != recipe(first)
    assert hang(tmp_path, (changed, second)) == [first.slug]


def test_works_that_hang_no_longer_are_taken_down(two: tuple[Work, ...], tmp_path: Path) -> None:
    hang(tmp_path, two)
    gone, kept = two
    hang(tmp_path, (kept,))
    assert not any((tmp_path / path).exists() for path in (gone.original, gone.thumb, gone.page))
    assert all((tmp_path / path).exists() for path in (kept.original, kept.thumb, kept.page))


def test_unfinished_files_of_the_past_are_swept_away(two: tuple[Work, ...], tmp_path: Path) -> None:
    hang(tmp_path, two)
    old, new = tmp_path / "pictures/.a.jpg.1.part", tmp_path / "pictures/.b.jpg.2.part"
    for part in (old, new):
        part.write_bytes(b"half")
    long_ago = time.time() - STALE_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    hang(tmp_path, two)
    assert not old.exists()
    assert new.exists(), "somebody may be writing it"
    assert not [path for path in digests(tmp_path) if path.endswith(".part") and "b.jpg" not in path]


def test_a_folder_of_somebodys_own_is_not_touched(two: tuple[Work, ...], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(GuardwareError, match=r"is not empty and not a demo gallery; name a new or empty folder"):
        Build(tmp_path, shown=two)
    assert digests(tmp_path).keys() == {"index.html"}


def test_our_own_cache_is_ours_even_without_its_ledger(hung: Path, two: tuple[Work, ...], tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("a rest of something")
    assert len(Build(tmp_path, shown=two, ours=True).missing) == 2


def test_where_processes_die_this_one_draws(
    two: tuple[Work, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Any) -> Iterator[Any]:
        yield two[0], studio.draw(two[0], tmp_path)
        raise BrokenProcessPool("a worker was killed")

    monkeypatch.setattr(studio, "_in_processes", dies)
    assert [work.slug for work, _ in drawn(two, tmp_path, workers=2)] == [work.slug for work in two]


def test_where_processes_cannot_be_had_this_one_draws(
    two: tuple[Work, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any, **__: Any) -> Any:
        raise PermissionError("no shared memory here")

    monkeypatch.setattr(studio, "ProcessPoolExecutor", refuses)
    assert len(list(drawn(two, tmp_path, workers=2))) == 2


@pytest.mark.slow
def test_the_whole_gallery_is_drawn(tmp_path: Path) -> None:
    assert len(list(Build(tmp_path).run())) == len(works())
    for work in works():
        for path, size in ((work.original, work.size), (work.thumb, work.thumb_size)):
            with Image.open(tmp_path / path) as picture:
                picture.load()
                assert picture.size == size
    assert Build(tmp_path).missing == ()
