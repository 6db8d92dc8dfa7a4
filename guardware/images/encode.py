"""Pixels to files: still and animated, with only the metadata that is handed in."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from guardware.images.formats import WRITTEN, Format, Writing
from guardware.images.picture import Picture

_NOTHING: Mapping[str, Any] = {}
_XMP_IN_PNG = "XML:com.adobe.xmp"
"""The keyword under which PNG holds XMP (XMP specification, part 3, 1.1.5)."""


def encode(
    picture: Picture,
    target: Format,
    quality: int,
    *,
    icc: bytes | None = None,
    exif: bytes = b"",
    xmp: bytes = b"",
    options: Mapping[str, Any] = _NOTHING,
) -> bytes:
    """The file for ``picture`` in the format ``target``.

    ``quality`` is 1 to 100 on JPEG's scale, whatever the format. ``icc``, ``exif`` (as ``Image.Exif.tobytes``
    gives it) and ``xmp`` are its only metadata. ``options`` of Pillow's writer go before those of the table.
    JPEG has no transparency, so the picture is laid on white; it takes the first frame of an animation alone.
    AVIF animations play for ever, whatever ``picture.loop`` says: Pillow cannot write a number.

    Raises ValueError for a format that is not written, for a picture larger than it holds, and for metadata that
    does not fit; OSError when the encoder fails.
    """
    writing = target.writing
    if writing is None:
        raise ValueError(f"{target.name} is not written; written are {', '.join(WRITTEN)}")
    if max(picture.size) > writing.max_side:
        width, height = picture.size
        raise ValueError(f"{width} x {height} is too large for {target.name}: {writing.max_side} pixels a side")
    frames = [_bare(frame, writing) for frame in picture.frames]
    settings = {**_settings(writing, quality), **_metadata(writing, icc, exif, xmp), **options}
    if picture.animated and writing.animated:
        timing = {"duration": list(picture.durations), "loop": picture.loop}
        settings |= {"save_all": True, "append_images": frames[1:], **timing}
    out = BytesIO()
    frames[0].save(out, writing.writer, **settings)
    return out.getvalue()


def _bare(frame: Image.Image, writing: Writing) -> Image.Image:
    """The frame in a mode that can be written, without what Pillow's writers would take from it."""
    if frame.mode == "RGBA" and not writing.alpha:
        opaque = Image.new("RGB", frame.size, "white")
        opaque.paste(frame, mask=frame.getchannel("A"))
        return opaque
    if not frame.info:
        return frame
    bare = frame.copy()
    bare.info = {}
    return bare


def _settings(writing: Writing, quality: int) -> dict[str, Any]:
    settings = dict(writing.options)
    if writing.quality is not None:
        settings["quality"] = min(100, max(1, round(quality * writing.quality)))
    return settings


def _metadata(writing: Writing, icc: bytes | None, exif: bytes, xmp: bytes) -> dict[str, Any]:
    metadata: dict[str, Any] = {"icc_profile": icc, "exif": exif}
    if xmp and writing.writer == "PNG":
        # Pillow's PNG writer passes over ``xmp``.
        texts = PngInfo()
        texts.add_itxt(_XMP_IN_PNG, xmp.decode("utf-8"))
        metadata["pnginfo"] = texts
    elif xmp:
        metadata["xmp"] = xmp
    return metadata
