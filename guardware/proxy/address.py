"""The upstream's address, and the URL of one request to it, byte for byte."""

import re
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from yarl import URL

from guardware.http import Scope

_TARGET = re.compile(rb"/[\x21\x22\x24-\x7e\x80-\xff]*")
"""A path or query that may go into a request line: no space, no control, no ``#`` (it would be cut off there)."""

_ASCII = "".join(map(chr, range(0x21, 0x7F)))


class Address(NamedTuple):
    """``origin``: scheme and authority; ``prefix``: a path put before each visitor's path, without last slash."""

    origin: str
    prefix: str


def parse_address(text: str) -> Address:
    """Read ``http://127.0.0.1:3000`` or ``https://example.com/site``; raises ValueError with the mend."""
    example = "write it like http://127.0.0.1:3000"
    try:
        url = URL(text)
        port = url.port
    except ValueError as error:
        raise ValueError(f"{text!r} is not an address ({error}); {example}") from None
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{text!r} does not start with http:// or https://; {example}")
    if not url.host or port == 0:
        raise ValueError(f"{text!r} names no host that can be reached; {example}")
    if url.user is not None or url.raw_query_string or url.raw_fragment:
        raise ValueError(f"{text!r} has more than a host and a path: leave out user, query and fragment")
    return Address(str(url.origin()), url.raw_path.rstrip("/"))


def target(address: Address, scope: Scope) -> URL | None:
    """The URL to ask for, or None if the request's target is not a path that can be passed on untouched.

    Only bytes outside ASCII change: they are percent-encoded, which names the same resource.
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape").replace(b"%", b"%25")
    query: bytes = scope.get("query_string", b"")
    whole = path + b"?" + query if query else path
    if not _TARGET.fullmatch(whole):
        return None
    text = whole.decode() if whole.isascii() else quote_from_bytes(whole, safe=_ASCII)
    return URL(address.origin + address.prefix + text, encoded=True)
