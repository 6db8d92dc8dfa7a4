"""T2: a traceable JPEG of its own for every request, joined from two that were encoded once.

One file is the picture plus a faint pattern, the other the picture minus it, with the same tables and the same
restart markers. A copy takes each restart segment from the one or the other, as the bits of its code word say: a
join of bytes, no encoding. To read a copy one needs the original (see ``informed``).
"""

import operator
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from guardware.images.trace.cells import Grid, plan, tables
from guardware.images.trace.code import code_word
from guardware.images.trace.masking import hidden
from guardware.images.trace.segments import Jpeg, split
from guardware.keys import key_id

UNITS = {"4:2:0": 16, "4:4:4": 8}
"""Chroma subsampling and the side of a coded unit in pixels."""
FIELD = b"guardware:0000000000"
"""Wherever this text stands in a file's head (EXIF, XMP, IPTC), a copy carries its mark in hexadecimal digits."""

Encode = Callable[[Image.Image, Mapping[str, Any]], bytes]
"""Makes a JPEG of an RGB image; must hand all options on to Pillow's ``save`` and use nothing that depends on the
picture's content, such as optimised Huffman tables."""

_DIGITS = 10
# A 4 x 4 ordered dither (Bayer 1973): its grain is so fine that JPEG drops it.
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 + 1 / 32


def fits(size: tuple[int, int], subsampling: str = "4:2:0") -> bool:
    """Whether a picture of ``size`` is large enough: about 75 000 pixels for 4:2:0, 20 000 for 4:4:4."""
    return plan(size, UNITS[subsampling]) is not None


class Splice:
    """Two JPEGs of one picture, cut up and ready to be joined. ``size`` in pixels."""

    __slots__ = ("_bits", "_body", "_flat", "_head", "_key", "_length", "size")

    def __init__(self, one: bytes, other: bytes, key: bytes) -> None:
        """``one`` says bit 0, ``other`` bit 1. Raises ValueError if they do not belong together."""
        first, second = split(one), split(other)
        grid = _grid(first)
        if first._replace(segments=()) != second._replace(segments=()):
            raise ValueError("the two JPEGs of a splice differ in more than their coded data")
        self.size = first.size
        self._key, self._body, self._length = key, one + other, len(one)
        self._head = first.head
        self._flat = [part for pair in zip(first.segments, second.segments, strict=True) for part in pair]
        self._bits = tables(grid, key)[0][grid.segment_cells()]

    def copy(self, mark: int) -> bytes:
        """The JPEG that carries ``mark``."""
        picks = 2 * np.arange(len(self._bits)) + code_word(self._key, mark)[self._bits]
        segments = operator.itemgetter(*picks.tolist())(self._flat)
        return b"".join((self._signed(mark), *segments))

    def _signed(self, mark: int) -> bytes:
        return self._head.replace(FIELD, FIELD[:-_DIGITS] + b"%010x" % mark)

    def pack(self) -> tuple[dict[str, Any], bytes]:
        """Header (for JSON) and body that ``unpack`` makes the splice from. The key is not in it."""
        header = {"one": self._length, "key": key_id(self._key), "check": zlib.crc32(self._body)}
        return header, self._body

    @property
    def weight(self) -> int:
        """Bytes of memory it takes, about: the segments once and once more as the packed body."""
        return 2 * len(self._body) + 200 * len(self._flat)


def unpack(header: Mapping[str, Any], body: bytes, key: bytes) -> Splice:
    """The splice of ``pack``. Raises ValueError if anything is damaged, or made with another key."""
    length = header.get("one")
    if header.get("key") != key_id(key):
        raise ValueError("a splice that was made with another key")
    if header.get("check") != zlib.crc32(body) or type(length) is not int or not 0 < length < len(body):
        raise ValueError("a damaged splice")
    return Splice(body[:length], body[length:], key)


def prepare(
    image: Image.Image, key: bytes, *, amplitude: float, encode: Encode, subsampling: str = "4:2:0"
) -> Splice:
    """The splice of ``image`` (RGB, or grey, which becomes RGB).

    ``amplitude``: of the pattern, in grey levels (1 to 4), where the picture hides it (``masking``). It is the
    same in all three channels, so a veil that permutes them leaves it as it is and one that inverts them turns it
    around. Costs two encodings and about 10 ms a megapixel. Raises ValueError if the picture is too small
    (``fits``), if it has transparency, or if ``encode`` does not heed its options.
    """
    if image.mode not in ("L", "RGB"):
        raise ValueError(f"a JPEG is made of RGB or grey, not of {image.mode}")
    grid = plan(image.size, UNITS[subsampling])
    if grid is None:
        raise ValueError(f"{image.width} x {image.height} pixels are too few for a splice")
    options = {
        "subsampling": subsampling,
        "restart_marker_blocks": grid.run,
        "optimize": False,
        "progressive": False,
    }
    level = _level(amplitude)
    colours = image.convert("RGB")
    pattern = Image.merge("RGB", (_pattern(colours, grid, key, amplitude),) * 3)
    one = encode(ImageChops.add(colours, pattern, 1.0, -level), options)
    other = encode(ImageChops.subtract(colours, pattern, 1.0, level), options)
    return Splice(one, other, key)


def jpeg_encoder(quality: int, **extra: Any) -> Encode:
    """An encoder at Pillow's ``quality`` with ``extra`` options (icc_profile, exif, xmp)."""

    def encode(image: Image.Image, options: Mapping[str, Any]) -> bytes:
        out = BytesIO()
        image.save(out, "JPEG", quality=quality, **extra, **options)
        return out.getvalue()

    return encode


def _grid(jpeg: Jpeg) -> Grid:
    """The cells that belong to the file; ValueError if it was not made for any."""
    grid = plan(jpeg.size, jpeg.unit[0]) if jpeg.unit in ((8, 8), (16, 16)) else None
    if grid is None or grid.run != jpeg.interval:
        raise ValueError("a JPEG whose restart interval is not that of a splice")
    return grid


def _level(amplitude: float) -> int:
    """What stands for 0 in the pattern's pixels, which know no sign."""
    return int(amplitude) + 1


def _pattern(image: Image.Image, grid: Grid, key: bytes, amplitude: float) -> Image.Image:
    """The pattern around its level as an 8-bit picture; fractions are dithered."""
    signs = tables(grid, key)[1]
    shares = np.asarray(hidden(image).resize(image.size, Image.Resampling.BILINEAR))
    down = grid.down(np.arange(grid.height, dtype=np.float32) + 0.5) * np.float32(amplitude / 255)
    x = np.arange(grid.width, dtype=np.float32) + 0.5
    dither = np.tile(_BAYER, (grid.unit // 4, grid.width // 4 + 1))[:, : grid.width] + np.float32(
        _level(amplitude)
    )
    pixels: NDArray[np.uint8] = np.empty((grid.height, grid.width), np.uint8)
    for row in range(grid.rows):
        strength, cells = grid.along(row, x)
        lines = slice(row * grid.unit, min((row + 1) * grid.unit, grid.height))
        strip = down[lines, None] * (strength * signs[cells]) * shares[lines]
        strip += dither[: len(strip)]
        pixels[lines] = strip
    return Image.fromarray(pixels)
