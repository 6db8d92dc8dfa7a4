"""How many originals somebody gets who behaves like this; most of them with a browser's careful headers."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from asgi import BROWSER, call_app, page_headers

from guardware import Action, ConfigError, Guard, GuardMiddleware
from guardware.config import from_mapping
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.crawler import Crawler
from guardware.crawlers.proof import Proof, Standing
from guardware.crawlers.verify import Verifier
from guardware.http import Message, RawHeaders, Receive, Scope, Send
from guardware.store import MemoryStore
from guardware.verdict import Verdict
from guardware.visit import Visit

NOW = 1_763_800_000.0
CATALOGUE = Catalogue.load()
GOOGLEBOT: RawHeaders = [
    (b"host", b"localhost"),
    (b"user-agent", b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
]
PAGE = page_headers()
STYLE = [
    (k, b"style" if k == b"sec-fetch-dest" else b"text/css,*/*;q=0.1" if k == b"accept" else v) for k, v in BROWSER
]
OPENED = [(k, v) for k, v in PAGE if k != b"referer"]
OPENED = [(k, b"none" if k == b"sec-fetch-site" else v) for k, v in OPENED]
"""A picture's address typed, or opened by a driven browser."""


class Site:
    """A guard with its store, and a clock that goes on by ``every`` seconds a visit."""

    def __init__(self, every: float = 1.0, **config: object) -> None:
        self.store = MemoryStore()
        self.guard = Guard(
            from_mapping(config), catalogue=CATALOGUE, store=self.store, notices=frozenset(["/robots.txt"])
        )
        self.every = every
        self.now = NOW

    def visit(self, path: str, headers: RawHeaders = BROWSER, ip: str = "198.51.100.7") -> Verdict:
        self.now += self.every
        return self.guard.judge_now(self.read(path, headers, ip), self.store, self.now)

    def read(self, path: str, headers: RawHeaders, ip: str = "198.51.100.7") -> Visit:
        found = self.guard.read(
            {"type": "http", "method": "GET", "path": path, "headers": headers, "client": (ip, 1)}
        )
        assert found is not None
        return found

    def originals(self, paths: Iterable[str], headers: RawHeaders = BROWSER) -> int:
        return sum(self.visit(path, headers).action is Action.ALLOW for path in paths)


def names(verdict: Verdict) -> set[str]:
    return {e.name for e in verdict.evidence}


def pictures(count: int, first: int = 1) -> list[str]:
    return [f"/art/{number:04}.jpg" for number in range(first, first + count)]


def scattered(count: int) -> list[str]:
    """Pictures whose names have no numbers."""
    letters = str.maketrans("0123456789", "ghijklmnop")
    return [f"/art/{number * 7919 % 100_003}.jpg".translate(letters) for number in range(count)]


def walk(site: Site, pages: int, each: int) -> list[Verdict]:
    """A person looks at pages of new pictures."""
    found = []
    for page in range(pages):
        found.append(site.visit(f"/page/{page}", PAGE))
        site.visit("/style.css", STYLE)
        found += [site.visit(path) for path in pictures(each, 1 + page * each)]
    return found


# People ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pages", "each"), [(30, 9), (5, 55), (1, 80), (120, 2)])
def test_who_looks_at_pages_gets_originals(pages: int, each: int) -> None:
    assert {v.action for v in walk(Site(every=0.4), pages, each)} == {Action.ALLOW}


def test_a_whole_small_portfolio_is_no_sweep() -> None:
    assert set.union(*(names(v) for v in walk(Site(), 10, 12))) == {"many-pictures"}


def test_pictures_embedded_elsewhere_are_seen_as_they_are() -> None:
    """Somebody's blog shows thirty of them; its readers never open a page here."""
    embedded = [(k, b"cross-site" if k == b"sec-fetch-site" else v) for k, v in BROWSER if k != b"referer"]
    assert Site(every=0.1).originals(scattered(30), embedded) == 30


def test_a_visitor_by_vpn_suffers_nothing(tmp_path: Path) -> None:
    """Up to some 130 pictures an hour: half of what others get as they are."""
    servers = tmp_path / "servers.txt"
    servers.write_text("198.51.100.0/24  Example Hosting\n")
    found = walk(Site(clients={"networks": {"hosting": [str(servers)]}}), 14, 9)
    assert names(found[0]) == {"hosting-network"}
    assert {v.action for v in found} == {Action.ALLOW}


