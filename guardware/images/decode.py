"""Files to pixels: limits before decoding, then upright, in sRGB, and no larger than wanted."""

from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from PIL import Image
from PIL.ImageFile import ImageFile

from guardware.images.colour import ToSrgb, plain_mode
from guardware.images.formats import READ, Format, Reading, recognised
from guardware.images.heads import Head, UnreadablePicture
from guardware.images.picture import Picture
from guardware.images.recipe import Bounds
from guardware.images.tiff import orientation_of

__all__ = ["UnreadablePicture", "decode", "fit"]

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

_ENOUGH = 0.9
"""Part of the wanted side that a JPEG may come out at, if that spares resizing it after it is decoded."""

_SHORTEST, _DEFAULT_DURATION = 10, 100
"""Milliseconds: browsers show a frame of 10 or less for 100 (Chromium's and Firefox's practice)."""


class _Steps(NamedTuple):
    """What is done to every frame."""

    max_side: int | None
    to_srgb: ToSrgb
    turn: Image.Transpose | None


def decode(data: bytes, max_side: int | None, bounds: Bounds) -> tuple[Picture, Format]:
    """The picture in ``data``, at most ``max_side`` pixels on its longer side (None: as it is), and its format,
    which is what the bytes say.

    Scaled down, never up. A JPEG may come out up to a tenth smaller than ``max_side``, when the decoder's own
    halving gets it there: 4000 pixels become 2000 and not 2048, for 30 ms of CPU instead of 220. Of animations the
    first ``bounds.max_frames`` frames; the first alone if those have more than ``bounds.max_animation_pixels``
    together. Of a TIFF the first page.

    Memory at its peak above the file's own, at 12 megapixels and 2048 pixels: 2 bytes a pixel for JPEG (5 if
    progressive), 7 to 11 for BMP, GIF, PNG, AVIF and TIFF, 16 to 18 for WebP.

    Raises UnreadablePicture, and nothing else, for what is no picture of a format that is read, for damaged
    files, and for more than ``bounds`` allow; MemoryError passes.
    """
    kind = recognised(data[:32])
    if kind is None or kind.reading is None:
        what = "no picture" if kind is None else f"{kind.name} is not read"
        raise UnreadablePicture(f"{what}; read are {', '.join(READ)}")
    try:
        return _picture(data, kind.reading, kind.oriented, max_side, bounds), kind
    except (UnreadablePicture, MemoryError):
        raise
    except Exception as error:  # Damaged files make Pillow raise almost anything.
        raise UnreadablePicture(f"a damaged {kind.name} file: {type(error).__name__}: {error}") from error


def fit(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """``size`` scaled down, never up, until the longer side is at most ``max_side``; no side below 1."""
    scale = min(1.0, max_side / max(size)) if max_side else 1.0
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _picture(data: bytes, reading: Reading, oriented: bool, max_side: int | None, bounds: Bounds) -> Picture:
    head = reading.head(data)
    if head.size is not None:
        _check(head.size, bounds)
    # Not Image.open: above 89 megapixels it warns through the process-wide warnings machinery, and it reads
    # the further pictures of multi-picture JPEGs. The classes do neither, and check nothing: we do.
    with reading.reader(BytesIO(head.body)) as image:
        _check(image.size, bounds)
        if max_side is not None:
            # JPEG can be decoded at a half, a quarter or an eighth; other formats ignore this.
            image.draft(None, _shrunk(image.size, max_side))
        turn = _UPRIGHT.get(_orientation(head, image)) if oriented else None
        steps = _Steps(max_side, ToSrgb(image.info.get("icc_profile")), turn)
        shown = list(_frames(image, head, steps, _count(head, image, bounds)))
        loop = image.info.get("loop", 0) if head.plays is None else head.plays
    frames = _alike([frame for frame, _ in shown])
    return Picture(frames, tuple(time for _, time in shown), loop) if len(frames) > 1 else Picture(frames)


def _check(size: tuple[int, int], bounds: Bounds) -> None:
    if size[0] < 1 or size[1] < 1:
        raise UnreadablePicture(f"{size[0]} x {size[1]} pixels are no picture")
    if size[0] * size[1] > bounds.max_pixels:
        raise UnreadablePicture(f"{size[0]} x {size[1]} is more than {bounds.max_pixels} pixels")


def _shrunk(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """The size to ask libjpeg for: the smallest that is ``max_side``, or close to it, or above."""
    for part in (8, 4, 2):
        if -(-max(size) // part) >= _ENOUGH * max_side:
            return max(1, size[0] // part), max(1, size[1] // part)
    return size


def _orientation(head: Head, image: ImageFile) -> int:
    if head.orientation is not None:
        return head.orientation
    return orientation_of(image.info.get("exif", b"").removeprefix(b"Exif\0\0"))


def _count(head: Head, image: ImageFile, bounds: Bounds) -> int:
    """How many frames are decoded."""
    there = getattr(image, "n_frames", 1) if head.frames is None else head.frames
    wanted = max(1, min(there, bounds.max_frames))
    width, height = head.size or image.size
    return wanted if wanted * width * height <= bounds.max_animation_pixels else 1


def _frames(image: ImageFile, head: Head, steps: _Steps, count: int) -> Iterator[tuple[Image.Image, int]]:
    """Whole frames, composed, and how long each is shown, in milliseconds."""
    size: tuple[int, int] | None = None
    for index in range(head.skip, head.skip + count):
        if index:
            image.seek(index)
        image.load()
        size = size or image.size
        # A frame that sticks out enlarges Pillow's canvas; browsers cut it off.
        frame = image if image.size == size else image.crop((0, 0, *size))
        time = round(image.info.get("duration", 0))
        yield _finished(frame, steps), time if time > _SHORTEST else _DEFAULT_DURATION


def _finished(frame: Image.Image, steps: _Steps) -> Image.Image:
    plain = plain_mode(frame)
    size = fit(plain.size, steps.max_side)
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    plain = steps.to_srgb(plain)
    if steps.turn is not None:
        plain = plain.transpose(steps.turn)
    # The decoder goes on with its own pixels for the next frame, and nothing of the file's metadata may stay.
    own = plain.copy() if plain is frame else plain
    own.info = {}
    return own


def _alike(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    """The frames in one mode: with transparency if any has it."""
    mode = "RGBA" if any(frame.mode == "RGBA" for frame in frames) else "RGB"
    return tuple(frame if frame.mode == mode else frame.convert(mode) for frame in frames)
