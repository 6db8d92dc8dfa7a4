"""What of a folder is opened, and what never is."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardware.proxy.files import opening
from guardware.proxy.files.opening import Root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "inner").mkdir(parents=True)
    (tmp_path / "root" / "a.jpg").write_bytes(b"picture")
    (tmp_path / "root" / "inner" / "b.jpg").write_bytes(b"inner picture")
    (tmp_path / "outside.jpg").write_bytes(b"secret")
    return tmp_path / "root"


def content(root: Path, path: str) -> bytes | None:
    """What a file holds; None if there is none to be served."""
    found = Root(str(root)).find(path)
    if found is None or found.file is None:
        return None
    with found.file as file:
        return file.read()


def test_files_and_folders(root: Path) -> None:
    assert content(root, "a.jpg") == b"picture"
    assert content(root, "inner/b.jpg") == b"inner picture"
    for folder in ("", "inner"):
        found = Root(str(root)).find(folder)
        assert found is not None
        assert (found.path, found.file) == (str(root / folder), None)


@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "a.jpg/x",
        "../outside.jpg",
        "inner/../../outside.jpg",
        "/etc/passwd",
        "a\0b",
        "\udcff\ud800",
        "x" * 300,
        "inner/" * 2000,
        ".hidden",
        ".git/config",
        "inner/.hidden",
        "guardware.yaml",
        "a.jpg.gz",
    ],
)
def test_what_is_not_there_for_visitors(root: Path, path: str) -> None:
    (root / ".git").mkdir()
    for name in (".hidden", ".git/config", "inner/.hidden", "guardware.yaml", "a.jpg.gz"):
        (root / name).write_bytes(b"secret")
    assert content(root, path) is None


def test_links_within_the_folder_are_followed(root: Path) -> None:
    (root / "again.jpg").symlink_to("inner/b.jpg")
    (root / "series").symlink_to(root / "inner")
    assert content(root, "again.jpg") == content(root, "series/b.jpg") == b"inner picture"


@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("out.jpg", "../outside.jpg", "out.jpg"),
        ("out", "..", "out/outside.jpg"),
        ("out", "/", "out/etc/passwd"),
        ("loop", "loop", "loop"),
        ("hidden.txt", ".hidden", "hidden.txt"),
        ("dots", ".git", "dots/config"),
        ("beside", "../root-2", "beside/c.jpg"),
        ("processes", "/proc/self", "processes/environ"),
    ],
)
def test_links_out_of_it_or_to_what_is_hidden_are_not(root: Path, link: str, target: str, path: str) -> None:
    (root / ".git").mkdir()
    (root.parent / "root-2").mkdir()
    for name in (".hidden", ".git/config", "../root-2/c.jpg"):
        (root / name).write_bytes(b"secret")
    (root / link).symlink_to(target)
    assert content(root, path) is None


def test_the_folder_itself_may_be_a_link_that_is_turned_elsewhere(root: Path) -> None:
    current = root.parent / "current"
    current.symlink_to(root)
    site = Root(str(current))
    first = site.find("a.jpg")
    current.unlink()
    current.symlink_to(root / "inner")
    second = site.find("b.jpg")
    assert first is not None
    assert second is not None
    assert (first.path, second.path) == (str(root / "a.jpg"), str(root / "inner" / "b.jpg"))
    first.close()
    second.close()
    assert site.find("a.jpg") is None


def test_pipes_and_sockets_are_never_opened(root: Path) -> None:
    os.mkfifo(root / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "s.jpg"))
        assert content(root, "s.jpg") is None
    assert content(root, "pipe.jpg") is None


def test_devices_are_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    opens = os.open

    def seen(path: str, flags: int, *more: int, **options: int) -> int:
        opened.append(path)
        return opens(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", seen)
    assert Root("/dev").find("null") is None
    assert opened == ["/dev"]


def exchange(path: Path, put: Callable[[], None]) -> Callable[[], None]:
    """What an uploader with bad intent does in between: ``path`` goes, and something else stands there."""

    def now() -> None:
        path.rename(path.with_name("away"))
        put()

    return now


@pytest.mark.parametrize("moment", ["resolved", "looked at"])
@pytest.mark.parametrize("thing", ["a link out", "a pipe", "a folder"])
def test_what_is_exchanged_in_between_is_not_served(
    root: Path, monkeypatch: pytest.MonkeyPatch, moment: str, thing: str
) -> None:
    path = root / "inner" / "b.jpg"
    things: dict[str, Callable[[], None]] = {
        "a link out": lambda: path.symlink_to(root.parent / "outside.jpg"),
        "a pipe": lambda: os.mkfifo(path),
        "a folder": lambda: path.mkdir(),
    }
    act = exchange(path, things[thing])
    with _just_before(monkeypatch, moment, act):
        assert content(root, "inner/b.jpg") is None


def test_a_folder_exchanged_in_between_for_a_link_out(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "b.jpg").write_bytes(b"secret")
    act = exchange(root / "inner", lambda: (root / "inner").symlink_to(root.parent))
    with _just_before(monkeypatch, "resolved", act):
        assert content(root, "inner/b.jpg") is None


@contextmanager
def _just_before(monkeypatch: pytest.MonkeyPatch, moment: str, act: Callable[[], None]) -> Iterator[None]:
    """``act`` once after the path is resolved, or once after the file is looked at and before it is opened."""
    pending = [act]
    with monkeypatch.context() as patched:
        if moment == "resolved":
            opens = opening._open
            patched.setattr(opening, "_open", lambda *given: (pending.pop()(), opens(*given))[1])
        else:
            opened = opening._opened
            patched.setattr(opening, "_opened", lambda *given: (pending.pop()(), opened(*given))[1])
        yield
    assert not pending, "the moment came"


def test_a_link_turned_to_and_fro_all_the_time_never_gives_what_is_outside(root: Path) -> None:
    stop = threading.Event()
    link = root / "flip.jpg"
    link.symlink_to("a.jpg")

    def flip() -> None:
        while not stop.is_set():
            for target in ("../outside.jpg", "a.jpg"):
                (root / ".new").symlink_to(target)
                (root / ".new").rename(link)

    flipping = threading.Thread(target=flip)
    flipping.start()
    try:
        seen = {content(root, "flip.jpg") for _ in range(500)}
    finally:
        stop.set()
        flipping.join()
    assert seen <= {b"picture", None}


def test_nothing_stays_open(root: Path) -> None:
    os.mkfifo(root / "pipe.jpg")
    before = len(os.listdir("/proc/self/fd"))
    for path in ("a.jpg", "inner/b.jpg", "pipe.jpg", "nothing", "inner", "", "a.jpg/x", "inner/nothing/x"):
        content(root, path)
    assert len(os.listdir("/proc/self/fd")) == before
