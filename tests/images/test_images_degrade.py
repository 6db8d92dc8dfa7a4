"""Less detail, in the same proportion for every size; transparency and format stay."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import difference, noise, scene
from PIL import Image, ImageFilter, ImageStat

from guardware.images.degrade import degrade
from guardware.images.recipe import Degrade

NOTHING = Degrade(blur=0, pixelate=0, grayscale=False)


def test_nothing_asked_nothing_done() -> None:
    plain = scene()
    assert degrade(plain, NOTHING).tobytes() == plain.tobytes()


def test_blur_takes_edges_away() -> None:
    outlines = [
        degrade(noise(), NOTHING._replace(blur=blur)).convert("L").filter(ImageFilter.FIND_EDGES)
        for blur in (0, 1, 5)
    ]
    sharp, soft, softer = (ImageStat.Stat(outline).mean[0] for outline in outlines)
    assert sharp > 1.3 * soft > 2 * softer


def test_blur_is_in_thousandths_of_the_longer_side() -> None:
    blurred = degrade(noise(400, 200), NOTHING._replace(blur=10))
    assert blurred.size == (400, 200)
    split = Image.new("RGB", (400, 200))
    split.paste("white", (200, 0, 400, 200))
    row = degrade(split, NOTHING._replace(blur=10)).convert("L").crop((180, 100, 220, 101)).tobytes()
    rising = sum(25 < value < 230 for value in row)
    assert rising == pytest.approx(2 * 1.29 * 4, abs=3)  # a Gaussian of 4 pixels: 10 to 90 % over 2.56 of them


@pytest.mark.parametrize(
    ("size", "pixelate", "side"), [((640, 480), 50, 32), ((100, 50), 100, 10), ((30, 40), 1, 2)]
)
def test_blocks_have_one_colour_each(size: tuple[int, int], pixelate: float, side: int) -> None:
    coarse = degrade(noise(*size), NOTHING._replace(pixelate=pixelate))
    assert coarse.size == size
    for left, top in ((0, 0), (side, side), (size[0] // side * side - side, 0)):
        block = coarse.crop((left, top, left + side, top + side))
        assert block.getcolors() == [(side * side, block.getpixel((0, 0)))]
    assert difference(coarse.crop((0, 0, side, side)), coarse.crop((side, 0, 2 * side, side))) > 0


def test_grayscale_keeps_the_mode() -> None:
    grey = degrade(scene(), NOTHING._replace(grayscale=True))
    red, green, blue = grey.split()
    assert grey.mode == "RGB"
    assert red.tobytes() == green.tobytes() == blue.tobytes() == scene().convert("L").tobytes()


@pytest.mark.parametrize("step", [Degrade(20, 0, False), Degrade(0, 80, False), Degrade(20, 80, True)])
def test_colours_beneath_transparent_parts_do_not_show(step: Degrade) -> None:
    image = Image.new("RGBA", (200, 200), (0, 255, 0, 0))
    image.paste((255, 0, 0, 255), (53, 53, 150, 150))
    result = degrade(image, step)
    assert result.mode == "RGBA"
    expected = (76, 76) if step.grayscale else (255, 0)
    for x in range(0, 200, 5):
        red, green, _, alpha = result.getpixel((x, 100))  # type: ignore[misc]
        assert alpha < 16 or (abs(red - expected[0]) < 16 and abs(green - expected[1]) < 16)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    mode=st.sampled_from(["RGB", "RGBA"]),
    step=st.builds(Degrade, st.floats(0, 1000), st.floats(0, 1000), st.booleans()),
)
def test_any_picture_and_step(size: tuple[int, int], mode: str, step: Degrade) -> None:
    result = degrade(Image.new(mode, size, "red"), step)
    assert (result.size, result.mode) == (size, mode)
