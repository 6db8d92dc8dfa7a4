"""Which site a log is of, where its lines do not say: what visits are told from by their referers."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from guardware.config.schema import Config
from guardware.kinds import Kind, kind_of_path
from guardware.paths import extension
from guardware.replay.entry import Entry


class Site(NamedTuple):
    """``host``: with its port unless that is the usual one, b"" if unknown. ``how`` it is known, in words."""

    host: bytes
    scheme: str
    how: str


def site_of(config: Config, entries: Iterable[Entry]) -> Site:
    """The site by ``site.url``, else as pictures and style sheets name the page they are on."""
    if config.site.url is not None:
        return read_site(str(config.site.url), "as site.url says")
    pages = Counter(origin for entry in entries if (origin := _page_of_part(entry)))
    if pages:
        scheme, _, host = pages.most_common(1)[0][0].partition(b"://")
        return Site(host, scheme.decode(), "guessed from the referers of style sheets and pictures")
    return Site(b"", "https", "not told by the log")


def read_site(url: str, how: str) -> Site:
    """The site at ``url``. Raises ValueError if that is no http or https address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        mend = "" if "://" in url else f"; write http://{url}, or https://{url} if that is what it is"
        raise ValueError(f"{url!r} is no http or https address{mend}")
    return Site(parts.netloc.rpartition("@")[2].lower().encode(), parts.scheme, how)


def _page_of_part(entry: Entry) -> bytes:
    """The origin of the page that a picture or style sheet says it is on."""
    if entry.request is None or not 200 <= entry.status < 400:
        return b""
    path = entry.request.path
    if kind_of_path(path, extension(path)) not in (Kind.IMAGE, Kind.ASSET):
        return b""
    referer = next((value for name, value in entry.headers if name == b"referer"), b"").lower()
    scheme, separator, rest = referer.partition(b"://")
    host = rest.partition(b"/")[0]
    return b"%b://%b" % (scheme, host) if separator and host and scheme in (b"http", b"https") else b""


def same_site(referer: bytes, host: str) -> bool:
    """Whether ``referer`` is a page of ``host`` (lower case, no port); with and without ``www.`` are one."""
    if not host:
        return False
    there = referer.partition(b"://")[2].partition(b"/")[0].partition(b":")[0].lower()
    return there.removeprefix(b"www.") == host.removeprefix("www.").encode("utf-8", "surrogateescape")
