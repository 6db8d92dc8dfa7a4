"""The one table of picture formats: how each is named, recognised, read and written."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from guardware.images import heads
from guardware.images.heads import Head

Signature = tuple[tuple[int, bytes], ...]
"""Offsets, and the bytes that stand there, all of them."""

_NONE: Mapping[str, Any] = MappingProxyType({})


class Reading(NamedTuple):
    """``head`` walks the container within bounds; ``reader`` decodes what it hands on."""

    head: Callable[[bytes], Head]
    reader: type[ImageFile]


class Writing(NamedTuple):
    """``writer``: Pillow's name. ``options``: what it is told besides the quality. ``quality``: what the quality,
    which is on JPEG's scale, is multiplied by; None: lossless. ``alpha`` and ``animated``: what the format can
    hold. ``max_side`` in pixels."""

    writer: str
    options: Mapping[str, Any]
    quality: float | None
    alpha: bool
    animated: bool
    max_side: int


class Format(NamedTuple):
    """One row.

    ``name``: the word in the configuration. ``media_types``: the registered one, then what browsers and
    misconfigured servers call it. ``oriented``: whether viewers obey EXIF's orientation. ``keeps``: the format
    that a variant is written in when it keeps the original's; "" for formats that only the placeholder answers.
    """

    name: str
    media_types: tuple[str, ...]
    signatures: tuple[Signature, ...]
    reading: Reading | None = None
    writing: Writing | None = None
    keeps: str = ""
    oriented: bool = True

    @property
    def media_type(self) -> str:
        """The registered media type."""
        return self.media_types[0]

    @property
    def protected(self) -> bool:
        """Whether a variant can be made of it."""
        return self.reading is not None

    @property
    def lossy(self) -> bool:
        """Whether writing loses detail."""
        return self.writing is not None and self.writing.quality is not None

    def matches(self, start: bytes) -> bool:
        """Whether a file that begins with ``start`` is one of these."""
        return any(all(start.startswith(piece, at) for at, piece in pieces) for pieces in self.signatures)


def _begins(*starts: bytes) -> tuple[Signature, ...]:
    return tuple(((0, start),) for start in starts)


def _brands(*brands: bytes) -> tuple[Signature, ...]:
    """Major brands of ISO base media files (ISO/IEC 23008-12, annex B; AVIF, section 6)."""
    return tuple(((4, b"ftyp" + brand),) for brand in brands)


_BITMAP_HEADERS = (12, 16, 40, 52, 56, 64, 108, 124)
"""Sizes of the header that follows a BMP's file header: "BM" alone begins many a text."""

# CPU for 1024 x 768, one core, noisy test picture: PNG level 3, 6, 9: 95, 298, 1411 ms for 914, 825, 790 kB;
# WebP method 0, 2, 4: 17, 24, 59 ms for 63, 47, 44 kB; AVIF speed 8, 9: 120, 38 ms for 46, 57 kB; JPEG: 2 ms.
# AVIF at 60 is 33.9 dB where JPEG at 80 is 32.7. One thread for it: the workers bound the cores in use.
_JPEG = Writing("JPEG", _NONE, 1.0, alpha=False, animated=False, max_side=65_500)  # libjpeg's own limit
_PNG = Writing("PNG", MappingProxyType({"compress_level": 3}), None, alpha=True, animated=True, max_side=2**31 - 1)
_WEBP = Writing("WEBP", MappingProxyType({"method": 2}), 1.0, alpha=True, animated=True, max_side=16_383)
_AVIF = Writing(
    # libavif reads no larger ones (its imageDimensionLimit), in Pillow as in browsers.
    "AVIF",
    MappingProxyType({"speed": 9, "max_threads": 1}),
    0.75,
    alpha=True,
    animated=True,
    max_side=32_768,
)

