"""The request that a front asks about: its method, address and host, from headers that only a front may send.

Every front has its own names for them (``_METHODS``, ``_TARGETS``). A visitor can send those names that his front
does not replace, so all that are there must say the same; what is missing, there twice, or contradicts itself is a
fault, never a guess.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

from guardware.http import RawHeaders, Scope

_METHODS = (b"x-original-method", b"x-forwarded-method")
"""nginx and HAProxy by our recipes, ingress-nginx; Traefik and Caddy."""

_TARGETS = (b"x-original-uri", b"x-forwarded-uri")
"""The same, for path and query as the visitor sent them."""

_URL = b"x-original-url"
"""ingress-nginx: the whole address."""

_HOST = b"x-forwarded-host"

CONTROL = frozenset([*_METHODS, *_TARGETS, _URL, _HOST])
"""What the visit that is judged does not have among its headers."""

_SOURCES = (b"x-forwarded-for", b"forwarded")
"""One of them must be there: else every visitor would count as the front itself."""

_READ = CONTROL | frozenset(_SOURCES) | {b"x-forwarded-proto"}

_TOKEN = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~-]{1,32}")
"""A method: RFC 9110, section 5.6.2, as far as methods go (registry of IANA, 2026: the longest has 17 letters)."""

_TARGET = re.compile(rb"/[\x21\x22\x24-\x7e]*")
"""Path and query as they stand in a request line (RFC 9112, section 3.2.1), ASCII only. No ``#``: nginx cuts the
path off there, others do not."""

_WHOLE = re.compile(rb"(https?)://([^/?#@\\\s]+)(/.*)", re.IGNORECASE)
"""An absolute address (RFC 9112, section 3.2.2) without a user."""


class Asked(NamedTuple):
    """What a front asks about. ``host`` is empty if only the request's own Host line says it."""

    method: str
    target: bytes
    host: bytes


def read_asked(headers: RawHeaders, path: bytes = b"", method: str = "") -> Asked | str:
    """What is asked about, or a sentence that says what is wrong.

    ``path`` and ``method``: where the front (Envoy) puts path and query behind the endpoint's address and asks by
    the visitor's method; empty for all others.
    """
    values: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in values and name not in _SOURCES:
                return f"The header {name.decode()} is there twice; let the front replace it."
            values[name] = value
    if not (values.get(b"x-forwarded-for") or values.get(b"forwarded")):
        return "There is no X-Forwarded-For; let the front send the visitor's address in it."
    if _URL not in values:
        url_scheme = url_host = None
    elif (whole := _WHOLE.fullmatch(values[_URL])) is not None:
        url_scheme, url_host = whole[1], whole[2]
        values[_URL] = whole[3]
    else:
        return "X-Original-URL is no address such as https://example.com/art/1.jpg."
    target = _one(path, *map(values.get, _TARGETS), values.get(_URL))
    if target is None or not _TARGET.fullmatch(target):
        return "What X-Original-URI or X-Forwarded-Uri says is missing, no path, or not the same in both."
    said = _one(method.encode("latin-1"), *map(values.get, _METHODS))
    if said is None or not _TOKEN.fullmatch(said):
        return "What X-Original-Method or X-Forwarded-Method says is missing, no method, or not the same in both."
    host = _one(b"", values.get(_HOST), url_host, missing=b"")
    if host is None or b"," in host:
        return "X-Forwarded-Host names several hosts, or not the one of X-Original-URL."
    if url_scheme is not None and values.get(b"x-forwarded-proto", url_scheme).lower() != url_scheme.lower():
        return "X-Forwarded-Proto and X-Original-URL name different schemes."
    return Asked(said.decode(), target, host)


def asked_scope(scope: Scope, asked: Asked) -> Scope:
    """The ASGI scope of the visitor's own request: his headers, in his order, without the front's questions."""
    path, _, query = asked.target.partition(b"?")
    headers = [line for line in scope["headers"] if line[0] not in CONTROL]
    if asked.host:
        headers = with_host(headers, asked.host)
    return {
        **scope,
        "method": asked.method,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
        "state": dict(scope.get("state") or {}),
    }


def host_of(headers: RawHeaders) -> bytes:
    """The host that the front names for the visitor's request, b"" if it names none or several."""
    named = [value for name, value in headers if name == _HOST]
    return named[0] if len(named) == 1 and b"," not in named[0] else b""


def with_host(headers: RawHeaders, host: bytes) -> RawHeaders:
    """``headers`` with ``host`` in the place of the first Host line, and no other."""
    kept: RawHeaders = []
    placed = False
    for line in headers:
        if line[0] != b"host":
            kept.append(line)
        elif not placed:
            kept.append((b"host", host))
            placed = True
    return kept if placed else [(b"host", host), *kept]


def _one(first: bytes, *rest: bytes | None, missing: bytes | None = None) -> bytes | None:
    """The value that all who say one agree on; None if they do not; ``missing`` if nobody says one. ``first`` says
    none if it is empty; the others do even so."""
    said = first or None
    for value in rest:
        if value is not None:
            if said is not None and value != said:
                return None
            said = value
    return missing if said is None else said
