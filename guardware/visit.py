"""Visit: one request as the guard sees it, immutable, read once from the ASGI scope at the edge."""

import re
from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Any, Literal, NamedTuple

from guardware.addresses import AddressReader, Network, Source
from guardware.caching import BoundedCache
from guardware.http import OURS, RawHeaders, Scope
from guardware.paths import normalise


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
    **dict.fromkeys([b"style", b"script", b"font", b"manifest", b"worker", b"sharedworker"], Kind.API),
    **dict.fromkeys([b"serviceworker", b"audio", b"video", b"track", b"report"], Kind.API),
}
"""Values of Sec-Fetch-Dest (Fetch standard, section 2.2.7 "destination"). None makes an asset: those have no
limit, and only a path may say that it is one."""

_FEED_NAMES = frozenset(
    ["/feed", "/feed/", "/rss", "/rss/", "/atom", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml"]
)


class Facts(NamedTuple):
    """The header values that signals look at; None where the header is absent.

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


_FACTS = (
    b"user-agent",
    b"accept",
    b"accept-language",
    b"accept-encoding",
    b"sec-fetch-dest",
    b"sec-fetch-mode",
    b"sec-fetch-site",
    b"sec-ch-ua",
    b"sec-ch-ua-mobile",
    b"upgrade",
    b"http2-settings",
)
_READING = frozenset(["GET", "HEAD"])
_USUAL = frozenset(_FACTS) | frozenset(
    [
        *(
            b"host",
            b"connection",
            b"cookie",
            b"referer",
            b"origin",
            b"range",
            b"dnt",
            b"te",
            b"priority",
            b"pragma",
        ),
        *(b"cache-control", b"content-type", b"content-length", b"authorization", b"upgrade-insecure-requests"),
        *(b"if-none-match", b"if-modified-since", b"if-range", b"sec-fetch-user", b"sec-ch-ua-platform"),
        *(b"sec-gpc", b"sec-purpose", b"save-data", b"x-requested-with", b"x-forwarded-for", b"x-forwarded-proto"),
        *(b"x-forwarded-host", b"x-forwarded-port", b"x-real-ip", b"forwarded", b"via"),
    ]
)
"""What browsers and proxies send; a request with nothing else needs no look at every name for our own."""

_FORWARDED = frozenset([b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"])
_CUT = 512
"""Characters up to which a path or host is remembered."""

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time."""

_HOST = re.compile(
    rb"(\[[0-9A-Fa-f:.]{2,45}\]|(?>[A-Za-z0-9_-]+)(?>(?:\.(?>[A-Za-z0-9_-]+))*)\.?)(?::([0-9]{0,5}))?"
)
"""RFC 9110 section 7.2 and RFC 3986 section 3.2, of which a name may end in a dot and a port may be empty; but of
all the signs that a name may have there, those that real names have."""
_LOCAL = re.compile(r"(?:.+\.)?localhost|127(?:\.\d{1,3}){3}|\[::1\]")


class Visit(NamedTuple):
    """One request.

    ``scheme``: http or https, as the visitor used it. ``trustworthy``: browsers send fetch metadata here (https,
    or a loopback host; W3C Secure Contexts, section 3.1). ``host``: lower case, without port and final dot, "" if
    absent; ``authority``: as sent, lower case, with its port; ``base_url``: ``https://example.com``, what
    absolute links start with when the owner has set no ``site.url``. ``path``: normal form. ``forged``: the
    headers hold an X-Guardware-*, which nobody may send us.
    """

    method: str
    scheme: str
    authority: str
    host: str
    trustworthy: bool
    base_url: str
    path: str
    raw_path: bytes
    query: bytes
    kind: Kind
    source: Source
    facts: Facts
    referer: bytes | None
    headers: RawHeaders
    forged: bool


class _Place(NamedTuple):
    """What a path alone says; ``kind`` is None where the headers must."""

    path: str
    kind: Kind | None


class _Authority(NamedTuple):
    """What a Host header says; ``http`` and ``https``: the base URL by either."""

    text: str
    host: str
    local: bool
    http: str
    https: str


_NO_HOST = _Authority("", "", False, "", "")


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
        self._scheme = None if scheme == "auto" else scheme
        self._prefix = prefix
        self._notices = notices
        self._direct: BoundedCache[str | None, Source] = BoundedCache(4096)
        self._places: BoundedCache[tuple[str, bytes], _Place] = BoundedCache(2048)
        self._hosts: BoundedCache[bytes | None, _Authority] = BoundedCache(256)

    def read(self, scope: Scope) -> Visit | None:
        """The visit of an ASGI HTTP or WebSocket scope, or None if its path or Host cannot be judged: refuse it
        (400; for a malformed Host RFC 9112 section 3.2 asks for that).
        """
        raw_path = scope.get("raw_path") or b""
        place = self._places.get((scope["path"], raw_path)) or self._place(scope["path"], raw_path)
        if place is None:
            return None
        headers: RawHeaders = scope["headers"]
        values = _by_name(headers)
        value = values.get
        facts = _new(Facts, map(value, _FACTS))
        peer: Any = scope.get("client")
        address = peer[0] if peer else None
        hops, elements, proto = value(b"x-forwarded-for"), value(b"forwarded"), value(b"x-forwarded-proto")
        source = (self._direct.get(address) if hops is elements is proto is None else None) or self._source(
            address, hops, elements, proto
        )
        host_line = value(b"host")
        named = self._hosts.get(host_line) or self._authority(host_line)
        if named is None:
            return None
        authority, host, local, http, https = named
        method = scope.get("method", "GET")
        kind = place.kind or _kind_of_headers(facts, b"x-requested-with" in values)
        # Some frameworks take "get" for GET; two comparisons settle the common case.
        if method != "GET" and method != "HEAD" and kind is Kind.IMAGE and method.upper() not in _READING:
            kind = Kind.API
        scheme = self._scheme or source.scheme or _SCHEMES.get(scope.get("scheme", "http"), "http")
        fields = (
            method,
            scheme,
            authority,
            host,
            local or scheme == "https",
            https if scheme == "https" else http,
            place.path,
            raw_path or scope["path"].encode("utf-8", "surrogatepass"),
            scope.get("query_string", b""),
            kind,
            source,
            facts,
            value(b"referer"),
            headers,
            not _USUAL.issuperset(values) and OURS in b" ".join(values),
        )
        return _new(Visit, fields)

    def _place(self, path: str, raw_path: bytes) -> _Place | None:
        normal = normalise(path, raw_path)
        if normal is None:
            return None
        place = _Place(normal.text, self._kind_of_path(normal.text, normal.extension))
        if len(path) < _CUT:
            self._places.put((path, raw_path), place)
        return place

    def _kind_of_path(self, path: str, extension: str) -> Kind | None:
        if path in self._notices:
            return Kind.NOTICE
        if path == self._prefix or path.startswith(f"{self._prefix}/"):
            return Kind.OWN
        return _EXTENSIONS.get(extension) or (Kind.FEED if path in _FEED_NAMES else None)

    def _source(
        self, address: str | None, hops: bytes | None, elements: bytes | None, proto: bytes | None
    ) -> Source:
        source = self._addresses.read(address, hops or b"", elements or b"", proto or b"")
        if hops is elements is proto is None:
            self._direct.put(address, source)
        return source

    def _authority(self, value: bytes | None) -> _Authority | None:
        known = _read_host(value) if value else _NO_HOST
        if known is not None:
            self._hosts.put(value, known)
        return known


def _read_host(value: bytes) -> _Authority | None:
    """What a Host header says, or None if it is malformed."""
    match = _HOST.fullmatch(value) if len(value) <= _CUT else None
    if match is None:
        return None
    name, port = match[1].decode().lower(), int(match[2] or 0)
    host = name.removesuffix(".")
    if len(host) > 253 or port > 65535 or (host[0] == "[" and not _is_ipv6(host[1:-1])):
        return None
    text = f"{name}:{port}" if match[2] else name
    return _Authority(text, host, _LOCAL.fullmatch(host) is not None, f"http://{text}", f"https://{text}")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _kind_of_headers(facts: Facts, requested_by_script: bool) -> Kind:
    """For paths that say nothing: what the client, who may lie, says it wants."""
    kind = _DESTINATIONS.get(facts.fetch_dest) if facts.fetch_dest is not None else None
    if kind is not None:
        return kind
    accept = facts.accept
    if accept is not None:
        if accept.startswith(b"image/"):
            return Kind.IMAGE
        if requested_by_script or (b"json" in accept and b"html" not in accept):
            return Kind.API
    return Kind.PAGE


_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def _by_name(headers: RawHeaders) -> dict[bytes, bytes]:
    """The header values by name: the first line of a repeated name, but forwarded lines joined.

    The common case, no name twice, is one call of ``dict``.
    """
    values = dict(headers)
    if len(values) == len(headers):
        return values
    values = {}
    for name, value in headers:
        if name not in values:
            values[name] = value
        elif name in _FORWARDED:
            values[name] += b"," + value
    return values
