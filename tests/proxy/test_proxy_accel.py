"""Originals that nginx sends: where it is told that they lie, and who is told so."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from asgi import BROWSER, CURL, call_app

from guardware import GuardMiddleware
from guardware.http import Message, RawHeaders, Receive, Scope, Send
from guardware.proxy.accel import LASTING, Accel
from guardware.proxy.gallery import gallery

LARGE = b"\xff\xd8\xff\xe0" + bytes(200_000)
"""A picture that the gallery would hand over to the server."""

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
    headers = [*TOLD, *BROWSER, (b"if-match", b'"nginx"')]
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


@pytest.mark.parametrize("size", [1000, 200_000])
@pytest.mark.parametrize(
    "lines",
    [
        [],
        [(b"range", b"bytes=0-9")],
        [(b"range", b"bytes=0-9"), (b"if-range", b'"nginx"')],
        [(b"if-none-match", b'"nginx"')],
        [(b"if-modified-since", b"Fri, 01 Jan 2100 00:00:00 GMT")],
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_sizes_parts_and_conditions_are_the_fronts(
    root: Path, size: int, lines: RawHeaders, method: str
) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE[:size])
    headers = [*TOLD, *BROWSER, *lines]
    reply = await call_app(
        guarded(root), "/art/1.jpg", headers, method=method, ip="127.0.0.1", extensions=EXTENSIONS
    )
    assert (reply.status, reply.body, reply.one("x-accel-redirect")) == (200, b"", "/.originals/art/1.jpg")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("page.html", "/page.html"),  # pages and texts may be sent compressed
        ("notes.txt", "/notes.txt"),
        ("1.svgz", "/1.svgz"),
        ("index.html", "/"),
        ("1.jpg", "/1.jpg/"),
        ("1.jpg", "/"),
        ("1.jpg", "/none.jpg"),
        ("a\\b.jpg", "/a%5Cb.jpg"),
        ("\udcff.jpg", "/%FF.jpg"),
    ],
)
async def test_all_else_the_gallery_answers(root: Path, name: str, path: str) -> None:
    (root / name).write_bytes(LARGE[:1000])
    shown, named = gallery(root, title="Art"), Accel(gallery(root, title="Art"), root, "/.originals/")
    config = {"clients": {"trusted_proxies": ["127.0.0.1"]}}
    decoded = unquote(path, errors="replace")
    replies = [
        await call_app(
            GuardMiddleware(app, config), decoded, [*TOLD, *BROWSER], ip="127.0.0.1", raw_path=path.encode()
        )
        for app in (shown, named)
    ]
    assert replies[0][:3] == replies[1][:3]


async def test_other_methods_are_the_gallerys(root: Path) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE)
    for method in ("POST", "OPTIONS", "get"):
        reply = await call_app(
            guarded(root),
            "/art/1.jpg",
            [*TOLD, *BROWSER],
            method=method,
            ip="127.0.0.1",
            extensions=EXTENSIONS,
        )
        assert (reply.status in (204, 405), reply.one("x-accel-redirect")) == (True, None)


class TestRemembering:
    """A file is looked up once in LASTING seconds, whoever asks."""

    async def test_what_was_found_holds_for_a_moment(self, root: Path) -> None:
        (root / "art" / "1.jpg").write_bytes(LARGE)
        now = [1000.0]
        app = Accel(gallery(root, title="Art"), root, "/.originals/", clock=lambda: now[0])
        site = GuardMiddleware(app, {"clients": {"trusted_proxies": ["127.0.0.1"]}})

        async def place() -> str | None:
            headers = [*TOLD, *BROWSER]
            reply = await call_app(site, "/art/1.jpg", headers, ip="127.0.0.1", extensions=EXTENSIONS)
            return reply.one("x-accel-redirect")

        assert await place() == "/.originals/art/1.jpg"
        (root / "art" / "1.jpg").rename(root / "art" / ".1.jpg")
        now[0] += LASTING - 0.1
        assert await place() == "/.originals/art/1.jpg"  # where nginx finds nothing
        now[0] += 0.2
        assert await place() is None

    async def test_what_is_remembered_is_for_those_who_may_have_it(self, root: Path) -> None:
        (root / "art" / "1.jpg").write_bytes(LARGE)
        site = guarded(root)
        for headers, handed in ((BROWSER, True), (CURL, False), (BROWSER, True)):
            reply = await call_app(site, "/art/1.jpg", [*TOLD, *headers], ip="127.0.0.1", extensions=EXTENSIONS)
            assert (reply.one("x-accel-redirect") is not None) is handed
            assert LARGE[:5000] not in reply.body

    async def test_nothing_that_is_added_on_the_way_stays(self, root: Path) -> None:
        (root / "art" / "1.jpg").write_bytes(LARGE)
        app = Accel(gallery(root, title="Art"), root, "/.originals/")

        async def adding(scope: Scope, receive: Receive, send: Send) -> None:
            async def add(message: Message) -> None:
                message.get("headers", []).append((b"set-cookie", b"a=1"))
                await send(message)

            await app(scope, receive, add)

        site = GuardMiddleware(adding, {"clients": {"trusted_proxies": ["127.0.0.1"]}})
        for _ in range(2):
            headers = [*TOLD, *BROWSER]
            reply = await call_app(site, "/art/1.jpg", headers, ip="127.0.0.1", extensions=EXTENSIONS)
            assert reply.all("set-cookie") == ["a=1"]


async def test_without_a_guard_nothing_is_named(root: Path) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE)
    app = Accel(gallery(root, title="Art"), root, "/.originals/")
    reply = await call_app(app, "/art/1.jpg", [*TOLD, *BROWSER], ip="127.0.0.1")
    assert (reply.body, reply.one("x-accel-redirect")) == (LARGE, None)


async def test_a_server_that_sends_no_files_is_not_told_of_any(root: Path) -> None:
    (root / "art" / "1.jpg").write_bytes(LARGE)
    reply = await call_app(guarded(root), "/art/1.jpg", [*TOLD, *BROWSER], ip="127.0.0.1")
    assert (reply.body, reply.one("x-accel-redirect")) == (LARGE, None)
