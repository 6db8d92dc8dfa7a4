"""The guard around an application: what people, tools and crawlers get back."""

import asyncio
import gzip
import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, CURL, Call, page_headers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_samples import opened
from PIL import Image

from guardware import Action, ConfigError, GuardMiddleware
from guardware.config import from_mapping
from guardware.http import ASGIApp, Message, RawHeaders, Receive, Scope, Send
from guardware.images.trace.record import Entry, Record
from guardware.store import MemoryStore

GPTBOT: RawHeaders = [
    (b"host", b"localhost"),
    (b"user-agent", b"Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    (b"accept", b"*/*"),
]


def app_with(
    body: bytes, headers: RawHeaders, *, status: int = 200, chunk: int = 0, seen: list[Scope] | None = None
) -> ASGIApp:
    """An application that answers everything alike; in chunks if asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if seen is not None:
            seen.append(scope)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        sent = b"" if scope["method"] == "HEAD" else body
        step = chunk or max(len(sent), 1)
        for start in range(0, max(len(sent), 1), step):
            more = start + step < len(sent)
            await send({"type": "http.response.body", "body": sent[start : start + step], "more_body": more})

    return app


JPEG: RawHeaders = [(b"content-type", b"image/jpeg"), (b"etag", b'"original"')]
OCTETS: RawHeaders = [(b"content-type", b"application/octet-stream")]
HTML: RawHeaders = [(b"content-type", b"text/html; charset=utf-8")]


def size(body: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(body)) as image:
        return image.size


class TestPeople:
    async def test_get_the_original_and_the_opt_out_with_it(self, call: Call, picture: bytes) -> None:
        reply = await call(GuardMiddleware(app_with(picture, JPEG)), "/art/1.jpg", BROWSER)
        assert (reply.status, reply.body) == (200, picture)
        assert reply.headers[0] == (b"x-robots-tag", b"noai, noimageai")
        assert reply.one("tdm-reservation") == "1"
        assert reply.one("etag") == '"original"'

    async def test_get_pages_with_the_opt_out(self, call: Call) -> None:
        reply = await call(GuardMiddleware(app_with(b"<p>hi", HTML)), "/", page_headers())
        assert reply.body == b"<p>hi"
        assert reply.headers[0] == (b"x-robots-tag", b"noai, noimageai")
        assert reply.all("cache-control") == []

    async def test_are_named_in_the_applications_state(self, call: Call, picture: bytes) -> None:
        seen: list[Scope] = []
        await call(GuardMiddleware(app_with(picture, JPEG, seen=seen)), "/art/1.jpg", BROWSER)
        assert seen[0]["state"]["guardware"].action is Action.ALLOW

    @pytest.mark.parametrize(
        ("own", "expected"),
        [
            (None, "private"),
            ("public, max-age=86400, s-maxage=99", "private, max-age=86400"),
            ("no-store", "private, no-store"),
        ],
    )
    async def test_keep_originals_out_of_shared_caches(
        self, call: Call, picture: bytes, own: str | None, expected: str
    ) -> None:
        headers = [*JPEG, (b"cdn-cache-control", b"max-age=9"), (b"vary", b"accept")]
        if own is not None:
            headers.append((b"cache-control", own.encode()))
        reply = await call(GuardMiddleware(app_with(picture, headers)), "/art/1.jpg", BROWSER)
        assert reply.one("cache-control") == expected
        assert reply.one("vary") == "accept, User-Agent"
        assert reply.one("cdn-cache-control") is None

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ([(b"etag", b'"a"'), (b"cache-control", b"public, max-age=9")], 304),
            ([*OCTETS, (b"cache-control", b"public, max-age=9")], 200),
            ([(b"content-type", b"multipart/byteranges"), (b"cache-control", b"public, max-age=9")], 206),
        ],
    )
    async def test_and_so_does_whatever_may_be_one(self, call: Call, headers: RawHeaders, status: int) -> None:
        reply = await call(GuardMiddleware(app_with(b"", headers, status=status)), "/art/1.jpg", BROWSER)
        assert reply.one("cache-control") == "private, max-age=9"
        assert reply.one("vary") == "User-Agent"
        assert reply.headers[0] == (b"x-robots-tag", b"noai, noimageai")

    async def test_get_ranges_and_conditions_from_the_application(self, call: Call) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(app_with(b"\xff\xd8\xff", JPEG, status=206, seen=seen))
        headers = [*BROWSER, (b"range", b"bytes=0-2"), (b"if-none-match", b'"original"')]
        reply = await call(app, "/art/1.jpg", headers)
        assert reply.status == 206
        assert reply.headers[0] == (b"x-robots-tag", b"noai, noimageai")
        assert (b"range", b"bytes=0-2") in seen[0]["headers"]


SHARED = {"images": {"verdicts": {"suspect": "marked"}}}
"""Tools get a copy without a trace, so all of them the same."""


class TestTheDoubtful:
    async def test_get_a_smaller_marked_copy_of_their_own(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG, chunk=5000), {"site": {"name": "Ada"}})
        reply = await call(app, "/art/1.jpg", CURL)
        assert reply.status == 200
        # The decoder's own halving comes near enough to 1024 pixels.
        assert size(reply.body) == (1024, 768)
        assert reply.one("content-length") == str(len(reply.body))
        assert reply.one("etag") is None
        assert reply.one("accept-ranges") is None
        assert reply.one("cache-control") == "private, no-store"
        assert reply.headers[0] == (b"x-robots-tag", b"noai, noimageai")
        assert reply.one("vary") == "User-Agent"
        assert (await call(app, "/art/1.jpg", CURL)).body != reply.body

    async def test_or_a_shared_one_where_no_trace_is_wanted(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG, chunk=5000), SHARED)
        reply = await call(app, "/art/1.jpg", CURL)
        assert reply.one("etag") not in (None, '"original"')
        assert reply.one("cache-control") == "private, no-cache"
        assert (await call(app, "/art/1.jpg", CURL)).body == reply.body

    async def test_formats_by_accept_say_so(self, call: Call, picture: bytes) -> None:
        images = {"format": "auto", "verdicts": {"suspect": "marked"}}
        app = GuardMiddleware(app_with(picture, JPEG), {"images": images})
        plain = await call(app, "/art/1.jpg", CURL)
        webp = await call(app, "/art/1.jpg", [CURL[0], CURL[1], (b"accept", b"image/webp,*/*")])
        assert (plain.one("content-type"), webp.one("content-type")) == ("image/jpeg", "image/webp")
        assert plain.one("vary") == webp.one("vary") == "User-Agent, Accept"

    async def test_get_pages_as_they_are(self, call: Call) -> None:
        reply = await call(GuardMiddleware(app_with(b"<p>hi there, all of you", HTML)), "/", CURL)
        assert (reply.status, reply.body) == (200, b"<p>hi there, all of you")

    async def test_head_tells_the_variants_head(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), SHARED)
        got = await call(app, "/art/1.jpg", CURL)
        head = await call(app, "/art/1.jpg", CURL, method="HEAD")
        assert head.body == b""
        assert head.headers == got.headers

    async def test_head_of_a_page_has_no_body(self, call: Call) -> None:
        reply = await call(GuardMiddleware(app_with(b"<p>hi there, all of you", HTML)), "/", CURL, method="HEAD")
        assert (reply.status, reply.body) == (200, b"")
        assert reply.one("content-length") == "23"

    async def test_ranges_and_conditions_are_of_the_variant(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), SHARED)
        whole = await call(app, "/art/1.jpg", CURL)
        etag = (whole.one("etag") or "").encode()
        part = await call(app, "/art/1.jpg", [*CURL, (b"range", b"bytes=10-19")])
        assert (part.status, part.body) == (206, whole.body[10:20])
        same = await call(app, "/art/1.jpg", [*CURL, (b"if-none-match", etag)])
        assert (same.status, same.body) == (304, b"")
        other = await call(app, "/art/1.jpg", [*CURL, (b"if-none-match", b'"original"')])
        assert (other.status, other.body) == (200, whole.body)

    async def test_repeated_headers_stay_apart(self, call: Call, picture: bytes) -> None:
        cookies = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
        for headers in (CURL, BROWSER):
            reply = await call(GuardMiddleware(app_with(picture, [*JPEG, *cookies])), "/art/1.jpg", headers)
            assert reply.all("set-cookie") == ["a=1", "b=2"]


