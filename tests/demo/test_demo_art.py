"""The brushes: the same name draws the same picture, another name another one, and neither is blank."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from guardware.demo.art.colour import mix, ramp, rgb
from guardware.demo.art.fields import calc, coloured, gradient, mapped, noise, seeded, to_mask
from guardware.demo.art.sheet import Sheet, bezier, outline, textured
from guardware.demo.brushes import BRUSHES, LOOPS
from guardware.demo.catalogue import Work, works

SMALL = (300, 200)
A_WORK_OF_EACH_BRUSH = {work.brush: work for work in works() if work.brush in BRUSHES}
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@pytest.mark.parametrize("work", A_WORK_OF_EACH_BRUSH.values(), ids=lambda work: work.brush)
def test_a_brush_draws_the_same_again_and_something_else_for_another_name(work: Work) -> None:
    def drawn(name: str) -> Image.Image:
        return BRUSHES[work.brush](seeded(name), SMALL, **work.options)

    once = drawn("a name")
    assert (once.mode, once.size) == ("RGB", SMALL)
    assert once.tobytes() == drawn("a name").tobytes()
    if work.brush != "strings":  # straight lines between points of a circle: nothing left to chance but the grain
        assert once.tobytes() != drawn("another name").tobytes()
    seen = once.convert("L").getextrema()
    assert isinstance(seen[0], int)
    assert seen[1] - seen[0] > 60, "light and dark"


def test_an_animation_ends_where_it_began() -> None:
    frames = LOOPS["breathing"](seeded("x"), (120, 120), "#f2eadc", ["#1f3a4d", "#c9573c"], frames=8)
    assert len({frame.tobytes() for frame in frames}) == 8

    def unlike(a: Image.Image, b: Image.Image) -> float:
        pairs = zip(a.convert("L").tobytes(), b.convert("L").tobytes(), strict=True)
        return sum(abs(p - q) for p, q in pairs)

    steps = [unlike(a, b) for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert max(steps) < 3 * (sum(steps) / len(steps)), "no jump anywhere, from the last to the first included"


@given(colours, colours, st.floats(-1, 2))
def test_a_mix_is_a_colour(first: str, second: str, share: float) -> None:
    assert re.fullmatch(r"#[0-9a-f]{6}", mix(first, second, share))


@given(colours, colours)
def test_a_mix_begins_and_ends_with_its_colours(first: str, second: str) -> None:
    for share, colour in ((0, first), (1, second)):
        assert rgb(mix(first, second, share)) == pytest.approx(rgb(colour), abs=1)


def test_blue_and_yellow_mix_to_no_grey() -> None:
    red, green, blue = rgb(mix("#0000ff", "#ffff00", 0.5))
    assert max(red, green, blue) - min(red, green, blue) > 50


@given(st.lists(colours, min_size=1, max_size=6), st.integers(1, 40))
def test_a_ramp_has_as_many_colours_as_asked(stops: list[str], steps: int) -> None:
    through = ramp(stops, steps)
    assert len(through) == steps
    assert through[0] == pytest.approx(rgb(stops[0]), abs=1)
    if steps > 1:
        assert through[-1] == pytest.approx(rgb(stops[-1]), abs=1)


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.5, 30), st.integers(1, 6), st.floats(0.5, 8))
def test_noise_fills_its_range_at_any_size(
    width: int, height: int, cells: float, octaves: int, wide: float
) -> None:
    field = noise(seeded("n"), (width, height), cells, octaves, wide=wide)
    assert (field.mode, field.size) == ("F", (width, height))
    low, high = field.getextrema()
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low >= -1e-6
    assert high <= 1 + 1e-6


def test_a_gradient_shows_no_bands() -> None:
    """Over 400 rows a gradient of 12 levels has steps 33 rows high; dithered, no row is all one colour."""
    picture = gradient(seeded("g"), (64, 400), ["#203040", "#2c3c4c"])
    red = picture.getchannel("R")
    rows = [red.crop((0, y, 64, y + 1)).getextrema() for y in range(20, 380)]
    flat = [row for row in rows if row[0] == row[1]]
    assert len(flat) < len(rows) / 10


def test_a_curve_maps_a_field_and_colours_follow_it() -> None:
    field = Image.linear_gradient("L").point([v / 255 for v in range(256)], "F")
    assert mapped(field, lambda v: 1 - v).getpixel((0, 0)) == 255
    assert to_mask(field).getpixel((0, 255)) == 255
    painted = coloured(field, ["#000000", "#ff0000"])
    assert painted.getpixel((0, 0)) == (0, 0, 0)
    assert painted.getpixel((0, 255)) == (255, 0, 0)
    doubled = calc(lambda v: v["f"] * 2, f=field)
    assert doubled.getpixel((0, 255)) == pytest.approx(2)


def test_edges_are_smooth() -> None:
    sheet = Sheet((40, 40))
    sheet.circle((20, 20), 12.5)
    tones = set(sheet.done().tobytes())
    assert {0, 255} < tones, "inside, outside"
    assert len(tones) > 3, "and in between"


def test_a_stroke_has_the_breadth_it_is_given() -> None:
    shape = outline(bezier((0, 0), (5, 0), (10, 0)), lambda _: 4)
    assert {round(y, 6) for _, y in shape} == {-2.0, 2.0}


def test_grain_leaves_flat_colour_flat_when_asked_to() -> None:
    plain = Image.new("RGB", (30, 30), "#808080")
    assert textured(seeded("t"), plain, 0).getcolors() == [(900, (128, 128, 128))]
    grained = textured(seeded("t"), plain, 4).getchannel("R")
    low, high = grained.getextrema()
    assert isinstance(low, int)
    assert 118 <= low < 128 < high <= 138
