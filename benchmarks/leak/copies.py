"""What a copy is worth to a data set: the original, usable, protected, or no picture at all."""

from enum import IntEnum
from io import BytesIO

import numpy as np
from PIL import Image

from benchmarks.leak.gallery import Gallery
from guardware.images.compare import on_white, psnr

SIDE = 256
"""Pixels of the longer side at which copies are compared: what img2dataset stores by default."""

NEAR = 20.0
"""From this PSNR in dB on a copy shows the original's colours. Veiled ones have less than 14."""

_BLOCK, _LEVELS, SHARE = 8, 8.0, 0.01
"""A visible mark: in more than 1 % of the blocks of 8 x 8 pixels the brightness is off by 8 of 255 levels (root
of the mean square). Measured on this gallery: JPEG of quality 75, and half the size at quality 60, leave at most
0.1 % of the blocks beyond that; the shipped marks 38 % or more."""

_PIECE = 2048
"""Bytes: a part of an original that is at least so long counts as the original."""


class Worth(IntEnum):
    """What came for a picture, in ascending order: of several answers the best one counts."""

    NOTHING = 0
    REFUSED = 1
    PROTECTED = 2
    USABLE = 3
    ORIGINAL = 4


class Judge:
    """Compares what came with the originals of a gallery; what those look like when reduced is remembered."""

    def __init__(self, gallery: Gallery) -> None:
        self._gallery = gallery
        self._reduced: dict[str, Image.Image] = {}

    def worth(self, path: str, body: bytes) -> Worth:
        """Of ``body``, which came for the picture at ``path``; never ``REFUSED``."""
        original = self._gallery.original(path)
        if body == original or (len(body) >= _PIECE and body in original):
            return Worth.ORIGINAL
        copy = _opened(body)
        if copy is None:
            return Worth.NOTHING
        return Worth.USABLE if usable(self._small(path, original), copy) else Worth.PROTECTED

    def _small(self, path: str, original: bytes) -> Image.Image:
        if path not in self._reduced:
            picture = _opened(original)
            if picture is None:
                raise ValueError(f"{path} of the gallery is no picture")
            side = max(picture.size)
            size = (round(picture.width * SIDE / side), round(picture.height * SIDE / side))
            self._reduced[path] = picture.resize(size, Image.Resampling.LANCZOS)
        return self._reduced[path]


def usable(original: Image.Image, copy: Image.Image) -> bool:
    """Whether ``copy``, as decoded and without its profile, shows ``original`` (RGB, reduced) without a mark."""
    reduced = copy.resize(original.size, Image.Resampling.LANCZOS)
    return psnr(original, reduced) >= NEAR and off_share(original, reduced) <= SHARE


def off_share(original: Image.Image, copy: Image.Image) -> float:
    """Part of the blocks in which brightness is off by more than can come from saving; 0 to 1, sizes equal."""
    off = np.asarray(original.convert("L"), np.float32) - np.asarray(copy.convert("L"), np.float32)
    rows, columns = (side // _BLOCK for side in off.shape)
    blocks = off[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.mean(np.sqrt(np.mean(blocks**2, axis=(1, 3))) > _LEVELS))


def _opened(body: bytes) -> Image.Image | None:
    """What Pillow decodes, RGB, profiles left out; None for no picture or half of one."""
    try:
        with Image.open(BytesIO(body)) as picture:
            return on_white(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
