"""EXIF: credit and copyright in, position, serial numbers and thumbnail out, the owner's other fields kept.

Pillow's ``Image.Exif`` is not used to rewrite: it turns every letter beyond ASCII into "?" (``write_string``),
drops fields of types it does not know, and moves maker notes, whose inner offsets then lead nowhere.
"""

from guardware.images.metadata import tiff
from guardware.images.metadata.statement import OLD_LIMIT, checked
from guardware.images.metadata.tiff import ASCII, IFD, Children, Endian, Field
from guardware.images.recipe import Metadata

PREFIX = b"Exif\0\0"
"""What stands before the block in a JPEG, and by Pillow's custom everywhere (Exif 2.3, 4.7.2)."""

JPEG_LIMIT = 65533 - len(PREFIX)
"""Bytes of the block in one segment."""

_IMAGE_DESCRIPTION, _ORIENTATION, _ARTIST, _COPYRIGHT = 0x010E, 0x0112, 0x013B, 0x8298
_EXIF_IFD, _GPS_IFD, _INTEROPERABILITY_IFD = 0x8769, 0x8825, 0xA005
_POINTERS = (_EXIF_IFD, _INTEROPERABILITY_IFD)
"""The way down that is followed: the camera's directory hangs on the first, interoperability on the camera's."""

_PRIVATE = frozenset(
    {
        # Exif 2.32 tables 4, 7 and 8
        0x013C,  # HostComputer: often the owner's name
        _GPS_IFD,
        0x927C,  # MakerNote: serial numbers, positions, faces, and offsets that break when moved
        0x9286,  # UserComment
        0xA420,  # ImageUniqueID
        0xA430,  # CameraOwnerName
        0xA431,  # BodySerialNumber
        0xA435,  # LensSerialNumber
        # copies of what is rewritten elsewhere (XMP part 3, TIFF): XMP, IPTC, Photoshop
        0x02BC,
        0x83BB,
        0x8649,
        # pictures within, which may show what the picture no longer does: strips, subdirectories, tiles, JPEG
        0x0111,
        0x0117,
        0x0144,
        0x0145,
        0x014A,
        0x0201,
        0x0202,
        0x9C9C,  # XPComment (Windows)
        0xEA1C,  # padding (Windows)
        # DNG 1.7: CameraSerialNumber, DNGPrivateData, RawDataUniqueID, OriginalRawFileName, OriginalRawFileData
        0xC62F,
        0xC634,
        0xC65D,
        0xC68B,
        0xC68C,
        # Camera Raw: OwnerName, SerialNumber
        0xFDE8,
        0xFDE9,
    }
)


def exif_bytes(meta: Metadata) -> bytes:
    """A fresh EXIF block with the prefix "Exif", as Pillow's ``save(exif=)`` takes it; empty if nothing is stated.

    Text is UTF-8 in fields of type ASCII. Exif 3.0's own type for it (129) is read by neither exiftool 12.57, nor
    Pillow 13, nor ExifRead 3.0.1 (by which img2dataset fills its ``exif`` column): all three lose the field, and
    read UTF-8 in ASCII (Pillow as Latin-1: encode with that and decode again). Raises ValueError as ``checked``.
    """
    stated = _stated(checked(meta))
    return PREFIX + tiff.block(">", stated, Children()) if stated else b""


def rewritten(old: bytes, meta: Metadata, limit: int) -> bytes:
    """The TIFF block ``old`` (empty: none) with what ``meta`` (checked) states; at most ``limit`` bytes.

    Where the owner's fields do not fit, or cannot be read, only ours and the orientation are written; empty if
    there is nothing to write. Raises ValueError if ours alone do not fit.
    """
    order, at = tiff.header(old) or (">", 0)
    stated = _stated(meta)
    block = _merged(old, order, at, stated, meta.strip) if at and len(old) <= OLD_LIMIT else None
    if block is None or len(block) > limit:
        turned = {field.tag: field for field in tiff.fields(old, order, at) if field.tag == _ORIENTATION}
        fresh = turned | stated
        block = tiff.block(order, fresh, Children()) if fresh else b""
    if len(block) > limit:
        raise ValueError(f"metadata: the texts take {len(block)} bytes of EXIF, which holds {limit}: shorten them")
    return block


def _stated(meta: Metadata) -> dict[int, Field]:
    texts = {_IMAGE_DESCRIPTION: meta.description, _ARTIST: meta.creator, _COPYRIGHT: meta.rights}
    data = {tag: text.encode() + b"\0" for tag, text in texts.items() if text}
    return {tag: Field(tag, ASCII, len(value), value) for tag, value in data.items()}


def _merged(old: bytes, order: Endian, at: int, stated: dict[int, Field], strip: bool) -> bytes:
    if strip:
        directory, children = _public(old, order, at, _POINTERS)
        kept = directory | stated
        return tiff.block(order, kept, children) if kept or children else b""
    # Nothing moves: the old block stays as it is, and a new first directory behind it points into it, so maker
    # notes and directories that nobody here knows keep their offsets.
    slots = {field.tag: field for field in tiff.fields(old, order, at, follow=False)}
    following = tiff.following(old, order, at)
    old += b"\0" * (len(old) % 2)
    return (
        tiff.start(order, len(old))
        + old[8:]
        + tiff.written(order, slots | stated, Children(), len(old), following)
    )


def _public(old: bytes, order: Endian, at: int, pointers: tuple[int, ...]) -> tuple[dict[int, Field], Children]:
    """What may stay of the directory at ``at``, and of those that the first of ``pointers`` leads to.

    One known way down, each step taken once: directories that point in circles come to nothing.
    """
    found: dict[int, Field] = {}
    for field in tiff.fields(old, order, at):
        found.setdefault(field.tag, field)
    children = Children()
    for tag in pointers[:1]:
        place = tiff.number(found[tag], order) if tag in found else None
        child = _public(old, order, place, pointers[1:]) if place else None
        if child and any(child):
            children[tag] = child
    gone = _PRIVATE.union(_POINTERS)
    return {tag: field for tag, field in found.items() if tag not in gone and field.type != IFD}, children