ORIGINALS = [
    pytest.param("/art/1.jpg", "GET", [], JPEG, 200, id="plain"),
    pytest.param("/art/1", "GET", [], JPEG, 200, id="no extension"),
    pytest.param("/art/1.jpg", "HEAD", [], JPEG, 200, id="HEAD"),
    pytest.param("/art/1.jpg", "POST", [], JPEG, 200, id="POST"),
    pytest.param("/art/1.jpg", "GET", [(b"range", b"bytes=0-")], JPEG, 200, id="range"),
    pytest.param("/art/1.jpg", "GET", [(b"range", b"bytes=0-9")], JPEG, 206, id="application insists on 206"),
    pytest.param("/art/1.jpg", "GET", [(b"if-none-match", b'"original"')], JPEG, 200, id="condition"),
    pytest.param("/art/1.jpg/x.css", "GET", [], JPEG, 200, id="extension trick"),
    pytest.param(
        "/art/1.jpg/x.css", "GET", [(b"sec-fetch-dest", b"style")], JPEG, 200, id="and destination trick"
    ),
    pytest.param("/art/1.jpg", "GET", [], [(b"content-type", b"application/octet-stream")], 200, id="mislabelled"),
    pytest.param("/art/1.jpg", "GET", [], [(b"content-type", b"text/html")], 200, id="as a page"),
    pytest.param("/art/1.jpg", "GET", [], [(b"content-type", b"image/svg+xml")], 200, id="as a drawing"),
    pytest.param("/art/1.jpg", "GET", [], [(b"Content-Type", b"IMAGE/JPEG;q=1")], 200, id="capitals"),
    pytest.param("/art/1.jpg", "GET", [], [], 200, id="unlabelled"),
    pytest.param("/art/1.jpg", "GET", [], [(b"content-type", b"image/tiff")], 200, id="as TIFF"),
    pytest.param("/art/1.jpg", "GET", [], JPEG, 404, id="in an error"),
    pytest.param("/art/1.jpg", "GET", [], [*JPEG, (b"content-encoding", b"br")], 200, id="said to be encoded"),
    pytest.param("/art/1", "GET", [], [(b"content-encoding", b"br")], 200, id="encoded, of no type"),
    pytest.param("/art/1.jpg", "GET", [(b"request-range", b"bytes=1-")], OCTETS, 206, id="another kind of range"),
    pytest.param("/art/1", "GET", [], OCTETS, 206, id="octets in parts"),
    pytest.param(
        "/art/1", "GET", [], [(b"content-type", b"multipart/byteranges; boundary=x")], 206, id="multipart"
    ),
    pytest.param(
        "/art/1", "GET", [], [(b"content-type", b"multipart/x-mixed-replace")], 200, id="motion pictures"
    ),
]


