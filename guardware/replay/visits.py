"""Visits: entries of a log as the guard's own reader sees them, each kind of request read once."""

import hashlib
from collections.abc import Callable
from ipaddress import ip_address

from guardware.addresses import Source, parse_address
from guardware.caching import BoundedCache
from guardware.http import Scope
from guardware.replay.entry import Entry, Request
from guardware.replay.site import Site
from guardware.visit import Visit

CUT = 512
"""Bytes of what is remembered: addresses, referers, user-agents."""

_PLAIN = frozenset([b"user-agent", b"referer"])
"""Headers that say nothing of where a visit comes from, so that visits differ in their source alone."""

_SOURCE = Visit._fields.index("source")
_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time."""

Key = tuple[object, ...]


class Visits:
    """Makes visits of entries; ``site`` stands in where the log does not name it. Owns bounded memories.

    ``named``: how many names of hosts stood in the place of addresses.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._addresses: BoundedCache[str, str] = BoundedCache(4096)
        self._sources: BoundedCache[str, Source] = BoundedCache(8192)
        self._visits: BoundedCache[Key, Visit] = BoundedCache(8192)
        self.named = 0

    def of(self, entry: Entry, request: Request, read: Callable[[Scope], Visit | None]) -> Visit | None:
        """The visit; None if its path or host cannot be judged. ``read``: the guard's.

        Popular pictures are asked for by the same few browsers from the same pages over and over: where the
        headers are plain, such a visit is the one read before, from another source.
        """
        source = self._sources.get(entry.address)
        key = (request, entry.host, entry.scheme, *entry.headers)
        if source is not None and (known := self._visits.get(key)) is not None:
            return _new(Visit, (*known[:_SOURCE], source, *known[_SOURCE + 1 :]))
        visit = read(self._scope(entry, request))
        if visit is not None and _PLAIN.issuperset(name for name, _ in entry.headers):
            if len(entry.address) <= CUT:
                self._sources.put(entry.address, visit.source)
            if (
                sum(len(value) for _, value in entry.headers) + len(request.raw_path) + len(request.query)
                <= 2 * CUT
            ):
                self._visits.put(key, visit)
        return visit

    def name_of(self, entry: Entry, visit: Visit) -> str:
        """Whom the log says a visit is from: an address, or a host's name."""
        named = visit.source.address == self._addresses.get(entry.address) != entry.address
        return (entry.address[:CUT] if named else visit.source.address) or "unknown"

    def _scope(self, entry: Entry, request: Request) -> Scope:
        method, path, raw_path, query, host = request
        host = entry.host or host or self._site.host
        return {
            "type": "http",
            "method": method,
            "scheme": entry.scheme or self._site.scheme,
            "path": path,
            "raw_path": raw_path,
            "query_string": query,
            "headers": [(b"host", host), *entry.headers] if host else entry.headers,
            "client": (self._addresses.get(entry.address) or self._address(entry.address), 0),
        }

    def _address(self, text: str) -> str:
        """What the guard takes for the address. A host's name (Apache: HostnameLookups On) gets an address made
        of it in fd00::/8 (RFC 4193), so that each name is a client of its own.
        """
        address = text
        if parse_address(text) is None and text not in ("", "-", "unknown"):
            self.named += 1
            digest = hashlib.blake2b(text.lower().encode("utf-8", "replace"), digest_size=5).hexdigest()
            address = str(ip_address(f"fd{digest[:2]}:{digest[2:6]}:{digest[6:10]}::1"))
        if len(text) <= CUT:
            self._addresses.put(text, address)
        return address
