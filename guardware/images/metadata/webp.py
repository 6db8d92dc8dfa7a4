"""WebP: chunks rewritten, image data byte for byte.

Source: RFC 9649 (WebP Image Format): 2.3 to 2.7 for the container, 3.4 for lossless; RFC 6386, 9.1 for lossy.
"""

from collections.abc import Iterator
from typing import NamedTuple

from guardware.images.metadata import exif, xmp
from guardware.images.metadata.pieces import Pieces
from guardware.images.metadata.statement import OLD_LIMIT
from guardware.images.recipe import Metadata

_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x10, 0x08, 0x04
_MOST_CHUNKS = 100_000
"""One for each frame and a few more; looked through in 0.1 s."""

_BEFORE = (b"ICCP", b"ANIM")
_IMAGE = frozenset({b"VP8 ", b"VP8L", b"ALPH", b"ANMF"})
_REPLACED = frozenset({b"VP8X", b"EXIF", b"XMP ", b"C2PA", *_BEFORE})
"""Written in their own places; C2PA (C2PA 2.1, A.3.7) is dropped."""


class _Chunk(NamedTuple):
    """``start``: of the name; ``data``: of the content; ``end``: after it, without padding."""

    name: bytes
    start: int
    data: int
    end: int


def credit_webp(data: bytes, meta: Metadata) -> bytes:
    """``data`` with ``meta`` (checked) in it; see ``credit``. Raises ValueError if damaged."""
    chunks = list(_chunks(data))
    first: dict[bytes, _Chunk] = {}
    for chunk in chunks:
        first.setdefault(chunk.name, chunk)
    if not _IMAGE & first.keys():
        raise ValueError("metadata: WebP: there is no picture in it")
    block = exif.rewritten(_content(data, first.get(b"EXIF")).removeprefix(exif.PREFIX), meta, OLD_LIMIT)
    packet = xmp.rewritten(_content(data, first.get(b"XMP ")), meta, OLD_LIMIT)
    out = Pieces(data)
    out.add(_header(data, first, block, packet))
    for name in _BEFORE:
        if name in first:
            _keep(out, first[name])
    for chunk in chunks:
        if chunk.name in _IMAGE or not (chunk.name in _REPLACED or meta.strip):
            _keep(out, chunk)
    for name, content in ((b"EXIF", block), (b"XMP ", packet)):
        if content:
            out.add(_chunk(name, content))
    body = out.joined()
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """The chunks within the size that RIFF states."""
    size = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or size > len(data) + 1:  # the last chunk's padding is often left out
        raise ValueError(f"metadata: WebP: the file claims {size} bytes and has {len(data)}")
    at = 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > size:
            return
        end = at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")
        if end > min(size, len(data)):
            raise ValueError(f"metadata: WebP: the chunk at byte {at} ends at byte {end}, the file at {size}")
        yield _Chunk(data[at : at + 4], at, at + 8, end)
        at = end + end % 2
    raise ValueError(f"metadata: WebP: more than {_MOST_CHUNKS} chunks")


def _content(data: bytes, chunk: _Chunk | None) -> bytes:
    return data[chunk.data : chunk.end] if chunk else b""


def _keep(out: Pieces, chunk: _Chunk) -> None:
    out.keep(chunk.start, chunk.end)
    if chunk.end % 2:
        out.add(b"\0")


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def _header(data: bytes, first: dict[bytes, _Chunk], block: bytes, packet: bytes) -> bytes:
    """The extended header, the old one's or a new one's, with the flags of what is there now (2.7)."""
    old = _content(data, first.get(b"VP8X"))
    if old and len(old) < 10:
        raise ValueError("metadata: WebP: the extended header is cut short")
    if not old and not (block or packet or b"ICCP" in first):
        return b""
    flags, size = (old[0], old[4:10]) if old else _simple(data, first)
    flags &= ~(_ICC_FLAG | _EXIF_FLAG | _XMP_FLAG)
    flags |= (_ICC_FLAG if b"ICCP" in first else 0) | (_EXIF_FLAG if block else 0) | (_XMP_FLAG if packet else 0)
    return _chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size)


def _simple(data: bytes, first: dict[bytes, _Chunk]) -> tuple[int, bytes]:
    """Flags and canvas of a file without extended header: width and height less one, 24 bits each."""
    lossy, lossless = _content(data, first.get(b"VP8 "))[:10], _content(data, first.get(b"VP8L"))[:5]
    if lossy[3:6] == b"\x9d\x01\x2a" and len(lossy) == 10:
        flags = _ALPHA_FLAG if b"ALPH" in first else 0
        width, height = (int.from_bytes(lossy[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    elif lossless[:1] == b"\x2f" and len(lossless) == 5:
        bits = int.from_bytes(lossless[1:], "little")
        flags = _ALPHA_FLAG if bits >> 28 & 1 else 0
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        raise ValueError("metadata: WebP: the picture's header is damaged")
    if not (width and height):
        raise ValueError("metadata: WebP: the picture has no size")
    return flags, (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