@pytest.mark.parametrize("chunk", [0, 1, 7, 4096])
@pytest.mark.parametrize(("path", "method", "extra", "headers", "status"), ORIGINALS)
async def test_no_byte_of_an_original_leaves_to_the_doubtful(
    call: Call, path: str, method: str, extra: RawHeaders, headers: RawHeaders, status: int, chunk: int
) -> None:
    with BytesIO() as out:
        Image.effect_noise((80, 60), 90).convert("RGB").save(out, "JPEG")
        original = out.getvalue()
    app = GuardMiddleware(app_with(original, headers, status=status, chunk=chunk))
    reply = await call(app, path, [*CURL, *extra], method=method)
    assert reply.status < 500
    assert original[len(original) // 2 :][:40] not in reply.body
    assert reply.one("etag") != '"original"'


@pytest.mark.parametrize("path", ["/art/1", "/art/1.jpg"])
@pytest.mark.parametrize("chunk", [0, 1, 50])
async def test_a_compressed_picture_of_no_type_is_known_too(
    call: Call, picture: bytes, path: str, chunk: int
) -> None:
    packed = gzip.compress(picture[:2000])
    app = GuardMiddleware(app_with(packed, [(b"content-encoding", b"gzip")], chunk=chunk))
    reply = await call(app, path, CURL)
    assert packed[40:80] not in reply.body
    page = GuardMiddleware(app_with(gzip.compress(b"<p>hi" * 99), [*HTML, (b"content-encoding", b"gzip")]))
    assert gzip.decompress((await call(page, "/art/1", CURL)).body) == b"<p>hi" * 99


@pytest.mark.parametrize("status", [204, 205, 304])
async def test_what_has_no_body_gets_none(call: Call, status: int) -> None:
    reply = await call(GuardMiddleware(app_with(b"", JPEG, status=status)), "/pixel", CURL)
    assert (reply.status, reply.body) == (status, b"")
    assert reply.one("etag") is None


async def test_the_memory_for_originals_under_way_is_bounded(call: Call, picture: bytes) -> None:
    app = GuardMiddleware(app_with(picture, JPEG, chunk=4096), {"images": {"max_bytes": len(picture) + 1}})
    replies = await asyncio.gather(*(call(app, f"/art/{n}.jpg", CURL) for n in range(30)))
    assert all(picture[2000:2040] not in r.body for r in replies)
    for reply in replies:
        assert reply.status == 200 or (reply.status == 503 and int(reply.one("retry-after") or "") >= 1)
    assert app.parts.maker.holding.held == 0


async def test_an_application_that_fails_half_way_leaks_nothing(call: Call, picture: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": JPEG})
        await send({"type": "http.response.body", "body": picture[:9000], "more_body": True})
        raise RuntimeError("disk gone")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/art/1.jpg", "headers": CURL, "client": ("192.0.2.1", 1)}
    guarded = GuardMiddleware(app)
    with pytest.raises(RuntimeError, match="disk gone"):
        await guarded(scope, receive, send)
    assert sent == []
    assert guarded.parts.maker.holding.held == 0


async def test_a_broken_or_huge_picture_becomes_a_placeholder(call: Call, picture: bytes) -> None:
    broken = await call(GuardMiddleware(app_with(picture[:3000], JPEG)), "/art/1.jpg", CURL)
    huge = await call(
        GuardMiddleware(app_with(picture, JPEG, chunk=999), {"images": {"max_bytes": 4000}}), "/art/1.jpg", CURL
    )
    for reply in (broken, huge):
        assert reply.status == 200
        assert size(reply.body)[0] > 0
        assert picture[2000:2040] not in reply.body


async def test_files_are_not_handed_to_the_server_for_the_doubtful(call: Call, picture: bytes) -> None:
    seen: list[Scope] = []
    app = GuardMiddleware(app_with(picture, JPEG, seen=seen))
    extensions: dict[str, dict[str, str]] = {"http.response.pathsend": {}, "http.response.debug": {}}
    await call(app, "/art/1.jpg", CURL, extensions=extensions)
    await call(app, "/art/1.jpg", BROWSER, extensions=extensions)
    assert [list(s["extensions"]) for s in seen] == [["http.response.debug"], list(extensions)]


@pytest.mark.parametrize("header", [b"x-accel-redirect", b"X-Sendfile"])
@pytest.mark.parametrize("path", ["/art/1.jpg", "/art/1", "/art/1.css"])
async def test_files_are_not_handed_to_a_server_in_front(call: Call, header: bytes, path: str) -> None:
    app = GuardMiddleware(app_with(b"", [(header, b"/protected/1.jpg")]))
    reply = await call(app, path, CURL)
    assert reply.all("x-accel-redirect") + reply.all("X-Sendfile") == []
    assert size(reply.body)[0] > 0
    honest = await call(app, path, BROWSER)
    assert [v for k, v in honest.headers if k == header] == ([] if path.endswith("css") else [b"/protected/1.jpg"])


async def test_a_person_gets_assets_from_the_server_in_front(call: Call) -> None:
    script = [(b"content-type", b"text/javascript"), (b"x-accel-redirect", b"/protected/app.js")]
    reply = await call(GuardMiddleware(app_with(b"", script)), "/static/app.js", page_headers())
    assert reply.one("x-accel-redirect") == "/protected/app.js"


async def test_the_applications_other_headers_stay_on_a_variant(call: Call, picture: bytes) -> None:
    own = [(b"access-control-allow-origin", b"*"), (b"strict-transport-security", b"max-age=9"), (b"age", b"7")]
    own += [(b"last-modified", b"Sun, 22 Nov 2026 10:00:00 GMT"), (b"content-md5", b"x")]
    reply = await call(GuardMiddleware(app_with(picture, [*JPEG, *own])), "/art/1.jpg", CURL)
    names = [name for name, _ in reply.headers]
    assert {b"access-control-allow-origin", b"strict-transport-security"} <= set(names)
    assert not {b"last-modified", b"content-md5", b"age"} & set(names)
    assert len(set(names)) == len(names)


async def test_a_style_sheet_keeps_ranges_conditions_and_its_304(call: Call) -> None:
    seen: list[Scope] = []
    css = app_with(b"", [(b"etag", b'"css"')], status=304, seen=seen)
    headers = [*page_headers(), (b"if-none-match", b'"css"')]
    extensions: dict[str, dict[str, str]] = {"http.response.pathsend": {}}
    reply = await call(GuardMiddleware(css), "/site.css", headers, extensions=extensions)
    assert (reply.status, reply.one("etag")) == (304, '"css"')
    assert (b"if-none-match", b'"css"') in seen[0]["headers"]
    assert seen[0]["extensions"] == {}, "a file handed over might be a picture"


class TestTheDeclared:
    async def test_are_refused_with_the_licence(self, call: Call, picture: bytes) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(app_with(picture, JPEG, seen=seen))
        reply = await call(app, "/art/1.jpg", GPTBOT)
        assert reply.status == 403
        assert seen == []
        assert 'rel="license"' in " ".join(reply.all("link"))
        assert reply.one("cache-control") == "no-store"
        assert reply.one("x-robots-tag") == "noai, noimageai"
        assert len(app.parts.recorder.events) == 1

    @pytest.mark.parametrize("path", ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/license.xml"])
    async def test_may_read_every_notice(self, call: Call, path: str) -> None:
        app = GuardMiddleware(app_with(b"no", HTML, status=500), {"limits": {"client": {"page": None}}})
        for _ in range(3):
            assert (await call(app, path, GPTBOT)).status == 200

    async def test_are_served_in_monitor_mode_and_recorded(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"mode": "monitor"})
        for headers in (GPTBOT, CURL):
            assert (await call(app, "/art/1.jpg", headers)).body == picture
        assert [(e.action, e.enforced) for e in app.parts.recorder.events] == [("deny", False), ("protect", False)]


class TestLimitsAndBudgets:
    async def test_too_many_pages_are_refused_until_retry_after(self, call: Call) -> None:
        limits = {"client": {"page": {"rate": "1/minute", "burst": 2}}}
        app = GuardMiddleware(app_with(b"<p>", HTML), {"limits": limits})
        replies = [await call(app, "/", page_headers()) for _ in range(3)]
        assert [r.status for r in replies] == [200, 200, 429]
        assert replies[2].one("retry-after") == "60"
        assert (await call(app, "/", page_headers(), ip="192.0.2.99")).status == 200
        assert (await call(app, "/robots.txt", page_headers())).status == 200

    async def test_beyond_the_budget_pictures_are_variants_and_pages_stay_open(
        self, call: Call, picture: bytes
    ) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"budgets": {"per_hour": 3, "per_day": 9}})
        replies = [await call(app, f"/art/{n}.jpg", BROWSER) for n in range(5)]
        assert [r.body == picture for r in replies] == [True, True, True, False, False]
        assert size(replies[4].body) == (1024, 768)
        page = await call(app, "/", page_headers())
        assert page.status == 200

    async def test_pictures_without_extension_opened_like_pages_count_too(
        self, call: Call, picture: bytes
    ) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"budgets": {"per_hour": 3, "per_day": 9}})
        replies = []
        for n in range(8):
            replies.append(await call(app, f"/show/{n}", page_headers()))
            await asyncio.sleep(0)
        # Three, one more that is counted after it went out, and one for a count that is an estimate.
        assert [r.body == picture for r in replies].count(True) <= 5
        assert replies[7].body != picture


