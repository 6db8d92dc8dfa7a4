"""Statements, files of every kind, and exiftool as the independent reader and writer of metadata."""

import json
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from image_samples import file_of, noise, scene, swapped_profile
from PIL import Image, ImageSequence

from guardware.images.recipe import Metadata

NOTHING = Metadata("", "", "", "", "", "", strip=False)

STATEMENT = Metadata(
    creator="Zoë Ångström 青木",
    rights="© 2031 Zoë Ångström. No AI training.",
    usage_terms='Text & data mining reserved <Art. 4(3) DSM>, "always"',
    web_statement="https://gallery.example/licence?a=1&b=2",
    description="Blue hills 🏔",
    mining="PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
    strip=True,
)

FIELDS = {
    "XMP-plus:DataMining": "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
    "XMP-dc:Creator": STATEMENT.creator,
    "XMP-dc:Rights": STATEMENT.rights,
    "XMP-dc:Description": STATEMENT.description,
    "XMP-xmpRights:Marked": True,
    "XMP-xmpRights:UsageTerms": STATEMENT.usage_terms,
    "XMP-xmpRights:WebStatement": STATEMENT.web_statement,
    "IFD0:Artist": STATEMENT.creator,
    "IFD0:Copyright": STATEMENT.rights,
    "IFD0:ImageDescription": STATEMENT.description,
}
"""What exiftool reads in every format when ``STATEMENT`` was written."""

IPTC_FIELDS = {
    "IPTC:By-line": STATEMENT.creator,
    "IPTC:CopyrightNotice": STATEMENT.rights,
    "IPTC:Caption-Abstract": STATEMENT.description,
    "IPTC:CodedCharacterSet": "UTF8",
}


def exiftool(files: Mapping[str, bytes], *options: str) -> dict[str, dict[str, Any]]:
    """What exiftool reads in each file, by "group:tag"; one start for all of them."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        call = ["exiftool", "-j", "-G1", "-charset", "utf8", "-charset", "filename=utf8", *options, *files]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=60)
    return {entry["SourceFile"]: entry for entry in json.loads(done.stdout)}


def written_by_exiftool(data: bytes, *assignments: str, **contents: bytes) -> bytes:
    """``data`` after exiftool wrote into it; ``contents`` are files that assignments name as ``TAG<=NAME``."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "picture").write_bytes(data)
        for name, content in contents.items():
            Path(folder, name).write_bytes(content)
        call = ["exiftool", "-q", "-overwrite_original", "-charset", "utf8", *assignments, "picture"]
        subprocess.run(call, cwd=folder, check=True, capture_output=True, timeout=60)
        return Path(folder, "picture").read_bytes()


def png_chunk(name: bytes, content: bytes = b"") -> bytes:
    return len(content).to_bytes(4) + name + content + zlib.crc32(name + content).to_bytes(4)


def riff_chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def jpeg_segment(code: int, payload: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(payload) + 2).to_bytes(2) + payload


def tiff_block(order: str, *fields: tuple[int, int, int, bytes], following: int = 0) -> bytes:
    """A block with one directory: tag, type, length, and four bytes or more, which then stand behind it."""
    at = 8 + 2 + 12 * len(fields) + 4
    body, heap = struct.pack(order + "H", len(fields)), b""
    for tag, kind, length, data in fields:
        slot = data if len(data) <= 4 else struct.pack(order + "L", at + len(heap))
        body += struct.pack(order + "HHL", tag, kind, length) + slot.ljust(4, b"\0")
        heap += data if len(data) > 4 else b""
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "L", 8) + body + struct.pack(order + "L", following) + heap


def interlaced() -> bytes:
    """A PNG in Adam7 passes (W3C PNG, 8.1), which Pillow reads and does not write."""
    pixels = np.asarray(scene(45, 31))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx])
    head = struct.pack(">LLBBBBB", 45, 31, 8, 2, 0, 0, 1)
    body = png_chunk(b"IHDR", head) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + body


def _moving(format: str, **options: Any) -> bytes:
    frames = [scene(64, 48).rotate(turn) for turn in (0, 40, 80)]
    return file_of(
        frames[0], format, save_all=True, append_images=frames[1:], duration=[40, 80, 120], loop=3, **options
    )


def _translucent() -> Image.Image:
    image = scene(120, 90).convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


@cache
def kinds() -> dict[str, bytes]:
    """Files of every kind that can be rewritten, with profile and orientation where Pillow writes them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    marked: dict[str, Any] = {"icc_profile": swapped_profile(), "exif": exif}
    image, alpha = scene(120, 90), _translucent()
    sixteen = noise(60, 40).convert("L").convert("I;16").point(lambda value: value * 257)
    return {
        "baseline.jpg": file_of(image, "JPEG", **marked),
        "progressive.jpg": file_of(noise(120, 90), "JPEG", progressive=True, optimize=True, **marked),
        "full-chroma.jpg": file_of(image, "JPEG", subsampling=0, quality=98, **marked),
        "cmyk.jpg": file_of(image.convert("CMYK"), "JPEG", exif=exif),
        "grey.jpg": file_of(image.convert("L"), "JPEG", exif=exif),
        "restarts.jpg": file_of(noise(120, 90), "JPEG", restart_marker_blocks=2, **marked),
        "plain.png": file_of(image, "PNG", **marked),
        "palette.png": file_of(image.quantize(16), "PNG", transparency=3, **marked),
        "sixteen.png": file_of(sixteen, "PNG", exif=exif),
        "alpha.png": file_of(alpha, "PNG", **marked),
        "interlaced.png": interlaced(),
        "moving.png": _moving("PNG", **marked),
        "lossy.webp": file_of(image, "WEBP"),
        "lossless.webp": file_of(image, "WEBP", lossless=True),
        "marked.webp": file_of(image, "WEBP", **marked),
        "alpha.webp": file_of(alpha, "WEBP", quality=60, **marked),
        "alpha-lossless.webp": file_of(alpha, "WEBP", lossless=True),
        "moving.webp": _moving("WEBP", **marked),
    }


def frames(data: bytes) -> list[tuple[Any, int]]:
    """Every frame's decoded values and how long it is shown."""
    with Image.open(BytesIO(data)) as image:
        return [(np.array(frame), frame.info.get("duration", 0)) for frame in ImageSequence.Iterator(image)]
