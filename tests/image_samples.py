"""Pictures and files for the tests of this room, made on the spot."""

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageStat

OUTPUT = {
    "JPEG": "JPEG",
    "PNG": "PNG",
    "GIF": "PNG",
    "WEBP": "WEBP",
    "AVIF": "AVIF",
    "TIFF": "JPEG",
    "BMP": "PNG",
}
"""Format of a file and of its variant."""


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A gradient with shapes: something of every colour."""
    image = Image.merge(
        "RGB", [Image.linear_gradient("L").rotate(turn).resize((width, height)) for turn in (0, 90, 180)]
    )
    pen = ImageDraw.Draw(image)
    pen.ellipse((width // 8, height // 8, width // 2, height // 2), fill="#d9480f")
    pen.rectangle((width // 2, height // 2, width * 7 // 8, height * 7 // 8), fill="#1864ab")
    return image


def noise(width: int = 640, height: int = 480) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 90) for _ in range(3)])


def corners(width: int = 300, height: int = 200) -> Image.Image:
    """Red, green, blue and white quarters, from the upper left as one reads: shows every turn."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image


def file_of(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@cache
def sample(format: str) -> bytes:
    """A file with ``scene()``."""
    return file_of(scene(), format)


def animation(format: str, colours: Sequence[str] = ("red", "lime", "blue"), **options: Any) -> bytes:
    """A file of one frame, 64 x 64, for each colour."""
    frames = [Image.new("RGB", (64, 64), colour) for colour in colours]
    return file_of(frames[0], format, save_all=True, append_images=frames[1:], **options)


def png_chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def png_with(data: bytes, *chunks: bytes) -> bytes:
    """The PNG ``data`` with ``chunks`` behind its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def png_promising(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises a size."""
    head = png_chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(bytes(1000))) + png_chunk(b"IEND", b"")


def jpeg_with(data: bytes, marker: int, content: bytes) -> bytes:
    """The JPEG ``data`` with a segment in front of all others."""
    return data[:2] + bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content + data[2:]


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the colours, 0 to 255."""
    stat = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    return sum(stat.mean) / 3


def corner_colours(image: Image.Image) -> list[str]:
    """The names of the colours in the middles of the four quarters, as one reads."""
    names = {(255, 0, 0): "red", (0, 255, 0): "lime", (0, 0, 255): "blue", (255, 255, 255): "white"}
    small = image.convert("RGB")
    found = []
    for y in (1, 3):
        for x in (1, 3):
            pixel = small.getpixel((small.width * x // 4, small.height * y // 4))
            assert isinstance(pixel, tuple)
            found.append(
                names[min(names, key=lambda name: sum(abs(a - b) for a, b in zip(name, pixel, strict=True)))]
            )
    return found


@cache
def swapped_profile() -> bytes:
    """An sRGB profile whose red and blue primaries are exchanged: what is stored as red is shown as blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132])
    for at in range(132, 132 + 12 * count, 12):
        swap = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
        profile[at : at + 4] = swap.get(bytes(profile[at : at + 4]), profile[at : at + 4])
    return bytes(profile)


SRGB_COLUMNS = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
"""XYZ of red, green and blue, adapted to D50 (IEC 61966-2-1 through Bradford's matrix); so the next three:"""
WIDE = {
    "Display P3": (((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)), 2.2),
    "Adobe RGB": (((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)), 2.2),
    "ProPhoto": (((0.79767, 0.28804, 0.00000), (0.13519, 0.71188, 0.00000), (0.03134, 0.00009, 0.82491)), 1.8),
}
"""Colour spaces larger than sRGB: their columns, and a gamma that is close to theirs."""
_D50 = (0.9642, 1.0, 0.8249)


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def _profile(space: bytes, pcs: bytes, kind: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2.4 (ICC.1:2001-04, section 6.1)."""
    table, body = b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">2I", 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = 132 + len(table) + len(body)
    head = struct.pack(">I4sI4s4s4s12s4s", size, b"", 0x02400000, kind, space, pcs, bytes(12), b"acsp")
    return (head.ljust(68, b"\0") + _xyz(_D50)[8:]).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def _gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def rgb_profile(columns: Sequence[Sequence[float]], gamma: float) -> bytes:
    primaries = {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _gamma(gamma))
    return _profile(b"RGB ", b"XYZ ", b"mntr", {b"wtpt": _xyz(_D50), **primaries, **curves})


def grey_profile(gamma: float) -> bytes:
    return _profile(b"GRAY", b"XYZ ", b"mntr", {b"wtpt": _xyz(_D50), b"kTRC": _gamma(gamma)})


def cmyk_profile(inks: Sequence[tuple[float, float, float]]) -> bytes:
    """A printer: ``inks`` are the L*, a*, b* of the 16 combinations of full inks, from none (0) over black (1)
    and yellow (2) to all four (15); between them it is linear."""
    ramp = bytes(range(256))
    corners = bytes(round(part) for light, a, b in inks for part in (light * 2.55, a + 128, b + 128))
    identity = struct.pack(">9i", *(65536 * (row == column) for row in range(3) for column in range(3)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    return _profile(b"CMYK", b"Lab ", b"prtr", {b"wtpt": _xyz(_D50), b"A2B0": lut})
