"""TIFF directories, as EXIF has them: read with every bound checked, and written.

Layout: TIFF 6.0, section 2. A block begins with the byte order, 42 and the first directory's offset; a directory
is a count, fields of 12 bytes (tag, type, count, value or its offset), and the next directory's offset.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

Endian = Literal["<", ">"]

ASCII, IFD = 2, 13

_SIZES = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)
"""Bytes of one value by type, 1 BYTE to 12 DOUBLE (TIFF 6.0), 13 IFD (TIFF technical note 1)."""

_UTF8 = 129
"""The type for text that Exif 3.0 adds; one byte a value."""

_MOST_FIELDS = 65_000
"""Read from one directory, so that some can be added: it counts to 65535. Cameras write some dozens."""

_HEADER = 8
_FIELD = 12


class Field(NamedTuple):
    """A field. ``length``: how many values. ``data``: the values as they stand in the block or, if its offset was
    not followed, the four bytes of the directory."""

    tag: int
    type: int
    length: int
    data: bytes


def header(block: bytes) -> tuple[Endian, int] | None:
    """The byte order and the first directory's offset; None if ``block`` is no TIFF."""
    order: Endian = "<" if block[:4] == b"II*\0" else ">"
    if len(block) < _HEADER or (order == ">" and block[:4] != b"MM\0*"):
        return None
    return order, struct.unpack_from(order + "L", block, 4)[0]


def fields(block: bytes, order: Endian, at: int, *, follow: bool = True) -> Iterator[Field]:
    """The readable fields of the directory at ``at``; what lies beyond the end is passed over.

    Values follow their offsets unless ``follow`` is false. All together they are never more than the block: a bomb
    points a thousand fields at the same bytes.
    """
    if at < _HEADER or at + 2 > len(block):
        return
    (count,) = struct.unpack_from(order + "H", block, at)
    budget = len(block)
    for start in range(at + 2, min(at + 2 + min(count, _MOST_FIELDS) * _FIELD, len(block) - _FIELD + 1), _FIELD):
        tag, kind, number, offset = struct.unpack_from(order + "HHLL", block, start)
        size = number * _size(kind)
        place = start + 8 if size <= 4 or not follow else offset
        size = size if follow else 4
        if size == 0 or place + size > len(block) or size > budget:
            continue
        budget -= size
        yield Field(tag, kind, number, block[place : place + size])


def number(field: Field, order: Endian) -> int | None:
    """The one SHORT, LONG or IFD in ``field``; None if it is something else."""
    form = {3: "H", 4: "L", IFD: "L"}.get(field.type)
    if form is None or field.length != 1:
        return None
    return int(struct.unpack_from(order + form, field.data)[0])


def following(block: bytes, order: Endian, at: int) -> int:
    """The offset of the directory after the one at ``at``; 0 if there is none."""
    if at < _HEADER or at + 2 > len(block):
        return 0
    link = at + 2 + _FIELD * int(struct.unpack_from(order + "H", block, at)[0])
    return int(struct.unpack_from(order + "L", block, link)[0]) if link + 4 <= len(block) else 0


class Children(dict[int, "tuple[Mapping[int, Field], Children]"]):
    """Directories by the tag of the field that points at them, each with its own children."""


def start(order: Endian, at: int) -> bytes:
    """The first eight bytes of a block whose first directory is at ``at``."""
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", at)


def block(order: Endian, directory: Mapping[int, Field], children: Children) -> bytes:
    """A whole block: ``directory`` first, then those that hang on it."""
    return start(order, _HEADER) + written(order, directory, children, _HEADER)


def written(
    order: Endian, directory: Mapping[int, Field], children: Children, at: int, following: int = 0
) -> bytes:
    """``directory`` as it stands at offset ``at`` of a block, its values and children behind it.

    ``following``: the offset of the next directory, 0 for none.
    """
    tags = sorted(directory.keys() | children.keys())
    heap_at = at + 2 + _FIELD * len(tags) + 4
    body, heap = bytearray(struct.pack(order + "H", len(tags))), bytearray()
    for tag in tags:
        if tag in children:
            place = heap_at + len(heap)
            field = Field(tag, 4, 1, struct.pack(order + "L", place))
            heap += written(order, *children[tag], place)
        else:
            field = directory[tag]
        value = field.data
        if len(value) > 4:
            value = struct.pack(order + "L", heap_at + len(heap))
            heap += field.data + b"\0" * (len(field.data) % 2)  # values begin at even offsets (TIFF 6.0, page 15)
        body += struct.pack(order + "HHL", tag, field.type, field.length) + value.ljust(4, b"\0")
    return bytes(body + struct.pack(order + "L", following) + heap)


def _size(kind: int) -> int:
    if kind == _UTF8:
        return 1
    return _SIZES[kind] if kind < len(_SIZES) else 0