def test_a_visitor_without_javascript_sends_no_client_hints() -> None:
    """As Chromium does; 125 pictures on thirty pages, all of them originals."""
    site = Site(every=0.5)
    without = [h for h in BROWSER if not h[0].startswith(b"sec-ch-ua")]
    for page in range(25):
        site.visit(f"/page/{page}", page_headers(without))
        assert site.originals(pictures(5, 1 + 5 * page), without) == 5


# Scrapers ----------------------------------------------------------------------------------------------------


def test_a_browser_driven_from_picture_to_picture_gets_two_or_three() -> None:
    assert Site().originals(pictures(100), OPENED) <= 3


def test_pages_between_do_not_wash_a_suspect_clean() -> None:
    site, got = Site(), 0
    for start in range(1, 100, 10):
        got += site.originals(pictures(10, start), OPENED)
        site.visit("/", PAGE)
    assert got <= 4


def test_a_list_of_numbered_pictures_without_a_page() -> None:
    assert Site().originals(pictures(1000)) <= 21


@pytest.mark.parametrize("every", [1, 14])
def test_another_language_for_every_few_pictures_is_the_same_scraper(every: int) -> None:
    """Headers cost nothing to change; nobody at this address opened a page."""
    site, got = Site(every=0.15), 0
    for number, path in enumerate(pictures(1000)):
        tongue = bytes([97 + number // every % 26, 97 + number // every // 26 % 26])
        headers = [(k, tongue if k == b"accept-language" else v) for k, v in BROWSER]
        got += site.visit(path, headers).action is Action.ALLOW
    assert got <= 20


def test_who_opens_pages_is_not_doubted_for_his_neighbours_at_the_same_address() -> None:
    site = Site(every=0.1)
    other = [(k, b"de" if k == b"accept-language" else v) for k, v in BROWSER]
    site.visit("/", page_headers(other))
    assert site.originals(pictures(60), other) == 60
    assert {v.action for v in walk(site, 3, 9)} == {Action.ALLOW}


def test_an_old_telephone_on_a_page_of_800_thumbnails_is_never_refused() -> None:
    old = [(k, v.replace(b"156", b"119")) for k, v in BROWSER]
    site = Site(every=0.06)
    site.visit("/", page_headers(old))
    assert Action.DENY not in {site.visit(path, old).action for path in pictures(800)}
    assert site.visit("/page/2", page_headers(old)).action is not Action.DENY


def test_a_suspect_with_safari_sees_right_colours() -> None:
    safari: RawHeaders = [
        (b"host", b"localhost"),
        (
            b"user-agent",
            b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            b"Version/18.1 Mobile/15E148 Safari/604.1",
        ),
        (b"accept", b"image/webp,image/avif,image/*;q=0.8,*/*;q=0.5"),
        (b"accept-language", b"en"),
        (b"accept-encoding", b"gzip, deflate, br"),
        (b"sec-fetch-dest", b"image"),
        (b"sec-fetch-mode", b"no-cors"),
        (b"sec-fetch-site", b"same-origin"),
    ]
    site = Site(every=0.06)
    variants = {site.visit(path, safari).variant for path in pictures(700)}
    assert variants <= {"", "marked-traced"}


def test_a_rule_that_asks_for_the_score_leaves_the_record_alone() -> None:
    site = Site(rules=[{"match": {"score": 5}, "action": "deny"}])
    site.visit("/", PAGE)
    site.visit("/style.css", STYLE)
    assert site.visit("/art/1.jpg").people_like


def test_a_list_of_pictures_without_a_page() -> None:
    assert Site().originals(scattered(1000)) <= 95


def test_who_takes_all_gets_the_budget_and_marks_beyond_it() -> None:
    site = Site(every=0.5)
    found = walk(site, 40, 25)
    got = sum(v.action is Action.ALLOW for index, v in enumerate(found) if index % 26)
    last = site.visit("/art/9999.jpg")
    assert 250 <= got <= 315  # distinct pictures are counted within a few per cent
    assert last.score >= 2


def test_robots_txt_read_and_disobeyed() -> None:
    site = Site(notices={"robots_disallow": ["/private/", "/*.psd$"]})
    site.visit("/robots.txt", PAGE)
    assert names(site.visit("/", PAGE)) == {"robots-read"}
    assert site.visit("/art/1.jpg").action is Action.ALLOW
    assert site.visit("/private/1.jpg").action is Action.PROTECT


def test_probing() -> None:
    site = Site(every=0.1)
    for number in range(12):
        visit = site.read(f"/wp-{number}.php", PAGE)
        site.guard.judge_now(visit, site.store, site.now)
        site.guard.answered(visit, 404, False, site.now)
    assert "many-errors" in names(site.visit("/art/1.jpg"))


def test_an_icon_that_is_missing_on_every_page_is_no_probing() -> None:
    site = Site(every=0.1)
    for number in range(60):
        site.visit(f"/page/{number}", PAGE)
        missing = site.read("/favicon.ico", BROWSER)
        site.guard.judge_now(missing, site.store, site.now)
        site.guard.answered(missing, 404, False, site.now)
    assert names(site.visit("/art/1.jpg")) == set()


@pytest.mark.parametrize(("returns", "found"), [(False, {"cookies-never-returned"}), (True, set())])
def test_cookies(returns: bool, found: set[str]) -> None:
    site = Site()
    headers = [*PAGE, (b"cookie", b"session=1")] if returns else PAGE
    for number in range(5):
        visit = site.read(f"/page/{number}", headers)
        site.guard.judge_now(visit, site.store, site.now)
        site.guard.answered(visit, 200, True, site.now)
    assert names(site.visit("/", headers)) == found


# Crowds ------------------------------------------------------------------------------------------------------


def test_a_pool_that_shares_a_list_is_doubted_as_a_crowd() -> None:
    """Two hundred addresses, five pictures each, careful headers; nobody else has this class."""
    site, got = Site(every=0.2), 0
    for number in range(1000):
        verdict = site.visit(f"/art/{number}.jpg", ip=f"10.{number % 200}.0.1")
        got += verdict.action is Action.ALLOW
    assert got < 500
    assert "class-lift" in names(verdict)
    assert verdict.action is Action.PROTECT


def test_one_network_makes_no_browser_look_like_a_pool() -> None:
    """Whoever has an IPv6 /48 has 65 536 addresses, and Chrome's headers."""
    site = Site(every=0.2)
    for number in range(600):
        last = site.visit(f"/art/{number}.jpg", ip=f"2001:db8:1:{number:x}::1")
    assert "network-lift" in names(last)
    assert site.visit("/art/1.jpg", ip="198.51.100.9").action is Action.ALLOW


def test_somebody_with_the_same_browser_who_shows_a_page_is_spared() -> None:
    site = Site(every=0.2)
    for number in range(600):
        site.visit(f"/art/{number}.jpg", ip=f"10.{number % 200}.0.1")
    assert {v.action for v in walk(site, 3, 9)} == {Action.ALLOW}


def test_an_accounts_budget_is_its_own_wherever_it_comes_from() -> None:
    site = Site(every=0.1, clients={"account": {"cookie": "sid"}}, budgets={"per_hour": 50, "per_day": 100})
    signed_in = [*BROWSER, (b"cookie", b"sid=ada")]
    for number in range(80):
        site.visit("/", [*PAGE, (b"cookie", b"sid=ada")], ip=f"10.0.{number}.1")
        verdict = site.visit(f"/art/{number}.jpg", signed_in, ip=f"10.0.{number}.1")
    assert (verdict.action, verdict.decided_by) == (Action.PROTECT, "budgets.per_hour")
    other = [*BROWSER, (b"cookie", b"sid=bob")]
    site.visit("/", [*PAGE, (b"cookie", b"sid=bob")], ip="10.1.0.1")
    assert site.visit("/art/1.jpg", other, ip="10.1.0.1").action is Action.ALLOW


def test_long_names_of_accounts_that_begin_alike_are_told_apart() -> None:
    site = Site(clients={"account": {"cookie": "sid"}})
    names_of = [b"sid=" + b"x" * 300 + bytes([97 + n]) for n in range(5)]
    accounts = {site.guard.read(_scope(name)).account for name in names_of}  # type: ignore[union-attr]
    assert len(accounts) == 5


def _scope(cookie: bytes) -> Scope:
    headers = [*PAGE, (b"cookie", cookie)]
    return {"type": "http", "method": "GET", "path": "/", "headers": headers, "client": ("192.0.2.1", 1)}


def test_an_asynchronous_account_function_is_refused_at_the_start() -> None:
    async def account(scope: Scope) -> str:
        return "ada"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError

    with pytest.raises(ConfigError, match="plain function"):
        GuardMiddleware(app, {"store": {"folder": "none"}}, account=account)  # type: ignore[arg-type]


async def test_the_account_may_come_from_the_application() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"hello"})

    asked: list[str] = []

    def account(scope: Scope) -> str | None:
        asked.append(scope["path"])
        if scope["path"] == "/broken":
            raise LookupError("no such session")
        return "ada"

    guarded = GuardMiddleware(app, {"store": {"folder": "none"}}, account=account)
    assert [(await call_app(guarded, path, PAGE)).status for path in ("/", "/broken")] == [200, 200]

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        assert message["type"] in ("http.response.start", "http.response.body")

    await guarded(
        {"type": "websocket", "path": "/live", "headers": PAGE, "client": ("192.0.2.1", 1)}, receive, send
    )
    assert asked == ["/", "/broken", "/live"]


