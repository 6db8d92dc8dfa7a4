"""Files to pixels and back: five formats, limits before decoding, nothing of the file's metadata kept."""

from io import BytesIO
from typing import Any, NamedTuple

from PIL import ExifTags, Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from guardware.images.colour import plain_mode, to_srgb


class Format(NamedTuple):
    """How one format is recognised (``magic`` at byte ``at``), read and written."""

    magic: bytes
    at: int
    reader: type[ImageFile]
    output: str
    content_type: str
    options: dict[str, Any]
    quality: float | None = None
    """What ``images.quality``, which is on JPEG's scale, is multiplied by; None: lossless."""
    oriented: bool = True
    """Whether browsers obey the orientation in EXIF."""


# CPU for 1024 x 768, one core, noisy test picture: PNG level 3, 6, 9: 95, 298, 1411 ms for 914, 825, 790 kB;
# WebP method 0, 2, 4: 17, 24, 59 ms for 63, 47, 44 kB; AVIF speed 8, 9: 120, 38 ms for 46, 57 kB; JPEG: 2 ms.
_PNG: dict[str, Any] = {"compress_level": 3}

FORMATS = (
    Format(b"\xff\xd8\xff", 0, JpegImageFile, "JPEG", "image/jpeg", {}, 1.0),
    Format(b"\x89PNG\r\n\x1a\n", 0, PngImageFile, "PNG", "image/png", _PNG),
    # A GIF's first frame goes out as PNG: the soft mark needs more than 256 colours.
    Format(b"GIF8", 0, GifImageFile, "PNG", "image/png", _PNG),
    # Browsers pass over the orientation in WebP (seen in Chromium's and Firefox's screenshots), so we do too.
    Format(b"WEBP", 8, WebPImageFile, "WEBP", "image/webp", {"method": 2}, 1.0, oriented=False),
    # One thread: ``images.workers`` bounds the cores in use. AVIF at 60 is 33.9 dB where JPEG at 80 is 32.7.
    Format(b"ftyp", 4, AvifImageFile, "AVIF", "image/avif", {"speed": 9, "max_threads": 1}, 0.75),
)

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation (CIPA DC-008, 4.6.4 A) and the transposition that undoes it."""


def decode(data: bytes, max_side: int, max_pixels: int) -> tuple[Image.Image, Format]:
    """The picture in ``data`` as upright sRGB (RGB or RGBA), at most ``max_side`` pixels on its longer side.

    The first frame of animations. The format is what the bytes say. Memory at its peak, measured at 50
    megapixels: 1 byte a pixel for JPEG (3 if progressive), 5 to 9 for PNG, GIF and AVIF, 16 for WebP.
    Raises ValueError for unknown formats and for more than ``max_pixels``, and whatever Pillow raises for
    damaged files.
    """
    kind = sniff(data)
    image, profile, turn = _load(data, kind, max_side, max_pixels)
    size = fit(image.size, max_side)
    if image.size != size:
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image = to_srgb(image, profile)
    return (image if turn is None else image.transpose(turn)), kind


def _load(
    data: bytes, kind: Format, max_side: int, max_pixels: int
) -> tuple[Image.Image, bytes | None, Image.Transpose | None]:
    """The pixels in a plain mode, not much smaller than wanted; the colour profile; the turn that is due."""
    # Not Image.open: above 89 megapixels it warns through the process-wide warnings machinery, and it reads
    # the further pictures of multi-picture JPEGs. The classes do neither, and check nothing: we do.
    with kind.reader(BytesIO(data)) as image:
        if image.width * image.height > max_pixels:
            raise ValueError(f"{image.width} x {image.height} is more than {max_pixels} pixels")
        # JPEG can be decoded at a half, a quarter or an eighth; other formats ignore this.
        image.draft(None, fit(image.size, max_side))
        image.load()
        turn = _turn(image) if kind.oriented else None
        return plain_mode(image), image.info.get("icc_profile"), turn


def sniff(data: bytes) -> Format:
    """The format that the first bytes of ``data`` say; raises ValueError when it is none of ours."""
    for kind in FORMATS:
        if data.startswith(kind.magic, kind.at):
            return kind
    raise ValueError("neither JPEG, PNG, GIF, WebP nor AVIF")


def fit(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """``size`` scaled down, never up, until the longer side is at most ``max_side``; no side below 1."""
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def encode(image: Image.Image, kind: Format, quality: int, exif: bytes) -> bytes:
    """The file for ``image``, with ``exif`` as its only metadata. ``quality`` is 1 to 100 on JPEG's scale."""
    bare = image.copy()
    # Pillow's writers take comments, XMP and profiles from here.
    bare.info = {}
    options = dict(kind.options)
    if kind.quality is not None:
        options["quality"] = max(1, round(quality * kind.quality))
    out = BytesIO()
    bare.save(out, kind.output, exif=exif, **options)
    return out.getvalue()


def _turn(image: ImageFile) -> Image.Transpose | None:
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        return _UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))
    except Exception:  # Pillow's EXIF reader raises many kinds; browsers show such a picture unturned.
        return None
