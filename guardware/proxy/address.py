"""The upstream's address, and the URL of one request to it, byte for byte."""

import re
from urllib.parse import quote_from_bytes

from yarl import URL

from guardware.config.upstreams import Address as Address  # both are part of this room's contract
from guardware.config.upstreams import parse_address as parse_address
from guardware.http import Scope
from guardware.proxy.extensions import TARGET

_TARGET = re.compile(rb"/[\x21\x22\x24-\x7e\x80-\xff]*")
"""A path or query that may go into a request line: no space, no control, no ``#`` (it would be cut off there)."""

_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def path_of(address: Address, scope: Scope) -> str | None:
    """Path and query to ask for, or None if the request's target is not a path that can be passed on untouched.

    Only bytes outside ASCII change: they are percent-encoded, which names the same resource. A query that is there
    and empty is known from our own server alone (``TARGET``), and believed while path and query are still what the
    visitor asked for: an application in between may have put others there.
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape").replace(b"%", b"%25")
    query: bytes = scope.get("query_string", b"")
    has_query = query or (scope.get("extensions") or {}).get(TARGET) == path + b"?"
    whole = path + b"?" + query if has_query else path
    if not _TARGET.fullmatch(whole):
        return None
    return address.prefix + (whole.decode() if whole.isascii() else quote_from_bytes(whole, safe=_ASCII))


def target(address: Address, scope: Scope) -> URL | None:
    """The URL to ask for, or None as in ``path_of``."""
    path = path_of(address, scope)
    if path is None:
        return None
    if path.endswith("?") and path.find("?") == len(path) - 1:
        # yarl reads an empty query as none, and drops its sign; as a part of the path it stays.
        return URL(address.origin, encoded=True).with_path(path, encoded=True)
    return URL(address.origin + path, encoded=True)
