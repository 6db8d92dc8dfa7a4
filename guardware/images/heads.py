"""What a file says of itself before any decoder sees it, and the file reduced to what its pixels need.

Decoders trust headers: Pillow reads as much EXIF as its entries ask for, libwebp sets up the whole canvas, libjpeg
makes a pass for each scan. So each format's container is walked here first, in bounded code of our own. What is
handed on of JPEG, PNG, GIF and TIFF holds the pixels, the colour profile and the timing alone: no text, no EXIF,
nothing behind the picture's end.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardware.images.tiff import Reduced, orientation_of, reduced


class UnreadablePicture(ValueError):  # noqa: N818 (it says what the picture is)
    """A file that no variant can be made of: none of our formats, damaged, or asking for too much."""


class Head(NamedTuple):
    """``body``: the file reduced. ``size``: of the largest frame, in pixels, or None where only the decoder can
    say (and costs nothing before it does). ``frames``: at least 1, or None likewise. ``orientation``: EXIF's 1 to
    8 (CIPA DC-008, 4.6.4 A), or None where the decoder translates the container's own. ``plays``: how often an
    animation is shown, 0 for ever, or None where the decoder says. ``skip``: frames at the beginning that are no
    part of the animation.
    """

    body: bytes
    size: tuple[int, int] | None = None
    frames: int | None = 1
    orientation: int | None = 1
    plays: int | None = None
    skip: int = 0


_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""A JPEG marker but for the restart markers, which stand in the data of a scan (ITU-T T.81, B.1.1.3). Without a
"+" for fill bytes, which are skipped all the same: 0.4 against 7 ms CPU a megabyte."""

_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Start-of-frame markers (T.81, table B.1)."""

_MAX_SCANS = 100
"""Scans of a progressive JPEG; encoders write about 10, and each costs a pass over all pixels."""


def jpeg(data: bytes) -> Head:
    """Up to the end of the first picture: what follows (further pictures, gain maps, archives) is cut off."""
    parts, scans, scans_from, exif = [data[:2]], 0, 0, b""
    size: tuple[int, int] | None = None
    for marker, start, end in _segments(data):
        if marker in _SIZES:
            if size is not None or data[start + 4] != 8:
                raise UnreadablePicture(f"JPEG with {data[start + 4]} bits a channel, or with two frames")
            size = (_u16(data, start + 7), _u16(data, start + 5))
        if marker == 0xD9:
            if size is None or not scans:
                raise UnreadablePicture("JPEG without a picture")
            return Head(b"".join([*parts, data[scans_from:end]]), size, orientation=orientation_of(exif))
        if marker == 0xDA:
            # From the first scan on everything is kept as it is.
            scans_from = scans_from or start
            scans += 1
            if scans > _MAX_SCANS:
                raise UnreadablePicture(f"JPEG of more than {_MAX_SCANS} scans")
        elif not scans and _of_pixels(marker, data[start + 4 : start + 16]):
            parts.append(data[start:end])
        elif marker == 0xE1 and not exif and data.startswith(b"Exif\0", start + 4):
            exif = data[start + 10 : end]
    raise UnreadablePicture("JPEG that breaks off")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each segment behind SOI; of a scan, its header."""
    at = 2
    while (found := _MARKER.search(data, at)) is not None:
        marker, start = found[1][0], found.start()
        at = found.end() + (0 if marker in (0x01, 0xD8, 0xD9) else _u16(data, found.end()))
        if at > len(data):
            break
        yield marker, start, at
        if marker == 0xD9:
            return


def _of_pixels(marker: int, start: bytes) -> bool:
    """Whether a segment in front of the scans shapes the pixels: all but the applications' and comments, yet
    JFIF, the colour profile, and Adobe's note on the colour space."""
    if marker == 0xE2:
        return start.startswith(b"ICC_PROFILE\0")
    if marker in (0xE0, 0xEE):
        return start.startswith((b"JFIF\0", b"Adobe"))
    return marker != 0xFE and not 0xE0 <= marker <= 0xEF


_PNG_CHUNKS = frozenset(b"IHDR PLTE IDAT IEND tRNS iCCP sRGB gAMA cHRM acTL fcTL fdAT".split())


