"""Takes a baseline JPEG apart at its restart markers (ITU-T T.81, annex B)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOF0, _SOS, _DRI = 0xC0, 0xDA, 0xDD
_OTHER_FRAMES = frozenset(range(0xC1, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Progressive, lossless, arithmetic and so on; C4, C8 and CC are no frames."""
_MARKER = re.compile(rb"\xff[^\x00]")
"""In coded data only a restart marker may follow 0xFF; a plain 0xFF is written 0xFF 0x00 (B.1.1.5)."""


class Jpeg(NamedTuple):
    """``head``: all before the coded data; ``segments``: the coded data, cut after each restart marker; the last
    one ends with the file. ``size`` in pixels; ``unit``: width and height of a coded unit (MCU) in pixels;
    ``interval``: coded units in a segment."""

    head: bytes
    segments: tuple[bytes, ...]
    size: tuple[int, int]
    unit: tuple[int, int]
    interval: int


def split(data: bytes) -> Jpeg:
    """The parts of a JPEG. Raises ValueError if it is not one baseline scan with restart markers, whole to the
    end and nothing after it."""
    at = size = unit = None
    interval = 0
    for code, start, end in _headers(data):
        if code in _OTHER_FRAMES:
            raise ValueError("no baseline JPEG")
        if code == _SOF0:
            size, unit = _frame(data[start:end])
        elif code == _DRI:
            interval = int.from_bytes(data[start:end])
        elif code == _SOS:
            at = end
    if at is None or size is None or unit is None or interval == 0:
        raise ValueError("a JPEG without frame, scan or restart interval")
    across, down = (-(-side // step) for side, step in zip(size, unit, strict=True))
    return Jpeg(data[:at], _segments(data, at, -(-across * down // interval)), size, unit, interval)


def _headers(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker code, first and last place of its contents, up to and with the start of the scan."""
    if not data.startswith(_SOI):
        raise ValueError("no JPEG")
    at, code = len(_SOI), 0
    while code != _SOS:
        length = int.from_bytes(data[at + 2 : at + 4])
        if len(data) < at + 4 or data[at] != 0xFF or length < 2 or at + 2 + length > len(data):
            raise ValueError("a JPEG whose head is damaged")
        code = data[at + 1]
        yield code, at + 4, at + 2 + length
        at += 2 + length


def _frame(content: bytes) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size and coded unit out of a frame header (B.2.2) of three components."""
    if len(content) != 15 or content[5] != 3:
        raise ValueError("a JPEG that has not three colour components")
    height, width = int.from_bytes(content[1:3]), int.from_bytes(content[3:5])
    factors = [(content[at] >> 4, content[at] & 15) for at in (7, 10, 13)]
    unit = 8 * max(f[0] for f in factors), 8 * max(f[1] for f in factors)
    if not (width and height and min(unit)):
        raise ValueError("a JPEG without pixels")
    return (width, height), unit


def _segments(data: bytes, at: int, count: int) -> tuple[bytes, ...]:
    segments = []
    for number in range(count):
        marker = _MARKER.search(data, at)
        wanted = bytes((0xFF, 0xD0 + number % 8)) if number < count - 1 else _EOI
        if marker is None or marker[0] != wanted:
            raise ValueError("a JPEG whose restart markers are not in order")
        segments.append(data[at : marker.end()])
        at = marker.end()
    if at != len(data):
        raise ValueError("bytes after the end of a JPEG")
    return tuple(segments)
