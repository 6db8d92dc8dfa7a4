"""The header lines of a request as they go upstream; a visitor's lines are put in order once, and remembered."""

from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.config.upstreams import Address
from guardware.http import RawHeaders, Scope
from guardware.proxy.headers import Visitor, WhoVisits, to_upstream

_LONGEST = 4096
"""Bytes of lines that are remembered; a page's pictures are asked for with the same ones, and few."""


class _Lines(NamedTuple):
    """The same lines twice: one by one, and ready to send."""

    lines: list[tuple[str, str]]
    text: bytes


class RequestLines:
    """The header lines to send, from a scope. They depend on the visitor's lines and on who he is, alone."""

    def __init__(self, who_visits: WhoVisits, *, preserve_host: bool) -> None:
        self._who_visits = who_visits
        self._preserve_host = preserve_host
        self._seen: BoundedCache[tuple[Visitor, tuple[tuple[bytes, bytes], ...]], _Lines] = BoundedCache(256)

    def lines(self, scope: Scope) -> list[tuple[str, str]]:
        """One by one, for a client that writes them itself. Not to be changed."""
        return self._of(scope).lines

    def text(self, scope: Scope, address: Address) -> bytes:
        """Ready to send, with the empty line behind. Names and values were checked when they came in."""
        known = self._of(scope).text
        if self._preserve_host and any(name == b"host" for name, _ in scope["headers"]):
            return known + b"\r\n"
        return b"host: %b\r\n%b\r\n" % (address.origin.partition("//")[2].encode(), known)

    def _of(self, scope: Scope) -> _Lines:
        headers: RawHeaders = scope["headers"]
        visitor = self._who_visits(scope)
        key = (visitor, tuple(headers))
        known = self._seen.get(key)
        if known is None:
            lines = to_upstream(headers, visitor, preserve_host=self._preserve_host)
            known = _Lines(lines, "".join(f"{name}: {value}\r\n" for name, value in lines).encode())
            if len(known.text) <= _LONGEST:
                self._seen.put(key, known)
        return known
