"""What a folder shows, under which names, in which order, and as which types."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.proxy.folder import Entry, Folders, humanise, is_hidden, media_type, natural


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"x")


def shown(folder: Path) -> tuple[list[str], list[str]]:
    """The names of pictures and of folders."""
    pictures, folders = Folders(str(folder)).read(str(folder))
    return list(pictures), list(folders)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("over-the_sea 02.jpg", "Over the sea 02"),
        ("IMG_1234.JPG", "IMG 1234"),
        ("élan.webp", "Élan"),
        ("a.b.c.png", "A.b.c"),
        ("--.png", "--"),
        ("two   spaces", "Two spaces"),
        ("notes.v2", "Notes.v2"),
        (os.fsdecode(b"caf\xe9.jpg"), "Caf�"),
    ],
)
def test_names_for_people(name: str, title: str) -> None:
    assert humanise(name) == title


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jpg", "image/jpeg"),
        ("A.JPEG", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.jxl", "image/jxl"),
        ("a.psd", "image/vnd.adobe.photoshop"),
        ("a.html", "text/html"),
        ("a.css", "text/css"),
        ("a.jpg.gz", "application/octet-stream"),
        ("a", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_media_types_do_not_depend_on_the_machine(name: str, expected: str) -> None:
    assert media_type(name) == expected


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("a.jpg", False),
        (".git", True),
        (".env", True),
        (".well-known", False),
        ("guardware.yaml", True),
        ("guardware.yml", True),
    ],
)
def test_what_is_hidden(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden


def test_numbers_count_by_value_and_letters_without_case() -> None:
    names = ["b10", "B9", "a", "b2", "10", "9", "b"]
    assert sorted(names, key=natural) == ["9", "10", "a", "b", "b2", "B9", "b10"]


@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_names_can_be_put_in_order(names: list[str]) -> None:
    once = sorted(names, key=natural)
    names.reverse()
    assert sorted(names, key=natural) == once


def test_pictures_and_folders_are_shown_and_nothing_else(tmp_path: Path) -> None:
    touch(tmp_path, "2.jpg", "10.png", "1.WEBP", "notes.txt", ".hidden.jpg", "favicon.png", "raw.psd", "x.jpg.txt")
    touch(tmp_path / "series 10")
    touch(tmp_path / "series 9")
    touch(tmp_path / ".git")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert shown(tmp_path) == (["1.WEBP", "2.jpg", "10.png"], ["series 9", "series 10"])


@pytest.mark.parametrize(
    ("name", "href"),
    [
        ("a b.jpg", "a%20b.jpg"),
        ('"quoted".jpg', "%22quoted%22.jpg"),
        ("a#b?c%41.jpg", "a%23b%3Fc%2541.jpg"),
        ("a:b.jpg", "a%3Ab.jpg"),
        ("grün.jpg", "gr%C3%BCn.jpg"),
        ("<b>&.jpg", "%3Cb%3E%26.jpg"),
        (os.fsdecode(b"caf\xe9.jpg"), "caf%E9.jpg"),
    ],
)
def test_links_survive_any_name(name: str, href: str) -> None:
    assert Entry.of(name).href == href


def test_links_out_of_the_gallery_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "outside", "secret.jpg")
    touch(tmp_path / "root", "a.jpg")
    (tmp_path / "root" / "out.jpg").symlink_to(tmp_path / "outside" / "secret.jpg")
    (tmp_path / "root" / "out").symlink_to(tmp_path / "outside")
    (tmp_path / "root" / "gone.jpg").symlink_to(tmp_path / "root" / "nothing.jpg")
    (tmp_path / "root" / "again.jpg").symlink_to(tmp_path / "root" / "a.jpg")
    assert shown(tmp_path / "root") == (["a.jpg", "again.jpg"], [])


def test_a_folder_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    assert shown(tmp_path / "nothing") == ([], [])


def test_a_folder_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.jpg")
    scans: list[str] = []
    scan = os.scandir

    def counted(path: str) -> object:
        scans.append(path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", counted)
    folders = Folders(str(tmp_path))

    def read_when_changed(seconds_ago: float) -> int:
        at = time.time() - seconds_ago
        os.utime(tmp_path, (at, at))
        return [len(folders.read(str(tmp_path)).pictures) for _ in range(2)][-1]

    assert (read_when_changed(100), len(scans)) == (1, 1)
    touch(tmp_path, "b.jpg")
    assert (read_when_changed(50), len(scans)) == (2, 2)
    # So fresh that another change might share its time: not remembered.
    assert (read_when_changed(0), len(scans)) == (2, 4)
