"""Each signal: the request that yields it, and its nearest honest neighbour that does not."""

from collections.abc import Mapping

import pytest

from guardware.config.schema import Signals
from guardware.crawlers.catalogue import Catalogue
from guardware.identity import identify
from guardware.signals import NAMES, SignalTable, navigated
from guardware.visit import Visit, VisitReader

CATALOGUE = Catalogue.load()
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Mobile Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:157.0) Gecko/20100101 Firefox/157.0"
BRANDS = '"Chromium";v="156", "Google Chrome";v="156", "Not)A;Brand";v="8"'
HONEST = {
    "user-agent": CHROME,
    "accept": "image/avif,image/webp,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "accept-encoding": "gzip, deflate, br, zstd",
    "sec-fetch-dest": "image",
    "sec-fetch-mode": "no-cors",
    "sec-fetch-site": "same-origin",
    "sec-ch-ua": BRANDS,
    "sec-ch-ua-mobile": "?0",
}
CLEAR = {
    "user-agent": CHROME,
    "accept": "image/avif,image/webp,*/*;q=0.8",
    "accept-language": "en-US",
    "accept-encoding": "gzip, deflate",
}


def visit(headers: Mapping[str, str | None], scheme: str = "https", path: str = "/art/7.jpg") -> Visit:
    lines = [(b"host", b"example.com")]
    lines += [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
    found = VisitReader().read(
        {
            "type": "http",
            "method": "GET",
            "scheme": scheme,
            "path": path,
            "headers": lines,
            "client": ("192.0.2.1", 1),
        }
    )
    assert found is not None
    return found


def names(found: Visit, config: Signals | None = None) -> set[str]:
    table = SignalTable(config or Signals())
    evidence = (*table.of_headers(found, identify(found.facts, CATALOGUE)), *table.of_visit(found))
    return {e.name for e in evidence}


def test_an_honest_browser_yields_nothing() -> None:
    assert names(visit(HONEST)) == set()
    assert names(visit(HONEST, path="/art/7")) == set()
    assert names(visit(CLEAR, scheme="http")) == set()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"user-agent": "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"}, "declared-crawler"),
        ({"user-agent": CHROME + " Google-Extended"}, "robots-only-token"),
        ({"user-agent": "curl/8.5.0"}, "tool-on-picture"),
        ({"user-agent": CHROME.replace("Chrome/", "HeadlessChrome/")}, "automated-browser"),
        ({"sec-ch-ua": BRANDS.replace("Google Chrome", "HeadlessChrome")}, "automated-browser"),
        ({"user-agent": None}, "no-user-agent"),
        ({"user-agent": " "}, "no-user-agent"),
        ({"user-agent": "foo/1.0"}, "unknown-agent"),
        ({"user-agent": "Mozilla/5.0"}, "unknown-agent"),
        ({"user-agent": "mozilla/5.0 (X11) Chrome/156.0"}, "unknown-agent"),
        ({"sec-fetch-dest": None, "sec-fetch-mode": None, "sec-fetch-site": None}, "no-fetch-metadata"),
        ({"sec-fetch-dest": None, "sec-fetch-site": None}, "partial-fetch-metadata"),
        ({"sec-fetch-dest": None, "sec-fetch-site": None, "accept": "*/*"}, "partial-on-picture"),
        ({"accept": "*/*"}, "picture-accept"),
        ({"accept": None}, "picture-accept"),
        ({"accept-language": None}, "no-language"),
        ({"accept-language": "*"}, "any-language"),
        ({"accept-encoding": "identity"}, "no-gzip"),
        ({"accept-encoding": None}, "no-gzip"),
        ({"accept-encoding": "gzip, deflate"}, "no-brotli"),
        ({"sec-ch-ua": None}, "no-client-hints"),
        ({"user-agent": FIREFOX}, "contradicting-hints"),
        ({"sec-ch-ua": BRANDS.replace("156", "140")}, "contradicting-hints"),
        ({"user-agent": ANDROID}, "contradicting-hints"),
        ({"sec-ch-ua-mobile": "?1"}, "contradicting-hints"),
        ({"upgrade": "h2c"}, "h2c"),
        ({"http2-settings": "AAMAAABk"}, "h2c"),
        ({"user-agent": CHROME.replace("156", "100"), "sec-ch-ua": BRANDS.replace("156", "100")}, "stale-engine"),
        ({"referer": "https://example.com/art/7.jpg"}, "self-referer"),
    ],
)
def test_what_yields_evidence(change: dict[str, str | None], expected: str) -> None:
    found = visit({**HONEST, **change})
    assert expected in names(found)
    assert expected not in names(found, Signals(off=(expected,)))