# Signatures: WHATWG MIME Sniffing, section 6.1, and the formats' own specifications.
FORMATS: tuple[Format, ...] = (
    Format(
        "jpeg",
        ("image/jpeg", "image/jpg", "image/pjpeg"),
        _begins(b"\xff\xd8\xff"),
        Reading(heads.jpeg, JpegImageFile),
        _JPEG,
        keeps="jpeg",
    ),
    Format(
        "png",
        ("image/png", "image/x-png", "image/apng"),
        _begins(b"\x89PNG\r\n\x1a\n"),
        Reading(heads.png, PngImageFile),
        _PNG,
        keeps="png",
    ),
    Format(
        "webp",
        ("image/webp",),
        (((8, b"WEBP"),),),
        Reading(heads.webp, WebPImageFile),
        _WEBP,
        keeps="webp",
        # Browsers pass over the orientation in WebP (seen in Chromium's and Firefox's screenshots), so we do too.
        oriented=False,
    ),
    Format(
        "avif",
        ("image/avif",),
        _brands(b"avif", b"avis", b"mif1", b"msf1", b"miaf"),
        Reading(heads.avif, AvifImageFile),
        _AVIF,
        keeps="avif",
    ),
    # Written as PNG, or as WebP when it moves: marks and veils need more than 256 colours.
    Format("gif", ("image/gif",), _begins(b"GIF87a", b"GIF89a"), Reading(heads.gif, GifImageFile), keeps="png"),
    Format(
        "tiff",
        ("image/tiff", "image/tif", "image/x-tiff"),
        _begins(b"II*\0", b"MM\0*"),
        Reading(heads.tiff, TiffImageFile),
        keeps="jpeg",
    ),
    Format(
        "bmp",
        ("image/bmp", "image/x-ms-bmp", "image/x-bmp"),
        tuple(((0, b"BM"), (14, size.to_bytes(4, "little"))) for size in _BITMAP_HEADERS),
        Reading(heads.bmp, BmpImageFile),
        keeps="png",
    ),
    # What follows is recognised, and answered with the placeholder.
    Format("heic", ("image/heic", "image/heif"), _brands(b"heic", b"heix", b"heim", b"heis", b"hevc")),
    Format("bigtiff", ("image/tiff",), _begins(b"II+\0", b"MM\0+")),
    Format("jxl", ("image/jxl",), _begins(b"\xff\x0a", b"\0\0\0\x0cJXL ")),
    Format("jp2", ("image/jp2",), _begins(b"\0\0\0\x0cjP  ")),
    Format("j2c", ("image/j2c",), _begins(b"\xff\x4f\xff\x51")),
    Format("psd", ("image/vnd.adobe.photoshop",), _begins(b"8BPS")),
    Format("qoi", ("image/qoi",), _begins(b"qoif")),
    Format("exr", ("image/x-exr",), _begins(b"\x76\x2f\x31\x01")),
    Format("dds", ("image/vnd.ms-dds",), _begins(b"DDS ")),
)

READ = tuple(row.name for row in FORMATS if row.reading)
WRITTEN = tuple(row.name for row in FORMATS if row.writing)
_BY_NAME = {row.name: row for row in FORMATS}


def _pattern(pieces: Signature) -> bytes:
    return b"".join(b"(?=.{%d}%b)" % (at, re.escape(piece)) for at, piece in pieces)


_ANY = re.compile(b"|".join(_pattern(pieces) for row in FORMATS for pieces in row.signatures), re.DOTALL)
"""All signatures as one pattern, which tells that none is there in a twentieth of the time."""


def named(name: str) -> Format:
    """The row of a name; raises ValueError for a name that is not in the table."""
    if name not in _BY_NAME:
        raise ValueError(f"{name!r} is no picture format; known are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def recognised(start: bytes) -> Format | None:
    """The format of a file that begins with ``start`` (32 bytes, or all there are), or None for no picture."""
    if _ANY.match(start) is None:  # a text, nearly always: every style sheet and script is looked at
        return None
    return next((row for row in FORMATS if row.matches(start)), None)
