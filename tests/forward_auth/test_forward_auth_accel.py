"""Originals that nginx sends: where it is told that they lie, and who is told so."""

from pathlib import Path

import pytest
from asgi import BROWSER, CURL, call_app

from guardware import GuardMiddleware
from guardware.forward_auth.accel import Accel
from guardware.http import RawHeaders
from guardware.proxy.gallery import gallery

LARGE = b"\xff\xd8\xff\xe0" + bytes(200_000)
EXTENSIONS = {"http.response.pathsend": {}, "guardware.relay": object()}
TOLD: RawHeaders = [(b"x-forwarded-for", b"203.0.113.9")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "gallery"
    (folder / "art").mkdir(parents=True)
    return folder


def guarded(root: Path, mode: str = "enforce") -> GuardMiddleware:
    config = {"clients": {"trusted_proxies": ["127.0.0.1"]}, "mode": mode}
    return GuardMiddleware(Accel(gallery(root, title="Art"), root, "/.originals/"), config)


@pytest.mark.parametrize(
    ("name", "raw", "place"),
    [
        ("1.jpg", "/art/1.jpg", "/.originals/art/1.jpg"),
        ("1.jpg", "//art//1.jpg", "/.originals/art/1.jpg"),
        ("a b.jpg", "/art/a%20b.jpg", "/.originals/art/a%20b.jpg"),
        ("caf\u00e9.jpg", "/art/caf%C3%A9.jpg", "/.originals/art/caf%C3%A9.jpg"),
        ("a?b#c.jpg", "/art/a%3Fb%23c.jpg", "/.originals/art/a%3Fb%23c.jpg"),
        ("100%.jpg", "/art/100%25.jpg", "/.originals/art/100%25.jpg"),
        ("a&b;c+d.jpg", "/art/a&b;c+d.jpg", "/.originals/art/a%26b%3Bc%2Bd.jpg"),
    ],
)
async def test_names_the_file(root: Path, name: str, raw: str, place: str) -> None:
    (root / "art" / name).write_bytes(LARGE)
    path = "/art/" + name if not raw.startswith("//") else raw
    headers = [*TOLD, *BROWSER, (b"if-match", b'"nginx"'), (b"accept-encoding", b"gzip")]
    reply = await call_app(
        guarded(root), path, headers, ip="127.0.0.1", raw_path=raw.encode(), extensions=EXTENSIONS
    )
    assert (reply.status, reply.body, reply.one("x-accel-redirect")) == (200, b"", place)
    assert reply.one("content-type") == "image/jpeg"
    assert "private" in (reply.one("cache-control") or "")
    assert reply.all("x-robots-tag") == ["noai, noimageai"]
    assert (reply.one("etag"), reply.one("last-modified"), reply.one("content-length")) == (None, None, "0")


@pytest.mark.parametrize(
    ("ip", "headers", "mode", "handed"),
    [
        ("127.0.0.1", BROWSER, "enforce", True),
        ("127.0.0.1", CURL, "enforce", False),
        ("127.0.0.1", CURL, "monitor", True),
        ("198.51.100.7", BROWSER, "enforce", False),
    ],
)
async def test_only_a_trusted_front_and_only_originals(
    root: Path, ip: str, headers: RawHeaders, mode: str, handed: bool
) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE)
    reply = await call_app(guarded(root, mode), "/art/1.jpg", [*TOLD, *headers], ip=ip, extensions=EXTENSIONS)
    assert (reply.one("x-accel-redirect") is not None) is handed


async def test_an_asset_is_looked_at(root: Path) -> None:
    (root / "art" / "1.css").write_bytes(LARGE)
    reply = await call_app(guarded(root), "/art/1.css", [*TOLD, *BROWSER], ip="127.0.0.1", extensions=EXTENSIONS)
    assert reply.one("x-accel-redirect") is None
    assert LARGE[:1000] not in reply.body


async def test_what_may_not_be_seen_stays_hidden(root: Path) -> None:
    (root / ".hidden.jpg").write_bytes(LARGE)
    outside = root.parent / "outside.jpg"
    outside.write_bytes(LARGE)
    (root / "link.jpg").symlink_to(outside)
    for path in ("/.hidden.jpg", "/link.jpg", "/none.jpg"):
        reply = await call_app(guarded(root), path, [*TOLD, *BROWSER], ip="127.0.0.1", extensions=EXTENSIONS)
        assert (reply.status, reply.one("x-accel-redirect")) == (404, None)


async def test_small_ones_and_pages_come_as_they_are(root: Path) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE[:1000])
    reply = await call_app(guarded(root), "/art/1.jpg", [*TOLD, *BROWSER], ip="127.0.0.1", extensions=EXTENSIONS)
    assert (reply.status, reply.body, reply.one("x-accel-redirect")) == (200, LARGE[:1000], None)


@pytest.mark.parametrize(
    ("size", "lines", "status", "handed"),
    [
        (1000, [(b"range", b"bytes=0-9")], 206, False),
        (200_000, [(b"range", b"bytes=0-9")], 206, False),
        (200_000, [(b"range", b"bytes=0-9"), (b"if-range", b'"nginx"')], 200, True),
        (200_000, [(b"if-none-match", b'"nginx"')], 200, True),
    ],
)
async def test_parts(root: Path, size: int, lines: RawHeaders, status: int, handed: bool) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE[:size])
    headers = [*TOLD, *BROWSER, *lines]
    reply = await call_app(guarded(root), "/art/1.jpg", headers, ip="127.0.0.1", extensions=EXTENSIONS)
    assert (reply.status, reply.one("x-accel-redirect") is not None) == (status, handed)


async def test_a_server_that_sends_no_files_is_not_told_of_any(root: Path) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE)
    reply = await call_app(guarded(root), "/art/1.jpg", [*TOLD, *BROWSER], ip="127.0.0.1")
    assert (reply.body, reply.one("x-accel-redirect")) == (LARGE, None)
