"""Facts: what signals look at; the values of a visit's headers, and what a trusted proxy saw of its connection."""

import re
from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.http import RawHeaders


class Facts(NamedTuple):
    """What signals look at; None where the header is absent.

    A tuple of bytes, so that it is the key under which everything derived from headers is remembered.

    ``protocol`` (``HTTP/2.0``), ``alpn`` (``h2``, ``http/1.1``, ``none``) and ``ja4`` (its first two parts,
    ``t13d1516h2_8daaf6152771``) are what the proxies in ``clients.trusted_proxies`` saw of a TLS connection; None
    if the visit came another way, or if they do not tell. ``order``: how the headers follow each other
    (``guardware/order.py``), b"" while nothing is known of it.
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
    protocol: bytes | None = None
    alpn: bytes | None = None
    ja4: bytes | None = None
    order: bytes = b""


FACT_HEADERS = (
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
"""Where the first fields of ``Facts`` come from, in its order; anybody may send these."""

Seen = tuple[bytes | None, bytes | None, bytes | None]
"""``protocol``, ``alpn`` and ``ja4`` of one visit."""

UNSEEN: Seen = (None, None, None)

_JOINED = {b"x-forwarded-for": b",", b"x-forwarded-proto": b",", b"forwarded": b",", b"cookie": b"; "}
"""Headers whose repeated lines mean what one line does. Cookie: HTTP/2 may split it (RFC 9113 section 8.2.3)."""

_PROTOCOL = re.compile(rb"HTTP/[0-9](?:\.[0-9])?")
_ALPN = re.compile(rb"[A-Za-z0-9./-]{1,16}")
# Names of ALPN and versions of TLS as in FoxIO's description of JA4 (technical_details/JA4.md).
_JA4 = re.compile(rb"([tqd](?:1[0-3]|s[23]|d[123]|00)[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12})(?:_[0-9a-f]{12})?")


class Front:
    """Reads what a trusted proxy tells of a connection. Call it only for visits that came through one.

    ``protocol``, ``alpn``, ``ja4``: the names of the headers, "" for what the proxy does not tell. What it
    negotiates depends on itself too: where it does not offer HTTP/2, nobody gets it. So ``alpn`` and
    ``protocol`` stay None until one visit has come by HTTP/2 or 3.
    """

    def __init__(self, protocol: str, alpn: str, ja4: str) -> None:
        self._names = tuple(name.lower().encode() for name in (protocol, alpn, ja4))
        self.told = any(self._names)
        self.offers_h2 = False
        self._read: BoundedCache[Seen, Seen] = BoundedCache(512)

    def see(self, values: dict[bytes, bytes]) -> Seen:
        """What ``values``, the headers by name, tell; None for what is malformed."""
        protocol, alpn, ja4 = map(values.get, self._names)
        key = (protocol, alpn, ja4)
        seen = self._read.get(key) or self._understand(key)
        if self.offers_h2:
            return seen
        if seen[0] in _MULTIPLEXED or seen[1] in _MULTIPLEXED:
            self.offers_h2 = True
            return seen
        return None, None, seen[2]

    def _understand(self, raw: Seen) -> Seen:
        protocol, alpn, ja4 = raw
        match = _JA4.fullmatch(ja4) if ja4 else None
        seen = (_whole(_PROTOCOL, protocol), _whole(_ALPN, alpn), match and match[1])
        if sum(len(value or b"") for value in raw) <= 256:
            self._read.put(raw, seen)
        return seen


_MULTIPLEXED = frozenset([b"HTTP/2", b"HTTP/2.0", b"HTTP/3", b"HTTP/3.0", b"h2", b"h3"])


def _whole(pattern: re.Pattern[bytes], value: bytes | None) -> bytes | None:
    return value if value and pattern.fullmatch(value) else None


def by_name(headers: RawHeaders, single: frozenset[bytes]) -> dict[bytes, bytes]:
    """The header values by name: the first line of a repeated name, but forwarded lines and cookies joined.

    ``single``: names that only a trusted proxy writes; one that is there twice was not replaced but added to
    what the visitor wrote, and is left out. The common case, no name twice, is one call of ``dict``.
    """
    values = dict(headers)
    if len(values) == len(headers):
        return values
    values = {}
    for name, value in headers:
        if name not in values:
            values[name] = value
        elif (glue := _JOINED.get(name)) is not None:
            values[name] += glue + value
        elif name in single:
            values[name] = b""
    return values
