"""A small gallery with known originals, and what may be said of the bytes a client took from it."""

import math
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageStat

from guardware.images.veil import unveil

LARGEST_MARKED = 1024
"""Pixels of the longer side of a copy without a veil, in the default configuration (``images.variants``)."""

NONSENSE = 14.0
"""At most this PSNR, in dB, between what a browser and what a loader makes of a veiled copy."""

SIZES = ((1440, 960), (960, 1440), (1200, 1200))
FORMATS = (("jpg", "JPEG"), ("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"))


class Gallery(NamedTuple):
    """A folder to serve: ``index.html`` and one original for each name in ``originals``."""

    folder: Path
    originals: dict[str, bytes]

    def url_list(self, base: str) -> str:
        """The address of every picture, a line each."""
        return "".join(f"{base}/{name}\n" for name in self.originals)


def build_gallery(folder: Path) -> Gallery:
    """Write twelve pictures (JPEG, PNG, WebP; upright, wide, square) and a page that shows them."""
    originals = {}
    for number in range(12):
        extension, encoder = FORMATS[number % len(FORMATS)]
        name = f"picture-{number}.{extension}"
        buffer = BytesIO()
        _picture(number).save(buffer, encoder, quality=90)
        originals[name] = buffer.getvalue()
        (folder / name).write_bytes(originals[name])
    tags = "\n".join(f'<img src="{name}" alt="Picture {n}" width="200">' for n, name in enumerate(originals))
    (folder / "index.html").write_text(f"<!doctype html><title>Gallery</title>\n{tags}\n")
    return Gallery(folder, originals)


def _picture(number: int) -> Image.Image:
    """Three gradients as colours, one grainy as film is, with a shape of its own on top."""
    size = SIZES[number % len(SIZES)]
    gradient = Image.linear_gradient("L")
    bands = [gradient.rotate(90 * turn + 30 * number, expand=True).resize(size) for turn in range(3)]
    bands[0] = Image.blend(bands[0], Image.effect_noise(size, 40), 0.2)
    picture = Image.merge("RGB", bands)
    left, top = 100 + 30 * number, 120 + 20 * number
    ImageDraw.Draw(picture).ellipse((left, top, left + 400, top + 300), fill=(number * 20, 60, 200 - number * 10))
    return picture


def is_picture(data: bytes) -> bool:
    """Whether Pillow recognises ``data``."""
    try:
        with Image.open(BytesIO(data)):
            return True
    except OSError:
        return False


def assert_previews(taken: Iterable[bytes], gallery: Gallery) -> None:
    """Each of ``taken`` is a whole picture without a piece of an original; a large one is nonsense to a loader."""
    for data in taken:
        assert not any(shares_bytes(data, original) for original in gallery.originals.values()), (
            "an original got out"
        )
        with Image.open(BytesIO(data)) as picture:
            picture.load()
            assert max(picture.size) <= LARGEST_MARKED or likeness(picture, unveil(picture)) <= NONSENSE


def likeness(one: Image.Image, other: Image.Image) -> float:
    """PSNR in dB between the bare colours of two pictures, both made 128 x 128."""
    left, right = (picture.convert("RGB").resize((128, 128), Image.Resampling.BOX) for picture in (one, other))
    stat = ImageStat.Stat(ImageChops.difference(left, right))
    error = sum(stat.sum2) / sum(stat.count)
    return 10 * math.log10(255**2 / error) if error else math.inf


def assert_no_originals(taken: Iterable[bytes], gallery: Gallery) -> None:
    """None of ``taken``, pictures or not, has a piece of an original, and pictures are previews."""
    taken = list(taken)
    for data in taken:
        assert not any(shares_bytes(data, original) for original in gallery.originals.values()), (
            "an original got out"
        )
    assert_previews((data for data in taken if is_picture(data)), gallery)


def shares_bytes(taken: bytes, original: bytes) -> bool:
    """Whether ``taken`` has a piece of the original's picture data, were it only some 2000 bytes of it.

    The first kilobyte is left out: it holds tables that every JPEG by the same encoder has. So are pieces of few
    different bytes: even areas are written alike in every picture.
    """
    pieces = (original[at : at + 32] for at in range(1024, len(original) - 32, 997))
    return any(piece in taken for piece in pieces if len(set(piece)) >= 24)


def files_below(folder: Path) -> list[bytes]:
    """The content of every file a client left in ``folder``."""
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
