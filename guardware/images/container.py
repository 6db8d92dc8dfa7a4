"""Containers: a small header and a body as one string of bytes that shows when it is damaged.

A worker answers with one, and the cache on disk keeps them. All numbers are big-endian::

    offset  bytes   what
    0       4       magic
    4       4       checksum: CRC-32 of all that follows
    8       4       H, length of the header
    12      8       B, length of the body
    20      H       header: a JSON object
    20 + H  B       body
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any, NoReturn

MAGIC = b"gwc\x01"
"""The last byte is the version."""

MAX_HEADER = 4 * 1024 * 1024
"""Bytes of a header at most: what reads one holds all of it, and may not trust the one who wrote it."""

_START = struct.Struct(">4sIIQ")
_UNSUMMED = 8
"""Bytes before those that the checksum covers."""

# CRC-32 and not BLAKE2b: 1.5 against 6.6 ms CPU for 5 MB, and it is for accidents, not for forgers.


def pack(header: Mapping[str, Any], body: bytes | bytearray | memoryview) -> bytes:
    """The container with both.

    Raises TypeError or ValueError for a header that JSON cannot say (NaN and infinity included) or that is longer
    than ``MAX_HEADER``.
    """
    text = json.dumps(dict(header), allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > MAX_HEADER:
        raise ValueError(f"a container's header of {len(text)} bytes is longer than {MAX_HEADER}")
    body = memoryview(body).cast("B")
    start = _START.pack(MAGIC, 0, len(text), len(body))
    checksum = zlib.crc32(body, zlib.crc32(text, zlib.crc32(start[_UNSUMMED:])))
    return b"".join((_START.pack(MAGIC, checksum, len(text), len(body)), text, body))


def unpack(data: bytes | bytearray | memoryview) -> tuple[dict[str, Any], memoryview]:
    """Header and body of the container that is ``data``, whole; the body is a view, not a copy.

    Raises ValueError, which says what is wrong, for everything else.
    """
    view = memoryview(data).cast("B")
    if len(view) < _START.size:
        raise ValueError(f"no container: {len(view)} bytes are fewer than its first {_START.size}")
    magic, checksum, of_header, of_body = _START.unpack_from(view)
    if magic != MAGIC:
        raise ValueError(f"no container, or one of another version: it begins with {magic!r}")
    if len(view) != _START.size + of_header + of_body:
        raise ValueError(f"a damaged container: {len(view)} bytes, not {_START.size + of_header + of_body}")
    if zlib.crc32(view[_UNSUMMED:]) != checksum:
        raise ValueError("a damaged container: the checksum is another")
    at = _START.size + of_header
    return _header(view[_START.size : at]), view[at:]


def _header(text: memoryview) -> dict[str, Any]:
    if len(text) > MAX_HEADER:
        raise ValueError(f"a container's header of {len(text)} bytes is longer than {MAX_HEADER}")
    try:
        header = json.loads(bytes(text), parse_constant=_refuse)
    except RecursionError:  # json gives up on deep nesting like this.
        raise ValueError("a container's header is nested too deep") from None
    if not isinstance(header, dict):
        raise ValueError("a container's header is no JSON object")
    return header


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"a container's header says {constant}, which is not JSON")
