"""Pictures for the gallery: drawn by number, each unlike the others, quick to make."""

import math
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZES = ((640, 480), (480, 640), (600, 600))
"""Wide, upright, square."""

_FORMATS: tuple[tuple[str, str, dict[str, int]], ...] = (
    ("jpg", "JPEG", {"quality": 85}),
    ("png", "PNG", {}),
    ("webp", "WEBP", {"quality": 85}),
)
_ODD_ONES = {7: 1, 13: 2}
"""Of twenty pictures, which are not JPEG."""

_FIRST = "quiet red northern early silver last broken summer hidden paper".split()
_SECOND = "harbour garden window river orchard station field mirror bridge island".split()


def title(number: int) -> str:
    """Two words for picture ``number`` (from 1), such as ``quiet harbour``."""
    return f"{_FIRST[number % 10]} {_SECOND[number // 10 % 10]}"


def file_name(number: int) -> str:
    """What picture ``number`` (from 1) is called: sequential, as from most galleries' software."""
    return f"{number:04}-{title(number).replace(' ', '-')}.{_format(number)[0]}"


def draw(number: int) -> bytes:
    """The file of picture ``number``: soft colours, some grain and shapes; 30 to 90 kB. The same each time."""
    random = np.random.default_rng(number)
    width, height = SIZES[number % len(SIZES)]
    _, encoder, options = _format(number)
    picture = _ground(random, width, height)
    _shapes(random, picture)
    if encoder != "PNG":  # which would grow tenfold
        picture = _grained(random, picture)
    out = BytesIO()
    picture.save(out, encoder, **options)
    return out.getvalue()


def _format(number: int) -> tuple[str, str, dict[str, int]]:
    return _FORMATS[_ODD_ONES.get(number % 20, 0)]


def _ground(random: np.random.Generator, width: int, height: int) -> Image.Image:
    cells = random.integers(20, 236, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)


def _shapes(random: np.random.Generator, picture: Image.Image) -> None:
    pen = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = random.random(2) * picture.size
        radius, turn = 20 + 110 * random.random(), 2 * math.pi * random.random()
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        corners = 3 + int(random.integers(0, 6))
        points = [
            (x + radius * math.cos(turn + 2 * math.pi * k / corners),
             y + radius * math.sin(turn + 2 * math.pi * k / corners))
            for k in range(corners)
        ]  # fmt: skip
        pen.polygon(points, fill=colour)


def _grained(random: np.random.Generator, picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)), np.float32)
    grain = random.normal(0, 3.5, pixels.shape[:2]).astype(np.float32)
    return Image.fromarray(np.clip(pixels + grain[..., None], 0, 255).astype(np.uint8))