class TestNotices:
    async def test_robots_txt_is_merged_with_the_applications_own(self, call: Call) -> None:
        own = b"User-agent: *\nDisallow: /private/\n"
        app = GuardMiddleware(app_with(own, [(b"content-type", b"text/plain")]))
        text = (await call(app, "/robots.txt", CURL)).body.decode()
        assert "User-agent: GPTBot" in text
        assert "Disallow: /private/" in text

    async def test_a_catch_all_page_is_no_robots_txt(self, call: Call) -> None:
        text = (await call(GuardMiddleware(app_with(b"<html>app", HTML)), "/robots.txt", CURL)).body
        assert b"<html>" not in text

    async def test_an_application_that_raises_does_not_take_the_notice_with_it(self, call: Call) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("no")

        assert (await call(GuardMiddleware(app), "/robots.txt", CURL)).status == 200

    async def test_an_application_that_never_answers_does_not_either(
        self, call: Call, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.sleep(3600)

        monkeypatch.setattr("guardware.notice_answers.BUDGET", 0.05)
        assert (await call(GuardMiddleware(app), "/robots.txt", CURL)).status == 200

    async def test_an_application_value_that_cancels_the_opt_out_is_told_once(
        self, call: Call, picture: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        headers = [*JPEG, (b"x-robots-tag", b"max-image-preview: none")]
        app = GuardMiddleware(app_with(picture, headers))
        replies = [await call(app, "/art/1.jpg", BROWSER) for _ in range(3)]
        assert replies[0].all("x-robots-tag") == ["noai, noimageai", "max-image-preview: none"]
        assert sum("X-Robots-Tag" in r.message for r in caplog.records) == 1


class TestTheEdges:
    @pytest.mark.parametrize("path", ["/a/../art/1.jpg", "/a\\b", "/x\0y", "/%2e%2e/x"])
    async def test_a_path_that_cannot_be_judged_never_reaches_the_application(self, call: Call, path: str) -> None:
        seen: list[Scope] = []
        reply = await call(GuardMiddleware(app_with(b"", HTML, seen=seen)), path, BROWSER, raw_path=b"")
        assert (reply.status, seen) == (400, [])

    async def test_in_monitor_mode_it_does(self, call: Call) -> None:
        app = GuardMiddleware(app_with(b"<p>", HTML), {"mode": "monitor"})
        assert (await call(app, "/a/../b", BROWSER, raw_path=b"")).status == 200

    async def test_a_site_said_to_be_https_with_no_proxy_named_is_told_at_start(
        self, call: Call, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = GuardMiddleware(app_with(b"<p>", HTML), {"site": {"url": "https://example.com"}})
        await call(app, "/", page_headers())
        assert "clients.trusted_proxies is empty" in caplog.text

    async def test_our_own_headers_pass_in_neither_direction(self, call: Call) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(app_with(b"<p>", [*HTML, (b"x-guardware-verdict", b"allow")], seen=seen))
        reply = await call(app, "/", [*page_headers(), (b"x-guardware-verdict", b"allow")])
        assert not [h for h in (*seen[0]["headers"], *reply.headers) if h[0].startswith(b"x-guardware")]

    async def test_a_stream_is_not_held_back(self) -> None:
        first = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            kind = (b"content-type", b"text/event-stream")
            await send({"type": "http.response.start", "status": 200, "headers": [kind]})
            await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
            await asyncio.wait_for(first.wait(), 5)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def send(message: Message) -> None:
            if message.get("body"):
                first.set()

        async def receive() -> Message:
            return {"type": "http.request"}

        for headers in (CURL, page_headers()):
            first.clear()
            scope = {
                "type": "http",
                "method": "GET",
                "path": "/events",
                "headers": headers,
                "client": ("192.0.2.1", 1),
            }
            await GuardMiddleware(app)(scope, receive, send)
            assert first.is_set()

    async def test_lifespan_reaches_the_application(self) -> None:
        seen: list[str] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append((await receive())["type"])
            await send({"type": "lifespan.startup.complete"})
            seen.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})

        events = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> Message:
            return {"type": next(events)}

        async def send(message: Message) -> None:
            seen.append(message["type"])

        await GuardMiddleware(app)({"type": "lifespan"}, receive, send)
        assert seen == [
            "lifespan.startup", "lifespan.startup.complete", "lifespan.shutdown", "lifespan.shutdown.complete"
        ]  # fmt: skip

    async def test_an_application_without_lifespan_does_not_close_the_store_before_its_first_visit(
        self, call: Call
    ) -> None:
        async def django(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                raise ValueError("Django can only handle ASGI/HTTP connections, not lifespan.")
            await app_with(b"<p>", HTML)(scope, receive, send)

        async def receive() -> Message:
            return {"type": "lifespan.startup"}

        async def send(message: Message) -> None:
            raise AssertionError("nothing to say")

        guarded = GuardMiddleware(django, {"store": {"url": "redis://127.0.0.1:1"}})
        closed: list[bool] = []

        async def close() -> None:
            closed.append(True)

        guarded.parts.guard.store.close = close  # type: ignore[method-assign]
        with pytest.raises(ValueError, match="not lifespan"):
            await guarded({"type": "lifespan"}, receive, send)
        assert closed == []

    @pytest.mark.parametrize(
        ("path", "headers", "reached"),
        [("/live", BROWSER, True), ("/live", GPTBOT, False), ("/.guardware/auth", BROWSER, False)],
    )
    async def test_websockets_of_the_declared_are_closed_and_those_to_ourselves(
        self, path: str, headers: RawHeaders, reached: bool
    ) -> None:
        seen: list[Any] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope["state"]["guardware"])

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            assert message["type"] == "websocket.close"

        scope = {"type": "websocket", "path": path, "headers": headers, "client": ("192.0.2.1", 1)}
        await GuardMiddleware(app)(scope, receive, send)
        assert bool(seen) is reached

    async def test_health_is_open_and_metrics_are_not(self, call: Call) -> None:
        app = GuardMiddleware(app_with(b"", HTML))
        assert b'"status":"ok"' in (await call(app, "/.guardware/health", CURL)).body
        assert (await call(app, "/.guardware/metrics", CURL)).status == 404
        metrics = await call(app, "/.guardware/metrics", CURL, ip="127.0.0.1")
        assert b"guardware_images_made" in metrics.body
        assert (await call(app, "/.guardware/secret", CURL)).status == 404

    async def test_an_untrusted_private_proxy_is_told_once(
        self, call: Call, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = GuardMiddleware(app_with(b"", HTML))
        for _ in range(2):
            await call(app, "/", [*page_headers(), (b"x-forwarded-for", b"198.51.100.1")], ip="10.0.0.1")
        assert sum("trusted_proxies" in r.message for r in caplog.records) == 1

    def test_a_wrong_configuration_is_told_at_once(self) -> None:
        with pytest.raises(ConfigError, match="mod"):
            GuardMiddleware(app_with(b"", HTML), {"mod": "monitor"})

    async def test_a_visit_under_way_ends_by_the_configuration_it_began_with(
        self, call: Call, picture: bytes
    ) -> None:
        held, go = asyncio.Event(), asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            held.set()
            await go.wait()
            await app_with(picture, JPEG)(scope, receive, send)

        app = GuardMiddleware(slow)
        under_way = asyncio.ensure_future(call(app, "/art/1.jpg", CURL))
        await held.wait()
        tiny = {"images": {"variants": {"tiny": [{"resize": 64}]}, "verdicts": {"suspect": "tiny"}}}
        await app.reload(from_mapping(tiny))
        go.set()
        assert size((await under_way).body) == (1024, 768)
        assert size((await call(app, "/art/1.jpg", CURL)).body) == (64, 48)

    async def test_a_store_that_was_given_is_never_replaced_or_closed(self, call: Call) -> None:
        store = MemoryStore()
        app = GuardMiddleware(app_with(b"<p>", HTML), store=store)
        await call(app, "/", page_headers())
        await app.reload(from_mapping({"budgets": {"per_hour": 5000, "per_day": 50000}}))
        assert app.parts.guard.store is store
        assert len(store) == 1

    async def test_a_page_limit_cannot_be_escaped_by_saying_style(self, call: Call) -> None:
        limits = {"client": {"api": {"rate": "1/minute", "burst": 2}}}
        app = GuardMiddleware(app_with(b"<p>", HTML), {"limits": limits})
        lying = [(k, b"style" if k == b"sec-fetch-dest" else v) for k, v in page_headers()]
        assert [(await call(app, "/", lying)).status for _ in range(3)] == [200, 200, 429]

    async def test_the_owners_noindex_stays_on_variants(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, [*JPEG, (b"x-robots-tag", b"noindex")]))
        reply = await call(app, "/art/1.jpg", CURL)
        assert reply.all("x-robots-tag") == ["noai, noimageai", "noindex"]

    async def test_pages_are_whole_while_there_is_no_room_for_pictures(self, call: Call) -> None:
        page = b"<p>hi, " + b"all of you " * 20
        app = GuardMiddleware(app_with(page, HTML, chunk=10))
        assert app.parts.maker.holding.take(2 * app.parts.config.images.max_bytes)
        assert (await call(app, "/", CURL)).body == page

    async def test_reload_keeps_what_is_known_of_clients(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"mode": "monitor"})
        store = app.parts.guard.store
        assert (await call(app, "/art/1.jpg", CURL)).body == picture
        await app.reload(app.parts.config.model_copy(update={"mode": "enforce"}))
        assert (await call(app, "/art/1.jpg", CURL)).body != picture
        assert app.parts.guard.store is store

    async def test_reload_keeps_what_was_proven_of_crawlers(self) -> None:
        app = GuardMiddleware(app_with(b"<p>", HTML))
        verifier = app.parts.guard.verifier
        await app.reload(app.parts.config.model_copy(update={"mode": "monitor"}))
        assert app.parts.guard.verifier is verifier is not None

    async def test_reload_reads_a_list_of_networks_that_was_rewritten(self, tmp_path: Path) -> None:
        networks = tmp_path / "hosting.txt"
        networks.write_text("192.0.2.0/24\n")
        app = GuardMiddleware(app_with(b"<p>", HTML), {"clients": {"networks": {"hosting": [str(networks)]}}})
        before = app.parts.guard.hosting
        await app.reload(app.parts.config)
        assert app.parts.guard.hosting is before
        networks.write_text("192.0.2.0/24\n198.51.100.0/24\n")
        await app.reload(app.parts.config)
        assert before.owner("198.51.100.7") is None
        assert app.parts.guard.hosting.owner("198.51.100.7") is not None


