"""From an original's bytes to the variant's: decode, mark, encode."""

import hashlib
from typing import NamedTuple

import PIL
from PIL import ExifTags, Image

from guardware.config.schema import Images
from guardware.images.codec import decode, encode
from guardware.images.lettering import LAST_RESORT, choose
from guardware.images.watermark import Mark, watermark

_RECIPE_VERSION = 1
"""Raised whenever the same settings give other pixels than before."""


class Variant(NamedTuple):
    """What is served instead of an original.

    ``content_type`` is that of ``body``, whatever the original was labelled. ``etag`` is a strong validator
    with its quotes, made from ``body``, so no other representation shares it.
    """

    body: bytes
    content_type: str
    etag: bytes
    placeholder: bool = False

    @classmethod
    def of(cls, body: bytes, content_type: str, *, placeholder: bool = False) -> "Variant":
        """A variant with the entity tag that belongs to ``body``."""
        tag = hashlib.sha256(body).hexdigest()[:32]
        return cls(body, content_type, f'"gw-{tag}"'.encode(), placeholder)


class Recipe(NamedTuple):
    """All that shapes a variant besides the original."""

    max_side: int
    max_pixels: int
    quality: int
    mark: Mark
    owner: str
    words: str
    version: tuple[int, str] = (_RECIPE_VERSION, PIL.__version__)

    @classmethod
    def of(cls, config: Images, owner: str) -> "Recipe":
        """The recipe in ``config``; ``owner`` is credited where ``watermark.text`` is empty."""
        own = owner.strip()
        words = config.watermark.text.strip() or (f"© {own}" if own else LAST_RESORT)
        settings = config.watermark
        mark = Mark(choose(words), settings.opacity, settings.scale, settings.angle)
        return cls(config.max_side, config.max_pixels, config.quality, mark, own, words)

    def digest(self) -> bytes:
        """16 bytes that differ when any part of the recipe does."""
        return hashlib.sha256(repr(self).encode("utf-8", "backslashreplace")).digest()[:16]


def make_variant(original: bytes, recipe: Recipe, seed: int) -> Variant:
    """The variant of ``original``; ``seed`` places the watermark.

    Blocks for tens to hundreds of milliseconds. Raises ValueError for what is no picture of ours or too large,
    MemoryError, and whatever Pillow raises for damaged files (it names no closed set).
    """
    image, kind = decode(original, recipe.max_side, recipe.max_pixels)
    body = encode(watermark(image, recipe.mark, seed), kind, recipe.quality, _credit(recipe))
    if body == original:
        raise ValueError("the variant would be the original")
    return Variant.of(body, kind.content_type)


def _credit(recipe: Recipe) -> bytes:
    """EXIF with Copyright and Artist; UTF-8, which the ASCII fields carry everywhere in practice."""
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = recipe.words.encode("utf-8", "replace")
    if recipe.owner:
        exif[ExifTags.Base.Artist] = recipe.owner.encode("utf-8", "replace")
    return exif.tobytes()
