"""What a connection and the order of headers give away: each signal, and its nearest honest neighbour."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.crawlers.catalogue import Catalogue
from guardware.identity import identify
from guardware.order import HeaderOrder
from guardware.signals.headers import HEADERS
from guardware.signals.table import Reading, Signal
from guardware.signals.transport import TRANSPORT
from guardware.visit import Facts, Kind, Visit, VisitReader

CATALOGUE = Catalogue.load()
CORPUS = Path(__file__).parents[1] / "corpora" / "clients.jsonl"

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
SAFARI = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.1 Safari/605.1.15"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_WEBKIT} CriOS/156.0 Mobile/15E148 Safari/604.1"
WEBVIEW = CHROME.replace("X11; Linux x86_64", "Linux; Android 15; Pixel 9; wv")
OLD = CHROME.replace("156", "79")

# As captured over TLS, November 2026; JA4_a and JA4_b.
CHROMIUM_TLS = "t13d1517h2_8daaf6152771"
FIREFOX_TLS = "t13d1617h2_86a278354501"
TOOLS = {
    "curl": "t13d3112h2_e8f1e7e78f70",
    "requests": "t13d1812h1_85036bcba153",
    "urllib": "t13d181100_85036bcba153",
    "scrapy": "t13d301000_1d37bd780c83",
    "go": "t13d1910h2_9dc949149365",
    "node fetch": "t13d5911h1_a33745022dd6",
    "axios": "t13d591000_a33745022dd6",
    "playwright's request": "t13d521100_b262b3658495",
    "wget": "t13d291300_723694b0fccc",
    "php": "t13d751100_479067518aa3",
    "cloudscraper": "t13d1812h1_6c2ba73853a4",
}


def found(user_agent: str, kind: Kind = Kind.IMAGE, **seen: str) -> set[str]:
    """The names of the evidence in facts that are these."""
    facts = Facts(user_agent=user_agent.encode(), **{name: value.encode() for name, value in seen.items()})
    reading = Reading(facts, kind, True, identify(facts, CATALOGUE))
    return {s.name for s in TRANSPORT if s.look(reading)}


@pytest.mark.parametrize("user_agent", [CHROME, FIREFOX, SAFARI, "curl/8.5.0", ""])
def test_silent_where_nothing_is_known(user_agent: str) -> None:
    assert found(user_agent) == set()


@pytest.mark.parametrize("user_agent", [CHROME, FIREFOX])
@pytest.mark.parametrize("tool", TOOLS)
def test_a_tools_tls_under_a_browsers_name(user_agent: str, tool: str) -> None:
    assert "ja4-mismatch" in found(user_agent, ja4=TOOLS[tool])


@pytest.mark.parametrize(
    ("user_agent", "ja4", "mismatch"),
    [
        (CHROME, CHROMIUM_TLS, False),
        (CHROME, "t13d1516h2_8daaf6152771", False),
        (FIREFOX, FIREFOX_TLS, False),
        (CHROME, FIREFOX_TLS, True),
        (FIREFOX, CHROMIUM_TLS, True),
        # A build that is not known is no evidence, nor is a browser that was not measured.
        (CHROME, "t13d1516h2_0123456789ab", False),
        (SAFARI, CHROMIUM_TLS, False),
        (IPHONE, TOOLS["curl"], False),
        # Who says what it is does not lie.
        ("curl/7.88.1", TOOLS["curl"], False),
        ("", TOOLS["urllib"], False),
    ],
)
def test_ja4(user_agent: str, ja4: str, mismatch: bool) -> None:
    assert ("ja4-mismatch" in found(user_agent, ja4=ja4)) is mismatch


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"alpn": "none", "protocol": "HTTP/1.1"}, {"no-alpn"}),
        ({"alpn": "http/1.1", "protocol": "HTTP/1.1"}, {"no-h2"}),
        ({"alpn": "http/1.0"}, {"no-h2"}),
        ({"alpn": "h2", "protocol": "HTTP/2.0"}, set()),
        ({"alpn": "h3", "protocol": "HTTP/3.0"}, set()),
        ({"protocol": "HTTP/1.1"}, {"no-h2"}),
        ({"protocol": "HTTP/2.0"}, set()),
        # What the client offers, against what became of it.
        ({"ja4": CHROMIUM_TLS, "alpn": "http/1.1", "protocol": "HTTP/1.1"}, set()),
        ({"ja4": "t13d151600_8daaf6152771"}, {"no-alpn"}),
        ({"ja4": "t13d1516h1_8daaf6152771", "alpn": "h2"}, {"no-h2"}),
        ({"ja4": "q13d0310h3_55b375c5d22e"}, set()),
        # Browsers open WebSockets by HTTP/1.1; but no picture is one.
        ({"alpn": "http/1.1", "upgrade": "WebSocket", "kind": "page"}, set()),
        ({"alpn": "http/1.1", "upgrade": "websocket", "kind": "image"}, {"no-h2"}),
    ],
)
def test_protocols(seen: dict[str, str], expected: set[str]) -> None:
    kind = Kind(seen.get("kind", "image"))
    facts = {name: value for name, value in seen.items() if name != "kind"}
    for user_agent in (CHROME, FIREFOX, SAFARI):
        assert found(user_agent, kind, **facts) - {"ja4-mismatch"} == expected
    for user_agent in (OLD, "Wget/1.21.3", ""):
        assert found(user_agent, kind, **facts).isdisjoint({"no-alpn", "no-h2"})


@pytest.mark.parametrize(
    ("user_agent", "dest", "order", "mismatch"),
    [
        (CHROME, "image", "pdeal", False),
        (CHROME, "document", "Pdeal", False),
        (FIREFOX, "image", "DEal", False),
        (FIREFOX, "document", "al", False),
        # curl_cffi with hand-set image headers: Referer last, hints as in a navigation.
        (CHROME, "image", "PdEal", True),
        (CHROME, "image", "Pal", True),
        (CHROME.replace("156", "136"), "image", "Pal", False),
        (CHROME, "document", "dEal", True),
        # requests with a borrowed name; Playwright with a locale of its own.
        (CHROME, "image", "A", True),
        (CHROME, "document", "PaL", True),
        (CHROME, "image", "DEal", True),
        (FIREFOX, "image", "deal", True),
        # A page's own script sets headers as it likes, and so does the app around a web view.
        (CHROME, "empty", "pdeaL", False),
        (WEBVIEW, "image", "pdeaL", False),
        (SAFARI, "image", "deaL", False),
        (CHROME, "video", "deAl", False),
        ("python-requests/2.34", "image", "A", False),
    ],
)
def test_order(user_agent: str, dest: str, order: str, mismatch: bool) -> None:
    assert ("order-mismatch" in found(user_agent, fetch_dest=dest, order=order)) is mismatch


def test_over_plain_http_only_pictures_are_asked() -> None:
    assert found(CHROME, Kind.IMAGE, order="Al") == {"order-mismatch"}
    assert found(CHROME, Kind.PAGE, order="Al") == set()


@pytest.mark.parametrize("signal", [*HEADERS, *TRANSPORT], ids=lambda s: str(s.name))
def test_what_a_signal_needs_to_see_is_a_fact(signal: Signal) -> None:
    assert signal.needs
    assert set(signal.needs) <= set(Facts._fields)


class Capture(NamedTuple):
    client: str
    category: str
    visits: list[Visit]


def captures() -> Iterator[Capture]:
    """The visits of 57 real clients, where the order of headers is known."""
    reader = VisitReader(order=HeaderOrder(kept=True))
    for line in CORPUS.read_text().splitlines():
        client = json.loads(line)
        visits = []
        for method, target, scheme, headers in client["requests"]:
            path, _, query = target.partition("?")
            lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]
            scope = {"type": "http", "method": method, "scheme": scheme, "path": path, "headers": lines}
            visit = reader.read({**scope, "query_string": query.encode(), "client": ("203.0.113.9", 1)})
            assert visit is not None
            visits.append(visit)
        yield Capture(client["client"], client["category"], visits)


def test_the_order_of_no_real_engine_is_doubted_and_that_of_a_careful_impersonator_is() -> None:
    hit = {}
    for capture in captures():
        evidence = [found_in(visit) for visit in capture.visits]
        if count := sum("order-mismatch" in names for names in evidence):
            hit[capture.client] = (count, len(evidence))
    assert hit == {"curl_cffi_chrome_careful": (18, 19)}


def test_the_orders_of_all_captures_are_few() -> None:
    """So what is found for a set of headers is found again."""
    assert len({visit.facts.order for capture in captures() for visit in capture.visits}) < 20


def found_in(visit: Visit) -> set[str]:
    reading = Reading(visit.facts, visit.kind, visit.trustworthy, identify(visit.facts, CATALOGUE))
    return {s.name for s in TRANSPORT if s.look(reading)}


@given(*[st.binary(max_size=30)] * 5, st.sampled_from([CHROME, FIREFOX, SAFARI]))
def test_never_raises(a: bytes, b: bytes, c: bytes, d: bytes, e: bytes, user_agent: str) -> None:
    facts = Facts(user_agent.encode(), protocol=a, alpn=b, ja4=c, upgrade=d, fetch_dest=e)
    identity = identify(facts, CATALOGUE)
    for kind in Kind:
        for signal in TRANSPORT:
            assert isinstance(signal.look(Reading(facts, kind, True, identity)), str)
