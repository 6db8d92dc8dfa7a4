"""JPEG: segments rewritten, tables and scans byte for byte.

Sources: ITU-T T.81 annex B for the markers; JFIF 1.02; Exif 2.32, 4.5 and 4.7; XMP part 3, 1.1.3; ICC.1 annex B.4;
CIPA DC-007 (further pictures, MPF); Adobe technical note 5116 (APP14).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardware.images.metadata import exif, iptc, xmp
from guardware.images.metadata.pieces import Pieces
from guardware.images.recipe import Metadata

_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
"""A marker (table B.1), and neither a stuffed byte nor a restart, which belong to a scan, nor fill."""

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP11, _APP13, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xEF

_MOST_SEGMENTS = 20_000
"""Real files have some dozens, or hundreds with many scans; 40 MB of extended XMP have 640."""

_ICC = b"ICC_PROFILE\0"
_FURTHER_PICTURES = (b"MPF\0", b"urn:iso:std:iso:ts:21496:-1\0")
"""APP2 that speak of pictures after the end: MPF, and ISO 21496-1 gain maps."""


class _Segment(NamedTuple):
    """``start``: of the marker; ``end``: after the payload or, for SOS, after the scan."""

    code: int
    start: int
    payload: int
    end: int


class _Old(NamedTuple):
    """What was in the file: payloads without their prefixes."""

    exif: bytes
    xmp: bytes
    photoshop: bytes


def credit_jpeg(data: bytes, meta: Metadata) -> bytes:
    """``data`` with ``meta`` (checked) in it; see ``credit``. Raises ValueError if damaged."""
    segments = list(_segments(data))
    if all(segment.code != _SOS for segment in segments):
        raise ValueError("metadata: JPEG: there is no picture in it")
    out = Pieces(data)
    out.keep(0, 2)
    jfif = next((s for s in segments if s.code == _APP0 and data.startswith(b"JFIF\0", s.payload, s.end)), None)
    if jfif:
        _keep_jfif(out, data, jfif, meta.strip)
    old = _old(data, segments)
    for new in _new(old, meta):
        out.add(new)
    for segment in segments:
        if segment is not jfif and _keeps(data, segment, meta.strip):
            out.keep(segment.start, segment.end)
    out.add(b"\xff\xd9")
    return out.joined()


def _segments(data: bytes) -> Iterator[_Segment]:
    """The segments between SOI and EOI; bytes that belong to none are passed over, as libjpeg does."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        marker = _MARKER.search(data, at)
        if marker is None:
            raise ValueError(f"metadata: JPEG: the file ends at byte {len(data)}, before the picture does")
        start, payload = marker.start(), marker.end() + 2
        code = data[start + 1]
        if code == _EOI:
            return
        if code == _SOI:
            raise ValueError(f"metadata: JPEG: another picture begins at byte {start}, before this one ends")
        size = int.from_bytes(data[start + 2 : start + 4])
        end = start + 2 + size
        if size < 2 or end > len(data):
            raise ValueError(f"metadata: JPEG: the segment at byte {start} claims {size} bytes")
        if code == _SOS:
            following = _MARKER.search(data, end)
            end = following.start() if following else len(data)
        yield _Segment(code, start, payload, end)
        at = end
    raise ValueError(f"metadata: JPEG: more than {_MOST_SEGMENTS} segments")


def _old(data: bytes, segments: list[_Segment]) -> _Old:
    """The first EXIF and XMP, and all of Photoshop's resources."""

    def payloads(code: int, prefix: bytes) -> Iterator[bytes]:
        return (
            data[s.payload + len(prefix) : s.end]
            for s in segments
            if s.code == code and data.startswith(prefix, s.payload, s.end)
        )

    return _Old(
        next(payloads(_APP1, exif.PREFIX), b""),
        next(payloads(_APP1, xmp.JPEG_PREFIX), b""),
        b"".join(payloads(_APP13, iptc.PREFIX)),
    )


def _new(old: _Old, meta: Metadata) -> Iterator[bytes]:
    block = exif.rewritten(old.exif, meta, exif.JPEG_LIMIT)
    if block:
        yield _segment(_APP1, exif.PREFIX + block)
    packet = xmp.rewritten(old.xmp, meta, xmp.JPEG_LIMIT)
    if packet:
        yield _segment(_APP1, xmp.JPEG_PREFIX + packet)
    for payload in iptc.rewritten(old.photoshop, meta):
        yield _segment(_APP13, payload)


def _segment(code: int, payload: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2) + payload


def _keep_jfif(out: Pieces, data: bytes, segment: _Segment, strip: bool) -> None:
    """First of all, as JFIF asks; without its thumbnail if ``strip``."""
    fixed = segment.payload + 12
    if strip and segment.end > fixed + 2:
        out.add(_segment(_APP0, data[segment.payload : fixed] + b"\0\0"))
    else:
        out.keep(segment.start, segment.end)


def _keeps(data: bytes, segment: _Segment, strip: bool) -> bool:
    """Whether a segment goes into the new file as it is."""

    def begins(*prefixes: bytes) -> bool:
        return data[segment.payload : segment.end].startswith(prefixes)

    code = segment.code
    if not (_APP0 <= code <= _APP15 or code == _COM):
        return True
    rewritten = (code == _APP1 and begins(exif.PREFIX, xmp.JPEG_PREFIX)) or (
        code == _APP13 and begins(iptc.PREFIX)
    )
    broken = code == _APP11 or (code == _APP2 and begins(*_FURTHER_PICTURES))  # APP11: C2PA (ISO 19566-5)
    needed = (code == _APP2 and begins(_ICC)) or (code == _APP14 and begins(b"Adobe"))
    return not rewritten and not broken and (needed or not strip)
