"""Pictures of every mode and colour profile, as 8-bit sRGB that looks the same."""

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from guardware.images.heads import UnreadablePicture

MAX_PROFILE = 4 * 1024 * 1024
"""Bytes of a colour profile. Those of printers have about 2.5 MB, of screens and cameras 600 bytes to 30 kB."""

_PLAIN = {"1": "L", "L": "L", "LA": "LA", "CMYK": "CMYK", "RGB": "RGB", "P": "RGB", "YCbCr": "RGB"}
"""Modes, and those that resize well and that colour profiles know."""

_STEPS = np.linspace(0, 255, 9, dtype=np.uint8)
_SWATCHES = np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS), axis=-1).reshape(27, 27, 3)
"""729 colours, all over the cube."""


def plain_mode(image: Image.Image) -> Image.Image:
    """The picture as L, LA, RGB, RGBA or CMYK with 8 bits: palettes, bitmaps and 16 bits resolved, transparency
    in a channel. Raises UnreadablePicture for what has no settled look: floating point, 32 bits, Lab.
    """
    if image.mode.startswith("I;16"):
        return _eight_bits(image)
    if image.has_transparency_data:
        mode = "LA" if image.mode in ("1", "L", "LA") else "RGBA"
    elif image.mode in _PLAIN:
        mode = _PLAIN[image.mode]
    else:
        raise UnreadablePicture(f"pixels of the kind {image.mode} are not read")
    return image if image.mode == mode else image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits as L, or LA if one level is transparent. Pillow would clip at 255."""
    levels = np.asarray(image).astype(np.uint16)
    # v / 257, rounded, without leaving 16 bits.
    grey = Image.fromarray(((levels - (levels >> 8) + 128) >> 8).astype(np.uint8))
    transparent = image.info.get("transparency")
    if not isinstance(transparent, int):
        return grey
    alpha = np.where(levels == transparent, 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha)))


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """One picture of a plain mode as RGB or RGBA in sRGB; see ``ToSrgb``."""
    return ToSrgb(profile)(image)


class ToSrgb:
    """Takes pictures of a plain mode to RGB or RGBA in sRGB.

    ``profile`` is the embedded ICC profile. One that is broken, or made for another mode, is passed over, as
    browsers do. Raises UnreadablePicture for one of more than ``MAX_PROFILE`` bytes.
    """

    def __init__(self, profile: bytes | None) -> None:
        if profile and len(profile) > MAX_PROFILE:
            raise UnreadablePicture(f"a colour profile of {len(profile)} bytes")
        self._profile = profile
        self._transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def __call__(self, image: Image.Image) -> Image.Image:
        if image.mode in ("LA", "RGBA"):
            opaque = self(image.convert(image.mode[:-1]))
            opaque.putalpha(image.getchannel("A"))
            return opaque
        if image.mode not in self._transforms:
            self._transforms[image.mode] = self._transform(image.mode)
        transform = self._transforms[image.mode]
        if transform is not None:
            return ImageCms.applyTransform(image, transform) or image
        return image if image.mode == "RGB" else image.convert("RGB")

    def _transform(self, mode: str) -> ImageCms.ImageCmsTransform | None:
        if not self._profile:
            return None
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(self._profile))
            transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return None
        return transform if _moves(transform, mode) else None


def _moves(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a colour changes by more than a level. Most profiles in the wild are sRGB's, and passing a
    megapixel through one costs 25 ms of CPU for nothing."""
    if mode == "CMYK":
        return True
    swatches = Image.fromarray(_SWATCHES).convert(mode)
    after = ImageCms.applyTransform(swatches, transform)
    difference = np.asarray(after, np.int16) - np.asarray(swatches.convert("RGB"), np.int16)
    return int(np.abs(difference).max()) > 1
