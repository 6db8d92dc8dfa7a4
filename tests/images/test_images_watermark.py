"""The mark is seen everywhere or in its place, on every ground, and leaves the rest alone."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import difference, file_of, noise, scene
from PIL import Image, ImageChops, ImageDraw, ImageStat

from guardware.images.recipe import Watermark
from guardware.images.watermark import POSITIONS, compile_mark, watermark

TILED = Watermark(
    text="© Mira Solberg", logo=b"", font="", opacity=0.35, scale=0.045, angle=30,
    position="ce", repeat=True, margin=0.03,
)  # fmt: skip
PLACED = TILED._replace(repeat=False, position="soea", angle=0, scale=0.08)
SIZE = (640, 480)
GROUNDS: dict[str, Callable[[], Image.Image]] = {
    "white": lambda: Image.new("RGB", SIZE, "white"),
    "black": lambda: Image.new("RGB", SIZE, "black"),
    "grey": lambda: Image.new("RGB", SIZE, "#8c8c8c"),
    "red": lambda: Image.new("RGB", SIZE, "red"),
    "noise": noise,
    "scene": scene,
}


def logo(colour: str, size: tuple[int, int] = (90, 60)) -> bytes:
    """A disc of ``colour`` on nothing."""
    image = Image.new("RGBA", size)
    ImageDraw.Draw(image).ellipse((0, 0, size[0] - 1, size[1] - 1), fill=colour)
    return file_of(image, "PNG")


def marked(plain: Image.Image, step: Watermark, seed: int = 0) -> Image.Image:
    return watermark(plain, compile_mark(step), seed)


def tiles(one: Image.Image, other: Image.Image, side: int = 80) -> list[float]:
    """The difference of two pictures in each square of ``side`` pixels."""
    boxes = [
        (x, y, x + side, y + side)
        for y in range(0, one.height - side + 1, side)
        for x in range(0, one.width - side + 1, side)
    ]
    return [difference(one.crop(box), other.crop(box)) for box in boxes]


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int]:
    box = ImageChops.difference(one, other).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("step", [TILED, TILED._replace(logo=logo("black"), scale=0.12)], ids=["text", "logo"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("seed", [0, 0x9E3779B9, 0xFFFFFFFF])
def test_a_repeated_mark_is_visible_in_most_of_the_picture(ground: str, seed: int, step: Watermark) -> None:
    plain = GROUNDS[ground]()
    result = marked(plain, step, seed)
    assert result.size == plain.size
    changes = tiles(plain, result)
    assert sum(change > 2 for change in changes) >= 0.8 * len(changes)
    assert max(changes) < 60  # and the picture can still be made out


@pytest.mark.parametrize("step", [TILED, PLACED, TILED._replace(logo=logo("black"), scale=0.12)])
@pytest.mark.parametrize(("ground", "levels"), [("white", (166, 255)), ("black", (0, 89))])
def test_marks_are_dark_on_light_and_light_on_dark(ground: str, levels: tuple[int, int], step: Watermark) -> None:
    result = marked(GROUNDS[ground](), step, 7)
    assert result.convert("L").getextrema() == levels  # 255 * 0.35 = 89 levels away


def test_each_mark_looks_at_its_own_ground() -> None:
    halves = Image.new("RGB", SIZE)
    halves.paste("white", (320, 0, 640, 480))
    result = marked(halves, TILED).convert("L")
    assert result.crop((0, 0, 200, 480)).getextrema() == (0, 89)
    assert result.crop((440, 0, 640, 480)).getextrema() == (166, 255)


def test_a_placed_mark_looks_at_the_ground_in_its_place() -> None:
    corner = Image.new("RGB", SIZE, "white")
    corner.paste("black", (200, 360, 640, 480))
    assert marked(corner, PLACED).convert("L").crop((200, 360, 640, 480)).getextrema() == (0, 89)


def test_a_busy_ground_gets_a_stronger_mark() -> None:
    black = Image.new("RGB", SIZE)
    speckled = black.copy()
    speckled.putdata([(255, 255, 255) if (x * 7 + x // 640 * 3) % 5 < 2 else (0, 0, 0) for x in range(640 * 480)])
    quiet, busy = (marked(plain, PLACED._replace(opacity=0.4)) for plain in (black, speckled))
    box = changed(black, quiet)
    lightest = ImageStat.Stat(quiet.convert("L").crop(box)).extrema[0][1]
    raised = [
        v for v, w in zip(busy.convert("L").tobytes(), speckled.convert("L").tobytes(), strict=True) if v > w
    ]
    assert (lightest, max(raised)) == (102, 153)  # 0.4 and 0.6 of 255


def test_what_lies_beneath_transparent_parts_does_not_count_as_ground() -> None:
    opaque_black = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    opaque_black.paste((0, 0, 0, 255), (0, 460, 640, 480))
    step = PLACED._replace(position="so", margin=0)
    assert marked(opaque_black, step).convert("L").crop((0, 460, 640, 480)).getextrema() == (0, 89)


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("step", [PLACED, PLACED._replace(logo=logo("#c01f2e"), angle=20)], ids=["text", "logo"])
def test_a_placed_mark_lies_where_the_position_says_within_the_margin(position: str, step: Watermark) -> None:
    plain = scene()
    left, top, right, bottom = changed(plain, marked(plain, step._replace(position=position, margin=0.05)))
    margin, slack = round(0.05 * 480), 10
    for where, low, high, side in zip(POSITIONS[position], (left, top), (right, bottom), SIZE, strict=True):
        gaps = low, side - high
        assert min(gaps) >= margin
        assert where == 0 or gaps[0 if where < 0 else 1] <= margin + slack
        assert where != 0 or abs(gaps[0] - gaps[1]) <= slack


@pytest.mark.parametrize("step", [PLACED._replace(text="© M"), PLACED._replace(logo=logo("black"))])
def test_scale_is_the_height_over_the_shorter_side(step: Watermark) -> None:
    plain = Image.new("RGB", (900, 600), "white")
    small, large = (
        changed(plain, marked(plain, step._replace(scale=scale, position="ce"))) for scale in (0.1, 0.2)
    )
    assert large[3] - large[1] == pytest.approx(2 * (small[3] - small[1]), rel=0.06)
    assert 0.6 * 120 < large[3] - large[1] < 1.25 * 120


def test_a_mark_too_large_for_its_place_is_made_smaller() -> None:
    plain = Image.new("RGB", (200, 40), "white")
    left, top, right, bottom = changed(plain, marked(plain, PLACED._replace(text="© Mira " * 20, margin=0.1)))
    assert left >= 4 and top >= 4 and right <= 196 and bottom <= 36  # noqa: PT018 - one statement: inside


def test_a_coloured_logo_keeps_its_colours_and_gets_an_outline_that_shows_it() -> None:
    step = PLACED._replace(logo=logo("#101080"), opacity=1, scale=0.5, position="ce")
    for ground in ("white", "black"):
        result = marked(Image.new("RGB", SIZE, ground), step)
        assert result.getpixel((320, 240)) == (16, 16, 128)
    colours = result.getcolors(640 * 480)
    assert colours is not None
    assert (255, 255, 255) in {colour for _, colour in colours}  # a light line around the dark disc, on black


def test_opacity_sets_the_strength() -> None:
    plain = scene()
    weak, strong = (marked(plain, TILED._replace(opacity=opacity), 1) for opacity in (0.1, 0.9))
    assert 3 * difference(plain, weak) < difference(plain, strong)


def test_each_seed_puts_a_repeated_mark_elsewhere_and_a_placed_one_where_it_was() -> None:
    plain = scene()
    assert difference(marked(plain, TILED, 1), marked(plain, TILED, 0x12345678)) > 2
    assert marked(plain, TILED, 1).tobytes() == marked(plain, TILED, 1).tobytes()
    assert marked(plain, PLACED, 1).tobytes() == marked(plain, PLACED, 0x12345678).tobytes()


def test_transparency_stays() -> None:
    plain = scene()
    alpha = Image.linear_gradient("L").resize(plain.size)
    plain.putalpha(alpha)
    result = marked(plain, TILED, 3)
    assert result.mode == "RGBA"
    assert ImageChops.difference(result.getchannel("A"), alpha).getbbox() is None
    assert difference(plain, result) > 2


def test_the_picture_given_is_not_changed() -> None:
    plain = scene()
    before = plain.tobytes()
    marked(plain, TILED, 3)
    assert plain.tobytes() == before


def test_long_words_are_set_in_lines() -> None:
    long = TILED._replace(text="© Society of the Friends of Contemporary Art " * 4)
    changes = tiles(scene(), marked(scene(), long, 0))
    assert sum(change > 2 for change in changes) >= 0.8 * len(changes)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"position": "middle"}, "position 'middle' is none of ce, no"), ({"logo": b"GIF89a"}, "the logo is no PNG")],
)
def test_what_cannot_be_a_mark_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        compile_mark(TILED._replace(**wrong))  # type: ignore[arg-type]


def test_no_text_gives_words_of_our_own() -> None:
    lettering = compile_mark(TILED._replace(text="")).lettering
    assert lettering is not None
    assert lettering.text == "© do not train"


LOGOS = st.builds(logo, st.sampled_from(["black", "#d9480f"]), st.tuples(st.integers(1, 99), st.integers(1, 99)))
STEPS = st.builds(
    Watermark,
    text=st.text(max_size=60),
    logo=st.one_of(st.just(b""), LOGOS),
    font=st.just(""),
    opacity=st.floats(0.01, 1),
    scale=st.floats(0.001, 0.5),
    angle=st.floats(-180, 180),
    position=st.sampled_from(sorted(POSITIONS)),
    repeat=st.booleans(),
    margin=st.floats(0, 0.5),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    mode=st.sampled_from(["RGB", "RGBA"]),
    step=STEPS,
    seed=st.integers(0, 2**64),
)
def test_any_settings_on_any_size(size: tuple[int, int], mode: str, step: Watermark, seed: int) -> None:
    result = marked(Image.new(mode, size), step, seed)
    assert (result.size, result.mode) == (size, mode)


@pytest.mark.parametrize("size", [(8192, 16), (1, 1024), (60, 1200)])
def test_narrow_pictures(size: tuple[int, int]) -> None:
    plain = Image.new("RGB", size, "white")
    assert difference(plain, marked(plain, TILED)) > 1
