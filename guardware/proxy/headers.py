"""Which header lines pass a proxy, and which ones it writes itself."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from guardware.http import OURS, RawHeaders, Scope, first_value
from guardware.visit import Visit

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""For one connection only: RFC 9110 section 7.6.1, with the two proxy lines of RFC 2616 section 13.5.1."""


_CLAIMS = frozenset(
    {
        *(b"forwarded", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"client-ip", b"true-client-ip"),
        *(b"cf-connecting-ip", b"cf-connecting-ipv6", b"fastly-client-ip"),
        *(b"x-original-url", b"x-original-uri", b"x-rewrite-url", b"x-original-method"),
        *(b"x-host", b"x-original-host", b"x-http-host-override"),
        b"proxy",
    }
)
"""What only a proxy may say: who visits (sites that know us for a proxy believe these lines, and anybody may send
them), another path, method or host than the judged ones, by which some frameworks route. ``Proxy`` nobody may
say: CGI makes HTTP_PROXY of it, through which the site would ask others (CVE-2016-5385)."""

_CLAIM_PREFIXES = (b"x-forwarded-", OURS)

_ONE_WAY = frozenset({b"expect"})
"""Answered by our own server: 100 Continue has gone out before the upstream is asked."""

_UNDONE = ([b"chunked"], [b"identity"])
"""The transfer codings of an answer that are undone here; the second is of RFC 2616, and changes nothing."""

_LENGTH_DIGITS = 18
"""Of a Content-Length: what is longer fits no file's length (63 bits), and is a mistake or worse."""

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
"""A field's name and value: RFC 9110 sections 5.1 and 5.5."""


class Visitor(NamedTuple):
    """What the upstream is told of the visitor; ``address`` is None on a unix socket."""

    address: str | None
    scheme: str


WhoVisits = Callable[[Scope], Visitor]


def from_connection(scope: Scope) -> Visitor:
    """The visitor as the connection shows it."""
    client = scope.get("client")
    secure = scope.get("scheme") in ("https", "wss")
    return Visitor(client[0] if client else None, "https" if secure else "http")


def from_scope(scope: Scope) -> Visitor:
    """The visitor as the middleware judged him; else, where none stands in front, as the connection shows him."""
    visit = scope.get("state", {}).get("guardware.visit")
    if isinstance(visit, Visit):
        return Visitor(visit.source.address or None, visit.scheme)
    return from_connection(scope)


def _named_in_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """The names that ``Connection`` lines declare to be hop-by-hop."""
    values = [value for name, value in headers if name == b"connection"]
    return frozenset(token.strip().lower() for value in values for token in value.split(b","))


def _claims_more(name: bytes) -> bool:
    """Whether only a proxy may send this line. CGI and WSGI read ``X_Forwarded_For`` as the same name."""
    if b"_" in name:
        name = name.replace(b"_", b"-")
    return name in _CLAIMS or name.startswith(_CLAIM_PREFIXES)


def _text(value: bytes) -> str:
    """As aiohttp wants it. It writes UTF-8, so UTF-8 passes byte for byte; other bytes are read as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _forwarded(visitor: Visitor, host: str | None) -> list[tuple[str, str]]:
    """Our own statement of who visits, in the usual three lines and in that of RFC 7239."""
    node = visitor.address or "unknown"
    standard = f'for="[{node}]"' if ":" in node else f"for={node}"
    standard += f";proto={visitor.scheme}"
    lines = [("x-forwarded-proto", visitor.scheme)]
    if visitor.address:
        lines.append(("x-forwarded-for", visitor.address))
    if host:
        lines.append(("x-forwarded-host", host))
        standard += ';host="' + host.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return [*lines, ("forwarded", standard)]


def to_upstream(headers: RawHeaders, visitor: Visitor, *, preserve_host: bool) -> list[tuple[str, str]]:
    """The visitor's lines as they go upstream: in order, repeated ones apart, ours at the end."""
    # Host stays even if Connection names it: the judged host and the one that answers must be the same.
    dropped = HOP_BY_HOP | _ONE_WAY | (_named_in_connection(headers) - {b"host"})
    if not preserve_host:
        dropped |= {b"host"}
    if any(name == b"transfer-encoding" for name, _ in headers):
        dropped |= {b"content-length"}  # RFC 9112 section 6.3: it is overridden, and two lengths are a smuggler's
    host = first_value(headers, b"host")
    passed = [
        (name.decode("latin-1"), _text(value))
        for name, value in headers
        if name not in dropped and not _claims_more(name)
    ]
    return passed + _forwarded(visitor, _text(host) if host else None)


def has_body(headers: RawHeaders) -> bool:
    """Whether a request with these lines carries a body (RFC 9112 section 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in headers
    )


def to_visitor(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders | None:
    """The upstream's lines as they go to the visitor, or None if they can not be sent on.

    ``Alt-Svc`` is left out: it would show browsers a way around the guard.
    """
    lines = [(name.lower(), value.strip(b" \t")) for name, value in headers]
    dropped = HOP_BY_HOP | {b"alt-svc"} | _named_in_connection(lines)
    codings = [value.lower() for name, value in lines if name == b"transfer-encoding"]
    if codings:
        dropped |= {b"content-length"}
        if codings not in _UNDONE:
            return None  # the body would go out in a coding that nobody is told of
    passed = [(n, v) for n, v in lines if n not in dropped and not n.startswith(OURS)]
    lengths = {v for n, v in passed if n == b"content-length"}
    if len(lengths) > 1 or not all(length.isdigit() and len(length) <= _LENGTH_DIGITS for length in lengths):
        return None
    for name, value in passed:
        if _NAME.fullmatch(name) is None or _VALUE.fullmatch(value) is None:
            return None
    return passed
