"""The owner's originals: which of them a leaked picture was made from."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guardware.images.decode import UnreadablePicture, decode
from guardware.images.formats import READ
from guardware.images.recipe import Bounds
from guardware.images.trace.frame import content_box
from guardware.images.trace.plane import Plane, brought, high_pass, mean_plane, onto, resized

BOUNDS = Bounds(max_pixels=200_000_000, max_frames=1, max_animation_pixels=200_000_000)
"""For files that the owner hands in."""
MOST_SIDE = 2048
"""Pixels of the longer side that pictures are read at: a mark lies in coarser detail."""

_THUMB = 24
"""Side of the squares that whole pictures are compared in."""
_ANGLES = (-6.0, -4.0, -2.0, 2.0, 4.0, 6.0)
"""Degrees by which a leak is turned back; one more or less is hardly seen in so small a square."""
_SKETCH = 48
"""Shorter side of the sketches that parts of pictures are looked for in."""
_PAD = 160
_SCALES = 0.95 * 0.93 ** np.arange(12)
"""Share of the sketch that a crop may show: 0.95 to 0.43 of its shorter side."""
_LONGEST = 3.0
"""Longer over shorter side that a sketch keeps; the rest is squeezed."""

Vector = NDArray[np.float32]


class Original(NamedTuple):
    """``picture``: the first 16 hex digits of the SHA-256 of its bytes, as in the record; ``thumbs``: the whole
    and its middle square; ``sketch``: in fine."""

    path: Path
    picture: str
    thumbs: tuple[Vector, Vector]
    sketch: Plane

    def image(self) -> Image.Image:
        """Its pixels. Raises OSError or UnreadablePicture."""
        return open_picture(self.path.read_bytes())


def open_picture(data: bytes) -> Image.Image:
    """The picture in ``data`` as upright RGB in sRGB, at most ``MOST_SIDE`` pixels; the first frame; transparent
    parts on white. Raises UnreadablePicture."""
    frame = decode(data, MOST_SIDE, BOUNDS)[0].frames[0]
    if frame.mode == "RGB":
        return frame
    ground = Image.new("RGBA", frame.size, "white")
    ground.alpha_composite(frame.convert("RGBA"))
    return ground.convert("RGB")


def picture_files(folder: Path) -> list[Path]:
    """The files in ``folder`` and below whose names end like pictures that are read."""
    endings = tuple(f".{name.lower()}" for name in (*READ, "jpg", "tif", "jpe", "apng"))
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file())


class Originals:
    """The originals in ``paths``; looked through once, by ``load``."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        self.unreadable: list[Path] = []
        self.known: list[Original] = []

    def load(self) -> Iterator[Path]:
        """Look through all files, handing out each path when it is done."""
        for path in self.paths:
            try:
                data = path.read_bytes()
                image = open_picture(data)
            except (OSError, UnreadablePicture):
                self.unreadable.append(path)
            else:
                self.known.append(_known(path, data, image))
            yield path

    def whole(self, leak: Plane) -> list[tuple[float, Original]]:
        """How much ``leak`` as a whole, or turned a little, looks like each original, -1 to 1; the likest first.
        Below 0: like its negative."""
        views = [_vector(part) for part in _parts(leak)]
        views += list(_turned(resized(leak, _within(leak, 4 * _THUMB))))
        views += [view.reshape(_THUMB, _THUMB)[:, ::-1].ravel() for view in views]
        table = np.stack(views).T
        return self._sorted([_strongest(np.stack(one.thumbs) @ table) for one in self.known])

    def part(self, leak: Plane) -> list[tuple[float, Original]]:
        """How much ``leak`` looks like a part of each original, as in ``whole``; about 15 ms for each."""
        searches = _searches(leak)
        return self._sorted([_strongest(_found(one.sketch, searches)) for one in self.known])

    def _sorted(self, likenesses: list[float]) -> list[tuple[float, Original]]:
        return sorted(zip(likenesses, self.known, strict=True), key=lambda pair: -abs(pair[0]))


def _known(path: Path, data: bytes, image: Image.Image) -> Original:
    plane = mean_plane(image)
    thumbs = _vector(plane), _vector(_middle(plane))
    return Original(path, hashlib.sha256(data).hexdigest()[:16], thumbs, _sketch(plane, _SKETCH))


