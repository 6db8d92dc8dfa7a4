"""The gallery as a site."""

import asyncio
import errno
import os
import re
import threading
import time
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from guardware.http import ASGIApp
from guardware.proxy.gallery import PER_PAGE, gallery

from .peers import Visitor, http_scope

PICTURE = b"\xff\xd8\xff\xe0 not really a picture, but served as one"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "series one").mkdir(parents=True)
    (tmp_path / "root" / "over-the_sea.jpg").write_bytes(PICTURE)
    (tmp_path / "root" / "series one" / "1.webp").write_bytes(PICTURE)
    return tmp_path / "root"


@pytest.fixture
def site(root: Path) -> ASGIApp:
    return gallery(root, title="Ann's pictures")


async def get(
    app: ASGIApp, target: bytes = b"/", method: str = "GET", headers: Sequence[tuple[bytes, bytes]] = ()
) -> Visitor:
    visitor = Visitor()
    scope = http_scope(target, method, headers)
    scope["path"] = unquote(scope["raw_path"].decode("ascii"))  # as servers do it
    await app(scope, visitor.receive, visitor.send)
    return visitor


def links(got: Visitor, attribute: str = "href") -> list[str]:
    return [unescape(link) for link in re.findall(rf'{attribute}="([^"]*)"', got.body.decode())]


async def test_a_picture(site: ASGIApp) -> None:
    got = await get(site, b"/over-the_sea.jpg")
    assert (got.status, got.body, got.whole) == (200, PICTURE, True)
    assert got.values(b"content-type") == [b"image/jpeg"]
    assert got.values(b"content-length") == [str(len(PICTURE)).encode()]
    assert got.values(b"x-content-type-options") == [b"nosniff"]


async def test_a_head(site: ASGIApp) -> None:
    got = await get(site, b"/over-the_sea.jpg", "HEAD")
    assert (got.status, got.body, got.values(b"content-length")) == (200, b"", [str(len(PICTURE)).encode()])


async def test_a_part_of_a_picture(site: ASGIApp) -> None:
    got = await get(site, b"/over-the_sea.jpg", headers=[(b"range", b"bytes=0-2")])
    assert (got.status, got.body) == (206, PICTURE[:3])


@pytest.mark.parametrize(
    "asked",
    [
        b"foo=0-1",
        b"bytes",
        b"bytes=",
        b"bytes=-",
        b"bytes=abc",
        b"bytes=5-2",
        b"bytes=0-1,5-2",
        b"bytes=0-1,3-4",
        b"bytes=0-" + b"9" * 5000,
        b"\xff",
        b"",
    ],
)
async def test_a_range_that_nobody_understands_is_ignored(site: ASGIApp, asked: bytes) -> None:
    got = await get(site, b"/over-the_sea.jpg", headers=[(b"range", asked)])
    assert (got.status, got.body) == (200, PICTURE)


async def test_two_range_lines_are_ignored(site: ASGIApp) -> None:
    got = await get(site, b"/over-the_sea.jpg", headers=[(b"range", b"bytes=0-1"), (b"range", b"bytes=3-4")])
    assert (got.status, got.body) == (200, PICTURE)


@pytest.mark.parametrize("asked", [b"bytes=0-2", b"bytes=9999-"])
async def test_ranges_are_for_get_alone(site: ASGIApp, asked: bytes) -> None:
    got = await get(site, b"/over-the_sea.jpg", "HEAD", [(b"range", asked)])
    assert (got.status, got.values(b"content-length")) == (200, [str(len(PICTURE)).encode()])


async def test_a_range_beyond_the_end(site: ASGIApp) -> None:
    got = await get(site, b"/over-the_sea.jpg", headers=[(b"range", b"bytes=9999-")])
    assert (got.status, got.values(b"content-range")) == (416, [f"bytes */{len(PICTURE)}".encode()])


@pytest.mark.parametrize("condition", [b"if-none-match", b"if-modified-since"])
async def test_a_picture_that_the_visitor_has(site: ASGIApp, condition: bytes) -> None:
    first = await get(site, b"/over-the_sea.jpg")
    known = first.values(b"etag" if condition == b"if-none-match" else b"last-modified")[0]
    got = await get(site, b"/over-the_sea.jpg", headers=[(condition, known)])
    assert (got.status, got.body) == (304, b"")


async def test_the_index(site: ASGIApp) -> None:
    got = await get(site)
    assert (got.status, got.values(b"content-type")) == (200, [b"text/html; charset=utf-8"])
    assert links(got) == ["./favicon.ico", "series%20one/", "over-the_sea.jpg"]
    assert links(got, "src") == ["over-the_sea.jpg"]
    assert links(got, "alt") == ["Over the sea"]
    page = got.body.decode()
    assert "<h1>Ann&#39;s pictures</h1>" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


