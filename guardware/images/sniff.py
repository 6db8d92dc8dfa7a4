"""What a body is by its first bytes: loaders decode a picture whatever it is called."""

import zlib

from guardware.images.formats import recognised

ENOUGH = 32
"""Bytes that decide; every signature in the table of formats ends before."""


def sniff(start: bytes) -> str | None:
    """The media type of a picture that begins with ``start`` (``ENOUGH`` bytes, or all there are), or None."""
    kind = recognised(start)
    return kind.media_type if kind else None


def decoded_start(start: bytes, encoding: bytes) -> bytes | None:
    """What ``start`` begins with once a Content-Encoding is undone; None if that cannot be told here."""
    if encoding in (b"", b"identity"):
        return start
    if encoding not in (b"gzip", b"x-gzip", b"deflate"):
        return None
    try:
        return zlib.decompressobj(wbits=47).decompress(start, ENOUGH)  # 47: zlib or gzip, told by the header
    except zlib.error:
        return None
