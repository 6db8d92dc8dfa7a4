"""What the headers give away: requests that no browser of the claimed engine would send.

Features 5, 6, 8 to 13, 17 and 18 of the list measured on 95 clients; in each comment: the feature, and who
was seen doing it. What every browser has sent for a decade (a language, gzip) is asked of every claimed engine,
not only of those that send fetch metadata: img2dataset claims Firefox 72.
"""

import re

from guardware.signals.table import Reading, Signal
from guardware.verdict import Evidence, Group
from guardware.visit import Kind, Visit

_CHROMIUM_BRAND = re.compile(rb'"Chromium"\s*;\s*v="(\d{1,5})')


def _no_fetch_metadata(r: Reading) -> str:
    if r.modern and r.trustworthy and r.fetch_headers == 0:
        return "claims a browser that sends Sec-Fetch headers, and sends none"
    return ""


def _partial_fetch_metadata(r: Reading) -> str:
    old = r.identity.engine is not None and not r.modern
    if r.fetch_headers in (1, 2) and not old:
        return f"sends {r.fetch_headers} of the 3 Sec-Fetch headers, which browsers send together"
    return ""


def _picture_accept(r: Reading) -> str:
    accept = (r.facts.accept or b"*/*").strip()
    engine = r.identity.engine
    if engine is None or (engine.family == "gecko" and engine.major < 66):
        return ""  # Firefox named the formats from 66 on (MDN, "List of default Accept values").
    # An in-page fetch() asks for pictures with */* too, and says so.
    if r.kind is Kind.IMAGE and accept == b"*/*" and r.facts.fetch_dest != b"empty":
        return "asks for a picture without naming the formats it can show"
    return ""


def _partial_on_picture(r: Reading) -> str:
    accept = (r.facts.accept or b"*/*").strip()
    if r.kind is Kind.IMAGE and accept == b"*/*" and r.facts.fetch_dest != b"empty":
        return _partial_fetch_metadata(r)
    return ""


def _no_language(r: Reading) -> str:
    return (
        "claims a browser and names no language" if r.identity.engine and r.facts.accept_language is None else ""
    )


def _any_language(r: Reading) -> str:
    return "names * as its language" if (r.facts.accept_language or b"").strip() == b"*" else ""


def _no_gzip(r: Reading) -> str:
    return "claims a browser and accepts no gzip" if r.identity.engine and b"gzip" not in r.encodings else ""


def _no_brotli(r: Reading) -> str:
    if r.modern and r.trustworthy and b"gzip" in r.encodings and b"br" not in r.encodings:
        return "claims a browser that accepts brotli here, and does not"
    return ""


def _brotli_in_clear(r: Reading) -> str:
    if r.identity.engine and not r.trustworthy and b"br" in r.encodings:
        return "accepts brotli over plain http, which browsers do not"
    return ""


def _no_client_hints(r: Reading) -> str:
    engine = r.identity.engine
    if engine is None or engine.family != "chromium" or engine.major < 89 or engine.webview:
        return ""
    if r.trustworthy and r.facts.ua_brands is None:
        return "claims Chromium and sends no client hints"
    return ""


def _contradicting_hints(r: Reading) -> str:
    brands, engine = r.facts.ua_brands, r.identity.engine
    if brands is None or engine is None:
        return ""
    if engine.family != "chromium":
        return f"sends client hints, which {engine.family} does not have"
    version = _CHROMIUM_BRAND.search(brands)
    if version and int(version[1]) != engine.major:
        return f"its client hints say Chromium {int(version[1])}, its user-agent {engine.major}"
    if r.facts.ua_mobile == b"?0" and engine.mobile:
        return "its client hints say desktop, its user-agent mobile"
    if r.facts.ua_mobile == b"?1" and not engine.mobile:
        return "its client hints say mobile, its user-agent desktop"
    return ""


def _h2c(r: Reading) -> str:
    upgrade = (r.facts.upgrade or b"").lower()
    if r.identity.engine is not None and (b"h2c" in upgrade or r.facts.http2_settings is not None):
        return "claims a browser and asks to upgrade to h2c, which none does"
    return ""


def _stale(r: Reading) -> str:
    engine = r.identity.engine
    return f"claims {engine.family} {engine.major}, years old" if engine and engine.stale else ""


