"""Colour profiles: an RGB profile of three primaries and one tone curve, written as ICC.1:2001-04 lays it out.

Version 2 with tables, because every colour management system reads it: parametric curves came with version 4, and
the one of IEC 61966-2-1 can't be turned upside down there (its straight piece has to lie below the bend).
"""

import struct
from collections.abc import Sequence

_VERSION = 0x02400000
_WHITE = (0xF6D6, 0x10000, 0xD32D)
"""The profile connection space's white, D50, in units of 1/65536 (ICC.1:2001-04, 6.1.3)."""

_PRIMARIES = ((0x6FA2, 0x38F5, 0x0390), (0x6299, 0xB785, 0x18DA), (0x24A0, 0x0F84, 0xB6CF))
"""Red, green and blue of sRGB as XYZ under D50, in units of 1/65536: IEC 61966-2-1's primaries, adapted from D65
with Bradford's matrix. The same numbers as in the widespread "sRGB IEC61966-2.1" profile."""


def linear(level: float) -> float:
    """The light, 0 to 1, of an sRGB ``level`` from 0 to 255 (IEC 61966-2-1)."""
    share = level / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def rgb_profile(primaries: tuple[int, int, int], curve: Sequence[float]) -> bytes:
    """A profile that shows stored channel k as channel ``primaries[k]`` of sRGB (0 red, 1 green, 2 blue).

    ``curve``: for evenly spaced stored values, the light from 0 to 1; one curve for all three. With 256 values
    (952 bytes) there is nothing to interpolate in pictures of 8 bits; 86 would save 340 bytes. Raises ValueError
    for a curve of fewer than two values, which would mean something else.
    """
    if len(curve) < 2:
        raise ValueError(f"a curve has at least two values, this one {len(curve)}")
    tone = _element(b"curv", struct.pack(f">I{len(curve)}H", len(curve), *(round(65535 * y) for y in curve)))
    tags = [
        (b"desc", _description(b"RGB")),
        (b"cprt", _element(b"text", b"CC0\0")),
        (b"wtpt", _xyz(_WHITE)),
        *((b"%cXYZ" % letter, _xyz(_PRIMARIES[k])) for letter, k in zip(b"rgb", primaries, strict=True)),
        *((b"%cTRC" % letter, tone) for letter in b"rgb"),
    ]
    return _assemble(tags)


def _assemble(tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Header, tag table, data; tags with the same data share it."""
    start = 128 + 4 + 12 * len(tags)
    table, data, places = b"", b"", dict[bytes, int]()
    for signature, element in tags:
        if element not in places:
            places[element] = start + len(data)
            # The data of every tag starts at a multiple of four.
            data += element + bytes(-len(element) % 4)
        table += signature + struct.pack(">II", places[element], len(element))
    return _header(start + len(data)) + struct.pack(">I", len(tags)) + table + data


def _header(size: int) -> bytes:
    """The 128 bytes of a display profile from RGB to XYZ. No date but a valid one: equal input, equal bytes."""
    head = struct.pack(">I4xI4s4s4s6H4s", size, _VERSION, b"mntr", b"RGB ", b"XYZ ", 2000, 1, 1, 0, 0, 0, b"acsp")
    # Platform, flags, device, intent (0, perceptual: what unaware programs ask for) and the like stay 0.
    return head + bytes(28) + struct.pack(">3I", *_WHITE) + bytes(48)


def _element(kind: bytes, content: bytes) -> bytes:
    return kind + bytes(4) + content


def _xyz(units: tuple[int, int, int]) -> bytes:
    return _element(b"XYZ ", struct.pack(">3i", *units))


def _description(name: bytes) -> bytes:
    """``name`` in ASCII, and no Unicode and no Macintosh name (6.5.17)."""
    ascii_name = struct.pack(">I", len(name) + 1) + name + b"\0"
    return _element(b"desc", ascii_name + bytes(8) + bytes(2 + 1 + 67))
