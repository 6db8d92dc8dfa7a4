"""How alike two pictures are: PSNR of the colours, SSIM of the brightness."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_STEP = 4
"""Windows of 8 x 8 pixels stand every 4."""
_LEVELS = 255.0
_C1, _C2 = (0.01 * _LEVELS) ** 2, (0.03 * _LEVELS) ** 2
"""Wang, Bovik, Sheikh, Simoncelli: Image quality assessment (IEEE TIP 13, 2004), K1 = 0.01 and K2 = 0.03."""

Plane = NDArray[np.float64]


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio in dB over R, G and B; infinite for equal pictures.

    Transparent parts count as white. Raises ValueError if the sizes differ.
    """
    a, b = _pair(one, other)
    error = sum(
        float(np.mean((np.asarray(x, np.float32) - np.asarray(y, np.float32)) ** 2, dtype=np.float64))
        for x, y in zip(a.split(), b.split(), strict=True)
    )
    return 10 * math.log10(_LEVELS**2 * 3 / error) if error else math.inf


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Structural similarity of the luma, 1 for equal pictures: its mean over windows of 8 x 8 pixels, every 4.

    Uniform windows, and not Wang's Gaussian ones of 11 x 11: a tenth of the cost. Transparent parts count as
    white. A side of less than 8 pixels is enlarged. Raises ValueError if the sizes differ.
    """
    a, b = (_large_enough(image.convert("L")) for image in _pair(one, other))
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    count = float((2 * _STEP) ** 2)
    mean_x, mean_y = _windows(x) / count, _windows(y) / count
    spread = _windows(x * x) / count - mean_x**2 + _windows(y * y) / count - mean_y**2
    together = _windows(x * y) / count - mean_x * mean_y
    value = (2 * mean_x * mean_y + _C1) * (2 * together + _C2)
    return float(np.mean(value / ((mean_x**2 + mean_y**2 + _C1) * (spread + _C2))))


def on_white(image: Image.Image) -> Image.Image:
    """The picture as RGB, transparent parts on white."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _pair(one: Image.Image, other: Image.Image) -> tuple[Image.Image, Image.Image]:
    if one.size != other.size:
        raise ValueError(f"{one.size} and {other.size} cannot be compared")
    return on_white(one), on_white(other)


def _large_enough(image: Image.Image) -> Image.Image:
    size = max(image.width, 2 * _STEP), max(image.height, 2 * _STEP)
    return image if image.size == size else image.resize(size, Image.Resampling.NEAREST)


def _windows(plane: Plane) -> Plane:
    """The sum of each window: blocks of 4 x 4 first, of which every window has four. What is left over at the
    right and the bottom is not looked at."""
    rows, columns = (side // _STEP for side in plane.shape)
    cut = plane[: rows * _STEP, : columns * _STEP]
    blocks = cut.reshape(rows, _STEP, columns, _STEP).sum(axis=(1, 3))
    sums: Plane = blocks[:-1, :-1] + blocks[:-1, 1:] + blocks[1:, :-1] + blocks[1:, 1:]
    return sums
