"""How alike two pictures are: against scikit-image, and at the edges."""

import math
from collections.abc import Callable

import attacks
import pytest
from image_samples import file_of, noise, opened, scene
from PIL import Image, ImageFilter

from guardware.images.compare import on_white, psnr, ssim

Change = Callable[[Image.Image], Image.Image]
CHANGES: dict[str, Change] = {
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "JPEG at 30": lambda image: opened(file_of(image, "JPEG", quality=30)),
    "a negative": lambda image: image.point(lambda value: 255 - value),
    "one level lighter": lambda image: image.point(lambda value: value + 1),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("picture", [scene, noise])
def test_as_scikit_image_has_it(picture: Callable[[], Image.Image], change: Change) -> None:
    one = picture()
    other = change(one)
    assert psnr(one, other) == pytest.approx(attacks.psnr(one, other))
    # Theirs has windows of 7 x 7 at every pixel.
    assert ssim(one, other) == pytest.approx(attacks.ssim(one.convert("L"), other.convert("L")), abs=0.03)


def test_equal_pictures() -> None:
    assert psnr(scene(), scene()) == math.inf
    assert ssim(scene(), scene()) == pytest.approx(1)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (8, 8), (1, 300), (9, 13)])
def test_small_ones(size: tuple[int, int]) -> None:
    black, white = Image.new("RGB", size), Image.new("RGB", size, "white")
    assert psnr(black, white) == pytest.approx(0)
    assert ssim(black, white) < 0.01
    assert ssim(white, white) == pytest.approx(1)


def test_what_is_transparent_counts_as_white() -> None:
    clear, white = Image.new("RGBA", (16, 16), (255, 0, 0, 0)), Image.new("RGB", (16, 16), "white")
    assert on_white(clear).getpixel((0, 0)) == (255, 255, 255)
    assert psnr(clear, white) == math.inf


@pytest.mark.parametrize("compare", [psnr, ssim])
def test_other_sizes_are_refused(compare: Callable[[Image.Image, Image.Image], float]) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        compare(scene(20, 20), scene(20, 21))
