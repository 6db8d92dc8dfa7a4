"""The pictures of a page, as a browser and a scraper find them in its HTML."""

import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import yarl

from guardware.kinds import Kind, extensions_of

_PICTURES = frozenset(extensions_of(Kind.IMAGE)) - {"ico"}
_PREVIEWS = frozenset(["og:image", "og:image:url", "og:image:secure_url", "twitter:image", "twitter:image:src"])
_MOST = 2000
"""Addresses that are taken of one page."""
_LONGEST = 2048
"""Characters of an address; longer ones are nobody's pictures, and each would be joined with the page's."""
_HTML = 4_000_000
"""Characters of a page that are read: some 6 seconds of one core for the worst of pages."""


class Found(NamedTuple):
    """Absolute addresses, in the order of the page, each once: on the site itself, and on other hosts."""

    here: tuple[str, ...]
    elsewhere: tuple[str, ...]


def pictures_in(html: str, page: str) -> Found:
    """The pictures in ``html``, which came from the address ``page``. Any text will do."""
    reader = _Reader(page)
    reader.feed(html[:_HTML])
    host = urlsplit(page).netloc.lower()
    found = list(dict.fromkeys(reader.found))[:_MOST]
    here = tuple(url for url in found if urlsplit(url).netloc.lower() == host)
    return Found(here, tuple(url for url in found if urlsplit(url).netloc.lower() != host))


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base, self._own_base = page, True
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.found) > _MOST:
            return
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and given.get("href") and self._own_base:  # the first one counts (HTML, section 4.2.3)
            self._base, self._own_base = _joined(self._base, given["href"]) or self._base, False
        elif tag in ("img", "source"):
            self._add(given.get("src", "") if tag == "img" else "")
            for candidate in re.split(r",\s+|,$", given.get("srcset", ""), maxsplit=_MOST):
                self._add(candidate.strip().partition(" ")[0])
        elif tag == "meta" and given.get("property", given.get("name", "")).lower() in _PREVIEWS:
            self._add(given.get("content", ""))
        elif tag in ("a", "link") and _is_picture(given.get("href", "")):
            self._add(given["href"])

    def _add(self, address: str) -> None:
        url = _joined(self._base, address.strip())
        if url:
            self.found.append(url)


def _joined(base: str, address: str) -> str:
    """Absolute, without fragment, percent-encoded as a browser does; empty for what is no address on the web."""
    if len(address) > _LONGEST:
        return ""
    try:
        url = yarl.URL(urljoin(base, address).partition("#")[0]) if address else yarl.URL()
        return str(url) if url.scheme in ("http", "https") and url.host else ""
    except ValueError:
        return ""


def _is_picture(address: str) -> bool:
    try:
        path = urlsplit(address).path
    except ValueError:
        return False
    return path.rpartition(".")[2].lower() in _PICTURES