NAMES = st.sampled_from(
    [b"host", b"user-agent", b"accept", b"accept-language", b"accept-encoding", b"referer", b"range", b"cookie",
     b"if-none-match", b"sec-ch-ua", b"sec-fetch-dest", b"x-forwarded-for", b"forwarded", b"x-guardware-x"]
)  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=40), st.sampled_from([b"und", b"*", b"xx-!!", b"x" * 65536, b"\xff" * 300, b""])
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(path=st.text(max_size=30), headers=st.lists(st.tuples(NAMES, VALUES), max_size=60), ip=st.text(max_size=20))
async def test_nothing_a_client_sends_is_an_error(call: Call, path: str, headers: RawHeaders, ip: str) -> None:
    app = GuardMiddleware(app_with(b"\xff\xd8\xff" + b"original" * 9, JPEG))
    reply = await call(app, "/" + path, headers, raw_path=b"", ip=ip)
    assert reply.status in (200, 206, 304, 400, 403, 416, 429)


async def test_a_flood_of_headers_is_read_in_one_pass(call: Call) -> None:
    headers = [*page_headers(), *((b"x-%d" % n, b"y" * 100) for n in range(5000))]
    assert (await call(GuardMiddleware(app_with(b"<p>", HTML)), "/", headers)).status == 200


