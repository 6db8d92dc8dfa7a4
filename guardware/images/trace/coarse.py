"""First guesses of a registration, the likeliest first: what usually happens to a picture, then any crop."""

from collections.abc import Iterator
from itertools import chain, product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardware.images.trace.plane import Box, Matrix, Plane, fast_length, high_pass, onto, resized, warped
from guardware.images.trace.refine import Leak, judge, scene

_SIDE: Final = 64
"""Shorter side of the original that guesses are judged at."""
_FAR: Final = 160
"""Shorter side of the leak for that."""
_ANGLES: Final = (0.0, -1.5, 1.5, -3.0, 3.0, -4.5, 4.5, -6.0, 6.0)
_USUAL: Final = 4
_CROPS: Final = 4
"""Guesses refined of the usual ones, and of each round of the search."""
_SAME: Final = 0.05
"""Distance of two guesses' corners, over the original's diagonal, up to which they are one."""
_LEAST_SCALE: Final = 0.3
"""Smallest crop looked for, over the largest part of the original that the leak can be."""
_SCALE_STEP: Final = 0.04
_OVERHANG: Final = 1.06
"""A leak may seem larger than the original by this factor."""
_ROUNDS: Final[tuple[tuple[str, tuple[bool, ...], tuple[float, ...], tuple[float, ...]], ...]] = (
    ("crop", (False,), (0.0,), (1.0,)),
    ("crop", (True,), (0.0,), (1.0,)),
    ("turned crop", (False, True), (-5.0, -3.0, -1.5, 1.5, 3.0, 5.0), (1.0,)),
    ("squeezed crop", (False, True), (0.0,), (0.88, 0.94, 1.06, 1.13)),
)
"""What the search tries, the likeliest first: name, mirrored, degrees, width over height."""


def guesses(leak: Leak, original: Plane) -> Iterator[tuple[Matrix, str]]:
    """Maps from the original to the leak that are worth refining, with a word on each. A search goes on only when
    the next one is asked for."""
    far = leak.shrunk(_FAR)
    back = np.array([[leak.size[0] / far.size[0]], [leak.size[1] / far.size[1]]])
    for matrix, how in chain(_usual(far, original), _crops(far, original)):
        yield matrix * back, how


def _usual(leak: Leak, original: Plane) -> Iterator[tuple[Matrix, str]]:
    """The whole frame, the part within a border, the middle; plain and mirrored; turned a little."""
    small = _small(original)
    ratio = np.array([original.shape[1] / small.shape[1], original.shape[0] / small.shape[0], 1.0])
    detail, size, found = high_pass(small), (original.shape[1], original.shape[0]), []
    for mirrored, angle in product((False, True), _ANGLES):
        for box, name in [*_boxes(leak, size), *_grown(leak.size, size, angle)]:
            matrix = onto(box, size, mirrored, angle)
            fit = judge(scene(leak, detail, matrix * ratio), matrix * ratio)
            words = [name, *(["mirrored"] if mirrored else []), *(["turned"] if angle else [])]
            found.append((fit.score, matrix, " ".join(words)))
    found.sort(key=lambda one: -one[0])
    yield from ((matrix, how) for _, matrix, how in found[:_USUAL])


def _small(original: Plane) -> Plane:
    height, width = original.shape
    ratio = min(width, height) / _SIDE
    return resized(original, (round(width / ratio), round(height / ratio)))


def _boxes(leak: Leak, size: tuple[int, int]) -> list[tuple[Box, str]]:
    """Where the original's frame may lie in the leak."""
    width, height = leak.size
    boxes: list[tuple[Box, str]] = [((0.0, 0.0, float(width), float(height)), "frame")]
    if leak.content != boxes[0][0]:
        boxes.insert(0, (leak.content, "border"))
    scale = max(width / size[0], height / size[1])
    across, down = size[0] * scale / 2, size[1] * scale / 2
    if max(across / width, down / height) > 0.502:
        boxes.append(((width / 2 - across, height / 2 - down, width / 2 + across, height / 2 + down), "middle"))
    return boxes


def exact(leak: Leak, size: tuple[int, int]) -> list[Matrix]:
    """The maps that a scraper's own resizing, cropping and letterboxing leave of an original of ``size``."""
    return [onto(box, size, mirrored, 0.0) for box, _ in _boxes(leak, size) for mirrored in (False, True)]


def _grown(leak: tuple[int, int], size: tuple[int, int], angle: float) -> list[tuple[Box, str]]:
    """Where it lies when the frame was turned and grew to hold its corners."""
    width, height = leak
    across, down = np.cos(np.deg2rad(angle)), abs(np.sin(np.deg2rad(angle)))
    x = width * size[0] / (size[0] * across + size[1] * down) / 2
    y = height * size[1] / (size[1] * across + size[0] * down) / 2
    return [((width / 2 - x, height / 2 - y, width / 2 + x, height / 2 + y), "grown")] if angle else []


class _Ground(NamedTuple):
    """The original, ready for correlations: its spectrum, the power of every window's corner, and its sizes."""

    spectrum: NDArray[np.complexfloating]
    power: Plane
    shape: tuple[int, int]
    padded: tuple[int, int]


