"""Which browser engine a user-agent string claims, and whether that engine should send fetch metadata."""

import re
from typing import NamedTuple

NEWEST = {"chromium": 156, "gecko": 157}
"""Newest major versions when this table was made (November 2026): the captures' Chromium, and the Firefox that
gallery-dl 1.32.18 pretends to be. Only used to call an engine stale, so a newer browser is never one."""

RETIRED = frozenset(["trident", "presto"])
"""Engines that are made no more: Internet Explorer's last version is of 2013, Opera's last own engine of 2013 too.
Whoever still has one is a person with an old machine, or claims to be; a made-up name it is not."""

STALE = 25
"""Majors behind ``NEWEST`` from which an engine is stale: about two years of four-week releases."""

_COLOUR_MANAGED_SINCE = {
    ("chromium", False): 70,
    ("chromium", True): 70,
    ("gecko", False): 4,
    ("gecko", True): 133,
}
"""Majors, by family and whether on a phone, from which pictures are shown by their embedded profiles.

Firefox on desktops does since 3.5 (MDN); on Android it was off until some time after 2021, and reports on 133 show
it at work. Chromium's own colour management came with 61; later ones are on the safe side. WebKit manages colours
too, but nobody has tried it on profiles with decreasing curves, so it is not trusted with them.
"""

_IOS = re.compile(r"(?:iPhone )?OS (\d+)[_.](\d+)")
_CHROME = re.compile(r"\b(?:Headless)?Chrom(?:e|ium)/(\d+)")
_FIREFOX = re.compile(r"\bFirefox/(\d+)")
_SAFARI = re.compile(r"\b(?:Version|Silk)/(\d+)(?:\.(\d+))?.*\bSafari/")
"""Amazon's Silk, until it became a Chromium, named itself in the place of Version."""
_TRIDENT = re.compile(r"Mozilla/[45]\.0 \((?:compatible; )?(?:MSIE (\d+)|[^)]*\bTrident/\d+\.\d+;[^)]*\brv:(\d+))")
_PRESTO = re.compile(r"Opera/9\.80 \([^)]*\).* Presto/.* Version/(\d+)")


class Engine(NamedTuple):
    """``family``: chromium, gecko, webkit, trident or presto; ``modern``: sends Sec-Fetch-* where that is due."""

    family: str
    major: int
    modern: bool
    mobile: bool
    webview: bool

    @property
    def manages_colour(self) -> bool:
        """Whether it shows a picture by the picture's embedded colour profile."""
        since = _COLOUR_MANAGED_SINCE.get((self.family, self.mobile))
        return since is not None and self.major >= since

    @property
    def stale(self) -> bool:
        newest = NEWEST.get(self.family)
        return self.family in RETIRED or (newest is not None and self.major < newest - STALE)


def claimed_engine(user_agent: str) -> Engine | None:
    """The engine that ``user_agent`` claims, or None if it claims none that is known.

    Sec-Fetch-* came with Chromium 80 (whole triple), Firefox 90 and Safari 16.4 (MDN compatibility data).
    Every browser on iOS is WebKit of the system's version; without that version it is none that is known.
    """
    if (match := _TRIDENT.match(user_agent) or _PRESTO.match(user_agent)) is not None:
        family = "presto" if match.re is _PRESTO else "trident"
        return Engine(family, int(match[match.lastindex or 1][:6]), False, "Mobi" in user_agent, False)
    if not user_agent.startswith("Mozilla/5.0 ("):
        return None
    mobile = "Mobile" in user_agent
    webview = "; wv)" in user_agent
    if "iPhone" in user_agent or "iPad" in user_agent:
        match = _IOS.search(user_agent)
        if match is None:
            return None
        version = (int(match[1][:4]), int(match[2][:4]))
        return Engine("webkit", version[0], version >= (16, 4), mobile, "Safari/" not in user_agent)
    if match := _CHROME.search(user_agent):
        major = int(match[1][:6])
        return Engine("chromium", major, major >= 80, mobile, webview)
    if match := _FIREFOX.search(user_agent):
        major = int(match[1][:6])
        return Engine("gecko", major, major >= 90, mobile, webview)
    if match := _SAFARI.search(user_agent):
        version = (int(match[1][:6]), int((match[2] or "0")[:6]))
        return Engine("webkit", version[0], version >= (16, 4), mobile, webview)
    return None
