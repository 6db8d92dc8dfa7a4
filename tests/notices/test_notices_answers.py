"""The notice files over HTTP: to whom they are news, and what a long file of the app's costs others."""

import asyncio
import threading

import pytest
from asgi import CURL, Call

from guardware import GuardMiddleware
from guardware.config import schema
from guardware.http import ASGIApp, Receive, Scope, Send
from guardware.notices import Notices, robots

LONG = b"User-agent: *\n" + b"".join(b"Disallow: /p%d\n" % number for number in range(4000))
PATHS = ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/license.xml"]


def app_with(body: bytes, status: int = 200) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
        )
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form", [b"%b", b"W/%b", b'"other", W/%b', b"*"])
async def test_who_has_a_notice_is_told_so(call: Call, path: str, method: str, form: bytes) -> None:
    guarded = GuardMiddleware(app_with(b"", 404))
    first = await call(guarded, path, CURL)
    etag = (first.one("etag") or "").encode()
    known = form.replace(b"%b", etag)
    second = await call(guarded, path, [*CURL, (b"if-none-match", known)], method=method)
    assert (first.status, second.status, second.body) == (200, 304, b"")
    for name in ("etag", "cache-control"):
        assert second.one(name) == first.one(name)
    assert second.one("content-type") is None
    assert second.one("content-length") is None


@pytest.mark.parametrize("path", PATHS)
async def test_who_has_something_else_gets_the_notice(call: Call, path: str) -> None:
    guarded = GuardMiddleware(app_with(b"", 404))
    first = await call(guarded, path, CURL)
    etag = (first.one("etag") or "").encode()
    for method, known in (("GET", b'"other"'), ("GET", etag.strip(b'"')), ("GET", b""), ("POST", etag)):
        reply = await call(guarded, path, [*CURL, (b"if-none-match", known)], method=method)
        assert (reply.status, reply.body) == (200, first.body)


async def test_other_conditions_and_ranges_change_nothing(call: Call) -> None:
    guarded = GuardMiddleware(app_with(b"", 404))
    asked = [(b"if-match", b'"other"'), (b"range", b"bytes=0-1"), (b"if-modified-since", b"x")]
    assert (await call(guarded, "/robots.txt", [*CURL, *asked])).status == 200


async def test_a_crowd_waits_for_one_merge_of_a_long_file_and_the_loop_for_none(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    merging: list[int] = []
    merge = robots.robots_body

    def seen(*arguments: object) -> bytes:
        merging.append(threading.get_ident())
        return merge(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(robots, "robots_body", seen)
    guarded = GuardMiddleware(app_with(LONG))
    asks = [call(guarded, "/robots.txt", [(b"host", b"h%d.example" % n)]) for n in range(5)]
    bodies = [reply.body for reply in await asyncio.gather(*asks)]
    assert all(b"Disallow: /p3999" in body and b"h%d.example" % n in body for n, body in enumerate(bodies))
    assert len(merging) == 1, "five hosts, one merge"
    assert merging[0] != threading.get_ident(), "not on the event loop"


@pytest.mark.parametrize("own", [None, b"", LONG[:1000], LONG])
@pytest.mark.parametrize("path", PATHS)
async def test_both_ways_to_a_notice_lead_to_the_same(path: str, own: bytes | None) -> None:
    config = schema.Notices()
    one, other = (Notices(config, schema.Site(), ("GPTBot",)) for _ in range(2))
    assert await one.file_soon(path, "https://example.com", own) == other.file(path, "https://example.com", own)
