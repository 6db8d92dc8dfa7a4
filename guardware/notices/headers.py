"""The opt-out response headers of pages and pictures, and what would cancel them."""

import re
from typing import Literal

from guardware.config.schema import Notices
from guardware.http import RawHeaders
from guardware.notices import rsl

Kind = Literal["page", "picture"]

NOAI = (b"x-robots-tag", b"noai, noimageai")
"""Exactly so, first and alone on its line: img2dataset 1.47 takes whatever stands left of a colon for a
crawler's name and skips the line; datadiligence 0.1.7 is case-sensitive and reads only the first line."""

NOINDEX = (b"x-robots-tag", b"noindex")
"""A line of its own, after NOAI: img2dataset judges each line apart, and folded into one the two still refuse."""

TDM = (b"tdm-reservation", b"1")
"""TDMRep, W3C Community Group Final Report of 10 May 2024."""

CONTENT_USAGE = "train-ai=n, ai-use=n"
"""AIPREF (draft-ietf-aipref-vocab-08). Never with ``search=y``, which would override both."""

_PAGES = frozenset({b"text/html", b"application/xhtml+xml"})
_DIRECTIVE = re.compile(r"[^,;\s]+")


def kind_of(content_type: bytes | None) -> Kind | None:
    """What the notices take a response for, by its content-type; None: they have nothing to say about it."""
    media = (content_type or b"").partition(b";")[0].strip().lower()
    if media in _PAGES:
        return "page"
    return "picture" if media.startswith(b"image/") else None


def notice_headers(config: Notices, kind: Kind | None, base: str) -> RawHeaders:
    """The lines for one response, X-Robots-Tag first. ``base``: scheme and host, empty if unknown."""
    if kind is None:
        return []
    lines: RawHeaders = [NOAI] if config.robots_tag else []
    if config.noindex_pictures and kind == "picture":
        lines.append(NOINDEX)
    if config.tdm_reservation:
        lines.append(TDM)
        if config.tdm_policy is not None:
            lines.append((b"tdm-policy", str(config.tdm_policy).encode("ascii", "ignore")))
    if config.content_usage:
        lines.append((b"content-usage", CONTENT_USAGE.encode()))
    if config.rsl and base:
        lines.append((b"link", rsl.link(base)))
    return lines


def cancels(value: bytes) -> str | None:
    """Why ``value``, the app's own X-Robots-Tag, undoes ``noai, noimageai`` once both are folded into one line.

    Proxies and content networks may fold repeated lines. Returns a sentence with the mend, or None.
    """
    text = value.decode("latin-1").strip()
    if ":" in text:
        return (
            f"X-Robots-Tag: {text!r} has a colon; folded into one line with ours it makes img2dataset skip "
            "both. Say it in <meta name=robots> instead."
        )
    if "all" in (word.lower() for word in _DIRECTIVE.findall(text)):
        return (
            f"X-Robots-Tag: {text!r} says 'all', the opposite of 'noai, noimageai'. Leave it out: "
            "it is the default and changes nothing for search engines."
        )
    return None
