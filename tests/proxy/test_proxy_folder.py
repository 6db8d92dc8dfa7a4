"""What a folder shows, under which names, in which order, and as which types."""

import os
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.paths import normalise
from guardware.proxy.folder import Entry, Folders, humanise, is_addressable, is_hidden, media_type, natural


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
        ("GuardWare.YAML", True),
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
    folders = Folders(str(tmp_path), clock=lambda: 0.0)

    def read_when_changed(seconds_ago: float) -> int:
        at = time.time() - seconds_ago
        os.utime(tmp_path, (at, at))
        return [len(folders.read(str(tmp_path)).pictures) for _ in range(2)][-1]

    assert (read_when_changed(100), len(scans)) == (1, 1)
    touch(tmp_path, "b.jpg")
    assert (read_when_changed(50), len(scans)) == (2, 2)
    # So fresh that another change might share its time: not remembered.
    assert (read_when_changed(0), len(scans)) == (2, 4)


def test_a_large_folder_that_changes_all_the_time_is_not_read_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    scans: list[float] = []
    scan = os.scandir

    def slow(path: str) -> object:
        nonlocal now
        scans.append(now)
        now += 1.0
        return scan(path)

    monkeypatch.setattr(os, "scandir", slow)
    folders = Folders(str(tmp_path), clock=lambda: now)
    for number in range(300):
        touch(tmp_path, f"{number}.jpg")
        folders.read(str(tmp_path))
        now += 0.1
    assert scans == pytest.approx([0, 11, 22], abs=0.2), "a second of reading, then ten without"


def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardware.proxy.folder._REMEMBERED_BYTES", 4000)
    folders = Folders(str(tmp_path), clock=lambda: 0.0)
    for number in range(9):
        touch(tmp_path / str(number), *(f"{name}.jpg" for name in range(10)))
        os.utime(tmp_path / str(number), (1, 1))
        folders.read(str(tmp_path / str(number)))
    assert 0 < folders.remembered <= 4000


@pytest.mark.slow
def test_a_hundred_thousand_pictures(tmp_path: Path) -> None:
    for number in range(100_000):
        (tmp_path / f"picture {number * 7919 % 100_003}.jpg").touch()
    os.utime(tmp_path, (1, 1))
    folders = Folders(str(tmp_path))
    begun = time.process_time()
    pictures = folders.read(str(tmp_path)).pictures
    first = time.process_time() - begun
    again = [folders.read(str(tmp_path)).pictures for _ in range(100)]
    assert (len(pictures), pictures[2]) == (100_000, "picture 2.jpg")
    assert all(listing is pictures for listing in again)
    assert first < 5, "seconds of CPU; 1.1 on the machine it was written on"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.svg", "image/svg+xml"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.woff2", "font/woff2"),
        ("a.mjs", "text/javascript"),
        ("a.js", "text/javascript"),
        ("a.wasm", "application/wasm"),
        ("a.json", "application/json"),
        ("a.xml", "application/xml"),
        ("a.mp4", "video/mp4"),
        ("a.pdf", "application/pdf"),
        ("A.CSS", "text/css"),
        ("style.css.br", "application/octet-stream"),
        ("style.css.gz", "application/octet-stream"),
        ("?a#b.html", "text/html"),
        ("data:text;x,y.css", "text/css"),
        ("a.ICO", "image/vnd.microsoft.icon"),
    ],
)
def test_more_media_types(name: str, expected: str) -> None:
    assert media_type(name) == expected


@pytest.mark.parametrize("coding", ["gz", "br", "zst", "GZ"])
@pytest.mark.parametrize("picture", ["a.jpg", "a.PNG", "a.jxl", "a.svg", "a.psd"])
def test_compressed_pictures_are_hidden(picture: str, coding: str) -> None:
    assert is_hidden(f"{picture}.{coding}")
    assert not is_hidden(f"style.css.{coding}")
    assert not is_hidden(f"{picture}.css.{coding}")


@pytest.mark.parametrize("name", ["a\nb.jpg", "a\tb.jpg", "a\\b.jpg", " .. ", "a%2fb.jpg", "a%00.jpg", "%2e.jpg"])
def test_what_the_guard_would_refuse_is_not_shown(tmp_path: Path, name: str) -> None:
    assert not is_addressable(name)
    touch(tmp_path, "a.jpg", name)
    assert shown(tmp_path) == (["a.jpg"], [])


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_what_is_shown_is_what_the_guard_lets_ask(name: str) -> None:
    assert is_addressable(name) == (normalise(f"/{name}", f"/{quote(name, safe='')}".encode()) is not None)


@pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 25])
def test_long_lists_are_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr("guardware.proxy.folder._RUN", 10)
    numbers = [number * 7919 % 10007 for number in range(length)]
    touch(tmp_path, *(f"{number}.jpg" for number in numbers))
    assert shown(tmp_path)[0] == [f"{number}.jpg" for number in sorted(numbers)]
