"""The owner's logo: read once from a PNG or SVG file, then drawn as a mark."""

from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter, ImageStat
from PIL.PngImagePlugin import PngImageFile

from guardware.errors import MissingExtraError
from guardware.images.fonts import SHIPPED

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_BYTES = 5_000_000
_MOST_PIXELS = 25_000_000
"""5000 x 5000; decoded 100 MB for a moment, when the configuration is read."""
_SIDE = 1024
"""Pixels of the longer side that is kept: a logo of the whole height of a picture at the usual 1024 to 2048."""
_FAINT = 8
"""Opacity, of 255, below which nothing is seen."""
_COLOURLESS = 24
"""Mean saturation and standard deviation of luma, of 255, up to which a logo counts as of one grey."""


class DrawnLogo(NamedTuple):
    """A logo in one size: its picture (RGBA), and 8-bit coverage ``whole`` of it with its outline.

    ``plain``: all of one grey, so that it can be drawn light or dark as the ground asks. ``luma``: its mean
    brightness, 0 to 255.
    """

    picture: Image.Image
    whole: Image.Image
    plain: bool
    luma: float


def load_logo(path: str) -> bytes:
    """The PNG or SVG file at ``path`` as a small PNG with transparency, without the empty space around it.

    Raises ValueError that names the file and the mend; MissingExtraError for SVG without the extra "svg".
    """
    data = _read(path)
    png = data if data.startswith(_PNG) else _rendered(data, path)
    try:
        image = _opened(png)
    except Exception as error:  # Pillow's readers raise many kinds for damaged files.
        mend = f"export the logo again, as a PNG of at most {_MOST_PIXELS:,} pixels"
        raise ValueError(f"{path}: cannot be used ({error}); {mend}") from error
    box = image.getchannel("A").point(lambda opacity: 255 * (opacity >= _FAINT)).getbbox()
    if box is None:
        raise ValueError(f"{path}: shows nothing; export the logo with its shapes filled and texts as paths")
    image = image.crop(box)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{path}: cannot be read ({reason}); write the path of a PNG or SVG file") from error
    if len(data) > _MOST_BYTES:
        raise ValueError(f"{path}: is larger than {_MOST_BYTES:,} bytes; export the logo smaller")
    return data


def _opened(png: bytes) -> Image.Image:
    # Not Image.open: other formats have no business here, and it warns through the process-wide machinery.
    with PngImageFile(BytesIO(png)) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError(f"{image.width} x {image.height} is more than {_MOST_PIXELS:,} pixels")
        image.load()
        if image.mode.startswith("I"):
            # Pillow clips 16 bits to 255 when it converts, so they are scaled before.
            return image.point(lambda value: value * (1 / 256)).convert("L").convert("RGBA")
        return image.convert("RGBA")


def _rendered(data: bytes, path: str) -> bytes:
    """The SVG as PNG, as large as we keep it, whatever size it names itself."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if "<svg" not in text:
        raise ValueError(f"{path}: is neither PNG nor SVG; export the logo as one of them (SVG as UTF-8)")
    try:
        # Here and not above: only owners of an SVG logo need it, and only while the configuration is read.
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise MissingExtraError("resvg-py", "svg") from error
    try:
        return svg_to_bytes(text, width=_SIDE, height=_SIDE, font_files=list(SHIPPED), font_family="DejaVu Sans")
    except ValueError as error:
        raise ValueError(f"{path}: cannot be drawn ({error}); export it again as plain SVG, or as PNG") from error


def draw_logo(png: bytes, height: int, room: tuple[int, int], stroke: int) -> DrawnLogo:
    """The logo ``height`` pixels high, smaller where it would be wider or higher than ``room``.

    ``stroke``: pixels of outline all around it. Raises ValueError if ``png`` is no PNG.
    """
    image, plain, luma = _decoded(png)
    scale = min(height / image.height, room[0] / image.width, room[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    picture = Image.new("RGBA", (size[0] + 2 * stroke, size[1] + 2 * stroke))
    picture.paste(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3), (stroke, stroke))
    shape = picture.getchannel("A")
    return DrawnLogo(picture, _outlined(shape, stroke), plain, luma)


def _outlined(shape: Image.Image, stroke: int) -> Image.Image:
    """``shape`` grown by about ``stroke`` pixels: blurred, and all but the faintest of that made solid."""
    grown = shape.filter(ImageFilter.GaussianBlur(stroke / 2)).point([min(255, 6 * value) for value in range(256)])
    return ImageChops.lighter(shape, grown)


@lru_cache(maxsize=8)
def _decoded(png: bytes) -> tuple[Image.Image, bool, float]:
    try:
        image = _opened(png)
    except Exception as error:  # as above; what ``load_logo`` made never comes here
        raise ValueError("the logo is no PNG; load it with load_logo") from error
    seen = image.getchannel("A").point(lambda opacity: 255 * (opacity >= _FAINT))
    if seen.getbbox() is None:
        return image, True, 255.0
    saturation = ImageStat.Stat(image.convert("RGB").convert("HSV").getchannel("S"), seen).mean[0]
    luma = ImageStat.Stat(image.convert("L"), seen)
    return image, max(saturation, luma.stddev[0]) <= _COLOURLESS, luma.mean[0]
