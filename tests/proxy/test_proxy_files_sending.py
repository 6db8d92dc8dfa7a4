"""How bytes of files go out: whole, in pieces, by the server, and what happens when a file changes meanwhile."""

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from guardware.errors import BrokenAnswerError
from guardware.http import Message
from guardware.proxy.edge import Edge
from guardware.proxy.files.sending import PIECE
from guardware.proxy.gallery import gallery

from .peers import Visitor, ask, http_scope

LARGE = os.urandom(PIECE) * 5 + b"end"
OFFERED: dict[str, object] = {"http.response.pathsend": {}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "large.jpg").write_bytes(LARGE)
    (tmp_path / "small.jpg").write_bytes(b"small")
    return tmp_path


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def messages(
    root: Path,
    path: bytes,
    method: str = "GET",
    headers: Sequence[tuple[bytes, bytes]] = (),
    extensions: dict[str, object] | None = None,
) -> list[Message]:
    """All that the gallery sends to a server."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = http_scope(path, method, headers, extensions=extensions or {})
    await gallery(root, title="x")(scope, Visitor().receive, send)
    return sent


async def test_a_large_file_comes_whole_and_in_pieces(root: Path) -> None:
    before = open_files()
    sent = await messages(root, b"/large.jpg")
    assert b"".join(message["body"] for message in sent[1:]) == LARGE
    assert [len(message["body"]) for message in sent[1:]] == [*[PIECE] * 5, 3]
    assert [message["more_body"] for message in sent[1:]] == [*[True] * 5, False]
    assert open_files() == before


async def test_a_part_of_a_large_file(root: Path) -> None:
    got = await ask(gallery(root, title="x"), b"/large.jpg", "GET", [(b"range", b"bytes=100-400000")])
    assert (got.status, got.body, got.whole) == (206, LARGE[100:400001], True)


async def test_an_empty_file(root: Path) -> None:
    (root / "empty.txt").touch()
    got = await ask(gallery(root, title="x"), b"/empty.txt", "GET", [(b"range", b"bytes=0-")])
    assert (got.status, got.values(b"content-range")) == (416, [b"bytes */0"])
    got = await ask(gallery(root, title="x"), b"/empty.txt")
    assert (got.status, got.body, got.values(b"content-length"), got.whole) == (200, b"", [b"0"], True)


async def test_the_server_sends_large_files_itself_where_it_offers_that(root: Path) -> None:
    start, *rest = await messages(root, b"/large.jpg", extensions=OFFERED)
    assert rest == [{"type": "http.response.pathsend", "path": str(root / "large.jpg")}]
    assert (b"content-length", b"%d" % len(LARGE)) in start["headers"]


async def test_what_the_server_sends_is_not_read_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    pread = os.pread

    def counted(file: int, length: int, at: int) -> bytes:
        read.append(length)
        return pread(file, length, at)

    monkeypatch.setattr(os, "pread", counted)
    await messages(root, b"/large.jpg", extensions=OFFERED)
    assert read == []
    await messages(root, b"/small.jpg", extensions=OFFERED)
    assert len(read) == 1


@pytest.mark.parametrize(
    ("path", "method", "headers"),
    [
        (b"/small.jpg", "GET", []),
        (b"/large.jpg", "HEAD", []),
        (b"/large.jpg", "GET", [(b"range", b"bytes=1-")]),
        (b"/large.jpg", "GET", [(b"if-none-match", b"*")]),
        (b"/nothing.jpg", "GET", []),
        (b"/", "GET", []),
    ],
)
async def test_everything_else_it_is_given(
    root: Path, path: bytes, method: str, headers: list[tuple[bytes, bytes]]
) -> None:
    sent = await messages(root, path, method, headers, OFFERED)
    assert {message["type"] for message in sent[1:]} == {"http.response.body"}


async def test_the_server_is_given_the_real_path_of_a_link(root: Path) -> None:
    (root / "link.jpg").symlink_to("large.jpg")
    sent = await messages(root, b"/link.jpg", extensions=OFFERED)
    assert sent[1]["path"] == str(root / "large.jpg")


async def ask_for(root: Path, path: bytes, visitor: Visitor) -> None:
    await gallery(root, title="x")(http_scope(path), visitor.receive, visitor.send)


async def test_our_own_server_is_given_the_very_file_that_was_found(root: Path) -> None:
    sent: list[bytes] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.pathsend":
            (root / "large.jpg").unlink()
            (root / "large.jpg").symlink_to("/etc/passwd")
            sent.append(content(message["path"]))

    before = open_files()
    scope = http_scope(b"/large.jpg", extensions={**OFFERED, "guardware.relay": object()})
    await gallery(root, title="x")(scope, Visitor().receive, send)
    assert sent == [LARGE], "whatever stands at its path by now"
    assert open_files() == before


class Slow(Visitor):
    """Does something to the file once its first piece has come."""

    def __init__(self, path: Path, size: int) -> None:
        super().__init__()
        self._path, self._size = path, size

    async def send(self, message: Message) -> None:
        await super().send(message)
        if message["type"] == "http.response.body":
            os.truncate(self._path, self._size)


@pytest.mark.parametrize("size", [0, PIECE, PIECE + 1, len(LARGE) - 1])
async def test_a_file_that_shrinks_breaks_off(root: Path, size: int, caplog: pytest.LogCaptureFixture) -> None:
    visitor, before = Slow(root / "large.jpg", size), open_files()
    with caplog.at_level(logging.WARNING), pytest.raises(BrokenAnswerError):
        await ask_for(root, b"/large.jpg", visitor)
    assert (visitor.whole, len(visitor.body)) == (False, max(size, PIECE))
    assert "became shorter" in caplog.text
    assert open_files() == before


async def test_on_which_the_server_hangs_up(root: Path) -> None:
    visitor = Slow(root / "large.jpg", 0)
    await Edge(gallery(root, title="x"))(http_scope(b"/large.jpg"), visitor.receive, visitor.send)
    assert (visitor.status, visitor.whole, len(visitor.body)) == (200, False, PIECE)


async def test_a_file_that_grows_ends_where_it_was_said_to(root: Path) -> None:
    visitor = Slow(root / "large.jpg", 10 * len(LARGE))
    await ask_for(root, b"/large.jpg", visitor)
    assert (visitor.whole, visitor.body) == (True, LARGE)


async def test_a_file_that_is_replaced_is_sent_as_it_was(root: Path) -> None:
    class Replacing(Visitor):
        async def send(self, message: Message) -> None:
            await super().send(message)
            (root / "new").write_bytes(b"new")
            (root / "new").rename(root / "large.jpg")

    visitor = Replacing()
    await ask_for(root, b"/large.jpg", visitor)
    assert (visitor.whole, visitor.body) == (True, LARGE)


async def test_nothing_is_read_for_a_visitor_who_hung_up(root: Path) -> None:
    class Leaving(Visitor):
        async def send(self, message: Message) -> None:
            await super().send(message)
            self.leave()
            await asyncio.sleep(0)

    visitor, before = Leaving(), open_files()
    await ask_for(root, b"/large.jpg", visitor)
    assert not visitor.whole
    assert len(visitor.body) <= 2 * PIECE
    assert open_files() == before


async def test_a_server_that_calls_off_leaves_nothing_open(root: Path) -> None:
    stalled = asyncio.Event()

    class Stalled(Visitor):
        async def send(self, message: Message) -> None:
            if message["type"] == "http.response.body":
                stalled.set()
                await asyncio.Event().wait()

    before, visitor = open_files(), Stalled()
    serving = asyncio.create_task(ask_for(root, b"/large.jpg", visitor))
    await stalled.wait()
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    assert open_files() == before
