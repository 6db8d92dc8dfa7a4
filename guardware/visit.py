"""Visit: one request as the guard sees it, immutable, read once from the ASGI scope at the edge."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from guardware.addresses import AddressReader, Network, Source
from guardware.caching import BoundedCache
from guardware.http import RawHeaders, Scope
from guardware.paths import PathReader


class Kind(StrEnum):
    """What a visit asks for."""

    PAGE = "page"
    IMAGE = "image"
    ASSET = "asset"
    FEED = "feed"
    API = "api"
    NOTICE = "notice"
    OWN = "own"

    # Enum's own __hash__ is a Python call; members are dictionary keys on the way of every request.
    __hash__ = str.__hash__


_EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys(
        "jpg jpeg jpe jfif png apng webp gif avif avifs heic heif jxl bmp tif tiff svg ico jp2".split(), Kind.IMAGE
    ),
    **dict.fromkeys("css js mjs map woff woff2 ttf otf eot wasm webmanifest".split(), Kind.ASSET),
    **dict.fromkeys("rss atom".split(), Kind.FEED),
    "json": Kind.API,
}

_DESTINATIONS: dict[bytes, Kind] = {
    b"image": Kind.IMAGE,
    **dict.fromkeys([b"document", b"iframe", b"frame", b"embed", b"object"], Kind.PAGE),
    **dict.fromkeys([b"style", b"script", b"font", b"manifest", b"worker", b"sharedworker"], Kind.ASSET),
    **dict.fromkeys([b"serviceworker", b"audio", b"video", b"track", b"report"], Kind.ASSET),
}
"""Values of Sec-Fetch-Dest (Fetch standard, section 2.2.7 "destination")."""

_FEED_NAMES = frozenset(
    ["/feed", "/feed/", "/rss", "/rss/", "/atom", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml"]
)


class Facts(NamedTuple):
    """The header values that signals look at, cut to bounded length; None where the header is absent.

    A tuple of bytes, so that it is the key under which everything derived from headers is remembered.
    """

    user_agent: bytes | None = None
    accept: bytes | None = None
    accept_language: bytes | None = None
    accept_encoding: bytes | None = None
    fetch_dest: bytes | None = None
    fetch_mode: bytes | None = None
    fetch_site: bytes | None = None
    ua_brands: bytes | None = None
    ua_mobile: bytes | None = None
    upgrade: bytes | None = None
    http2_settings: bytes | None = None


_FACTS = {
    b"user-agent": 0,
    b"accept": 1,
    b"accept-language": 2,
    b"accept-encoding": 3,
    b"sec-fetch-dest": 4,
    b"sec-fetch-mode": 5,
    b"sec-fetch-site": 6,
    b"sec-ch-ua": 7,
    b"sec-ch-ua-mobile": 8,
    b"upgrade": 9,
    b"http2-settings": 10,
}
_OTHERS = {
    b"host": 11,
    b"referer": 12,
    b"x-forwarded-for": 13,
    b"x-forwarded-proto": 14,
    b"forwarded": 15,
    b"x-requested-with": 16,
}
_SLOTS = _FACTS | _OTHERS
_OURS = len(_SLOTS)
_NO_VALUES = [None] * (_OURS + 1)
_REPEATABLE = frozenset([13, 14, 15])
_CUT = 512
"""Bytes of a header value that signals look at; longer ones are cut (peers.md: cap, then match)."""

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time."""

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_LOCAL = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]")


class Visit(NamedTuple):
    """One request.

    ``scheme``: http or https, as the visitor used it. ``trustworthy``: browsers send fetch metadata here (https,
    or a loopback host; W3C Secure Contexts, section 3.1). ``host``: as sent, without port, lower case, "" if
    absent or malformed; ``authority``: the same with its port. ``path``: normal form. ``forged``: the headers
    hold an X-Guardware-*, which nobody may send us.
    """

    method: str
    scheme: str
    authority: str
    host: str
    trustworthy: bool
    path: str
    raw_path: bytes
    query: bytes
    kind: Kind
    source: Source
    facts: Facts
    referer: bytes | None
    headers: RawHeaders
    forged: bool

    @property
    def base_url(self) -> str:
        """``https://example.com``: what absolute links start with when the owner has set no ``site.url``."""
        return f"{self.scheme}://{self.authority}" if self.authority else ""


