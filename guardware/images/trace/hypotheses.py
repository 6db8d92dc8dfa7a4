"""Blind guesses of where the canonical frame lies in a leak, judged by the keyed template alone.

Without the original, the template is what tells a right guess: in a wrong frame its correlation is noise (mean 0,
variance 1), in the right one it stands out by 5 to 25.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from guardware.images.trace.blocks import BLOCK, PERIOD, TEMPLATE_AT, Grid, activity, grid, pixels, tables
from guardware.images.trace.frame import SIDE, content_box, frame_size
from guardware.images.trace.plane import Mask, Matrix, Plane, box_blur, brought, compose, onto, resized

_JITTER: Final = (-1.0, 0.0, 1.0)
"""Pixels by which the edge of a border may be found wrong: JPEG smears it."""
_ANGLES: Final = tuple(sign * step / 2.5 for step in range(1, 17) for sign in (-1, 1))
"""Degrees tried, 0.4 apart: half a step moves the frame's corners by half a pixel."""
_SCALE_STEP: Final = 0.006
_LEAST_SCALE: Final = 0.45
_MOST_SCALE: Final = 1.6
"""Of the leak's shorter side over the frame's: a crop to less than 0.45 holds too few blocks; a wide picture cut
to an upright one can be above 1."""
_CROPS: Final = 4
_TURNS: Final = 4
"""Guesses of each sort that are refined."""
_PERIOD_PIXELS: Final = PERIOD * BLOCK


class Guess(NamedTuple):
    """``matrix``: from frame pixels to leak pixels. ``size``: width and height of the part of the frame that is
    looked at. ``z``: how far the template stands out; below 0 when the leak is a negative. ``middle``: where the
    tables begin, down and across."""

    matrix: Matrix
    size: tuple[int, int]
    middle: tuple[int, int]
    how: str
    z: float = 0.0

    def blocks(self, leak: Plane) -> tuple[Grid, Mask]:
        """The leak's blocks as this guess sees them, and which are whole."""
        plane, known = brought(leak, self.matrix, self.size)
        seen = grid(plane, self.middle)
        return seen, seen.whole(known)

    def judged(self, leak: Plane, key: bytes) -> "Guess":
        """The same with its ``z``."""
        seen, whole = self.blocks(leak)
        return self._replace(z=template_z(seen, whole, key))


def template_z(seen: Grid, whole: Mask, key: bytes) -> float:
    """How far the template of ``key`` stands out in these blocks, in standard deviations."""
    template = np.asarray(seen.of(tables(key).template), np.float32)
    there = seen.cosines[..., TEMPLATE_AT[0], TEMPLATE_AT[1]]
    level = np.clip(there / (activity(seen.cosines)[..., None] + 1), -2, 2) * whole[..., None]
    each = level * template
    norm = float(np.sqrt((each * each).sum(dtype=np.float64)))
    return float(each.sum(dtype=np.float64)) / norm if norm else 0.0


def plain(leak: Plane) -> Iterator[Guess]:
    """The whole leak, and what lies within a border, as the whole frame; each mirrored too."""
    height, width = leak.shape
    boxes = [("frame", (0.0, 0.0, float(width), float(height)))]
    left, top, right, bottom = content_box(leak)
    if (right - left, bottom - top) != (width, height):
        for one, two in product(_JITTER, _JITTER):
            # Letterboxes have their border on two sides; on the others there is nothing to be wrong about.
            across, down = (0.0, 1.0) if right - left == width else (1.0, 0.0)
            box = left + across * one, top + down * one, right + across * two, bottom + down * two
            boxes.append(("border", box))
    for (how, box), mirrored in product(boxes, (False, True)):
        yield _framed(box, mirrored, 0.0, how)


