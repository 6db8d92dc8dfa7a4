"""Pictures of every mode and colour profile, as 8-bit sRGB that looks the same."""

from io import BytesIO

from PIL import Image, ImageCms

_PLAIN = {"1": "L", "L": "L", "CMYK": "CMYK"}
"""Modes that resize well and that colour profiles know; all others become RGB."""


def plain_mode(image: Image.Image) -> Image.Image:
    """The picture as L, RGB, CMYK or RGBA: palettes, bitmaps and 16 bits resolved, transparency in a channel."""
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    if image.mode.startswith("I"):
        # Pillow clips 16 bits to 255 when it converts to L, so they are scaled before.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    mode = _PLAIN.get(image.mode, "RGB")
    return image if image.mode == mode else image.convert(mode)


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture of a plain mode as RGB or RGBA in sRGB.

    ``profile`` is its embedded ICC profile. One that is broken, or made for another mode, is passed over, as
    browsers do.
    """
    if image.mode == "RGBA":
        opaque = to_srgb(image.convert("RGB"), profile)
        opaque.putalpha(image.getchannel("A"))
        return opaque
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            converted = None
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")
