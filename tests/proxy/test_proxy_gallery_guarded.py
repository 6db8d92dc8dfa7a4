"""The gallery behind the guard: who gets what of its files, and what caches may keep."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asgi import BROWSER, CURL, Reply, call_app, page_headers
from image_samples import file_of, noise

from guardware import GuardMiddleware
from guardware.http import RawHeaders
from guardware.proxy.edge import Edge
from guardware.proxy.files.sending import PIECE
from guardware.proxy.gallery import gallery

GPTBOT: RawHeaders = [(b"host", b"localhost:8000"), (b"user-agent", b"GPTBot/1.2"), (b"accept", b"*/*")]
OFFERED: dict[str, object] = {"http.response.pathsend": {}, "http.response.zerocopysend": {}}


@pytest.fixture(scope="module")
def picture() -> bytes:
    """So large that it goes out in pieces."""
    return file_of(noise(1200, 900), "JPEG", quality=90)


@pytest.fixture
def root(tmp_path: Path, picture: bytes) -> Path:
    (tmp_path / "one.jpg").write_bytes(picture)
    (tmp_path / "style.css").write_bytes(b"p { color: red }")
    (tmp_path / "style.css.br").write_bytes(b"as br")
    return tmp_path


@pytest.fixture
async def site(root: Path) -> AsyncIterator[GuardMiddleware]:
    guard = GuardMiddleware(gallery(root, title="x"))
    yield guard
    await guard.parts.maker.close()


def given_to_the_server(reply: Reply) -> list[str]:
    return [message["path"] for message in reply.messages if message["type"] == "http.response.pathsend"]


async def test_a_person_gets_the_original_by_the_servers_own_hands(site: GuardMiddleware, root: Path) -> None:
    assert (root / "one.jpg").stat().st_size > PIECE
    reply = await call_app(site, "/one.jpg", BROWSER, extensions=OFFERED)
    assert (reply.status, given_to_the_server(reply)) == (200, [str(root / "one.jpg")])
    assert reply.one("cache-control") == "private, max-age=3600"
    assert reply.one("vary") == "User-Agent"


@pytest.mark.parametrize(
    "extra",
    [
        [],
        [(b"range", b"bytes=0-")],
        [(b"range", b"bytes=0-99,100-")],
        [(b"if-none-match", b"*")],
        [(b"if-modified-since", b"Fri, 01 Jan 2100 00:00:00 GMT")],
        [(b"accept-encoding", b"br, gzip")],
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_doubtful_client_gets_no_original_by_any_hands(
    site: GuardMiddleware, root: Path, picture: bytes, extra: RawHeaders, method: str
) -> None:
    plain = await call_app(Edge(gallery(root, title="x")), "/one.jpg")
    reply = await call_app(site, "/one.jpg", [*CURL, *extra], method=method, extensions=OFFERED)
    assert given_to_the_server(reply) == []
    assert reply.status in (200, 206)
    assert "no-store" in (reply.one("cache-control") or "") or "no-cache" in (reply.one("cache-control") or "")
    assert "private" in (reply.one("cache-control") or "")
    assert reply.one("etag") != plain.one("etag")
    assert reply.one("last-modified") is None
    assert picture[2000:2032] not in reply.body
    assert int(reply.one("content-length") or 0) != len(picture)


async def test_a_crawler_gets_nothing(site: GuardMiddleware) -> None:
    for path in ("/", "/one.jpg", "/style.css", "/nothing"):
        reply = await call_app(site, path, GPTBOT, extensions=OFFERED)
        assert (reply.status, given_to_the_server(reply)) == (403, [])


async def test_validators_of_the_original_do_not_help_a_doubtful_client(site: GuardMiddleware) -> None:
    person = await call_app(site, "/one.jpg", BROWSER)
    tag = (person.one("etag") or "").encode()
    reply = await call_app(site, "/one.jpg", [*CURL, (b"if-none-match", tag)])
    assert reply.status == 200
    again = await call_app(site, "/one.jpg", [*BROWSER, (b"if-none-match", tag)])
    assert (again.status, again.one("cache-control")) == (304, "private, max-age=3600")


async def test_a_style_sheet_comes_compressed_through_the_guard(site: GuardMiddleware) -> None:
    reply = await call_app(site, "/style.css", BROWSER, extensions=OFFERED)
    assert (reply.body, reply.one("content-encoding")) == (b"as br", "br")
    assert (reply.one("vary"), reply.one("cache-control")) == ("Accept-Encoding", "no-cache")


@pytest.mark.parametrize("name", ["one.jpg.gz", "one.jpg.br", "ONE.JPG.ZST"])
async def test_a_compressed_picture_is_no_way_to_the_original(
    site: GuardMiddleware, root: Path, picture: bytes, name: str
) -> None:
    (root / name).write_bytes(picture)
    for headers in (BROWSER, CURL):
        assert (await call_app(site, f"/{name}", headers)).status == 404


async def test_a_picture_under_another_name_is_protected_all_the_same(
    site: GuardMiddleware, root: Path, picture: bytes
) -> None:
    for name in ("backup.old", "one.jpg~", "one", "one.css", "one.txt"):
        (root / name).write_bytes(picture)
        reply = await call_app(site, f"/{name}", CURL, extensions=OFFERED)
        assert given_to_the_server(reply) == []
        assert picture[2000:2032] not in reply.body


async def test_the_proof_for_a_certificate_is_served_to_whoever_asks(site: GuardMiddleware, root: Path) -> None:
    folder = root / ".well-known" / "acme-challenge"
    folder.mkdir(parents=True)
    (folder / "token-1").write_text("token-1.thumbprint")
    validator = b"Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)"
    asked: RawHeaders = [(b"host", b"localhost:8000"), (b"user-agent", validator), (b"accept", b"*/*")]
    for headers in (asked, CURL):
        reply = await call_app(site, "/.well-known/acme-challenge/token-1", headers)
        assert (reply.status, reply.body) == (200, b"token-1.thumbprint")


@pytest.mark.parametrize("path", ["/.well-known/", "/.well-known/.hidden", "/.well-known/../one.jpg"])
async def test_nothing_else_lies_there(site: GuardMiddleware, root: Path, path: str) -> None:
    (root / ".well-known").mkdir()
    (root / ".well-known" / ".hidden").write_text("secret")
    reply = await call_app(site, path, page_headers())
    assert reply.status in (200, 400, 404)
    assert b"secret" not in reply.body
    assert b".hidden" not in reply.body


async def test_an_owners_own_page_for_what_is_missing(site: GuardMiddleware, root: Path) -> None:
    (root / "404.html").write_text("<p>Lost?")
    reply = await call_app(site, "/nothing", page_headers())
    assert (reply.status, reply.body, reply.one("cache-control")) == (404, b"<p>Lost?", "no-store")
    assert reply.one("content-type") == "text/html; charset=utf-8"
    assert reply.one("x-robots-tag") is not None
    conditions = [(b"range", b"bytes=0-1"), (b"if-none-match", b"*")]
    assert (await call_app(site, "/nothing", [*page_headers(), *conditions])).status == 404
    head = await call_app(site, "/nothing", page_headers(), method="HEAD")
    assert (head.status, head.body, head.one("content-length")) == (404, b"", "8")
    assert (await call_app(site, "/404.html", page_headers())).status == 200


async def test_that_page_can_be_a_pipe_without_anybody_waiting(site: GuardMiddleware, root: Path) -> None:
    os.mkfifo(root / "404.html")
    reply = await call_app(site, "/nothing", page_headers())
    assert (reply.status, reply.body) == (404, b"Not found.\n")


async def test_a_picture_that_shrinks_while_it_is_held_back_is_an_honest_error(
    site: GuardMiddleware, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, length, at: b"" if at else reads(fd, length, at))
    reply = await call_app(Edge(site), "/one.jpg", CURL)
    assert reply.status == 502
    assert reply.one("content-type") != "image/jpeg"