class VisitReader:
    """Reads visits from ASGI scopes. Owns the bounded memories of addresses, paths and hosts."""

    def __init__(
        self,
        trusted_proxies: Sequence[Network | Literal["unix"]] = (),
        scheme: Literal["auto", "http", "https"] = "auto",
        prefix: str = "/.guardware",
        notices: frozenset[str] = frozenset(),
    ) -> None:
        self._addresses = AddressReader(trusted_proxies)
        self._paths = PathReader()
        self._scheme = None if scheme == "auto" else scheme
        self._prefix = prefix
        self._prefix_slash = prefix + "/"
        self._notices = notices
        self._hosts: BoundedCache[bytes, tuple[str, str, bool]] = BoundedCache(256)

    def read(self, scope: Scope) -> Visit | None:
        """The visit of an ASGI HTTP or WebSocket scope, or None if its path cannot be judged: refuse it (400)."""
        path = self._paths.read(scope["path"], scope.get("raw_path") or b"")
        if path is None:
            return None
        headers: RawHeaders = scope["headers"]
        values = _scan(headers)
        facts = _new(Facts, values[:11])
        peer: Any = scope.get("client")
        source = self._addresses.read(
            peer[0] if peer else None, values[13] or b"", values[15] or b"", values[14] or b""
        )
        authority, host, local = self._host(values[11])
        method = scope.get("method", "GET")
        kind = self._kind(path.text, path.extension, facts, values[16])
        if kind is Kind.IMAGE and method != "GET" and method != "HEAD":
            kind = Kind.API
        scheme = self._scheme or source.scheme or _SCHEMES.get(scope.get("scheme", "http"), "http")
        fields = (
            method,
            scheme,
            authority,
            host,
            local or scheme == "https",
            path.text,
            scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass"),
            scope.get("query_string", b""),
            kind,
            source,
            facts,
            values[12],
            headers,
            values[_OURS] is not None,
        )
        return _new(Visit, fields)

    def _host(self, value: bytes | None) -> tuple[str, str, bool]:
        if value is None:
            return "", "", False
        known = self._hosts.get(value)
        if known is None:
            match = _HOST.fullmatch(value)
            host = match[1].decode().lower() if match else ""
            authority = value.decode().lower() if match else ""
            known = (authority, host, bool(_LOCAL.fullmatch(host)))
            if len(value) <= _CUT:
                self._hosts.put(value, known)
        return known

    def _kind(self, path: str, extension: str, facts: Facts, requested_with: bytes | None) -> Kind:
        """The path decides where it says anything; headers, which a client chooses, only where it does not."""
        if path in self._notices:
            return Kind.NOTICE
        if path.startswith(self._prefix) and (path == self._prefix or path.startswith(self._prefix_slash)):
            return Kind.OWN
        kind = _EXTENSIONS.get(extension)
        if kind is not None:
            return kind
        if path in _FEED_NAMES:
            return Kind.FEED
        if facts.fetch_dest is not None:
            kind = _DESTINATIONS.get(facts.fetch_dest)
            if kind is not None:
                return kind
        accept = facts.accept
        if accept is not None:
            if accept.startswith(b"image/"):
                return Kind.IMAGE
            if requested_with is not None or (b"json" in accept and b"html" not in accept):
                return Kind.API
        return Kind.PAGE


_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _scan(headers: RawHeaders) -> list[Any]:
    """One pass over the header lines; the first of a repeated line counts, but forwarded ones are joined."""
    values: list[Any] = _NO_VALUES.copy()
    slot_of = _SLOTS.get
    for name, value in headers:
        slot = slot_of(name)
        if slot is None:
            if name[:12] == b"x-guardware-":
                values[_OURS] = name
        elif values[slot] is None:
            values[slot] = value if slot > 10 or len(value) <= _CUT else value[:_CUT]
        elif slot in _REPEATABLE:
            values[slot] = values[slot] + b"," + value
    return values
