"""Variant: what goes out in place of an original; Base: what is kept, from which each request's copy is taken."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from guardware.images.formats import FORMATS
from guardware.images.trace.splice import Splice, unpack

_TYPES = frozenset([*(row.media_type for row in FORMATS), "image/svg+xml"])
"""All that a base may be: a worker that a picture took over could send a page with scripts for our visitors."""


class Variant(NamedTuple):
    """What is served instead of an original.

    ``content_type`` is that of ``body``, whatever the original was labelled. ``etag`` is a strong validator with
    its quotes, made from ``body``, so no other representation shares it; empty for a copy that this request alone
    gets. ``retry_after``: seconds after which asking again may help, 0 if nothing is wrong. ``mark``: the 40-bit
    number in this copy, by ``scheme`` T1 or T2, or None. ``size`` in pixels. ``picture``: the original's
    SHA-256 in hexadecimal digits, if it is known.
    """

    body: bytes
    content_type: str
    etag: bytes
    placeholder: bool = False
    retry_after: int = 0
    mark: int | None = None
    scheme: str = ""
    size: tuple[int, int] = (0, 0)
    picture: str = ""

    @classmethod
    def of(cls, body: bytes, content_type: str, *, placeholder: bool = False) -> "Variant":
        """A variant with the entity tag that belongs to ``body``."""
        tag = hashlib.sha256(body).hexdigest()[:32]
        return cls(body, content_type, f'"gw-{tag}"'.encode(), placeholder)


class Base(Protocol):
    """What is kept of a picture made ready."""

    @property
    def charge(self) -> int:
        """Bytes of memory."""

    def copy(self, mark: int) -> Variant:
        """The copy for the request with the number ``mark``."""


class Shared(NamedTuple):
    """One copy for all."""

    variant: Variant

    @property
    def charge(self) -> int:
        return len(self.variant.body)

    def copy(self, mark: int) -> Variant:
        return self.variant


class Spliced(NamedTuple):
    """A JPEG of which every request gets a copy of its own."""

    splice: Splice
    size: tuple[int, int]
    picture: str

    @property
    def charge(self) -> int:
        return self.splice.weight

    def copy(self, mark: int) -> Variant:
        body = self.splice.copy(mark)
        return Variant(body, "image/jpeg", b"", False, 0, mark, "T2", self.size, self.picture)


def load(header: Mapping[str, Any], body: bytes, picture: str, key: bytes) -> Base:
    """The base that ``pipeline.make`` described by ``header`` and ``body``; ``key`` is that of the trace.

    Raises ValueError, KeyError or TypeError if it is damaged.
    """
    size = (int(header["size"][0]), int(header["size"][1]))
    if header["kind"] == "splice":
        return Spliced(unpack(header["splice"], body, key), size, picture)
    mark = None if header["mark"] is None else int(header["mark"])
    if header["type"] not in _TYPES:
        raise ValueError("a base that is no picture")
    variant = Variant.of(bytes(body), header["type"])
    return Shared(variant._replace(mark=mark, scheme="T1" if mark is not None else "", size=size, picture=picture))