def _ground(small: Plane) -> _Ground:
    height, width = small.shape
    padded = fast_length(2 * height + height // 4), fast_length(2 * width + width // 4)
    spectrum = np.fft.rfft2(high_pass(small), padded)
    power = np.zeros((padded[0] + 1, padded[1] + 1), np.float32)
    # Shifted by the overhang, so that windows which begin outside have their sums in the table too.
    down, across = (padded[0] - height) // 2, (padded[1] - width) // 2
    square = np.zeros(padded, np.float64)
    square[down : down + height, across : across + width] = high_pass(small) ** 2
    power[1:, 1:] = square.cumsum(0).cumsum(1)
    return _Ground(spectrum, power, (height, width), padded)


def _crops(leak: Leak, original: Plane) -> Iterator[tuple[Matrix, str]]:
    """The leak's content as a part of the original: correlations over scales, rounds of ever odder changes."""
    height, width = original.shape
    small = _small(original)
    left, top, right, bottom = (round(edge) for edge in leak.content)
    content = leak.plane[top:bottom, left:right]
    across, down = width / small.shape[1], height / small.shape[0]
    ground = _ground(small)
    for name, mirrors, angles, aspects in _ROUNDS:
        found = []
        for mirrored, angle, aspect in product(mirrors, angles, aspects):
            for scale in _scales(content, small, aspect):
                score, inner = _correlated(content, ground, scale, mirrored, angle)
                matrix = inner / np.array([across, down, 1.0])
                matrix[:, 2] += left, top
                found.append((score, matrix))
        found.sort(key=lambda one: -one[0])
        words = [name] if name != "crop" or not mirrors[0] else ["mirrored", name]
        yield from ((matrix, " ".join(words)) for matrix in _apart(found, (width, height)))


def _apart(found: list[tuple[float, Matrix]], size: tuple[int, int]) -> list[Matrix]:
    """The best that are not nearly the same: one would be refined to the other."""
    corners = np.array([(x, y, 1) for x in (0, size[0]) for y in (0, size[1])], np.float64)
    chosen: list[Matrix] = []
    for _, matrix in found:
        extent = _SAME * float(np.hypot(*size)) * float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
        if all(float(np.abs(corners @ (matrix - other).T).max()) > extent for other in chosen):
            chosen.append(matrix)
        if len(chosen) == _CROPS:
            break
    return chosen


def _scales(content: Plane, small: Plane, aspect: float) -> Iterator[tuple[float, float]]:
    """Grid pixels per leak pixel, across and down."""
    height, width = content.shape
    most = _OVERHANG * min(small.shape[1] / (width * aspect), small.shape[0] / height)
    for step in range(round(-np.log(_LEAST_SCALE) / _SCALE_STEP) + 1):
        scale = most * float(np.exp(-_SCALE_STEP * step))
        yield scale * aspect, scale


def _correlated(
    content: Plane, ground: _Ground, scale: tuple[float, float], mirrored: bool, angle: float
) -> tuple[float, Matrix]:
    """The best place of the leak's content at this scale: how far it stands out, and the map from the grid to the
    content."""
    height, width = content.shape
    size = max(8, round(width * scale[0])), max(8, round(height * scale[1]))
    turned = onto((0.0, 0.0, float(width), float(height)), size, mirrored, angle)
    window = resized(content, size)
    if mirrored or angle:
        unit = turned * np.array([[size[0] / width], [size[1] / height]])
        outside = float(window.mean())
        window = warped(window - outside, unit, size) + outside
    window = high_pass(window)
    window = window - window.mean()
    place, score = _best(window, ground)
    turned = turned.copy()
    turned[:, 2] -= turned[:, :2] @ np.array(place[::-1], np.float64)
    return score, turned


def _best(window: Plane, ground: _Ground) -> tuple[tuple[int, int], float]:
    """Down and across of the window's corner on the grid where it correlates best, and how far that stands out."""
    spread = np.fft.rfft2(window, ground.padded)
    found = np.fft.irfft2(ground.spectrum * spread.conj(), ground.padded)
    rows = _places(ground.shape[0], window.shape[0])
    columns = _places(ground.shape[1], window.shape[1])
    if not len(rows) or not len(columns):
        return (0, 0), -1.0
    lap = found[np.ix_(rows % ground.padded[0], columns % ground.padded[1])]
    down, across = ((padded - side) // 2 for padded, side in zip(ground.padded, ground.shape, strict=True))
    upper, lower = rows + down, np.minimum(rows + down + window.shape[0], ground.padded[0])
    first, last = columns + across, np.minimum(columns + across + window.shape[1], ground.padded[1])
    table = ground.power
    power = table[np.ix_(lower, last)] - table[np.ix_(upper, last)] - table[np.ix_(lower, first)]
    power = np.maximum(power + table[np.ix_(upper, first)], 1e-3 * float(table[-1, -1]))
    ncc = lap / np.sqrt(power * float((window**2).sum()) + 1e-6)
    best = int(ncc.argmax())
    y, x = divmod(best, ncc.shape[1])
    # Fisher's transform: a small window that fits well is no better than a large one that fits nearly as well.
    score = float(np.arctanh(np.clip(ncc.flat[best], -0.999, 0.999))) * window.size**0.5
    return (int(rows[y]), int(columns[x])), score


def _places(ground: int, window: int) -> NDArray[np.intp]:
    """Where a window may begin along one axis: inside, or over the edge by a little."""
    over = round(0.1 * window)
    return np.arange(-over, ground - window + over + 1)
