"""Ways to get more originals than one's conduct allows, or to break the guard, that do not work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from asgi import BROWSER, CURL, call_app, page_headers
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_server import RedisServer

from guardware import Action, Guard, GuardMiddleware
from guardware.config import from_mapping
from guardware.crawlers.catalogue import Catalogue
from guardware.http import RawHeaders, Receive, Scope, Send
from guardware.store import MemoryStore
from guardware.verdict import Verdict

NOW = 1_763_800_000.0
CATALOGUE = Catalogue.load()
PAGE = page_headers()
A_LIST = 21
"""Originals that a list of numbered pictures yields, if no page is opened (test_guard_conduct.py)."""


class Site:
    """A guard with its store; each visit comes half a second after the one before."""

    def __init__(self, **config: object) -> None:
        self.store = MemoryStore()
        self.guard = Guard(
            from_mapping(config), catalogue=CATALOGUE, store=self.store, notices=frozenset(["/robots.txt"])
        )
        self.now = NOW

    def visit(
        self, path: str, headers: RawHeaders = BROWSER, *, method: str = "GET", query: bytes = b""
    ) -> Verdict:
        self.now += 0.5
        scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
        visit = self.guard.read({**scope, "client": ("198.51.100.7", 1)})
        assert visit is not None
        return self.guard.judge_now(visit, self.store, self.now)


# What does not wash a record clean ---------------------------------------------------------------------------

TRICKS: dict[str, Callable[[int], dict[str, Any]]] = {
    "HEAD before": lambda n: {"method": "HEAD" if n % 2 else "GET"},
    "a Range": lambda n: {"headers": [*BROWSER, (b"range", b"bytes=%d-" % n)]},
    "a condition": lambda n: {"headers": [*BROWSER, (b"if-none-match", b'"%d"' % n)]},
    "another cookie each time": lambda n: {"headers": [*BROWSER, (b"cookie", b"session=%d" % n)]},
    "another query each time": lambda n: {"query": b"_=%d" % (n * 977)},
    "another account each time": lambda n: {"headers": [*BROWSER, (b"cookie", b"sid=%d" % n)]},
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_list_yields_no_more_with(trick: str) -> None:
    site = Site(clients={"account": {"cookie": "sid"}})
    found = [site.visit(f"/art/{n:04}.jpg", **TRICKS[trick](n)) for n in range(300)]
    assert sum(v.action is Action.ALLOW for v in found) <= A_LIST


def test_one_picture_under_ever_new_queries_is_many_pictures() -> None:
    site = Site()
    site.visit("/", PAGE)
    found = [site.visit("/art/dune.jpg", query=b"_=%d" % (n * 977)) for n in range(600)]
    assert sum(v.action is Action.ALLOW for v in found) <= 310


def test_robots_txt_icons_and_style_sheets_are_no_pages() -> None:
    site, got = Site(), 0
    for number in range(300):
        site.visit(("/robots.txt", "/favicon.ico", "/style.css")[number % 3])
        got += site.visit(f"/art/{number:04}.jpg").action is Action.ALLOW
    assert got <= A_LIST


@pytest.mark.parametrize("years", [-10, -1, 1, 10])
def test_a_clock_that_was_years_off_harms_nobody(years: int) -> None:
    site = Site()
    site.now = NOW + years * 365 * 86400
    for number in range(250):
        site.visit(f"/art/{number:04}.jpg")
    site.now = NOW
    site.visit("/", PAGE)
    assert {site.visit(f"/art/{number:04}.jpg").action for number in range(30)} == {Action.ALLOW}


# Bad input ---------------------------------------------------------------------------------------------------

NAMES = b"""user-agent accept accept-language accept-encoding sec-fetch-dest sec-fetch-mode sec-fetch-site cookie
sec-ch-ua sec-ch-ua-mobile referer host x-forwarded-for forwarded signature-input upgrade x-protocol x-alpn
x-ja4""".split()
VALUES = st.binary(max_size=60) | st.sampled_from(
    [
        b"9" * 400,
        b"document",
        b"image",
        b"text/html",
        b"sid=" + b"1" * 5000,
        b"Mozilla/5.0 (X) Chrome/" + b"9" * 300,
    ]
)
PATHS = st.text(max_size=30) | st.sampled_from(["9" * 400 + ".jpg", "a.jpg", ".css", "favicon", "robots.txt"])
SITE = Site(
    clients={
        "account": {"cookie": "sid"},
        "trusted_proxies": ["198.51.100.0/24"],
        "facts": {"protocol": "X-Protocol", "alpn": "X-Alpn", "ja4": "X-JA4"},
    },
    notices={"robots_disallow": ["/private/*$", "/**/a", "["]},
)


@settings(max_examples=200, deadline=None)
@given(
    headers=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12),
    path=PATHS,
    query=st.binary(max_size=50) | st.just(b"id=" + b"1" * 400),
    method=st.sampled_from(["GET", "HEAD", "POST", "get", "", "X" * 99]),
    peer=st.sampled_from(["198.51.100.7", "::1", "", None, "fe80::1%e"]),
    status=st.integers(100, 999),
    now=st.floats(0, 4e9, allow_nan=False),
)
def test_whatever_comes_whenever_is_judged(
    headers: RawHeaders, path: str, query: bytes, method: str, peer: str | None, status: int, now: float
) -> None:
    scope = {"type": "http", "method": method, "path": f"/{path}", "query_string": query, "headers": headers}
    visit = SITE.guard.read({**scope, "client": (peer, 1) if peer is not None else None})
    if visit is not None:
        verdict = SITE.guard.judge_now(visit, SITE.store, now)
        assert -6 <= verdict.score <= 14
        SITE.guard.answered(visit, status, sets_cookie=True, now=now)


async def picture_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what nobody can decode; these tests look at what is remembered, not at pictures."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<p>hello"})


@pytest.mark.parametrize("answer", [5, b"bytes", "\ud800" * 999, object(), [], None])
async def test_an_account_function_that_answers_oddly_costs_nobody_the_page(answer: Any) -> None:
    app = GuardMiddleware(picture_app, {"store": {"folder": "none"}}, account=lambda scope: answer)
    assert (await call_app(app, "/", PAGE)).status == 200


# Privacy -----------------------------------------------------------------------------------------------------


async def test_nothing_raw_is_kept_in_redis_events_metrics_or_files(tmp_path: Path) -> None:
    """Addresses, cookies, accounts and user-agents; and of paths only those that events name."""
    server = RedisServer(tmp_path).start()
    events = tmp_path / "events.jsonl"
    app = GuardMiddleware(
        picture_app,
        {
            "store": {"url": server.url, "folder": str(tmp_path / "state"), "timeout": "2s"},
            "clients": {"account": {"cookie": "sid"}},
            "observe": {"file": str(events)},
        },
    )
    try:
        for number in range(20):
            cookies = [*BROWSER, (b"cookie", b"sid=SECRETSESSION; other=SECRETCOOKIE")]
            await call_app(app, f"/art/{number}.jpg", cookies, ip="198.51.100.77")
            await call_app(app, f"/art/{number}.jpg", CURL, ip="203.0.113.99")
        sharing = app.parts.sharing
        assert sharing is not None
        assert await sharing.exchange()
        raw = [b"SECRET", b"198.51.100.77", b"203.0.113.99", b"Mozilla"]
        with redis.Redis(unix_socket_path=str(server.socket)) as client:
            keys: Any = client.keys("*")
            assert any(key.startswith(b"gw:agg:account:") for key in keys)
            assert all(client.ttl(key) > 0 for key in keys)
            held: Any = b"".join(key + (client.dump(key) or b"") for key in keys)
        assert not [word for word in [*raw, b"/art/"] if word in held]
        for own in ("metrics", "health", "events"):
            told = (await call_app(app, f"/.guardware/{own}", ip="127.0.0.1")).body
            assert not [word for word in raw if word in told]
    finally:
        await app._stop()
        server.stop()
    lines = events.read_bytes()
    assert b"/art/0.jpg" in lines
    written = lines + b"".join(f.read_bytes() for f in (tmp_path / "state").rglob("*") if f.is_file())
    assert not [word for word in raw if word in written]