# Names -------------------------------------------------------------------------------------------------------


class Knowing(Verifier):
    """A verifier that has found out already."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(CATALOGUE)
        self._known = standing

    def standing(self, visit: Visit, crawler: Crawler | None, now: float) -> Proof:
        return Proof(self._known, "its address has another name", crawler=crawler)


@pytest.mark.parametrize(
    ("standing", "search", "action", "decided_by"),
    [
        (Standing.VERIFIED, "allow", "allow", "crawlers.search"),
        (Standing.VERIFIED, "protect", "protect", "crawlers.search"),
        (Standing.VERIFIED, "deny", "deny", "crawlers.search"),
        (Standing.UNVERIFIED, "allow", "protect", "crawlers.search, unverified"),
        (Standing.UNVERIFIED, "protect", "protect", "crawlers.search"),
        (Standing.LYING, "allow", "deny", "crawlers: an impostor"),
        (Standing.LYING, "protect", "deny", "crawlers: an impostor"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/art/1.jpg", "/style.css"])
def test_what_a_name_is_worth(standing: Standing, search: str, action: str, decided_by: str, path: str) -> None:
    config = from_mapping({"crawlers": {"search": search}})
    guard = Guard(config, catalogue=CATALOGUE, store=MemoryStore(), verifier=Knowing(standing))
    found = judge(guard, path, GOOGLEBOT)
    assert (found.action, found.decided_by) == (action, decided_by)
    assert ("impostor" in names(found)) is (standing is Standing.LYING)


def test_an_address_that_may_be_a_proxys_makes_nobody_a_liar() -> None:
    """``clients.trusted_proxies`` was forgotten: every crawler seems to come from the proxy."""
    guard = Guard(from_mapping({}), catalogue=CATALOGUE, store=MemoryStore(), verifier=Knowing(Standing.LYING))
    found = judge(guard, "/", [*GOOGLEBOT, (b"x-forwarded-for", b"66.249.66.1")])
    assert (found.action, found.decided_by) == (Action.PROTECT, "crawlers.search")


def test_robots_txt_is_for_liars_too() -> None:
    guard = Guard(
        from_mapping({}),
        catalogue=CATALOGUE,
        store=MemoryStore(),
        notices=frozenset(["/robots.txt"]),
        verifier=Knowing(Standing.LYING),
    )
    assert judge(guard, "/robots.txt", GOOGLEBOT).action is Action.ALLOW


def judge(guard: Guard, path: str, headers: RawHeaders) -> Verdict:
    visit = guard.read(
        {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("192.0.2.1", 1)}
    )
    assert visit is not None
    assert guard.local is not None
    return guard.judge_now(visit, guard.local, NOW)
