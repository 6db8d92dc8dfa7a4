"""TIFF structure, which EXIF shares: the orientation, and a file reduced to its first page."""

import struct
from typing import Literal, NamedTuple

ORIENTATION = 274
_WIDTH, _HEIGHT = 256, 257

_OF_PIXELS = frozenset(
    [
        # TIFF 6.0: section 8 (baseline, up to ExtraSamples and SampleFormat), 14 (predictor), 15 (tiles),
        # 16 (CMYK), 21 (YCbCr), and the tables of JPEG (technical note 2). 34675: the ICC profile.
        *(254, _WIDTH, _HEIGHT, 258, 259, 262, 266, 273, 277, 278, 279, 284, 292, 293, 317, 320),
        *(322, 323, 324, 325, 332, 334, 338, 339, 347, 529, 530, 531, 532, 34675),
    ]
)
"""The tags that a page's pixels need."""

_COMPRESSIONS = frozenset([1, 2, 3, 4, 5, 7, 8, 32773, 32946])
"""None, fax, LZW, JPEG, Deflate, PackBits (tag 259). Kept short: each is a decoder of its own in libtiff."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
"""Bytes of a value of each field type (TIFF 6.0, section 2)."""


class Reduced(NamedTuple):
    """``body``: the file with one page and its pixels' tags alone. ``size`` in pixels, as stored.
    ``orientation``: 1 to 8."""

    body: bytes
    size: tuple[int, int]
    orientation: int


class _Entry(NamedTuple):
    tag: int
    kind: int
    amount: int
    value: bytes
    """Four bytes: the value itself, if it fits, else its offset."""


def orientation_of(exif: bytes) -> int:
    """What EXIF (from its TIFF header on) says of the orientation, 1 to 8; 1 for nothing or nonsense.

    Reads no other field, so that no field can cost anything.
    """
    order = _order(exif)
    for entry in _entries(exif, order) if order else ():
        if entry.tag == ORIENTATION:
            return _turn(entry, order or "little")
    return 1


def reduced(data: bytes) -> Reduced:
    """The first page of a TIFF file. The values stay where they are; only the directory is written anew.

    Raises ValueError for a directory that is damaged, asks for more than the file has, or names a compression
    that is not read.
    """
    order = _order(data)
    entries = {entry.tag: entry for entry in _entries(data, order)} if order else {}
    if order is None or not {_WIDTH, _HEIGHT} <= entries.keys():
        raise ValueError("TIFF without a picture")
    kept = [entry for tag, entry in sorted(entries.items()) if tag in _OF_PIXELS]
    if sum(entry.amount * _SIZES.get(entry.kind, 1) for entry in kept) > len(data):
        raise ValueError("TIFF whose directory asks for more than the file has")
    compression = entries.get(259)
    if compression is not None and _number(compression, order) not in _COMPRESSIONS:
        raise ValueError(f"TIFF with compression {_number(compression, order)}, which is not read")
    bits, photometric = (_number(entries[tag], order) if tag in entries else 1 for tag in (258, 262))
    if bits == 16 and photometric == 0:
        raise ValueError("TIFF of 16 bits with white as zero, which would come out as a negative")  # Pillow 13
    # The directory goes behind everything else, with no page to follow.
    padded = data + b"\0" * (len(data) % 2)
    code = "<" if order == "little" else ">"
    directory = b"".join(struct.pack(f"{code}HHI4s", *entry) for entry in kept)
    body = padded[:4] + len(padded).to_bytes(4, order) + padded[8:]
    body += len(kept).to_bytes(2, order) + directory + bytes(4)
    turn = entries.get(ORIENTATION)
    size = (_number(entries[_WIDTH], order), _number(entries[_HEIGHT], order))
    return Reduced(body, size, _turn(turn, order) if turn else 1)


def _order(data: bytes) -> Literal["little", "big"] | None:
    if data.startswith(b"II*\0"):
        return "little"
    return "big" if data.startswith(b"MM\0*") else None


def _entries(data: bytes, order: Literal["little", "big"]) -> list[_Entry]:
    """The first directory, as far as the file has it."""
    at = int.from_bytes(data[4:8], order)
    count = int.from_bytes(data[at : at + 2], order)
    code = "<HHI4s" if order == "little" else ">HHI4s"
    whole = data[at + 2 : at + 2 + 12 * count]
    return [_Entry(*fields) for fields in struct.iter_unpack(code, whole[: len(whole) // 12 * 12])]


def _number(entry: _Entry, order: Literal["little", "big"]) -> int:
    """The first value of a SHORT or LONG entry."""
    return int.from_bytes(entry.value[: _SIZES.get(entry.kind, 4)], order)


def _turn(entry: _Entry, order: Literal["little", "big"]) -> int:
    value = _number(entry, order)
    return value if entry.kind == 3 and 1 <= value <= 8 else 1