@pytest.mark.parametrize(
    ("change", "scheme", "absent"),
    [
        # In-page fetch() asks for pictures with */*, and says what it is.
        ({"accept": "*/*", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors"}, "https", "picture-accept"),
        # Plain http: nobody sends fetch metadata or client hints.
        ({"sec-fetch-dest": None, "sec-fetch-mode": None, "sec-fetch-site": None}, "http", "no-fetch-metadata"),
        ({"sec-ch-ua": None}, "http", "no-client-hints"),
        # An Android WebView may send no client hints.
        ({"user-agent": ANDROID.replace("; K)", "; K; wv)"), "sec-ch-ua": None}, "https", "no-client-hints"),
        # A desktop Chromium that a person set to "mobile view" says so in both places.
        ({"user-agent": ANDROID, "sec-ch-ua-mobile": "?1"}, "https", "contradicting-hints"),
        ({"referer": "https://example.com/art/"}, "https", "self-referer"),
        ({"referer": "https://elsewhere.example/art/7.jpg"}, "https", "self-referer"),
        # Lynx is a person's browser, though its name has libwww in it.
        ({"user-agent": "Lynx/2.9.0 libwww-FM/2.14 SSL-MM/1.4.1"}, "https", "tool-on-picture"),
    ],
)
def test_honest_neighbours(change: dict[str, str | None], scheme: str, absent: str) -> None:
    assert absent not in names(visit({**HONEST, **change}, scheme))


def test_brotli_over_plain_http_is_no_browsers() -> None:
    assert names(visit({**CLEAR, "accept-encoding": "gzip, deflate, br"}, "http")) == {"brotli-in-clear"}


@pytest.mark.parametrize(
    ("change", "scheme", "opened"),
    [
        ({"sec-fetch-dest": "document", "sec-fetch-site": "none"}, "https", True),
        ({"sec-fetch-dest": "document", "sec-fetch-site": "cross-site"}, "https", True),
        # A click in the gallery, from a page that the browser had in memory.
        ({"sec-fetch-dest": "document", "sec-fetch-site": "same-origin"}, "https", False),
        ({"sec-fetch-dest": "image"}, "https", False),
        # Over plain http only Accept and Referer tell.
        ({"sec-fetch-dest": None, "accept": "text/html,*/*"}, "http", True),
        ({"sec-fetch-dest": None, "accept": "text/html,*/*", "referer": "http://example.com/"}, "http", False),
        ({"sec-fetch-dest": None, "accept": "image/webp"}, "http", False),
    ],
)
def test_what_counts_as_opened_like_a_page(change: dict[str, str | None], scheme: str, opened: bool) -> None:
    bare = {**HONEST, "sec-fetch-site": None} if scheme == "http" else HONEST
    assert navigated(visit({**bare, **change}, scheme)) is opened


def test_the_owner_sets_weights() -> None:
    table = SignalTable(Signals(weights={"no-user-agent": 1.0}))
    found = visit({})
    weights = {e.name: e.weight for e in table.of_headers(found, identify(found.facts, CATALOGUE))}
    assert weights["no-user-agent"] == 1.0


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)