_AGENT = ("user_agent",)
_FETCH = (*_AGENT, "fetch_dest", "fetch_mode", "fetch_site")
_LANGUAGE = (*_AGENT, "accept_language")
_ENCODING = (*_AGENT, "accept_encoding")
_HINTS = (*_AGENT, "ua_brands")

HEADERS: tuple[Signal, ...] = (
    # 5: every tool with a browser's name
    Signal("no-fetch-metadata", Group.HEADERS, 3.5, _no_fetch_metadata, needs=_FETCH),
    # 6: node fetch, yt-dlp
    Signal("partial-fetch-metadata", Group.HEADERS, 3.5, _partial_fetch_metadata, needs=_FETCH),
    # 6 with 8
    Signal("partial-on-picture", Group.HEADERS, 7.0, _partial_on_picture, proof=True, needs=(*_FETCH, "accept")),
    # 8: requests, curl, gallery-dl
    Signal("picture-accept", Group.HEADERS, 2.0, _picture_accept, needs=(*_AGENT, "accept", "fetch_dest")),
    # 9: most tools; node fetch
    Signal("no-language", Group.HEADERS, 1.5, _no_language, needs=_LANGUAGE),
    Signal("any-language", Group.HEADERS, 2.0, _any_language, needs=("accept_language",)),
    # 10: img2dataset, yt-dlp; the third requests, curl, gallery-dl
    Signal("no-gzip", Group.HEADERS, 2.0, _no_gzip, needs=_ENCODING),
    Signal("no-brotli", Group.HEADERS, 1.5, _no_brotli, needs=_ENCODING),
    Signal("brotli-in-clear", Group.HEADERS, 1.5, _brotli_in_clear, needs=_ENCODING),
    # 11: all that borrow a user-agent. 2.5 in the list; but Chromium 156 with JavaScript blocked sends no
    # client hints either (tests/e2e), and whoever blocks it may well use a VPN too and look at a hundred pictures
    # (benchmarks/leak): with either it must stay below the protect threshold.
    Signal("no-client-hints", Group.HEADERS, 0.9, _no_client_hints, needs=_HINTS),
    # 12: curl_cffi as Android
    Signal("contradicting-hints", Group.HEADERS, 3.0, _contradicting_hints, needs=(*_HINTS, "ua_mobile")),
    # 13: curl_cffi over http
    Signal("h2c", Group.HEADERS, 3.0, _h2c, needs=(*_AGENT, "upgrade", "http2_settings")),
    # 18: img2dataset's Firefox/72
    Signal("stale-engine", Group.HEADERS, 1.5, _stale, needs=_AGENT),
)

SELF_REFERER = Evidence(
    "self-referer", Group.HEADERS, 3.0, "names the picture itself as the page it comes from"
)  # 17: gallery-dl


def self_referer(visit: Visit) -> bool:
    """Whether a picture's Referer is its own URL (feature 17). Browsers send none when a tab is reloaded.

    Needs "referer".
    """
    referer = visit.referer
    if referer is None or visit.kind is not Kind.IMAGE:
        return False
    own = visit.raw_path + b"?" + visit.query if visit.query else visit.raw_path
    if not referer.endswith(own):
        return False
    origin = referer[: -len(own)].partition(b"://")[2]
    return origin.decode("latin-1").lower() == visit.authority


def navigated(visit: Visit) -> bool:
    """Whether a picture is opened like a page, and not from a page of this site: nothing led there.

    Whoever clicks from picture to picture comes from our pages, which the browser may show again from its own
    memory without asking. Over plain http only Accept and Referer tell. Needs ``fetch_dest``, ``fetch_site``,
    ``accept`` and "referer": without the first three it says no.
    """
    facts = visit.facts
    if visit.kind is not Kind.IMAGE or facts.fetch_dest not in (None, b"document"):
        return False
    if facts.fetch_site in (b"same-origin", b"same-site") or _from_here(visit):
        return False
    return facts.fetch_dest is not None or (facts.accept or b"").startswith(b"text/html")


def _from_here(visit: Visit) -> bool:
    if visit.referer is None or self_referer(visit):
        return False
    origin = visit.referer.partition(b"://")[2].partition(b"/")[0]
    return origin.decode("latin-1").lower() == visit.authority