async def test_the_index_of_a_folder_leads_up(site: ASGIApp) -> None:
    got = await get(site, b"/series%20one/")
    assert links(got) == ["../favicon.ico", "../", "1.webp"]
    assert "<title>Series one · Ann&#39;s pictures</title>" in got.body.decode()


async def test_the_index_that_the_visitor_has(site: ASGIApp) -> None:
    tag = (await get(site)).values(b"etag")[0]
    assert (await get(site, headers=[(b"if-none-match", tag)])).status == 304


async def test_the_pages_policy_allows_its_own_style_and_nothing_else(site: ASGIApp) -> None:
    got = await get(site)
    (policy,) = got.values(b"content-security-policy")
    assert policy.startswith(b"default-src 'none'; img-src 'self'; style-src 'sha256-")
    assert b"unsafe" not in policy
    assert 'style="' not in got.body.decode()


async def test_a_page_of_ones_own_goes_before_the_index(root: Path, site: ASGIApp) -> None:
    (root / "index.html").write_text("<p>mine")
    got = await get(site)
    assert (got.body, got.values(b"content-type")) == (b"<p>mine", [b"text/html; charset=utf-8"])


async def test_an_empty_folder(tmp_path: Path) -> None:
    assert b"There are no pictures here yet." in (await get(gallery(tmp_path, title="x"))).body


@pytest.mark.parametrize(
    ("target", "location"),
    [(b"/series%20one", b"series%20one/"), (b"/series%20one?page=1", b"series%20one/?page=1")],
)
async def test_a_folder_without_its_slash(site: ASGIApp, target: bytes, location: bytes) -> None:
    got = await get(site, target)
    assert (got.status, got.values(b"location")) == (301, [location])


@pytest.mark.parametrize("name", ["evil.example", "a:b", "http:"])
async def test_the_way_to_a_folder_stays_on_the_site(root: Path, site: ASGIApp, name: str) -> None:
    (root / name).mkdir()
    for target in (f"/{name}", f"//{name}"):
        got = await get(site, target.encode())
        assert urljoin("http://art.example/", got.values(b"location")[0].decode()).startswith(
            "http://art.example/"
        )


