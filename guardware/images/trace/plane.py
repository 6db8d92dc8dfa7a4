"""Planes: single-channel pictures as float arrays, their scaling, smoothing and transforms.

A plane is float32 of shape [height, width] in grey levels. Coordinates are continuous: the middle of the first
pixel is (0.5, 0.5), as in Pillow's affine transform.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Matrix = NDArray[np.float64]
Box = tuple[float, float, float, float]

_FINE_ENOUGH: Final = 1.15
"""Pixels of a plane for one of the grid up to which nothing worth mentioning is aliased."""
_FAST_FACTORS: Final = (2, 3, 5)
"""Primes for which numpy's FFT has hand-written passes."""


def mean_plane(image: Image.Image) -> Plane:
    """The unweighted mean (R+G+B)/3: the same however a veil permutes the channels. Transparent parts are seen on
    white, as img2dataset flattens them."""
    if image.mode in ("L", "F"):
        return np.asarray(image, np.float32)
    if image.mode not in ("RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    pixels = np.asarray(image, np.float32)
    mean = pixels[..., :3].mean(2, dtype=np.float32)
    if image.mode == "RGBA":
        mean = 255 + (mean - 255) * (pixels[..., 3] / 255)
    plane: Plane = mean.astype(np.float32)
    return plane


def resized(
    plane: Plane,
    size: tuple[int, int],
    box: Box | None = None,
    kernel: Image.Resampling = Image.Resampling.LANCZOS,
) -> Plane:
    """``plane`` at ``size`` (width, height), antialiased, of its part ``box`` alone when given."""
    height, width = plane.shape
    if size == (width, height) and box is None:
        return plane
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize(size, kernel, box), np.float32)


def warped(plane: Plane, matrix: Matrix, size: tuple[int, int]) -> Plane:
    """The plane of ``size`` (width, height) whose point x is ``plane`` at ``matrix`` x; 0 outside. Bicubic: the
    plane must not be finer than the result."""
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    a, b, c, d, e, f = (float(value) for value in matrix.ravel())
    return np.asarray(
        image.transform(size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BICUBIC), np.float32
    )


def inside(matrix: Matrix, size: tuple[int, int], source: tuple[int, int], margin: float = 1.0) -> Mask:
    """Of the pixels of ``size`` (width, height): which ``matrix`` maps into a plane of size ``source``, at least
    ``margin`` pixels from its edge."""
    x, y = np.arange(size[0]) + 0.5, np.arange(size[1])[:, None] + 0.5
    at = [row[0] * x + row[1] * y + row[2] for row in matrix]
    known: Mask = np.ones((size[1], size[0]), np.bool_)
    for where, length in zip(at, source, strict=True):
        known &= (where >= margin) & (where <= length - margin)
    return known


def compose(outer: Matrix, inner: Matrix) -> Matrix:
    """The 2x3 matrix that first maps by ``inner``, then by ``outer``."""
    product: Matrix = outer[:, :2] @ inner
    product[:, 2] += outer[:, 2]
    return product


def box_blur(plane: Plane, radius: int) -> Plane:
    """The mean over squares of 2 ``radius`` + 1 pixels, edges repeated."""
    return _blur_rows(_blur_rows(plane, radius).T, radius).T


def _blur_rows(plane: Plane, radius: int) -> Plane:
    padded = np.pad(plane, ((radius + 1, radius), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, dtype=np.float32)
    width = 2 * radius + 1
    blurred: Plane = (total[width:] - total[:-width]) / np.float32(width)
    return blurred


def high_pass(plane: Plane, radius: int = 4) -> Plane:
    """What two box blurs of ``radius`` take away: close to a Gaussian high-pass, without scipy."""
    return plane - box_blur(box_blur(plane, radius), radius)


def fast_length(least: int) -> int:
    """The smallest length not under ``least`` whose FFT is quick."""
    length = max(1, least)
    while True:
        rest = length
        for factor in _FAST_FACTORS:
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1


def brought(plane: Plane, matrix: Matrix, size: tuple[int, int], margin: float = 1.0) -> tuple[Plane, Mask]:
    """The grid of ``size`` (width, height) whose point x is ``plane`` at ``matrix`` x, and which of its pixels lie
    within, ``margin`` pixels from the edge at least. Others are 0."""
    # Antialiased first, along the plane's own axes: an affine transform looks at no more than 4x4 pixels.
    width, height = plane.shape[1], plane.shape[0]
    steps = [max(1.0, float(np.hypot(row[0], row[1]))) for row in matrix]
    fewer = max(1, round(width / steps[0])), max(1, round(height / steps[1]))
    if max(steps) < _FINE_ENOUGH:
        fewer = width, height
    matrix = matrix * np.array([[fewer[0] / width], [fewer[1] / height]])
    known = inside(matrix, size, fewer, margin)
    return np.where(known, warped(resized(plane, fewer), matrix, size), np.float32(0)), known


def onto(box: Box, size: tuple[int, int], mirrored: bool, angle: float) -> Matrix:
    """The map of a grid of ``size`` (width, height) onto ``box`` (left, top, right, bottom), turned about its
    middle by ``angle`` degrees."""
    across, down = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
    turn = np.deg2rad(angle)
    linear = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    linear = np.diag([across, down]) @ linear @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    return np.column_stack([linear, middle - linear @ np.array([size[0] / 2, size[1] / 2])])