class TestTracedCopies:
    """Who got which marked copy is written down, and can be read from the copy."""

    def record(self, folder: Path) -> list[Entry]:
        return list(Record(folder / "trace"))

    async def test_each_is_in_the_record_with_its_visit(self, call: Call, picture: bytes, tmp_path: Path) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"store": {"folder": str(tmp_path)}})
        replies = [await call(app, "/art/1.jpg", CURL) for _ in range(2)]
        await call(app, "/art/1.jpg", BROWSER)
        await app._stop()
        entries = self.record(tmp_path)
        assert [(e.path, e.scheme, e.variant, e.user_agent) for e in entries] == 2 * [
            ("/art/1.jpg", "T2", "veiled-marked", "curl/8.5.0")
        ]
        assert [e.picture for e in entries] == 2 * [hashlib.sha256(picture).hexdigest()[:16]]
        assert [e.address for e in entries] == ["", ""]
        assert len({e.client for e in entries}) == 1
        for entry, reply in zip(entries, replies, strict=True):
            assert f"guardware:{entry.mark:010x}".encode() in reply.body
            assert entry.event in {event.support_id for event in app.parts.recorder.events}

    async def test_an_untraced_copy_is_not(self, call: Call, picture: bytes, tmp_path: Path) -> None:
        config = {**SHARED, "store": {"folder": str(tmp_path)}}
        app = GuardMiddleware(app_with(picture, JPEG), config)
        await call(app, "/art/1.jpg", CURL)
        await app._stop()
        assert self.record(tmp_path) == []