def _strongest(correlations: NDArray[np.floating]) -> float:
    return float(correlations.ravel()[np.abs(correlations).argmax()])


def _parts(leak: Plane) -> list[Plane]:
    left, top, right, bottom = content_box(leak)
    return [leak, leak[top:bottom, left:right]]


def _turned(leak: Plane) -> Iterator[Vector]:
    """The leak turned back by some degrees: if its frame grew, stayed, or was cut to the part without corners."""
    height, width = leak.shape
    middle = width / 2, height / 2
    for angle in _ANGLES:
        turn = np.deg2rad(abs(angle))
        c, s = float(np.cos(turn)), float(np.sin(turn))
        cut = max((width * c + height * s) / width, (height * c + width * s) / height)
        grown = (width * c - height * s) / (c * c - s * s), (height * c - width * s) / (c * c - s * s)
        for across, down in (grown, (width, height), (width * cut, height * cut)):
            if min(across, down) > 0:
                box = middle[0] - across / 2, middle[1] - down / 2, middle[0] + across / 2, middle[1] + down / 2
                view, known = brought(leak, onto(box, (_THUMB, _THUMB), False, angle), (_THUMB, _THUMB))
                yield _normal(np.where(known, view, view[known].mean() if known.any() else 0)).ravel()


def _within(plane: Plane, side: int) -> tuple[int, int]:
    """Width and height with a shorter side of ``side``."""
    height, width = plane.shape
    scale = side / min(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _middle(plane: Plane) -> Plane:
    side = min(plane.shape)
    top, left = (plane.shape[0] - side) // 2, (plane.shape[1] - side) // 2
    return plane[top : top + side, left : left + side]


def _vector(plane: Plane) -> Vector:
    """``plane`` as a unit vector of mean 0."""
    return _normal(resized(plane, (_THUMB, _THUMB))).ravel()


def _normal(plane: Plane) -> Plane:
    level = plane - plane.mean()
    return np.asarray(level / (np.linalg.norm(level) + 1e-6), np.float32)


def _sketch(plane: Plane, side: float) -> Plane:
    """``plane`` with a shorter side of ``side`` pixels, without its slow part."""
    scale = side / min(plane.shape)
    width, height = (min(max(8, round(scale * n)), round(_LONGEST * side)) for n in plane.shape[::-1])
    return high_pass(resized(plane, (width, height)))


class _Search(NamedTuple):
    """A crop in one size: its transform, turned for correlating, and its pixels' sum of squares and extent."""

    transform: NDArray[np.complex64]
    norm: float
    height: int
    width: int


def _searches(leak: Plane) -> list[_Search]:
    """The leak's content in all sizes, plain and mirrored."""
    searches = []
    content = _parts(leak)[1]
    for scale in _SCALES:
        small = _sketch(content, scale * _SKETCH)
        for view in (small, small[:, ::-1]):
            transform = np.conj(np.fft.rfft2(view, (_PAD, _PAD)).astype(np.complex64))
            searches.append(_Search(transform, float(np.linalg.norm(view)), *view.shape))
    return searches


def _found(sketch: Plane, searches: Sequence[_Search]) -> NDArray[np.float64]:
    """For each search the best correlation with a part of ``sketch``, of whichever sign."""
    height, width = sketch.shape
    transform = np.fft.rfft2(sketch, (_PAD, _PAD))
    squares = np.pad(np.cumsum(np.cumsum(sketch.astype(np.float64) ** 2, 0), 1), ((1, 0), (1, 0)))
    best = np.zeros(len(searches))
    for index, search in enumerate(searches):
        down, across = height - search.height + 1, width - search.width + 1
        if down < 1 or across < 1:
            continue
        product = np.fft.irfft2(transform * search.transform, (_PAD, _PAD))[:down, :across]
        h, w = search.height, search.width
        energy = squares[h:, w:] - squares[:-h, w:] - squares[h:, :-w] + squares[:-h, :-w]
        values = product / (np.sqrt(np.maximum(energy, 1e-3)) * search.norm + 1e-6)
        best[index] = _strongest(values)
    return best
