"""Visit: one request as the guard sees it, immutable, read once from the ASGI scope at the edge."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from guardware.accounts import AccountReader
from guardware.addresses import AddressReader, Network, Source
from guardware.caching import BoundedCache
from guardware.config import clients
from guardware.facts import FACT_HEADERS, UNSEEN, Front, by_name
from guardware.facts import Facts as Facts  # part of the contract: a visit has them
from guardware.hosts import Authority, read_host
from guardware.http import OURS, RawHeaders, Scope
from guardware.kinds import Kind as Kind  # part of the contract: a visit has one
from guardware.kinds import kind_of_headers, kind_of_path
from guardware.order import HeaderOrder, compare, is_usual
from guardware.paths import normalise

_READING = frozenset(["GET", "HEAD"])
_CUT = 512
"""Characters up to which a path is remembered."""

_NO_FACTS, _NO_ACCOUNT = clients.Facts(), clients.Account()

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time."""


class Visit(NamedTuple):
    """One request.

    ``scheme``: http or https, as the visitor used it. ``trustworthy``: browsers send fetch metadata here (https,
    or a loopback host; W3C Secure Contexts, section 3.1). ``host``: lower case, without port and final dot, "" if
    absent; ``authority``: as sent, lower case, with its port; ``base_url``: ``https://example.com``, what
    absolute links start with when the owner has set no ``site.url``. ``path``: normal form. ``forged``: the
    headers hold an X-Guardware-*, which nobody may send us. ``signed``: the request carries a signature
    (RFC 9421), right or wrong. ``cookie``: the Cookie header. ``account``: what ``clients.account`` names
    (``accounts.py``), b"" for nobody; raw, so hash it before it is kept.
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
    signed: bool
    cookie: bytes | None
    account: bytes


class _Place(NamedTuple):
    """What a path alone says; ``kind`` is None where the headers must."""

    path: str
    kind: Kind | None


class _Names(NamedTuple):
    """What the names of the headers say; ``order`` counts only where a proxy leaves it as it is."""

    forged: bool
    signed: bool
    order: bytes


class VisitReader:
    """Reads visits from ASGI scopes. Owns the bounded memories of addresses, paths, hosts and header names.

    ``facts`` and ``account``: the sections of ``clients`` in the configuration. ``order``: what was learnt of
    the order of headers before, else it is learnt anew.
    """

    def __init__(
        self,
        trusted_proxies: Sequence[Network | Literal["unix"]] = (),
        scheme: Literal["auto", "http", "https"] = "auto",
        prefix: str = "/.guardware",
        notices: frozenset[str] = frozenset(),
        *,
        facts: clients.Facts = _NO_FACTS,
        account: clients.Account = _NO_ACCOUNT,
        order: HeaderOrder | None = None,
    ) -> None:
        self._addresses = AddressReader(trusted_proxies)
        self._scheme = None if scheme == "auto" else scheme
        self._prefix = prefix
        self._notices = notices
        self.order = order or HeaderOrder()
        self._front = Front(facts.protocol, facts.alpn, facts.ja4)
        self._told = self._front.told
        self._account = AccountReader(account.header, account.cookie)
        self._has_accounts = bool(account.header or account.cookie)
        named = (facts.protocol, facts.alpn, facts.ja4, account.header)
        self._single = frozenset(name.lower().encode() for name in named if name)
        self._direct: BoundedCache[str | None, Source] = BoundedCache(4096)
        self._places: BoundedCache[tuple[str, bytes], _Place] = BoundedCache(2048)
        self._hosts: BoundedCache[bytes | None, Authority] = BoundedCache(256)
        self._names: BoundedCache[tuple[bytes, ...], _Names] = BoundedCache(512)

    def read(self, scope: Scope) -> Visit | None:
        """The visit of an ASGI HTTP or WebSocket scope, or None if its path or Host cannot be judged: refuse it
        (400; for a malformed Host RFC 9112 section 3.2 asks for that).
        """
        raw_path = scope.get("raw_path") or b""
        place = self._places.get((scope["path"], raw_path)) or self._place(scope["path"], raw_path)
        if place is None:
            return None
        headers: RawHeaders = scope["headers"]
        values = dict(headers)
        if len(values) != len(headers):
            values = by_name(headers, self._single)
        value = values.get
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
        names = tuple(values)
        forged, signed, order = self._names.get(names) or self._look(names)
        if not self.order.kept or source.unheeded:
            order = self._learn(names, source)
        scheme = self._scheme or source.scheme or _SCHEMES.get(scope.get("scheme", "http"), "http")
        seen = self._front.see(values) if self._told and source.trusted and scheme == "https" else UNSEEN
        facts = _new(Facts, (*map(value, FACT_HEADERS), *seen, order))
        method = scope.get("method", "GET")
        kind = place.kind or kind_of_headers(facts, b"x-requested-with" in values)
        # Some frameworks take "get" for GET; two comparisons settle the common case.
        if method != "GET" and method != "HEAD" and kind is Kind.IMAGE and method.upper() not in _READING:
            kind = Kind.API
        cookie = value(b"cookie")
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
            forged,
            signed,
            cookie,
            self._account.read(values, cookie, source.trusted) if self._has_accounts else b"",
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
        return kind_of_path(path, extension)

    def _source(
        self, address: str | None, hops: bytes | None, elements: bytes | None, proto: bytes | None
    ) -> Source:
        source = self._addresses.read(address, hops or b"", elements or b"", proto or b"")
        if hops is elements is proto is None:
            self._direct.put(address, source)
        return source

    def _authority(self, value: bytes | None) -> Authority | None:
        known = read_host(value)
        if known is not None:
            self._hosts.put(value, known)
        return known

    def _look(self, names: tuple[bytes, ...]) -> _Names:
        usual = is_usual(names)
        order = compare(names) if usual else b""
        found = _Names(OURS in b" ".join(names), b"signature-input" in names, order)
        if usual:
            self._names.put(names, found)
        return found

    def _learn(self, names: tuple[bytes, ...], source: Source) -> bytes:
        """Behind a proxy of which we know nothing, order is neither learnt nor believed."""
        if self.order.kept is None and not source.unheeded:
            self.order.learn(names)
        return b""


_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