def png(data: bytes) -> Head:
    """Still or animated (APNG). Texts are left out, however large they would inflate."""
    parts, frames, skip, promised, plays, exif = [data[:8]], 0, 0, 0, 0, b""
    size: tuple[int, int] | None = None
    at = 8
    while at + 12 <= len(data):
        name, start, end = data[at + 4 : at + 8], at + 8, at + 12 + _u32(data, at)
        if end > len(data):
            break
        if name == b"IHDR" and size is None and end - start == 17:
            size = (_u32(data, start), _u32(data, start + 4))
        elif name == b"acTL" and end - start == 12:
            promised, plays = _u32(data, start), _u32(data, start + 4)
        elif name == b"fcTL":
            frames += 1
        elif name == b"IDAT" and not frames:
            skip = 1  # a picture for viewers that know no APNG
        elif name == b"eXIf":
            exif = data[start : end - 4]
        if name in _PNG_CHUNKS:
            parts.append(data[at:end])
        if name == b"IEND" and size is not None:
            moving = min(frames, promised)
            body = b"".join(parts)
            return Head(body, size, max(1, moving), orientation_of(exif), plays, skip if moving else 0)
        at = end
    raise UnreadablePicture("PNG that breaks off")


_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def gif(data: bytes) -> Head:
    """Every frame, with its timing; comments and applications' data are left out (GIF89a, sections 17 to 27)."""
    at = 13 + _table(data, 10)
    parts, frames, plays = [data[:at]], 0, 1
    width, height = _l16(data, 6), _l16(data, 8)
    while at < len(data):
        start, kind = at, data[at]
        if kind == 0x2C:
            at = _blocks(data, at + 11 + _table(data, at + 9))
            width = max(width, _l16(data, start + 1) + _l16(data, start + 5))
            height = max(height, _l16(data, start + 3) + _l16(data, start + 7))
            frames += 1
            parts.append(data[start:at])
        elif kind == 0x21:
            at = _blocks(data, at + 2)
            if data[start + 1] == 0xF9:
                parts.append(data[start:at])
            elif data[start + 3 : start + 14] in _LOOPS and data[start + 14 : start + 16] == b"\x03\x01":
                # Browsers take the number for repetitions after the first showing.
                repeats = _l16(data, start + 16)
                plays = repeats + 1 if repeats else 0
        elif kind == 0x3B:
            break
        else:
            at += 1
    # Many files in the wild lack the trailer; one that breaks off within a frame was refused above.
    if not frames:
        raise UnreadablePicture("GIF without a picture")
    return Head(b"".join([*parts, b";"]), (width, height), frames, plays=plays)


def _table(data: bytes, flags_at: int) -> int:
    """Bytes of the colour table that the flags announce."""
    flags = _u8(data, flags_at)
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """The end of the chain of sub-blocks at ``at``."""
    while (length := _u8(data, at)) > 0:
        at += 1 + length
    return at + 1


def webp(data: bytes) -> Head:
    """The canvas from the first chunk (WebP container specification; RFC 6386, 9.1; lossless, section 3)."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if not data.startswith(b"RIFF") or end > len(data) or len(data) < 30:
        raise UnreadablePicture("WebP that breaks off")
    chunk = data[12:16]
    if chunk == b"VP8X":
        size = tuple(1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    elif chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        size = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    else:
        size = (_l16(data, 26) & 0x3FFF, _l16(data, 28) & 0x3FFF)
    return Head(data[:end], (size[0], size[1]), frames=None)


_EXIF_ITEM = re.compile(rb"(infe(?:\x02.{3}.{4}|\x03.{3}.{6}))Exif", re.DOTALL)
"""An item entry that announces EXIF (ISO/IEC 14496-12, 8.11.6)."""


def avif(data: bytes) -> Head:
    """Size and frames are the decoder's to tell: it reads them without decoding. EXIF is hidden from it, as
    Pillow would read all of it; the boxes irot and imir, and not EXIF, say how the picture is turned."""
    return Head(_EXIF_ITEM.sub(rb"\1free", data), frames=None, orientation=None)


def bmp(data: bytes) -> Head:
    """The decoder checks this one."""
    return Head(data)


def tiff(data: bytes) -> Head:
    """The first page."""
    try:
        page: Reduced = reduced(data)
    except ValueError as error:
        raise UnreadablePicture(str(error)) from error
    return Head(page.body, page.size, orientation=page.orientation)


def _u8(data: bytes, at: int) -> int:
    if at >= len(data):
        raise UnreadablePicture("a file that breaks off")
    return data[at]


def _u16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2])


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def _l16(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
