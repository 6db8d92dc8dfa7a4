"""Under the veil a loader sees nonsense, a browser the picture, and a mark keeps its strength."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from attacks import psnr
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from real_pictures import SOURCES, small_picture

from guardware.images.veil import (
    NONSENSE,
    Order,
    Tones,
    carries,
    choose,
    encoder_options,
    likeness,
    orders,
    profile,
    restore,
    scramble,
    unveil,
)

KEY = bytes(range(32))
SIDE = (64, 64)
SWATCHES = Image.fromarray(
    np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), axis=-1).reshape(18, -1, 3)
)
"""5832 colours, all over the cube, black and white among them."""

MOVED = (Tones(100, 150, 66), Tones(100, 150, -70), Tones(128, 128, -84), Tones(0, 200, -36), Tones(90, 255, 60))
SHIFTED = tuple(Order((1, 2, 0), True, tones) for tones in MOVED)


def plain(*colour: int) -> Image.Image:
    red, green, blue = colour
    return Image.new("RGB", SIDE, (red, green, blue))


def greys(*shares: tuple[float, int]) -> Image.Image:
    """Rows of grey levels, each for its share of the picture."""
    rows = np.concatenate([np.full(round(64 * 64 * share), level, np.uint8) for share, level in shares])
    return Image.fromarray(np.resize(rows, (64, 64))).convert("RGB")


def farthest(one: Image.Image, other: Image.Image) -> int:
    """The greatest difference of two pictures in any channel."""
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


def file_of(image: Image.Image, format: str, **options: Any) -> Image.Image:
    """The picture after a round through a file, with what the file says about it."""
    out = BytesIO()
    image.save(out, format, **options)
    opened = Image.open(out)
    opened.load()
    return opened


def veiled(image: Image.Image, order: Order) -> Image.Image:
    return file_of(scramble(image, order), "PNG", icc_profile=profile(order), compress_level=1)


def test_there_are_eleven_orders_and_none_leaves_the_picture_alone() -> None:
    assert len(set(orders())) == 11
    assert all(farthest(scramble(SWATCHES, order), SWATCHES) > 200 for order in orders())


@pytest.mark.parametrize(
    ("order", "stored"),
    [
        (Order((1, 0, 2), False), (20, 10, 30)),
        (Order((2, 0, 1), False), (30, 10, 20)),
        (Order((0, 1, 2), True), (245, 235, 225)),
        (Order((2, 1, 0), True), (225, 235, 245)),
        (Order((0, 1, 2), True, Tones(5, 40, -100)), (145, 135, 125)),
    ],
)
def test_a_colour_is_stored_as(order: Order, stored: tuple[int, ...]) -> None:
    assert scramble(plain(10, 20, 30), order).getpixel((0, 0)) == stored


@pytest.mark.parametrize("intent", [ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC])
@pytest.mark.parametrize("order", [*orders(), *SHIFTED])
def test_the_profile_undoes_it(order: Order, intent: ImageCms.Intent) -> None:
    source = ImageCms.ImageCmsProfile(BytesIO(profile(order)))
    seen = ImageCms.profileToProfile(scramble(SWATCHES, order), source, ImageCms.createProfile("sRGB"), intent)
    assert seen is not None
    assert farthest(seen, SWATCHES) <= (1 if order.tones == Tones() else 2)


@pytest.mark.parametrize("order", orders())
def test_it_can_be_undone_without_the_profile(order: Order) -> None:
    assert farthest(restore(scramble(SWATCHES, order), order), SWATCHES) == 0


@given(low=st.integers(0, 255), width=st.integers(0, 255), share=st.floats(-1, 1))
def test_moved_tones_can_be_undone_too(low: int, width: int, share: float) -> None:
    high = min(255, low + width)
    room = low if share > 0 else 255 - high
    order = Order((0, 1, 2), True, Tones(low, high, round(share * (room - room // 3))))
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16)).convert("RGB")
    back = np.asarray(restore(scramble(ramp, order), order))[..., 0].ravel().astype(int)
    away = np.abs(back - np.arange(256))
    assert away[low : high + 1].max() == 0
    assert away.max() <= 2
    assert (np.diff(back) >= 0).all()  # no tone overtakes another


def test_transparency_stays() -> None:
    alpha = Image.linear_gradient("L").resize(SIDE)
    image = plain(10, 20, 30)
    image.putalpha(alpha)
    hidden = scramble(image, Order((1, 2, 0), True))
    assert hidden.mode == "RGBA"
    assert hidden.getchannel("A").tobytes() == alpha.tobytes()
    assert hidden.getpixel((0, 0)) == (235, 225, 245, alpha.getpixel((0, 0)))
    seen = unveil(veiled(image, Order((1, 2, 0), True)))
    assert seen.mode == "RGBA"
    assert farthest(seen, image) <= 1


def test_a_picture_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="RGB or RGBA, not L"):
        scramble(Image.new("L", SIDE), Order((0, 1, 2), True))


@pytest.mark.parametrize("order", [*orders(), *SHIFTED])
def test_a_mark_that_is_the_same_in_all_channels_stays_so(order: Order) -> None:
    ground, marked = plain(110, 125, 140), plain(113, 128, 143)
    raw = np.asarray(scramble(marked, order), np.int16) - np.asarray(scramble(ground, order), np.int16)
    expected = -3 if order.inverted else 3
    inside = order.tones.low <= 110 <= 143 <= order.tones.high
    assert set(raw.ravel().tolist()) == {expected} or not inside


@pytest.mark.parametrize("name", SOURCES)
def test_real_pictures_become_nonsense_and_come_back(name: str) -> None:
    image = small_picture(name)
    order = choose(image, KEY, name.encode())
    assert likeness(image, order) <= NONSENSE
    file = veiled(image, order)
    assert psnr(file, image) <= NONSENSE + 2
    assert farthest(unveil(file), image) <= 2


def noise(spread: int) -> Image.Image:
    values = np.random.default_rng(1).normal(127, spread, (64, 64))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")


@pytest.mark.parametrize(
    "make",
    [
        lambda: plain(127, 127, 127),
        lambda: plain(128, 120, 130),
        lambda: noise(10),
        lambda: noise(25),
        lambda: noise(30),
        lambda: greys((0.96, 128), (0.02, 0), (0.02, 255)),
        lambda: Image.linear_gradient("L").convert("RGB").point(lambda value: 100 + value / 5),
    ],
)
def test_middle_greys_that_a_negative_leaves_alone_are_moved(make: Callable[[], Image.Image]) -> None:
    image = make()
    assert all(likeness(image, order) > NONSENSE for order in orders())
    order = choose(image, KEY, b"grey")
    assert order.tones != Tones()
    assert likeness(image, order) <= NONSENSE
    assert psnr(unveil(veiled(image, order)), image) > 40


@settings(max_examples=100, deadline=None)
@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_every_plain_colour_becomes_nonsense(colour: tuple[int, int, int]) -> None:
    image = plain(*colour)
    assert likeness(image, choose(image, KEY, bytes(colour))) <= NONSENSE


def test_what_can_not_become_nonsense_is_told() -> None:
    """Nearly all middle grey, but too much black and white to be squeezed."""
    image = greys((0.94, 128), (0.03, 0), (0.03, 255))
    order = choose(image, KEY, b"grey")
    assert NONSENSE < likeness(image, order) < NONSENSE + 1


@pytest.mark.parametrize("name", ["line art", "text page"])
def test_pictures_without_colour_become_negatives(name: str) -> None:
    assert choose(small_picture(name), KEY, name.encode()).inverted


def test_the_choice_depends_on_key_and_picture_alone() -> None:
    image = small_picture("astronaut")
    chosen = [choose(image, KEY, bytes([number])) for number in range(40)]
    assert chosen == [choose(image.copy(), KEY, bytes([number])) for number in range(40)]
    assert chosen != [choose(image, bytes(32), bytes([number])) for number in range(40)]
    assert len(set(chosen)) > 5


def test_colours_behind_transparency_do_not_count() -> None:
    image = plain(0, 0, 0)
    image.putalpha(0)
    image.paste((127, 127, 127, 255), (0, 0, 32, 64))
    assert likeness(image, Order((0, 1, 2), True)) > 40
    assert likeness(image, choose(image, KEY, b"half")) <= NONSENSE


def test_all_transparent_pictures_are_fine() -> None:
    image = Image.new("RGBA", SIDE, (127, 127, 127, 0))
    assert likeness(image, choose(image, KEY, b"none")) <= NONSENSE


USUAL: dict[str, dict[str, Any]] = {
    "jpeg": {},
    "png": {"compress_level": 1},
    "webp": {"method": 2},
    "avif": {"speed": 9},
}
"""How pictures are written without a veil, besides their quality."""


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket", "hubble", "line art", "sky"])
@pytest.mark.parametrize("format", USUAL)
def test_the_veil_costs_a_person_little(format: str, name: str) -> None:
    shown, unveiled, image = with_and_without(format, name)
    assert psnr(shown, unveiled) >= 33
    assert psnr(shown, image) >= psnr(unveiled, image) - 1


@pytest.mark.parametrize("name", ["comic", "pixel art"])
@pytest.mark.parametrize("format", USUAL)
def test_coloured_edges_come_out_as_well_as_without_a_veil(format: str, name: str) -> None:
    """Encoders harm these more than the veil does: unveiled JPEGs of quality 85 are 24 and 27 dB away."""
    shown, unveiled, image = with_and_without(format, name)
    assert psnr(shown, image) >= psnr(unveiled, image) - 0.5


def with_and_without(format: str, name: str) -> tuple[Image.Image, Image.Image, Image.Image]:
    """What a person sees of a file with the veil and of one without; and the picture itself."""
    image = small_picture(name)
    usual = {"quality": 85, **USUAL[format]}
    order = choose(image, KEY, name.encode())
    options = {**usual, **encoder_options(format, 85), "icc_profile": profile(order)}
    return unveil(file_of(scramble(image, order), format, **options)), file_of(image, format, **usual), image


@pytest.mark.parametrize(
    ("format", "quality", "options"),
    [
        ("jpeg", 80, {"subsampling": "4:4:4"}),
        ("avif", 80, {"subsampling": "4:4:4"}),
        ("webp", 80, {"quality": 85}),
        ("webp", 98, {"quality": 100}),
        ("png", 80, {}),
    ],
)
def test_encoder_options(format: str, quality: int, options: dict[str, Any]) -> None:
    assert encoder_options(format, quality) == options


def test_gif_carries_no_veil() -> None:
    with pytest.raises(ValueError, match="gif carries no veil; avif, jpeg, png, webp do"):
        encoder_options("gif", 80)


@pytest.mark.parametrize(
    ("format", "still", "animated"),
    [
        ("jpeg", True, False),
        ("png", True, True),
        ("webp", True, False),
        ("avif", True, True),
        ("gif", False, False),
    ],
)
def test_formats_that_browsers_show_right(format: str, still: bool, animated: bool) -> None:
    assert (carries(format, False), carries(format, True)) == (still, animated)
