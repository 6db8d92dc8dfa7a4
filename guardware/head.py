"""Head: what a response says of its body before it is read, and whether the body is a picture."""

from typing import NamedTuple

from guardware.http import RawHeaders
from guardware.images.sniff import ENOUGH, decoded_start, sniff
from guardware.responses import media_type

LOOK = 1024
"""Bytes of the body that are looked at. Compressed, they hold the ``ENOUGH`` that decide: gzip's tables take up to
about 300 (RFC 1951, 3.2.7), and what needs more was made to hide something."""

HAND_OVER = frozenset([b"x-accel-redirect", b"x-sendfile", b"x-lighttpd-send-file", b"x-litespeed-location"])
"""Headers by which an application has the server in front send a file: a picture that would pass us by."""

SVG = "image/svg+xml"

_ICONS = frozenset(["image/x-icon", "image/vnd.microsoft.icon"])
"""They go out as they are: too small to be of use, and browsers treat them apart."""

_EVENT_ENDS = (b"\n\n", b"\r\r", b"\r\n\r\n")
"""What ends an event in a stream of them: none is of use to a browser before."""

_OPAQUE = frozenset(
    [
        *("", "application/octet-stream", "binary/octet-stream", "application/binary", "application/x-binary"),
        *("application/download", "application/x-download", "application/force-download", "application/unknown"),
    ]
)
"""What says nothing of the content. The third is what S3 calls a file of which it was told nothing."""

_BODILESS = frozenset([204, 205, 304])


class Head(NamedTuple):
    """Status and headers (names in lower case) of a response."""

    status: int
    headers: RawHeaders

    @property
    def bodiless(self) -> bool:
        """Whether no body belongs to it, whatever follows."""
        return self.status in _BODILESS

    @property
    def encoding(self) -> bytes:
        """What the body is encoded by, joined by commas if by several; empty if it is not."""
        lines = b",".join(value for name, value in self.headers if name == b"content-encoding")
        names = (part.strip() for part in lines.lower().split(b","))
        return b",".join(name for name in names if name not in (b"", b"identity"))

    def tells(self, start: bytes) -> bool:
        """Whether ``start``, what came of the body so far, is enough to tell a picture."""
        if media_type(self.headers) == "text/event-stream" and any(end in start for end in _EVENT_ENDS):
            return True
        plain = decoded_start(start[:LOOK], self.encoding)
        return len(start if plain is None else plain) >= ENOUGH or len(start) >= LOOK

    def is_picture(self, start: bytes, *, asked: bool, doubtful: bool, drawings: bool) -> bool:
        """By what is declared and by ``start``, up to ``LOOK`` bytes; if neither can tell, by what was asked for.

        ``asked``: the address looks like a picture's. ``doubtful``: files handed over to the server in front may
        be pictures too. ``drawings``: SVG counts.
        """
        declared = media_type(self.headers)
        if self.bodiless:
            return False
        opaque = declared in _OPAQUE or declared.startswith("multipart/")
        if declared == SVG and drawings:
            return True
        if declared.startswith("image/") and declared != SVG and declared not in _ICONS:
            return True
        if opaque and (asked or self.status == 206 or declared.startswith("multipart/")):
            return True
        handed = any(name in HAND_OVER for name, _ in self.headers)
        if handed and (doubtful or opaque):
            return True
        encoding = self.encoding
        plain = decoded_start(start, encoding)
        if plain is None:
            return asked or opaque or b"," in encoding
        return sniff(plain) is not None or (len(plain) < ENOUGH and len(start) >= LOOK)
