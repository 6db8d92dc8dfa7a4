"""Pictures and files for the tests of this room, made on the spot."""

from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageStat

OUTPUT = {"JPEG": "JPEG", "PNG": "PNG", "GIF": "PNG", "WEBP": "WEBP", "AVIF": "AVIF"}
"""Format of a file and of its variant."""


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """A gradient with shapes: something of every colour."""
    image = Image.merge(
        "RGB", [Image.linear_gradient("L").rotate(turn).resize((width, height)) for turn in (0, 90, 180)]
    )
    pen = ImageDraw.Draw(image)
    pen.ellipse((width // 8, height // 8, width // 2, height // 2), fill="#d9480f")
    pen.rectangle((width // 2, height // 2, width * 7 // 8, height * 7 // 8), fill="#1864ab")
    return image


def noise(width: int = 640, height: int = 480) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise((width, height), 90) for _ in range(3)])


def corners(width: int = 300, height: int = 200) -> Image.Image:
    """Red, green, blue and white quarters, from the upper left as one reads: shows every turn."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image


def file_of(image: Image.Image, format: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@cache
def sample(format: str) -> bytes:
    """A file with ``scene()``."""
    return file_of(scene(), format)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of the colours, 0 to 255."""
    stat = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    return sum(stat.mean) / 3


def corner_colours(image: Image.Image) -> list[str]:
    """The names of the colours in the middles of the four quarters, as one reads."""
    names = {(255, 0, 0): "red", (0, 255, 0): "lime", (0, 0, 255): "blue", (255, 255, 255): "white"}
    small = image.convert("RGB")
    found = []
    for y in (1, 3):
        for x in (1, 3):
            pixel = small.getpixel((small.width * x // 4, small.height * y // 4))
            assert isinstance(pixel, tuple)
            found.append(
                names[min(names, key=lambda name: sum(abs(a - b) for a, b in zip(name, pixel, strict=True)))]
            )
    return found


@cache
def swapped_profile() -> bytes:
    """An sRGB profile whose red and blue primaries are exchanged: what is stored as red is shown as blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132])
    for at in range(132, 132 + 12 * count, 12):
        swap = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}
        profile[at : at + 4] = swap.get(bytes(profile[at : at + 4]), profile[at : at + 4])
    return bytes(profile)
