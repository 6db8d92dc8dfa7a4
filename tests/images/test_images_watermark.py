"""The mark is seen everywhere, on every ground, and leaves the rest alone."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import difference, noise, scene
from PIL import Image, ImageChops

from guardware.images.lettering import choose
from guardware.images.watermark import Mark, watermark

MARK = Mark(choose("© Mira Solberg"), opacity=0.35, scale=0.045, angle=30)
SIZE = (640, 480)
GROUNDS: dict[str, Callable[[], Image.Image]] = {
    "white": lambda: Image.new("RGB", SIZE, "white"),
    "black": lambda: Image.new("RGB", SIZE, "black"),
    "grey": lambda: Image.new("RGB", SIZE, "#8c8c8c"),
    "red": lambda: Image.new("RGB", SIZE, "red"),
    "noise": noise,
    "scene": scene,
}


def tiles(one: Image.Image, other: Image.Image, side: int = 80) -> list[float]:
    """The difference of two pictures in each square of ``side`` pixels."""
    boxes = [
        (x, y, x + side, y + side)
        for y in range(0, one.height - side + 1, side)
        for x in range(0, one.width - side + 1, side)
    ]
    return [difference(one.crop(box), other.crop(box)) for box in boxes]


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("seed", [0, 0x9E3779B9, 0xFFFFFFFF])
def test_the_mark_is_visible_in_most_of_the_picture(ground: str, seed: int) -> None:
    plain = GROUNDS[ground]()
    marked = watermark(plain, MARK, seed)
    assert marked.size == plain.size
    changes = tiles(plain, marked)
    assert sum(change > 2 for change in changes) >= 0.8 * len(changes)
    assert max(changes) < 60  # and the picture can still be made out


@pytest.mark.parametrize(("ground", "darker"), [("white", True), ("black", False)])
def test_letters_are_dark_on_light_and_light_on_dark(ground: str, darker: bool) -> None:
    plain = GROUNDS[ground]()
    marked = watermark(plain, MARK, 7)
    assert marked.convert("L").getextrema() == ((166, 255) if darker else (0, 89))  # 255 * 0.35 = 89 levels away


def test_opacity_sets_the_strength() -> None:
    plain = scene()
    weak, strong = (watermark(plain, MARK._replace(opacity=opacity), 1) for opacity in (0.1, 0.9))
    assert 3 * difference(plain, weak) < difference(plain, strong)


def test_each_seed_puts_the_mark_elsewhere() -> None:
    plain = scene()
    assert difference(watermark(plain, MARK, 1), watermark(plain, MARK, 0x12345678)) > 2
    assert watermark(plain, MARK, 1).tobytes() == watermark(plain, MARK, 1).tobytes()


def test_transparency_stays() -> None:
    plain = scene()
    alpha = Image.linear_gradient("L").resize(plain.size)
    plain.putalpha(alpha)
    marked = watermark(plain, MARK, 3)
    assert marked.mode == "RGBA"
    assert ImageChops.difference(marked.getchannel("A"), alpha).getbbox() is None
    assert difference(plain, marked) > 2


def test_the_picture_given_is_not_changed() -> None:
    plain = scene()
    before = plain.tobytes()
    watermark(plain, MARK, 3)
    assert plain.tobytes() == before


def test_long_words_are_set_in_lines() -> None:
    long = MARK._replace(lettering=choose("© Society of the Friends of Contemporary Art " * 4))
    changes = tiles(scene(), watermark(scene(), long, 0))
    assert sum(change > 2 for change in changes) >= 0.8 * len(changes)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    words=st.text(max_size=60),
    opacity=st.floats(0.01, 1),
    scale=st.floats(0.001, 0.5),
    angle=st.floats(-90, 90),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_settings_on_any_size(
    size: tuple[int, int], words: str, opacity: float, scale: float, angle: float, seed: int
) -> None:
    marked = watermark(Image.new("RGB", size), Mark(choose(words, others=()), opacity, scale, angle), seed)
    assert (marked.size, marked.mode) == (size, "RGB")


@pytest.mark.parametrize("size", [(8192, 16), (1, 1024)])
def test_narrow_pictures(size: tuple[int, int]) -> None:
    plain = Image.new("RGB", size, "white")
    assert difference(plain, watermark(plain, MARK, 0)) > 1
