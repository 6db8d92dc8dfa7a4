"""PNG and APNG: chunks rewritten, image data byte for byte.

Source: W3C PNG, third edition: 5 for chunks, 11.3 for ancillary ones; XMP part 3, 1.1.5; C2PA 2.1, A.3.4 (caBX).
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from guardware.images.metadata import exif, xmp
from guardware.images.metadata.pieces import Pieces
from guardware.images.metadata.statement import OLD_LIMIT
from guardware.images.recipe import Metadata

_SIGNATURE = 8
_MOST_CHUNKS = 100_000
"""At the 8 kB that libpng writes at a time, files of 800 MB; looked through in 0.1 s."""

_LARGEST = (1 << 31) - 1
"""Bytes a chunk may have (5.3)."""

_XMP_KEYWORD = b"XML:com.adobe.xmp"

_PUBLIC = frozenset(
    # how the picture looks and moves
    b"acTL bKGD cHRM cICP cLLI cLLi fcTL fdAT gAMA hIST iCCP mDCV mDCv pHYs sBIT sPLT sRGB tRNS".split()
)
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PUBLIC_TEXTS = {b"Title": "", b"Disclaimer": "", b"Author": "creator", b"Copyright": "rights"}
"""Keywords (11.3.3.2) that stay, unless the field of ``Metadata`` beside them is stated anew."""


class _Chunk(NamedTuple):
    """``start``: of the length; ``data``: of the content; ``end``: after the checksum."""

    name: bytes
    start: int
    data: int
    end: int


def credit_png(data: bytes, meta: Metadata) -> bytes:
    """``data`` with ``meta`` (checked) in it; see ``credit``. Raises ValueError if damaged."""
    chunks = list(_chunks(data))
    if chunks[0].name != b"IHDR" or all(chunk.name != b"IDAT" for chunk in chunks):
        raise ValueError("metadata: PNG: there is no picture in it")
    out = Pieces(data)
    out.keep(0, chunks[0].end)
    # Before the image data, so that a reader finds them early (XMP part 3; PNG 11.3.4.4).
    for new in _new(data, chunks, meta):
        out.add(new)
    for chunk in chunks[1:]:
        if _keeps(data, chunk, meta):
            out.keep(chunk.start, chunk.end)
    return out.joined()


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """The chunks up to and with IEND."""
    at = _SIGNATURE
    for _ in range(_MOST_CHUNKS):
        size, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + size
        if end > len(data) or size > _LARGEST:
            raise ValueError(f"metadata: PNG: the file ends at byte {len(data)}, within the chunk at byte {at}")
        yield _Chunk(name, at, at + 8, end)
        if name == b"IEND":
            return
        at = end
    raise ValueError(f"metadata: PNG: more than {_MOST_CHUNKS} chunks")


def _new(data: bytes, chunks: list[_Chunk], meta: Metadata) -> Iterator[bytes]:
    found = next((data[c.data : c.end - 4] for c in chunks if c.name == b"eXIf"), b"")
    block = exif.rewritten(found.removeprefix(exif.PREFIX), meta, OLD_LIMIT)
    if block:
        yield _chunk(b"eXIf", block)
    texts = (_packet(data, c) for c in chunks if c.name == b"iTXt")
    packet = xmp.rewritten(next((text for text in texts if text), b""), meta, OLD_LIMIT)
    if packet:
        # keyword, no compression, method 0, no language, no translated keyword (11.3.3.4)
        yield _chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + packet)


def _chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def _packet(data: bytes, chunk: _Chunk) -> bytes:
    """The XMP in an iTXt chunk; empty if it holds none, or more than is read."""
    if not data.startswith(_XMP_KEYWORD + b"\0", chunk.data, chunk.end - 4):
        return b""
    rest = data[chunk.data + len(_XMP_KEYWORD) + 1 : chunk.end - 4]
    _, _, text = rest[2:].partition(b"\0")[2].partition(b"\0")
    if rest[:1] != b"\1":
        return text
    try:
        return zlib.decompressobj().decompress(text, OLD_LIMIT)
    except zlib.error:
        return b""


def _keeps(data: bytes, chunk: _Chunk, meta: Metadata) -> bool:
    """Whether a chunk goes into the new file as it is."""
    name = chunk.name
    if name in (b"eXIf", b"caBX"):
        return False
    if name in _TEXTS:
        keyword = data[chunk.data : min(chunk.data + 80, chunk.end - 4)].partition(b"\0")[0]
        if keyword == _XMP_KEYWORD:
            return False
        field = _PUBLIC_TEXTS.get(keyword)
        return not meta.strip or (field is not None and not (field and getattr(meta, field)))
    critical = name[:1].isupper()  # needed to decode (5.4)
    return critical or not meta.strip or name in _PUBLIC
