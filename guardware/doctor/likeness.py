"""Whether two answers are the same picture: byte for byte, or dot for dot."""

from hashlib import sha256

from guardware.config.schema import Config
from guardware.images.decode import decode
from guardware.images.heads import UnreadablePicture
from guardware.images.metadata.statement import MINING_VOCABULARY
from guardware.images.recipe import Bounds

_STRIP = 256
"""Lines of a picture that are converted at a time: a large one would be in memory three times."""

_MARK = MINING_VOCABULARY.rpartition("/")[2].encode()


def same_picture(one: bytes, other: bytes, config: Config) -> bool:
    """Whether ``other`` gives away what ``one`` is. What cannot be decoded counts byte for byte."""
    if not one or not other:
        return False
    if one == other:
        return True
    dots = _dots(one, config)
    return dots is not None and dots == _dots(other, config)


def bears_our_mark(data: bytes) -> bool:
    """Whether the picture states in itself that it is not to be mined, as guardware's variants do."""
    return b"vocab/" + _MARK in data


def _dots(data: bytes, config: Config) -> tuple[tuple[int, int], bytes] | None:
    """Size, and a digest of the dots: of two large pictures only one is in memory."""
    images = config.images
    try:
        picture, _ = decode(data, None, Bounds(images.max_pixels, 1, images.max_pixels))
    except UnreadablePicture:
        return None
    frame, digest = picture.frames[0], sha256()
    for top in range(0, frame.height, _STRIP):
        digest.update(frame.crop((0, top, frame.width, min(top + _STRIP, frame.height))).convert("RGBA").tobytes())
    return frame.size, digest.digest()