class TestReadyVariants:
    """An application that gives entity tags is not asked for an original twice."""

    async def test_the_second_visit_costs_a_304(self, call: Call, picture: bytes) -> None:
        sent: list[int] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            known = (b"if-none-match", b'"v1"') in scope["headers"]
            status, body = (304, b"") if known else (200, picture)
            sent.append(status)
            headers = [(b"etag", b'"v1"'), *([] if known else JPEG[:1])]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        guarded = GuardMiddleware(app, SHARED)
        replies = [await call(guarded, "/art/1.jpg", CURL) for _ in range(3)]
        assert sent == [200, 304, 304]
        assert len({reply.body for reply in replies}) == 1
        assert {reply.status for reply in replies} == {200}
        assert replies[1].headers == replies[0].headers

    async def test_another_tag_is_another_picture(self, call: Call, picture: bytes) -> None:
        now = {"tag": b'"v1"', "body": picture}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            headers = [(b"etag", now["tag"]), JPEG[0]]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": now["body"]})

        guarded = GuardMiddleware(app, SHARED)
        before = await call(guarded, "/art/1.jpg", CURL)
        again = await call(guarded, "/art/1.jpg", CURL)
        out = BytesIO()
        Image.new("RGB", (300, 200), "navy").save(out, "JPEG")
        now.update(tag=b'"v2"', body=out.getvalue())
        after = await call(guarded, "/art/1.jpg", CURL)
        assert again.body == before.body
        assert size(after.body) == (300, 200)

    async def test_a_304_that_nobody_asked_for_shows_nothing(self, call: Call) -> None:
        reply = await call(GuardMiddleware(app_with(b"", JPEG, status=304), SHARED), "/art/1.jpg", CURL)
        assert (reply.status, reply.body, reply.one("etag")) == (304, b"", None)


