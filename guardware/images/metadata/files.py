"""Which file is rewritten how."""

from guardware.images.metadata.jpeg import credit_jpeg
from guardware.images.metadata.png import credit_png
from guardware.images.metadata.statement import checked
from guardware.images.metadata.webp import credit_webp
from guardware.images.recipe import Metadata
from guardware.images.sniff import sniff

_WRITERS = {"image/jpeg": credit_jpeg, "image/png": credit_png, "image/webp": credit_webp}


def credit(data: bytes, meta: Metadata) -> bytes:
    """The JPEG, PNG (APNG included) or WebP file ``data`` with ``meta`` in it, its coded pixels byte for byte.

    Written where stated: XMP; EXIF Copyright, Artist, ImageDescription; in a JPEG also IPTC IIM. Kept: colour
    profile, orientation, the owner's other XMP, EXIF and IPTC. Always removed: further pictures and whatever else
    follows the picture's end, and C2PA manifests, which this change makes invalid. ``meta.strip`` removes
    position, serial numbers, maker notes, thumbnails, comments and unknown segments.

    Raises ValueError for other formats, for a damaged file, for an unknown data-mining term, and for texts that do
    not fit.
    """
    stated = checked(meta)
    kind = sniff(data[:32])
    writer = _WRITERS.get(kind or "")
    if writer is None:
        raise ValueError(f"metadata: cannot be written into {kind or 'this file'}: neither JPEG, PNG nor WebP")
    return writer(data, stated)