@pytest.mark.parametrize("target", [b"/", b"/over-the_sea.jpg", b"/nothing"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get"])
async def test_it_only_shows(site: ASGIApp, method: str, target: bytes) -> None:
    got = await get(site, target, method)
    assert (got.status, got.values(b"allow")) == (405, [b"GET, HEAD, OPTIONS"])


@pytest.mark.parametrize("target", [b"/", b"/over-the_sea.jpg", b"/nothing"])
async def test_what_one_may_ask(site: ASGIApp, target: bytes) -> None:
    got = await get(site, target, "OPTIONS", [(b"origin", b"https://other.example")])
    assert (got.status, got.body, got.values(b"allow")) == (204, b"", [b"GET, HEAD, OPTIONS"])
    assert got.values(b"access-control-allow-origin") == [], "pictures are not for other sites' scripts"


@pytest.mark.parametrize(
    "target",
    [
        b"/nothing.jpg",
        b"/over-the_sea.jpg/",
        b"/over-the_sea.jpg/x.css",
        b"/../outside.jpg",
        b"/series%20one/../over-the_sea.jpg",
        b"/%2e%2e/outside.jpg",
        b"/..%2foutside.jpg",
        b"/..%5coutside.jpg",
        b"/./over-the_sea.jpg",
        b"/a%00b",
        b"/" + b"x" * 5000,
        b"/" + b"a/" * 3000,
        b"/%ff%fe",
        b"/.env",
        b"/.git/",
        b"/.git/config",
        b"/series%20one/.secret.jpg",
        b"/guardware.yaml",
        b"/out.jpg",
        b"/out/outside.jpg",
        b"/loop.jpg",
        b"/pipe.jpg",
        b"/to-hidden.txt",
        b"/?page=0",
        b"/?page=2",
        b"/?page=-1",
        b"/?page=x",
        b"/?page=99999999999999999999",
        b"/?page=%FF",
        b"/?" + b"&".join([b"a=1"] * 50),
    ],
)
async def test_what_is_not_there(root: Path, site: ASGIApp, target: bytes) -> None:
    (root.parent / "outside.jpg").write_bytes(PICTURE)
    (root / ".env").write_text("SECRET=1")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("x")
    (root / "series one" / ".secret.jpg").write_bytes(PICTURE)
    (root / "guardware.yaml").write_text("mode: enforce")
    (root / "out.jpg").symlink_to(root.parent / "outside.jpg")
    (root / "out").symlink_to(root.parent)
    (root / "loop.jpg").symlink_to(root / "loop.jpg")
    (root / "to-hidden.txt").symlink_to(root / ".env")
    os.mkfifo(root / "pipe.jpg")
    got = await get(site, target)
    assert (got.status, got.body, got.whole) == (404, b"Not found.\n", True)


@pytest.mark.parametrize(
    ("error", "status"),
    [(errno.EACCES, 404), (errno.EIO, 404), (errno.EMFILE, 503), (errno.ENFILE, 503)],
)
async def test_a_file_that_cannot_be_opened(
    site: ASGIApp, monkeypatch: pytest.MonkeyPatch, error: int, status: int
) -> None:
    # Not chmod: tests may run as root, who reads everything.
    opens = os.open

    def fails(path: str, flags: int, *more: int, **options: int) -> int:
        if path == "over-the_sea.jpg":
            raise OSError(error, os.strerror(error))
        return opens(path, flags, *more, **options)

    monkeypatch.setattr(os, "open", fails)
    got = await get(site, b"/over-the_sea.jpg")
    assert (got.status, got.values(b"cache-control")) == (status, [b"no-store"])
    assert got.values(b"retry-after") == ([b"2"] if status == 503 else [])


async def test_well_known_files_are_there(root: Path, site: ASGIApp) -> None:
    (root / ".well-known").mkdir()
    (root / ".well-known" / "security.txt").write_text("Contact: x")
    assert (await get(site, b"/.well-known/security.txt")).body == b"Contact: x"
    assert ".well-known/" not in links(await get(site))


@pytest.mark.parametrize(
    "name",
    [
        "a b.jpg",
        'it\'s "quoted".jpg',
        "a#b?c%41.jpg",
        "a:b.jpg",
        "grün 東京.jpg",
        "<img src=x onerror=alert(1)>.jpg",
        os.fsdecode(b"caf\xe9.jpg"),
        "�.jpg",
        "é.jpg",
    ],
)
async def test_every_link_leads_to_its_picture(root: Path, site: ASGIApp, name: str) -> None:
    (root / "over-the_sea.jpg").unlink()
    (root / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    index = await get(site)
    (source,) = links(index, "src")
    assert b"onerror=alert(1)>" not in index.body
    got = await get(site, b"/" + source.encode())
    assert (got.status, got.body) == (200, os.fsencode(name))


async def test_names_outside_utf8_do_not_stand_for_each_other(root: Path, site: ASGIApp) -> None:
    (root / os.fsdecode(b"caf\xe9.jpg")).write_bytes(b"latin")
    assert (await get(site, b"/caf%EF%BF%BD.jpg")).status == 404


async def test_a_favicon_of_ones_own_goes_before_ours(root: Path, site: ASGIApp) -> None:
    ours = await get(site, b"/favicon.ico")
    assert (ours.status, ours.values(b"content-type")) == (200, [b"image/svg+xml"])
    (root / "favicon.ico").write_bytes(b"mine")
    assert (await get(site, b"/favicon.ico")).body == b"mine"


async def test_many_pictures_come_in_pages(root: Path, site: ASGIApp) -> None:
    for number in range(2 * PER_PAGE):
        (root / f"p{number}.jpg").write_bytes(b"x")
    first, second, third = [await get(site, target) for target in (b"/", b"/?page=2", b"/?page=3")]
    assert [len(links(page, "src")) for page in (first, second, third)] == [PER_PAGE, PER_PAGE, 1]
    assert links(third, "src") == [f"p{2 * PER_PAGE - 1}.jpg"]
    assert [link for link in links(second) if "page" in link or link == "./"] == ["./", "?page=3"]
    assert (await get(site, b"/?page=4")).status == 404


async def test_a_large_folder_does_not_hold_up_other_requests(
    root: Path, site: ASGIApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4000):
        (root / f"picture {number}.jpg").touch()
    old = time.time() - 60
    os.utime(root, (old, old))
    scans: list[int] = []
    scan = os.scandir

    def seen(path: str) -> object:
        scans.append(threading.get_ident())
        return scan(path)

    monkeypatch.setattr(os, "scandir", seen)
    index = [asyncio.create_task(get(site)) for _ in range(5)]
    picture = await get(site, b"/over-the_sea.jpg")
    assert (picture.status, any(task.done() for task in index)) == (200, False), "it did not wait for the index"
    pages = await asyncio.gather(*index)
    assert {page.body.count(b"<img") for page in pages} == {PER_PAGE}
    assert len(scans) == 1, "five visitors, one scan"
    assert scans[0] != threading.get_ident(), "not on the event loop"


async def test_lifespan_and_websockets_get_an_answer(site: ASGIApp) -> None:
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return events.pop(0)

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message["type"])

    await site({"type": "lifespan"}, receive, send)
    await site({"type": "websocket", "path": "/"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


def test_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="is not a folder"):
        gallery(tmp_path / "nothing", title="x")
