"""IPTC: the older credit fields (IIM), which live among Photoshop's resources in a JPEG.

Sources: IPTC-NAA Information Interchange Model 4.2 for the records; Adobe Photoshop File Formats, Image Resource
Blocks, for what is around them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from guardware.images.metadata.statement import OLD_LIMIT
from guardware.images.recipe import Metadata

PREFIX = b"Photoshop 3.0\0"

_SEGMENT = 65533 - len(PREFIX)
"""Bytes of resources in one segment; more go on in the next (as Photoshop and exiftool do)."""

_IIM, _IIM_DIGEST = 0x0404, 0x0425

_PUBLIC_RESOURCES = frozenset({0x03ED, _IIM, 0x040A, 0x040B, *range(0x07D0, 0x0BB8)})
"""What stays when private facts go: resolution, IIM, copyright flag, URL, clipping paths. Not thumbnails (0x0409,
0x040C), copies of EXIF (0x0422, 0x0423) and XMP (0x0424), nor printers' names and editing state."""

_UTF8 = b"\x1b%G"
"""1:90 CodedCharacterSet: UTF-8 by ISO 2022."""

_CHARACTER_SET, _VERSION = (1, 90), (2, 0)
_BY_LINE, _COPYRIGHT_NOTICE, _CAPTION = (2, 80), (2, 116), (2, 120)

_LIMITS = {_BY_LINE: 32, _COPYRIGHT_NOTICE: 128, _CAPTION: 2000}
"""Octets, by IIM 4.2; the whole text is in XMP and EXIF."""

_BINARY = frozenset({(2, 0), (2, 125), (2, 200), (2, 201), (2, 202)})
"""Of record 2 what is no text: version, rasterised caption, preview's format, version and data."""

_PREVIEW = frozenset({(2, 200), (2, 201), (2, 202)})


class _Resource(NamedTuple):
    id: int
    name: bytes
    data: bytes


def rewritten(old: bytes, meta: Metadata) -> list[bytes]:
    """Payloads of APP13 segments, prefix included: the resources ``old`` with what ``meta`` (checked) states.

    ``old``: the payloads found, joined, without prefix. What cannot be read is left out. An empty list if there is
    nothing to write.
    """
    resources = list(_resources(old)) if len(old) <= OLD_LIMIT else []
    iim = b"".join(resource.data for resource in resources if resource.id == _IIM)
    iim = _written(_merged(list(_datasets(iim)), meta))
    kept = [resource for resource in resources if resource.id not in (_IIM, _IIM_DIGEST)]
    if meta.strip:
        kept = [resource for resource in kept if resource.id in _PUBLIC_RESOURCES]
    if iim:
        # Readers compare the digest to learn whether XMP or IIM was changed last (MWG guidelines 2.0, 3.3).
        digest = hashlib.md5(iim, usedforsecurity=False).digest()
        kept = [_Resource(_IIM, b"", iim), _Resource(_IIM_DIGEST, b"", digest), *kept]
    payload = b"".join(map(_block, kept))
    return [PREFIX + payload[at : at + _SEGMENT] for at in range(0, len(payload), _SEGMENT)]


def _merged(old: list[tuple[tuple[int, int], bytes]], meta: Metadata) -> list[tuple[tuple[int, int], bytes]]:
    stated = {_BY_LINE: meta.creator, _COPYRIGHT_NOTICE: meta.rights, _CAPTION: meta.description}
    ours = [(key, _cut(text, _LIMITS[key])) for key, text in stated.items() if text]
    if not ours and not old:
        return []
    was_utf8 = (_CHARACTER_SET, _UTF8) in old
    replaced = {_CHARACTER_SET, _VERSION, *(key for key, _ in ours)}
    kept = [(key, value if was_utf8 else _as_utf8(key, value)) for key, value in old if key not in replaced]
    if meta.strip:
        kept = [(key, value) for key, value in kept if key not in _PREVIEW and key[0] < 7]  # 7 to 9: picture data
    everything = [(_CHARACTER_SET, _UTF8), (_VERSION, b"\0\4"), *kept, *ours]
    return sorted(everything, key=lambda dataset: dataset[0])  # stable: repeated keywords keep their order


def _as_utf8(key: tuple[int, int], value: bytes) -> bytes:
    """Text of a file that names no character set; Latin-1 is what exiftool takes it for."""
    if key[0] != 2 or key in _BINARY:
        return value
    try:
        value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1").encode()
    return value


def _cut(text: str, limit: int) -> bytes:
    return text.encode()[:limit].decode(errors="ignore").encode()


def _written(datasets: Iterable[tuple[tuple[int, int], bytes]]) -> bytes:
    return b"".join(
        bytes((0x1C, *key)) + len(value).to_bytes(2) + value for key, value in datasets if len(value) < 0x8000
    )


def _datasets(iim: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Record and number with the value, until the end or the first that is damaged or longer than 32767 bytes."""
    at = 0
    while at + 5 <= len(iim) and iim[at] == 0x1C:
        size = int.from_bytes(iim[at + 3 : at + 5])
        if size >= 0x8000 or at + 5 + size > len(iim):
            return
        yield (iim[at + 1], iim[at + 2]), iim[at + 5 : at + 5 + size]
        at += 5 + size


def _resources(payload: bytes) -> Iterator[_Resource]:
    """The resources until the end or the first that is damaged. Name and data are padded to even lengths."""
    at = 0
    while payload[at : at + 4] == b"8BIM" and at + 12 <= len(payload):
        name_end = at + 7 + payload[at + 6]
        size_at = name_end + (name_end - at) % 2
        data_at = size_at + 4
        end = data_at + int.from_bytes(payload[size_at:data_at])
        if data_at > len(payload) or end > len(payload):
            return
        yield _Resource(int.from_bytes(payload[at + 4 : at + 6]), payload[at + 7 : name_end], payload[data_at:end])
        at = end + (end - data_at) % 2


def _block(resource: _Resource) -> bytes:
    name = bytes((len(resource.name),)) + resource.name
    name += b"\0" * (len(name) % 2)
    size = len(resource.data).to_bytes(4)
    return b"8BIM" + resource.id.to_bytes(2) + name + size + resource.data + b"\0" * (len(resource.data) % 2)
