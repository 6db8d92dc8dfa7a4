"""nginx by the shipped recipes asks guardware, and moves the bytes itself."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from path_tricks import PATHS

from .forward_auth_site import (
    BROWSER,
    CURL,
    FRONTS,
    GPTBOT,
    PAGE,
    PLACES,
    STYLE,
    Site,
    ask,
    build_site,
    fronted,
    start_front,
)

CLOSED = "nothing-in-art.localhost"
POLICY = f"""\
limits:
  client: {{feed: {{rate: 1/minute, burst: 5}}, image: null, page: null, api: null}}
  network: {{feed: null, image: null, page: null, api: null}}
rules:
  - {{match: {{host: closed.test}}, action: deny}}
  - {{match: {{host: {CLOSED}, path: ["/art", "/art/**"]}}, action: deny}}
"""


@pytest.fixture(scope="module", params=FRONTS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with fronted(request.param, tmp_path_factory.mktemp(request.param), POLICY) as site:
        yield site


class TestPeople:
    @pytest.mark.parametrize("place", PLACES)
    def test_get_the_original_with_the_opt_out(self, site: Site, place: str) -> None:
        reply = site.ask("/" + quote(place))
        assert (reply.status, reply.body) == (200, site.originals[place])

    def test_notices(self, site: Site) -> None:
        reply = site.ask("/art/1.jpg")
        assert reply.one("x-robots-tag") == "noai, noimageai"
        assert reply.one("tdm-reservation") == "1"
        assert reply.one("cache-control") == "private"
        assert reply.one("vary") == "User-Agent"

    def test_get_parts_and_learn_that_nothing_changed(self, site: Site) -> None:
        whole = site.ask("/art/1.jpg")
        part = site.ask("/art/1.jpg", (*BROWSER, ("Range", "bytes=100-199")))
        if site.files:
            assert (part.status, part.body) == (206, whole.body[100:200])
        since = whole.one("last-modified")
        assert since is not None
        assert site.ask("/art/1.jpg", (*BROWSER, ("If-Modified-Since", since))).status == 304
        head = site.ask("/art/1.jpg", method="HEAD")
        assert (head.status, head.one("content-length"), head.body) == (200, str(len(whole.body)), b"")

    def test_get_pages_and_what_is_missing(self, site: Site) -> None:
        page = site.ask("/", PAGE)
        assert (page.status, page.one("x-robots-tag")) == (200, "noai, noimageai")
        assert b"<title>Gallery" in page.body
        assert page.one("cache-control") is None
        style = site.ask("/style.css", STYLE)
        assert (style.status, style.body, style.all("x-robots-tag")) == (200, b"body { margin: 0 }", [])
        assert site.ask("/art/none.jpg").status == 404
        assert site.ask("/none", PAGE).status == 404

    def test_are_not_told_what_is_between_front_and_guard(self, site: Site) -> None:
        for target, lines in (("/art/1.jpg", BROWSER), ("/art/1.jpg", CURL), ("/", GPTBOT), ("/robots.txt", CURL)):
            told = [name for name, _ in site.ask(target, lines).headers if name.lower().startswith("x-guardware")]
            assert told == []


class TestTheDoubted:
    @pytest.mark.parametrize("place", PLACES)
    def test_get_a_variant_wherever_the_picture_lies(self, site: Site, place: str) -> None:
        reply = site.ask("/" + quote(place), CURL)
        assert reply.status == 200
        assert (reply.one("content-type") or "").startswith("image/")
        assert not site.leaks(reply)
        assert reply.all("x-robots-tag") == ["noai, noimageai"]
        assert "private" in (reply.one("cache-control") or "")

    @pytest.mark.parametrize("target", PATHS)
    def test_get_no_original_by_any_trick(self, site: Site, target: str) -> None:
        for lines in (CURL, GPTBOT):
            assert not site.leaks(site.ask(target, lines))

    @pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "PUT", "PROPFIND", "get"])
    def test_get_no_original_by_any_method(self, site: Site, method: str) -> None:
        assert not site.leaks(site.ask("/art/1.jpg", CURL, method))

    @pytest.mark.parametrize("line", [
        ("Range", "bytes=0-99999"),
        ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),
        ("X-Original-URI", "/robots.txt"),
        ("X-Original-URL", "http://localhost/robots.txt"),
        ("X-Original-Method", "POST"),
        ("X-Forwarded-Uri", "/robots.txt"),
        ("X-Forwarded-Method", "POST"),
        ("X-Forwarded-Host", "elsewhere.test"),
        ("X-Forwarded-For", "66.249.66.1"),
        ("Forwarded", "for=66.249.66.1"),
        ("X-Guardware-Variant", ""),
        ("X-Guardware-Action", "allow"),
        ("X-Accel-Redirect", "/art/1.jpg"),
        ("Upgrade", "websocket"),
        ("Connection", "X-Original-URI"),
        ("X_Original_URI", "/robots.txt"),
        ("X_Forwarded_For", "66.249.66.1"),
        ("X-Original-URI", "http://localhost/robots.txt"),
        ("X-Rewrite-URL", "/robots.txt"),
        ("X-HTTP-Method-Override", "OPTIONS"),
        ("Expect", "100-continue"),
    ])  # fmt: skip
    def test_get_no_original_by_any_header(self, site: Site, line: tuple[str, str]) -> None:
        for lines in ((*CURL, line), (line, *CURL), (line, line, *CURL), (*GPTBOT, line)):
            assert not site.leaks(site.ask("/art/1.jpg", lines))

    def test_see_the_page(self, site: Site) -> None:
        assert b"<title>Gallery" in site.ask("/", CURL).body


class TestTheRefused:
    def test_get_the_page_that_says_why(self, site: Site) -> None:
        page = site.ask("/", (GPTBOT[0], ("Accept", "text/html")))
        assert (page.status, page.one("content-type")) == (403, "text/html; charset=utf-8")
        assert 'rel="license"' in (page.one("link") or "")
        picture = site.ask("/art/1.jpg", GPTBOT)
        assert (picture.status, picture.one("content-type")) == (403, "text/plain; charset=utf-8")

    def test_may_read_the_notices(self, site: Site) -> None:
        for lines in (BROWSER, CURL, GPTBOT):
            reply = site.ask("/robots.txt", lines)
            assert reply.status == 200
            assert b"GPTBot" in reply.body

    def test_what_cannot_be_judged_is_no_request(self, site: Site) -> None:
        assert site.ask("/art/%252e%252e/x.jpg").status == 400

    def test_a_limit_is_a_limit(self, site: Site) -> None:
        replies = [site.ask("/feed.xml", PAGE) for _ in range(8)]
        assert {reply.status for reply in replies} == {404, 429}
        assert replies[-1].one("retry-after") is not None


class TestTheFront:
    @pytest.mark.parametrize(
        "target", ["/.guardware/auth", "/.guardware/auth/art/1.jpg", "/.guardware//auth", "/.guardware/%61uth"]
    )
    def test_keeps_the_question_for_itself(self, site: Site, target: str) -> None:
        asked = (("X-Original-URI", "/art/1.jpg"), ("X-Original-Method", "GET"))
        assert site.ask(target, (*CURL, *asked)).status == 404

    def test_shows_the_health(self, site: Site) -> None:
        assert site.ask("/.guardware/health").status == 200

    def test_judges_the_host_that_it_serves(self, site: Site) -> None:
        """By the request line, if the two are not the same (RFC 9112, section 3.2.2); HAProxy refuses that."""
        target = f"http://closed.test:{site.port}/art/1.jpg"
        assert site.ask(target, BROWSER, host=f"localhost:{site.port}").status in (400, 403)
        assert site.ask("/art/1.jpg", BROWSER, host=f"closed.test:{site.port}").status == 403


class TestBesideTheQuestion:
    """Each request from an address of its own, so that nobody is refused for what he asked before."""

    def test_what_a_rule_closes_no_spelling_opens(self, site: Site) -> None:
        """The path that is judged and the path that the front serves are one, for people too."""
        here = [path for path in PATHS if "://" not in path]
        for number, target in enumerate(here):
            ip = f"127.1.{number}.1"
            assert not site.leaks(site.ask(target, BROWSER, host=CLOSED, ip=ip)), target
        assert site.leaks(site.ask("/art/1.jpg", BROWSER, host="open.localhost", ip=ip))

    def test_a_folder_that_is_closed_shows_nothing(self, site: Site) -> None:
        for number, target in enumerate(("/art", "/art/", "/art/index.html", "/art/.", "/art//")):
            reply = site.ask(target, PAGE, host=CLOSED, ip=f"127.2.{number}.1")
            assert (reply.status >= 300, site.leaks(reply)) == (True, False)

    def test_an_upgrade_shows_nothing(self, site: Site) -> None:
        upgrade = (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        )
        for number, target in enumerate(("/art/1.jpg", "/.guardware/auth", "/.guardware/image/x")):
            for lines in (BROWSER[1:], CURL):
                reply = site.ask(target, (*lines, *upgrade), host=CLOSED, ip=f"127.3.{number}.1")
                assert (reply.status != 101, site.leaks(reply)) == (True, False)

    def test_long_addresses_are_answered(self, site: Site) -> None:
        """A sealed path is a third longer than the address that it stands for; Caddy's has to be below 8 kB."""
        for length in (0, 3000, 4500, 7000):
            reply = site.ask(f"/extensionless?{'x' * length}", CURL, ip=f"127.4.{length // 100}.1")
            assert (reply.status, site.leaks(reply)) == (403 if length > 4500 and site.caddy else 200, False)

    def test_many_long_headers_are_answered(self, site: Site) -> None:
        """More than the key of nginx's cache has room for."""
        names = ("Referer", "Accept-Language", "Accept", "Authorization")
        reply = site.ask("/extensionless", (*CURL[:1], *((name, "x" * 3000) for name in names)), ip="127.5.1.1")
        assert (reply.status in (200, 431), site.leaks(reply)) == (True, False)


@pytest.mark.parametrize(
    ("front", "status"), [("nginx-app", 503), ("nginx-files", 503), ("haproxy", 503), ("caddy", 502)]
)
def test_nothing_without_guardware(tmp_path: Path, front: str, status: int) -> None:
    """The front is up, guardware is not: pages and pictures alike wait."""
    root = tmp_path / "gallery"
    build_site(root)
    changes = {"/var/www/gallery": str(root), "/run/guardware/guardware.sock": str(tmp_path / "none.sock")}
    with start_front(front, tmp_path, changes) as port:
        for target in ("/art/1.jpg", "/", "/robots.txt"):
            reply = ask(port, target)
            assert (reply.status, len(reply.body) < 100) == (status, True)
            if status == 503:
                assert reply.one("retry-after") == "10"
