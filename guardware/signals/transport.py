"""What a connection gives away, as a trusted proxy saw it, and the order of the headers that came over it.

Features 14 to 16 of the list measured on 95 clients. All of it is silent where nothing is known (``Facts``),
and it stands in the group of the headers: a gateway that inspects TLS changes both, and is one cause, not two.
So who sits behind one sees marked copies, and is never refused for it.
"""

from typing import Literal

from guardware.signals.table import Reading, Signal
from guardware.verdict import Group
from guardware.visit import Kind

_CHROMIUM, _FIREFOX = "Chromium", "Firefox"
_ENGINES = {"chromium": _CHROMIUM, "gecko": _FIREFOX}
"""Engines whose TLS was measured, as ``_STACKS`` calls them. WebKit's was not, so nothing contradicts its name."""

_STACKS: dict[bytes, str] = {
    # Hashes of the cipher suites on offer (JA4_b), each seen in our captures of 57 clients (November 2026), but
    # for Go's, which the list names. A hash that is not here is no evidence: browsers change their list
    # every few years, and whoever compares with yesterday's would doubt everybody the day after.
    b"8daaf6152771": _CHROMIUM,  # 156; and curl_cffi in its name, which this cannot tell
    b"86a278354501": _FIREFOX,  # 153 ESR
    b"5b57614c22b0": _FIREFOX,  # curl_cffi's copy of an older one
    b"85036bcba153": "Python's",  # urllib, requests, httpx, aiohttp
    b"1d37bd780c83": "Scrapy's",
    b"6c2ba73853a4": "cloudscraper's",
    b"9dc949149365": "Go's",
    b"a33745022dd6": "Node's",  # fetch, axios
    b"b262b3658495": "Playwright's request API",
    b"e8f1e7e78f70": "curl's",
    b"723694b0fccc": "that of wget or aria2",
    b"479067518aa3": "PHP's",
}

_ORDER = {"chromium": "deal", "gecko": "DEal"}
"""How the headers of each engine follow each other, in the letters of ``guardware/order.py``. None of the 443
requests of engines in our captures differs, nor did any that Chromium 156 made for a page with all sorts of
sub-resources."""

_ORDER_HINTS = {"chromium": frozenset([156])}
"""Majors that put Sec-CH-UA-Platform before Sec-CH-UA on sub-resources. The order falls out of a table of hashes
in the browser and was another one in older versions, so it is asked only of those that were measured."""

_SUBRESOURCES = frozenset([b"image", b"style", b"script", b"font"])
_NAVIGATIONS = frozenset([b"document", b"iframe"])
"""Not ``empty``: a page's own script may set headers, and they stand where it likes."""

_OUT_OF_ORDER = {
    "p": "Sec-CH-UA-Platform and Sec-CH-UA",
    "d": "Sec-Fetch-Dest and Referer",
    "e": "Referer and Accept-Encoding",
    "a": "Accept and Accept-Encoding",
    "l": "Accept and Accept-Language",
}


def _offered(r: Reading) -> Literal["", "none", "http/1.1"]:
    """The best protocol that a claimed modern browser offers, if it is less than HTTP/2; else "".

    JA4 says what the client offers (its signs 9 and 10 are the first name in ALPN); ALPN and the protocol, what
    became of it.
    """
    facts = r.facts
    websocket = b"websocket" in (facts.upgrade or b"").lower()
    if not r.modern or (websocket and r.kind is not Kind.IMAGE):
        return ""  # browsers open WebSockets by HTTP/1.1
    if facts.ja4 is not None:
        code = facts.ja4[8:10]
        return "none" if code == b"00" else "http/1.1" if code == b"h1" else ""
    if facts.alpn is not None:
        return "none" if facts.alpn == b"none" else "http/1.1" if facts.alpn.startswith(b"http/1") else ""
    return "http/1.1" if (facts.protocol or b"").startswith(b"HTTP/1") else ""


def _no_alpn(r: Reading) -> str:
    return "claims a browser and negotiates no protocol (ALPN)" if _offered(r) == "none" else ""


def _no_h2(r: Reading) -> str:
    return "claims a browser and does not speak HTTP/2" if _offered(r) == "http/1.1" else ""


def _ja4_mismatch(r: Reading) -> str:
    engine, ja4 = r.identity.engine, r.facts.ja4
    if engine is None or ja4 is None or engine.family not in _ENGINES:
        return ""
    claimed, found = _ENGINES[engine.family], _STACKS.get(ja4[11:23])
    return f"claims {claimed}, and its TLS is {found}" if found not in (None, claimed) else ""


def _order_mismatch(r: Reading) -> str:
    engine, order = r.identity.engine, r.facts.order.decode()
    if not order or engine is None or engine.webview or engine.family not in _ORDER:
        return ""  # an app may set its web view's headers
    dest = r.facts.fetch_dest
    subresource = dest in _SUBRESOURCES or (dest is None and r.kind is Kind.IMAGE)
    if not subresource and dest not in _NAVIGATIONS:
        return ""
    expected = _ORDER[engine.family]
    if subresource and engine.major in _ORDER_HINTS.get(engine.family, ()):
        expected += "p"
    wrong = [letter for letter in order if letter.swapcase() in expected]
    if not wrong:
        return ""
    pairs = ", ".join(_OUT_OF_ORDER[letter.lower()] for letter in wrong)
    return f"sends headers in another order than {_ENGINES[engine.family]} ({pairs})"


TRANSPORT: tuple[Signal, ...] = (
    # 14: urllib, wget, Scrapy, Node
    Signal("no-alpn", Group.HEADERS, 2.5, _no_alpn, needs=("user_agent", "alpn")),
    # 14: requests, httpx, img2dataset, gallery-dl
    Signal("no-h2", Group.HEADERS, 2.0, _no_h2, needs=("user_agent", "alpn")),
    # 15: whatever borrows a user-agent and not the TLS that belongs to it
    Signal("ja4-mismatch", Group.HEADERS, 3.0, _ja4_mismatch, needs=("user_agent", "ja4")),
    # 16: hand-tuned curl_cffi, requests
    Signal("order-mismatch", Group.HEADERS, 2.0, _order_mismatch, needs=("user_agent", "fetch_dest", "order")),
)
