"""What happens to a picture after it is taken: the attacks a trace must live through, and how alike two are."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from math import cos, radians, sin
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from skimage.metrics import structural_similarity

Attack = Callable[[Image.Image], Image.Image]

_WHITE = (255, 255, 255)


def _saved(format: str, **options: Any) -> Attack:
    def attack(image: Image.Image) -> Image.Image:
        out = BytesIO()
        image.convert("RGB").save(out, format, **options)
        with Image.open(out) as read:
            return read.convert("RGB")

    return attack


jpeg = partial(_saved, "JPEG")
webp = partial(_saved, "WEBP")
avif = partial(_saved, "AVIF", speed=9, max_threads=1)


def _then(*attacks: Attack) -> Attack:
    def attack(image: Image.Image) -> Image.Image:
        for one in attacks:
            image = one(image)
        return image

    return attack


def _scaled(image: Image.Image, scale: float) -> Image.Image:
    """Resized as img2dataset does: OpenCV's area filter downwards (Pillow's box), Lanczos upwards."""
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.LANCZOS)


# img2dataset 1.47, resizer.py: border is what it does unless told otherwise, at 256 and quality 95.
def keep_ratio(image: Image.Image, size: int) -> Image.Image:
    """The shorter side becomes ``size``."""
    return _scaled(image, size / min(image.size))


def centre_crop(image: Image.Image, size: int) -> Image.Image:
    """``keep_ratio``, then the middle square."""
    image = keep_ratio(image, size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return image.crop((left, top, left + size, top + size))


def border(image: Image.Image, size: int) -> Image.Image:
    """The longer side becomes ``size``; white stripes make it square."""
    image = _scaled(image, size / max(image.size))
    square = Image.new("RGB", (size, size), _WHITE)
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def _resized(scale: float) -> Attack:
    def attack(image: Image.Image) -> Image.Image:
        size = round(image.width * scale), round(image.height * scale)
        return image.resize(size, Image.Resampling.LANCZOS)

    return attack


def _brightness(factor: float) -> Attack:
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


def _noise(sigma: float) -> Attack:
    def attack(image: Image.Image) -> Image.Image:
        noise = np.random.default_rng(1).normal(0, sigma, (image.height, image.width, 3))
        noisy = np.rint(np.asarray(image, np.float32) + noise).clip(0, 255)
        return Image.fromarray(noisy.astype(np.uint8))

    return attack


def _crop(part: float, at: float) -> Attack:
    """Takes ``part`` of width and height away; ``at`` 0.5 keeps the middle, 1 the lower right corner."""

    def attack(image: Image.Image) -> Image.Image:
        width, height = round(image.width * (1 - part)), round(image.height * (1 - part))
        left, top = round((image.width - width) * at), round((image.height - height) * at)
        return image.crop((left, top, left + width, top + height))

    return attack


def _rotated(degrees: float) -> Attack:
    """Turned, the frame grown to hold all of it, the corners black (what Pillow and most scripts do)."""
    return lambda image: image.rotate(degrees, Image.Resampling.BICUBIC, expand=True)


def _straightened(degrees: float) -> Attack:
    """Turned, then cut to the largest upright part of the same proportions without corners (photo editors)."""

    def attack(image: Image.Image) -> Image.Image:
        width, height = image.size
        across, down = cos(radians(degrees)), sin(radians(degrees))
        scale = min(width / (width * across + height * down), height / (height * across + width * down))
        inner = int(width * scale), int(height * scale)
        turned = image.rotate(degrees, Image.Resampling.BICUBIC)
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        return turned.crop((left, top, left + inner[0], top + inner[1]))

    return attack


def _squeezed(part: float) -> Attack:
    return lambda image: image.resize((round(image.width * (1 - part)), image.height), Image.Resampling.LANCZOS)


def _gamma(gamma: float) -> Attack:
    table = [round(255 * (value / 255) ** (1 / gamma)) for value in range(256)]
    return lambda image: image.point(table * len(image.getbands()))


ATTACKS: dict[str, Attack] = {
    "PNG": _saved("PNG", compress_level=1),
    "JPEG 90": jpeg(quality=90),
    "JPEG 75": jpeg(quality=75),
    "JPEG 50": jpeg(quality=50),
    "WebP 80": webp(quality=80),
    "AVIF 60": avif(quality=60),
    "brightness +10 %": _brightness(1.1),
    "brightness -10 %": _brightness(0.9),
    "noise s=5": _noise(5),
    "noise s=10": _noise(10),
    "resize 0.5": _resized(0.5),
    "centre-crop 512 q95": _then(partial(centre_crop, size=512), jpeg(quality=95)),
    "centre-crop 256 q95": _then(partial(centre_crop, size=256), jpeg(quality=95)),
    "border 256 q95": _then(partial(border, size=256), jpeg(quality=95)),
    "keep_ratio 256 q95": _then(partial(keep_ratio, size=256), jpeg(quality=95)),
    "served q85, centre-crop 256 q75": _then(jpeg(quality=85), partial(centre_crop, size=256), jpeg(quality=75)),
    "served webp80, border 512 q95": _then(webp(quality=80), partial(border, size=512), jpeg(quality=95)),
    "crop 10 % centre": _crop(0.10, 0.5),
    "crop 10 % corner": _crop(0.10, 1.0),
    "crop 25 % corner q75": _then(_crop(0.25, 1.0), jpeg(quality=75)),
}
"""The twenty that figures for traces are stated over. RGB in, RGB out; the noise is the same each time."""

MORE: dict[str, Attack] = {
    **{f"rotate {degrees}, expand": _rotated(degrees) for degrees in (1, 2, 3, 5)},
    **{f"rotate {degrees}, crop": _straightened(degrees) for degrees in (1, 2, 3, 5)},
    "mirror": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "squeeze 8 %": _squeezed(0.08),
    "blur 1.5": lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
    "median 5": lambda image: image.filter(ImageFilter.MedianFilter(5)),
    "gamma 1.2": _gamma(1.2),
    "autocontrast 2 %": lambda image: ImageOps.autocontrast(image, cutoff=2),
    "greyscale": lambda image: image.convert("L").convert("RGB"),
    "upscale 1.7": _resized(1.7),
    "screenshot 0.83": _then(_resized(0.83), _saved("PNG", compress_level=1)),
}
"""Further ones, some of which a trace need not live through."""


def psnr(one: Image.Image, other: Image.Image) -> float:
    """Peak signal-to-noise ratio of the colours in dB; infinite for equal pictures. The sizes must be the same."""
    if one.size != other.size:
        raise ValueError(f"{one.size} and {other.size} cannot be compared")
    a, b = (np.asarray(image.convert("RGB"), np.float32) for image in (one, other))
    error = float(np.mean((a - b) ** 2, dtype=np.float64))
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Structural similarity, 1 for equal pictures (Wang et al. 2004, windows of 7 x 7): the mean of R, G and B."""
    if one.size != other.size:
        raise ValueError(f"{one.size} and {other.size} cannot be compared")
    a, b = (np.asarray(image.convert("RGB")) for image in (one, other))
    return float(structural_similarity(a, b, data_range=255, channel_axis=2))  # type: ignore[no-untyped-call]