class TestVariantsForEveryone:
    """images.verdicts.everyone: what visitors get that nothing speaks against."""

    async def test_a_veil_for_all(self, call: Call, picture: bytes) -> None:
        app = GuardMiddleware(app_with(picture, JPEG), {"images": {"verdicts": {"everyone": "veiled"}}})
        reply = await call(app, "/art/1.jpg", BROWSER)
        assert reply.status == 200
        assert reply.one("cache-control") == "private, no-store"
        assert opened(reply.body).info["icc_profile"]
        assert picture[2000:2040] not in reply.body

    async def test_pages_keep_their_conditions(self, call: Call) -> None:
        seen: list[Scope] = []
        app = GuardMiddleware(
            app_with(b"<p>hi there, all of you", HTML, seen=seen), {"images": {"verdicts": {"everyone": "veiled"}}}
        )
        await call(app, "/", [*page_headers(), (b"if-none-match", b'"p"')])
        assert (b"if-none-match", b'"p"') in seen[0]["headers"]

    async def test_a_rule_that_allows_still_gives_the_original(self, call: Call, picture: bytes) -> None:
        config = {
            "images": {"verdicts": {"everyone": "veiled"}},
            "rules": [{"match": {"path": "/press/**"}, "action": "allow"}],
        }
        app = GuardMiddleware(app_with(picture, JPEG), config)
        assert (await call(app, "/press/1.jpg", BROWSER)).body == picture

    async def test_metadata_alone_for_those_who_get_the_pixels_anyway(self, call: Call, picture: bytes) -> None:
        config = {"site": {"name": "Ada"}, "images": {"verdicts": {"everyone": "credited"}}}
        reply = await call(GuardMiddleware(app_with(picture, JPEG), config), "/art/1.jpg", BROWSER)
        assert b"DMI-PROHIBITED-AIMLTRAINING" in reply.body
        assert opened(reply.body).tobytes() == opened(picture).tobytes()

    @pytest.mark.parametrize("max_bytes", [64_000_000, 50])
    async def test_and_the_original_where_metadata_cannot_be_written(self, call: Call, max_bytes: int) -> None:
        gif = (
            b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
            * 3
        )
        images = {"verdicts": {"everyone": "credited"}, "max_bytes": max_bytes}
        app = GuardMiddleware(app_with(gif, [(b"content-type", b"image/gif")], chunk=9), {"images": images})
        assert (await call(app, "/art/1.gif", BROWSER)).body == gif


DRAWING = (
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><script>x()</script><rect width='9' height='9'/></svg>"
)
SVG: RawHeaders = [(b"content-type", b"image/svg+xml")]


class TestIcons:
    @pytest.mark.parametrize(
        ("path", "veiled"), [("/favicon-32.png", False), ("/apple-touch-icon.png", False), ("/icons/1.png", True)]
    )
    async def test_carry_no_veil(self, call: Call, picture: bytes, path: str, veiled: bool) -> None:
        reply = await call(GuardMiddleware(app_with(picture, JPEG)), path, CURL)
        assert ("icc_profile" in opened(reply.body).info) is veiled
        assert picture[2000:2040] not in reply.body


class TestDrawings:
    """images.svg: what doubtful clients get of drawings."""

    @pytest.mark.parametrize(
        ("svg", "kind", "has_script"),
        [("serve", "image/svg+xml", True), ("sanitise", "image/svg+xml", False), ("refuse", "image/png", False)],
    )
    async def test_by_configuration(self, call: Call, svg: str, kind: str, has_script: bool) -> None:
        app = GuardMiddleware(app_with(DRAWING, SVG), {"images": {"svg": svg}})
        reply = await call(app, "/art/1.svg", CURL)
        assert reply.one("content-type") == kind
        assert (b"script" in reply.body) is has_script
        assert (b"rect" in reply.body) is (kind == "image/svg+xml")

    async def test_people_get_them_as_they_are(self, call: Call) -> None:
        app = GuardMiddleware(app_with(DRAWING, SVG), {"images": {"svg": "refuse"}})
        assert (await call(app, "/art/1.svg", BROWSER)).body == DRAWING
