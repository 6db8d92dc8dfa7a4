"""Metadata in pictures: who made them, which rights are reserved, no data mining; private facts taken out."""

from guardware.images.metadata.exif import exif_bytes
from guardware.images.metadata.files import credit
from guardware.images.metadata.xmp import xmp_bytes

__all__ = ["credit", "exif_bytes", "xmp_bytes"]
