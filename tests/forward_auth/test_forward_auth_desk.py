"""What a front is told, in each form in which it can be answered, and what the paths that it is told lead to."""

from collections.abc import Mapping
from typing import Any

import pytest
from asgi import BROWSER, CURL, Reply, call_app, page_headers
from path_tricks import PATHS

from guardware import GuardMiddleware
from guardware.http import ASGIApp, RawHeaders, Receive, Scope, Send

GPTBOT: RawHeaders = [
    (b"host", b"localhost"),
    (b"user-agent", b"Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    (b"accept", b"*/*"),
]
CONFIG: dict[str, Any] = {"clients": {"trusted_proxies": ["127.0.0.1", "unix"]}}
UNLIMITED = {
    **CONFIG,
    "limits": {who: {"page": None, "image": None, "feed": None, "api": None} for who in ("client", "network")},
    "images": {"verdicts": {"doubtful": "plain", "suspect": "plain"}, "variants": {"plain": [{"resize": 300}]}},
}
FRONT = "127.0.0.1"
VISITOR = b"203.0.113.9"


def site(picture: bytes, seen: list[Scope] | None = None) -> ASGIApp:
    """A picture at every address but those that end in / or .css, where there is a page."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if seen is not None:
            seen.append(scope)
        page = scope["path"].endswith(("/", ".css", ".txt"))
        body, kind = (b"<p>hi", b"text/html") if page else (picture, b"image/jpeg")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return app


def guarded(app: ASGIApp, config: Mapping[str, Any] = CONFIG) -> GuardMiddleware:
    return GuardMiddleware(app, config)


@pytest.fixture(scope="module")
def usual(picture: bytes) -> GuardMiddleware:
    """One guard for all who only look: making one takes a tenth of a second."""
    return guarded(site(picture))


async def ask(
    app: ASGIApp,
    target: str,
    headers: RawHeaders = BROWSER,
    *,
    method: str = "GET",
    query: bytes = b"",
    more: RawHeaders | None = None,
    front: str = FRONT,
) -> Reply:
    """The question that nginx asks for ``target``."""
    told = [
        (b"x-original-method", method.encode()),
        (b"x-original-uri", target.encode()),
        (b"x-forwarded-for", VISITOR),
        *(more or []),
    ]
    return await call_app(app, "/.guardware/auth", [*told, *headers], ip=front, query_string=query)


async def fetch(
    app: ASGIApp, path: str | None, headers: RawHeaders = BROWSER, *, method: str = "GET", ip: bytes = VISITOR
) -> Reply:
    """What guardware answers at the path that it told the front."""
    assert path is not None
    return await call_app(app, path, [(b"x-forwarded-for", ip), *headers], method=method, ip=FRONT)


class TestTheAnswer:
    @pytest.mark.parametrize(
        ("target", "headers", "query", "status", "says"),
        [
            # people
            ("/art/1.jpg", BROWSER, b"", 200, {"x-robots-tag": "noai, noimageai", "x-guardware-action": "allow"}),
            ("/", page_headers(), b"", 200, {"x-robots-tag": "noai, noimageai"}),
            ("/", page_headers(), b"answer=redirect", 200, {}),
            ("/a.css", BROWSER, b"serves=files", 200, {"x-robots-tag": None, "x-guardware-variant": None}),
            ("/a.css", BROWSER, b"answer=path", 200, {"x-guardware-variant": "path"}),
            ("/robots.txt", BROWSER, b"serves=files", 200, {"x-guardware-variant": "path"}),
            # the doubted
            ("/art/1.jpg", CURL, b"", 200, {"x-guardware-variant": "path", "x-guardware-action": "protect"}),
            ("/art/1", CURL, b"serves=files", 200, {"x-guardware-variant": "path"}),
            ("/", CURL, b"", 200, {"x-guardware-variant": "path", "cache-control": "no-store"}),
            ("/art/1.jpg", CURL, b"answer=redirect", 302, {"location": "path", "cache-control": "no-store"}),
            ("/art/1", CURL, b"answer=redirect", 302, {"location": "path"}),
            ("/", CURL, b"answer=redirect", 200, {"location": None, "x-guardware-variant": None}),
            # the refused
            ("/art/1.jpg", GPTBOT, b"", 403, {"content-type": "text/plain; charset=utf-8"}),
            ("/", GPTBOT, b"answer=redirect", 403, {"cache-control": "no-store", "location": None}),
            ("/", GPTBOT, b"answer=path", 403, {"x-guardware-variant": "path", "x-guardware-status": "403"}),
            ("/robots.txt", GPTBOT, b"answer=path", 200, {"x-guardware-variant": "path"}),
            # what cannot be judged
            ("/art/%2e%2e/1.jpg", BROWSER, b"", 400, {}),
            ("/art/%2e%2e/1.jpg", BROWSER, b"answer=path", 403, {"x-guardware-status": "400"}),
            ("/.guardware/health", BROWSER, b"", 403, {"x-guardware-variant": None}),
            ("/art/1.jpg", BROWSER, b"answer=no", 403, {}),
            ("/art/1.jpg", BROWSER, b"order=lost", 200, {"x-guardware-action": "allow"}),
            ("/art/1.jpg", BROWSER, b"answer=path&answer=page", 403, {}),
            ("/art/1.jpg", BROWSER, b"serves=everything", 403, {}),
        ],
    )
    async def test_by_client_and_form(
        self,
        usual: GuardMiddleware,
        target: str,
        headers: RawHeaders,
        query: bytes,
        status: int,
        says: dict[str, str | None],
    ) -> None:
        reply = await ask(usual, target, headers, query=query)
        assert reply.status == status
        for name, value in says.items():
            found = reply.one(name)
            if value == "path":
                assert found is not None
                assert found.startswith("/.guardware/image/")
            else:
                assert found == value

    async def test_a_limit(self, picture: bytes) -> None:
        limits = {"client": {"page": {"rate": "1/minute", "burst": 1}}}
        app = guarded(site(picture), {**CONFIG, "limits": limits})
        assert (await ask(app, "/", page_headers())).status == 200
        whole = await ask(app, "/", page_headers())
        assert (whole.status, whole.one("retry-after")) == (429, "60")
        short = await ask(app, "/", page_headers(), query=b"answer=path")
        assert (short.status, short.one("x-guardware-status")) == (403, "429")
        led = await fetch(app, short.one("x-guardware-variant"), page_headers())
        assert (led.status, led.one("content-type")) == (429, "text/html; charset=utf-8")
        assert int(led.one("retry-after") or 0) > 0

    @pytest.mark.parametrize("front", ["198.51.100.1", "127.0.0.2"])
    async def test_is_for_the_front_alone(self, picture: bytes, front: str) -> None:
        app = guarded(site(picture))
        for headers in (BROWSER, GPTBOT):
            reply = await ask(app, "/art/1.jpg", headers, front=front)
            assert (reply.status, reply.body) == (404, b"There is nothing here.\n")
        assert sum(app.parts.recorder.counts.values()) == 0

    async def test_comes_over_a_trusted_unix_socket(self, usual: GuardMiddleware) -> None:
        told = [(b"x-original-method", b"GET"), (b"x-original-uri", b"/a.jpg"), (b"x-forwarded-for", VISITOR)]
        reply = await call_app(usual, "/.guardware/auth", [*told, *CURL], client=None)
        assert reply.one("x-guardware-variant") is not None

    async def test_is_not_for_a_socket_that_is_not_trusted(self, picture: bytes) -> None:
        app = guarded(site(picture), {"clients": {"trusted_proxies": ["127.0.0.1"]}})
        told = [(b"x-original-method", b"GET"), (b"x-original-uri", b"/a.jpg"), (b"x-forwarded-for", VISITOR)]
        for path in ("/.guardware/auth", "/.guardware/image/x"):
            assert (await call_app(app, path, [*told, *BROWSER], client=None)).status == 404

    async def test_says_what_the_front_left_out(self, usual: GuardMiddleware) -> None:
        reply = await call_app(usual, "/.guardware/auth", BROWSER, ip=FRONT)
        assert (reply.status, reply.body.startswith(b"There is no X-Forwarded-For")) == (403, True)

    @pytest.mark.parametrize(
        "line",
        [
            (b"x-forwarded-uri", b"/robots.txt"),
            (b"x-original-url", b"http://localhost/robots.txt"),
            (b"x-forwarded-method", b"POST"),
            (b"x-original-uri", b"/art/1.jpg"),
        ],
    )
    async def test_a_contradiction_is_refused(self, usual: GuardMiddleware, line: tuple[bytes, bytes]) -> None:
        reply = await ask(usual, "/art/1.jpg", more=[line])
        assert reply.status == 403

    async def test_no_trick_helps_the_refused(self, picture: bytes) -> None:
        app = guarded(site(picture), UNLIMITED)
        for target in PATHS:
            assert (await ask(app, target, GPTBOT, query=b"serves=files")).status >= 400, target

    async def test_no_trick_helps_the_doubted(self, picture: bytes) -> None:
        """Whatever the front may not refuse, it gets from guardware."""
        app = guarded(site(picture), UNLIMITED)
        for target in PATHS:
            reply = await ask(app, target, CURL, query=b"serves=files")
            if reply.status == 200:
                led = await fetch(app, reply.one("x-guardware-variant"), CURL)
                assert picture[1000:1100] not in led.body, target

    async def test_monitor_allows_everything_and_counts_it(self, picture: bytes) -> None:
        app = guarded(site(picture), {**CONFIG, "mode": "monitor"})
        for target, headers in (("/art/1.jpg", GPTBOT), ("/art/1.jpg", CURL), ("/art/%2e%2e/1.jpg", CURL)):
            reply = await ask(app, target, headers)
            assert (reply.status, reply.one("x-guardware-variant")) == (200, None)
        assert sum(app.parts.recorder.counts.values()) == 2

    async def test_other_methods_are_redirected_with_their_body(self, usual: GuardMiddleware) -> None:
        reply = await ask(usual, "/form", CURL, method="POST", query=b"answer=redirect")
        assert reply.status == 307

    async def test_folds_notices_of_one_name(self, picture: bytes) -> None:
        app = guarded(site(picture), {**CONFIG, "notices": {"noindex_pictures": True}})
        assert (await ask(app, "/art/1.jpg")).one("x-robots-tag") == "noai, noimageai, noindex"


@pytest.mark.parametrize(("query", "action"), [(b"answer=path", "protect"), (b"answer=path&order=lost", "allow")])
async def test_an_order_that_the_front_made_is_no_evidence(picture: bytes, query: bytes, action: str) -> None:
    """HAProxy's Lua shuffles headers; by their order people would be taken for programs."""
    app = guarded(site(picture), UNLIMITED)
    app.parts.guard.order.kept = True
    reply = await ask(app, "/art/1.jpg", [*BROWSER[:1], *reversed(BROWSER[1:])], query=query)
    assert reply.one("x-guardware-action") == action


class TestEnvoy:
    """Asks with the visitor's method and path, put behind the endpoint's address (ext_authz, path_prefix)."""

    @pytest.mark.parametrize(
        ("headers", "status"),
        [(BROWSER, 200), (CURL, 302), (GPTBOT, 403), ([*BROWSER, (b"x-original-uri", b"/")], 403)],
    )
    async def test_asks(self, usual: GuardMiddleware, headers: RawHeaders, status: int) -> None:
        told = [(b"x-forwarded-for", VISITOR), *headers]
        reply = await call_app(usual, "/.guardware/auth/art/1.jpg", told, ip=FRONT)
        assert reply.status == status

    async def test_the_query_is_the_visitors(self, usual: GuardMiddleware) -> None:
        told = [(b"x-forwarded-for", VISITOR), *GPTBOT]
        reply = await call_app(usual, "/.guardware/auth/art/1.jpg", told, ip=FRONT, query_string=b"answer=path")
        assert (reply.status, reply.one("x-guardware-variant")) == (403, None)

    async def test_a_head_has_no_body(self, usual: GuardMiddleware) -> None:
        told = [(b"x-forwarded-for", VISITOR), *GPTBOT]
        reply = await call_app(usual, "/.guardware/auth/a.jpg", told, ip=FRONT, method="HEAD")
        assert (reply.status, reply.body) == (403, b"")

    @pytest.mark.parametrize("path", ["//.guardware/auth/a.jpg", "/.guardware//auth/a.jpg", "/.guardware/authx"])
    async def test_nothing_beside_the_address(self, usual: GuardMiddleware, path: str) -> None:
        reply = await call_app(usual, path, [(b"x-forwarded-for", VISITOR), *BROWSER], ip=FRONT)
        assert reply.status == 404


class TestThePath:
    async def test_leads_to_the_variant_that_was_judged(self, picture: bytes) -> None:
        seen: list[Scope] = []
        app = guarded(site(picture, seen))
        asked = await ask(app, "/art/caf%C3%A9.jpg?w=9", CURL)
        led = await fetch(app, asked.one("x-guardware-variant"), CURL)
        assert led.status == 200
        assert (led.one("content-type") or "").startswith("image/")
        assert led.one("x-robots-tag") == "noai, noimageai"
        assert (led.one("cache-control") or "").startswith("private")
        scope = seen[-1]
        assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
            "/art/caf\u00e9.jpg",
            b"/art/caf%C3%A9.jpg",
            b"w=9",
        )
        assert scope["state"]["guardware"].action == "protect"
        assert scope["state"]["guardware.visit"].path == "/art/caf\u00e9.jpg"

    @pytest.mark.parametrize("length", [10, 2900, 3100, 8000, 20_000])
    async def test_stands_for_an_address_of_any_length(self, picture: bytes, length: int) -> None:
        seen: list[Scope] = []
        app = guarded(site(picture, seen))
        query = "x" * length
        where = (await ask(app, f"/art/1.jpg?{query}", CURL)).one("x-guardware-variant") or ""
        path, _, rest = where.partition("?")
        told = [(b"x-forwarded-for", VISITOR), *CURL]
        reply = await call_app(app, path, told, ip=FRONT, query_string=rest.encode())
        assert (reply.status, seen[-1]["query_string"]) == (200, query.encode())
        other = await call_app(app, path, told, ip=FRONT, query_string=b"w=9")  # Caddy leaves the visitor's own
        assert other.status == (403 if rest else 200)

    async def test_is_judged_and_counted_once(self, picture: bytes) -> None:
        app = guarded(site(picture))
        asked = await ask(app, "/art/1.jpg", CURL)
        for _ in range(3):
            await fetch(app, asked.one("x-guardware-variant"), CURL)
        assert sum(app.parts.recorder.counts.values()) == 1

    @pytest.mark.parametrize("query", [b"", b"answer=redirect"])
    async def test_opens_a_few_times_and_no_more(self, picture: bytes, query: bytes) -> None:
        """Else a redirected program could come as often as it liked, past every limit."""
        app = guarded(site(picture), UNLIMITED)
        asked = await ask(app, "/art/1.jpg", CURL, query=query)
        path = asked.one("x-guardware-variant") or asked.one("location")
        replies = [await fetch(app, path, CURL) for _ in range(5)]
        assert [reply.status for reply in replies] == [200, 200, 200, 403, 403]
        again = await ask(app, "/art/1.jpg", CURL, query=query)
        assert (await fetch(app, again.one("x-guardware-variant") or again.one("location"), CURL)).status == 200

    async def test_changes_something_once(self, picture: bytes) -> None:
        app = guarded(site(picture))
        path = (await ask(app, "/form", CURL, method="POST")).one("x-guardware-variant")
        assert (await fetch(app, path, CURL, method="POST")).status == 200
        assert (await fetch(app, path, CURL, method="POST")).status == 403

    async def test_who_may_not_open_it_uses_nothing_up(self, picture: bytes) -> None:
        app = guarded(site(picture))
        path = (await ask(app, "/art/1.jpg", CURL)).one("x-guardware-variant")
        for _ in range(5):
            assert (await fetch(app, path, CURL, ip=b"203.0.113.10")).status == 403
        assert (await fetch(app, path, CURL)).status == 200

    async def test_is_named_in_the_record_of_copies(self, picture: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        app = guarded(site(picture))
        notes: list[Any] = []
        assert app.parts.ledger is not None
        monkeypatch.setattr(app.parts.ledger, "note", notes.append)
        asked = await ask(app, "/art/1.jpg", CURL)
        await fetch(app, asked.one("x-guardware-variant"), CURL)
        assert [(note.path, note.event) for note in notes] == [
            ("/art/1.jpg", app.parts.recorder.events[-1].support_id)
        ]

    async def test_answers_head_and_ranges_as_for_any_variant(self, picture: bytes) -> None:
        app = guarded(site(picture), UNLIMITED)
        path = (await ask(app, "/art/1.jpg", CURL)).one("x-guardware-variant")
        whole = await fetch(app, path, CURL)
        head = await fetch(app, path, CURL, method="HEAD")
        assert (head.status, head.body, head.one("content-length")) == (200, b"", str(len(whole.body)))
        part = await fetch(app, path, [*CURL, (b"range", b"bytes=0-9")])
        assert (part.status, part.body) == (206, whole.body[:10])
        known = await fetch(app, path, [*CURL, (b"if-none-match", (whole.one("etag") or "").encode())])
        assert known.status == 304

    async def test_opens_to_the_one_it_was_made_for(self, picture: bytes, usual: GuardMiddleware) -> None:
        path = (await ask(usual, "/art/1.jpg", CURL)).one("x-guardware-variant")
        assert (await fetch(usual, path, CURL, ip=b"203.0.113.10")).status == 403
        assert (await fetch(usual, path, BROWSER)).status == 403
        assert (await fetch(usual, path, [(b"host", b"elsewhere"), *CURL[1:]])).status == 403
        assert (await fetch(usual, path, CURL, method="POST")).status == 403
        assert (
            await fetch(guarded(site(picture), {**CONFIG, "store": {"folder": "none"}}), path, CURL)
        ).status == 403

    @pytest.mark.parametrize("last", ["x", "", "A" * 60, "art/1.jpg", "../../art/1.jpg", "-x"])
    async def test_nobody_makes_one(self, usual: GuardMiddleware, last: str) -> None:
        reply = await fetch(usual, f"/.guardware/image/{last}", CURL)
        assert reply.status in (400, 403, 404)
        assert len(reply.body) < 2000

    async def test_is_for_the_front_alone(self, picture: bytes) -> None:
        app = guarded(site(picture))
        path = (await ask(app, "/art/1.jpg", CURL)).one("x-guardware-variant")
        assert path is not None
        assert (await call_app(app, path, CURL, ip="203.0.113.9")).status == 404

    async def test_brings_notices_to_everybody(self, picture: bytes) -> None:
        app = guarded(site(picture))
        path = (await ask(app, "/robots.txt", GPTBOT)).one("x-guardware-variant")
        reply = await fetch(app, path, GPTBOT)
        assert (reply.status, b"GPTBot" in reply.body) == (200, True)

    async def test_an_address_without_meaning_is_a_bad_request(self, picture: bytes) -> None:
        app = guarded(site(picture))
        path = (await ask(app, "/a%00.jpg", query=b"answer=path")).one("x-guardware-variant")
        assert (await fetch(app, path)).status == 400

    async def test_forged_headers_go_no_further(self, picture: bytes) -> None:
        seen: list[Scope] = []
        app = guarded(site(picture, seen))
        headers = [*CURL, (b"x-guardware-action", b"allow")]
        path = (await ask(app, "/art/1.jpg", headers)).one("x-guardware-variant")
        await fetch(app, path, headers)
        assert [name for name, _ in seen[-1]["headers"] if name.startswith(b"x-guardware")] == []


class TestHosts:
    async def test_the_visitors_host_has_its_own_policy(self, picture: bytes) -> None:
        """Traefik asks under guardware's own name, and tells the visitor's."""
        rules = [{"match": {"host": "closed.test"}, "action": "deny"}]
        app = guarded(site(picture), {**CONFIG, "rules": rules})
        told = [(b"x-forwarded-method", b"GET"), (b"x-forwarded-uri", b"/a.jpg"), (b"x-forwarded-for", VISITOR)]
        for host, status in ((b"open.test", 200), (b"closed.test", 403)):
            headers = [*told, (b"x-forwarded-host", host), *BROWSER]
            assert (await call_app(app, "/.guardware/auth", headers, ip=FRONT)).status == status

    @pytest.mark.parametrize("host", [b"localhost:99999", b"a$b", b"a b", b""])
    @pytest.mark.parametrize(("mode", "status"), [("enforce", 403), ("monitor", 200)])
    async def test_a_host_that_cannot_be_read_is_no_guard_that_is_away(
        self, picture: bytes, host: bytes, mode: str, status: int
    ) -> None:
        """nginx makes 500 of any other status, and its page says that the site is away."""
        seen: list[Scope] = []
        app = guarded(site(picture, seen), {**CONFIG, "mode": mode})
        reply = await ask(app, "/art/1.jpg", [(b"host", host), *CURL[1:]])
        assert (reply.status, seen) == (status if host else 200, [])

    async def test_a_path_of_one_host_opens_at_no_other(self, picture: bytes) -> None:
        hosts = {"a.test": {"site": {"name": "A"}}, "b.test": {"site": {"name": "B"}}}
        app = guarded(site(picture), {**CONFIG, "hosts": hosts})
        told = [(b"x-original-method", b"GET"), (b"x-original-uri", b"/art/1.jpg"), (b"x-forwarded-for", VISITOR)]
        asked = await call_app(app, "/.guardware/auth", [*told, (b"x-forwarded-host", b"a.test"), *CURL], ip=FRONT)
        path = asked.one("x-guardware-variant") or ""
        for host, status in ((b"b.test", 403), (b"localhost", 403), (b"a.test", 200)):
            lines = [(b"x-forwarded-for", VISITOR), (b"x-forwarded-host", host), *CURL]
            assert (await call_app(app, path, lines, ip=FRONT)).status == status, host


class TestKeeping:
    """Whether the front may keep its answer for a second."""

    @pytest.mark.parametrize(
        ("target", "headers", "config", "keeps"),
        [
            ("/art/1.jpg", BROWSER, {}, True),
            ("/", page_headers(), {}, False),
            ("/art/1.jpg", CURL, {}, False),
            ("/art/1.jpg", [*BROWSER, (b"cookie", b"a=1")], {}, False),
            ("/art/1.jpg", [*BROWSER, (b"authorization", b"Basic x")], {}, False),
            ("/art/1.jpg", [*BROWSER, (b"signature-input", b"x")], {}, False),
            ("/art/1.jpg", BROWSER, {"mode": "monitor"}, True),
            ("/art/1.jpg", BROWSER, {"clients": {**CONFIG["clients"], "facts": {"ja4": "X-JA4"}}}, False),
            ("/art/1.jpg", BROWSER, {"clients": {**CONFIG["clients"], "account": {"header": "X-User"}}}, False),
            (
                "/art/1.jpg",
                BROWSER,
                {"rules": [{"match": {"header": {"X-Key": "1"}}, "action": "deny"}]},
                False,
            ),
        ],
    )
    async def test_only_what_a_second_does_not_change(
        self,
        picture: bytes,
        usual: GuardMiddleware,
        target: str,
        headers: RawHeaders,
        config: dict[str, Any],
        keeps: bool,
    ) -> None:
        app = guarded(site(picture), {**CONFIG, **config}) if config else usual
        reply = await ask(app, target, headers)
        assert reply.one("cache-control") == ("max-age=1" if keeps else "no-store")