def _framed(box: tuple[float, float, float, float], mirrored: bool, angle: float, how: str) -> Guess:
    """The frame of a picture that fills ``box``."""
    size = frame_size((max(1, round(box[2] - box[0])), max(1, round(box[3] - box[1]))))
    # Evening the longer side cuts a little off the picture, at both ends alike.
    scale = min(box[2] - box[0], box[3] - box[1]) / SIDE
    middle, half = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), (size[0] * scale / 2, size[1] * scale / 2)
    inner = middle[0] - half[0], middle[1] - half[1], middle[0] + half[0], middle[1] + half[1]
    words = " ".join([how, *(["mirrored"] if mirrored else [])])
    return Guess(onto(inner, size, mirrored, angle), size, (size[1] // 2, size[0] // 2), words)


def turned(leak: Plane, key: bytes) -> Iterator[Guess]:
    """The whole picture, turned by up to 6 degrees: grown, cut to the same size, or cut to the largest part
    without corners. The best few, refined."""
    found = [
        _framed(box, mirrored, angle, "turned").judged(leak, key)
        for angle, mirrored in product(_ANGLES, (False, True))
        for box in _turned_boxes((leak.shape[1], leak.shape[0]), abs(angle))
    ]
    found.sort(key=lambda guess: -abs(guess.z))
    for guess in found[:_TURNS]:
        yield refined(leak, guess, key)


def _turned_boxes(size: tuple[int, int], angle: float) -> Iterator[tuple[float, float, float, float]]:
    """Where an unturned picture would lie, about the leak's middle."""
    (width, height), turn = size, np.deg2rad(angle)
    across, down = float(np.cos(turn)), float(np.sin(turn))
    grown = (
        (width * across - height * down) / (across**2 - down**2),
        (height * across - width * down) / (across**2 - down**2),
    )
    part = min(width / (width * across + height * down), height / (height * across + width * down))
    for full in (grown, (width, height), (width / part, height / part)):
        if min(full) > 0:
            x, y = full[0] / 2, full[1] / 2
            yield width / 2 - x, height / 2 - y, width / 2 + x, height / 2 + y


def refined(leak: Plane, guess: Guess, key: bytes) -> Guess:
    """``guess`` moved uphill: turn, scale, squeeze and shift, in ever smaller steps."""
    best = guess.judged(leak, key)
    width, height = guess.size
    for size in (1.0, 0.5, 0.25):
        for move in _moves(size * 0.2, size * 0.003, size, (width / 2, height / 2)):
            for way in (1, -1):
                inner = move if way > 0 else 2 * np.eye(2, 3) - move
                tried = best._replace(matrix=compose(best.matrix, inner)).judged(leak, key)
                if abs(tried.z) > abs(best.z):
                    best = tried
                    break
    return best


def _moves(degrees: float, scale: float, shift: float, middle: tuple[float, float]) -> list[Matrix]:
    """Small maps of the frame onto itself, about its middle."""
    turn = np.deg2rad(degrees)
    linear = [
        np.array([[1, turn], [-turn, 1]]),
        np.array([[1 + scale, 0], [0, 1 + scale]]),
        np.array([[1 + scale, 0], [0, 1.0]]),
    ]
    about = [np.column_stack([one, np.array(middle) - one @ np.array(middle)]) for one in linear]
    return [*about, np.array([[1, 0, shift], [0, 1.0, 0]]), np.array([[1, 0, 0], [0, 1.0, shift]])]


def cropped(leak: Plane, key: bytes) -> Iterator[Guess]:
    """Any part of the picture at any scale: the leak is folded by the tables' period and correlated with the
    template. The best few, refined."""
    height, width = leak.shape
    pattern = whitened(template_plane(key))
    spectrum = np.fft.rfft2(pattern).conj()
    whole = whitened(resized(leak, _at_most(leak, 1.1 * _MOST_SCALE)))
    found = []
    count = round(np.log(_MOST_SCALE / _LEAST_SCALE) / _SCALE_STEP)
    for step in range(count + 1):
        scale = _LEAST_SCALE * float(np.exp(step * _SCALE_STEP)) * SIDE / min(width, height)
        size = max(24, round(width * scale)), max(24, round(height * scale))
        found.append((*_folded(resized(whole, size), spectrum), size))
    found.sort(key=lambda one: -one[0])
    for _, down, across, size in found[:_CROPS]:
        matrix = np.array([[width / size[0], 0, 0], [0, height / size[1], 0.0]])
        yield refined(leak, Guess(matrix, size, (down, across), "crop"), key)


def _at_most(leak: Plane, scale: float) -> tuple[int, int]:
    ratio = min(1.0, scale * SIDE / min(leak.shape))
    return max(24, round(leak.shape[1] * ratio)), max(24, round(leak.shape[0] * ratio))


def _folded(
    plane: Plane, spectrum: np.ndarray[tuple[int, ...], np.dtype[np.complexfloating]]
) -> tuple[float, int, int]:
    """How far the best shift stands out, and that shift, down and across."""
    rows, columns = (-(-side // _PERIOD_PIXELS) * _PERIOD_PIXELS for side in plane.shape)
    padded = np.zeros((rows, columns), np.float32)
    padded[: plane.shape[0], : plane.shape[1]] = plane
    tiled = padded.reshape(rows // _PERIOD_PIXELS, _PERIOD_PIXELS, columns // _PERIOD_PIXELS, _PERIOD_PIXELS)
    match = np.fft.irfft2(np.fft.rfft2(tiled.sum((0, 2))) * spectrum, (_PERIOD_PIXELS, _PERIOD_PIXELS))
    best = int(np.abs(match).argmax())
    down, across = divmod(best, _PERIOD_PIXELS)
    return abs(float(match.flat[best])) / (float(match.std()) + 1e-9), down, across


def template_plane(key: bytes) -> Plane:
    """One period of the template's pixels."""
    cosines = np.zeros((PERIOD, PERIOD, BLOCK, BLOCK), np.float32)
    cosines[..., TEMPLATE_AT[0], TEMPLATE_AT[1]] = tables(key).template
    return pixels(cosines, (_PERIOD_PIXELS, _PERIOD_PIXELS), (0, 0))


def whitened(plane: Plane) -> Plane:
    """The plane's detail at one loudness everywhere, so that edges do not outshout the template."""
    detail = plane - box_blur(box_blur(plane, 2), 2)
    level = np.sqrt(np.maximum(box_blur(detail * detail, 5), 0)) + 1
    white: Plane = np.clip(detail / level, -2, 2)
    return white
