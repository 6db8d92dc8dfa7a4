"""KnownOriginals: which picture an entity tag at an address stands for.

A variant that is ready must not cost reading the original again. If the application gave an original an entity
tag, it is asked with If-None-Match, and a 304 says that the picture is still the same.
"""

from guardware.caching import BoundedCache
from guardware.http import RawHeaders
from guardware.visit import Visit

_LONGEST = 512
"""Bytes of an address and of a tag that are remembered."""


class KnownOriginals:
    """Entity tag and SHA-256 of originals by address. One event loop owns it."""

    def __init__(self, size: int = 4096) -> None:
        self._known: BoundedCache[tuple[str, bytes, bytes], tuple[bytes, bytes]] = BoundedCache(size)

    def get(self, visit: Visit) -> tuple[bytes, bytes] | None:
        """The tag and the digest of what stands at the visit's address.

        None for a visit with credentials of its own: it may be shown another picture under the same tag.
        """
        if _has_credentials(visit):
            return None
        return self._known.get((visit.host, visit.raw_path, visit.query))

    def learn(self, visit: Visit, headers: RawHeaders, digest: bytes) -> None:
        """Remember the picture that the application answered ``visit`` with, if its headers allow that, and if it
        was not for somebody's credentials."""
        if _has_credentials(visit):
            return
        tag = b""
        for name, value in headers:
            if name == b"etag":
                tag = value
            elif _forbids(name, value.lower()):
                return
        if tag and len(tag) + len(visit.raw_path) + len(visit.query) <= _LONGEST:
            self._known.put((visit.host, visit.raw_path, visit.query), (tag, digest))


def _has_credentials(visit: Visit) -> bool:
    return any(name in (b"authorization", b"cookie") for name, _ in visit.headers)


def _forbids(name: bytes, value: bytes) -> bool:
    """Whether a header says that the answer is not to be kept, or not the same for all."""
    if name == b"vary":
        return b"*" in value or b"cookie" in value
    return name == b"cache-control" and b"no-store" in value
