"""Where a leak lies in its original, and reading T1 with the original at hand."""

import attacks
import numpy as np
import pytest
import real_pictures
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from guardware.images.trace import blind
from guardware.images.trace.code import code_word, decode, scores
from guardware.images.trace.frame import canonical
from guardware.images.trace.known import colourless, known, read_known
from guardware.images.trace.plane import (
    Matrix,
    box_blur,
    brought,
    compose,
    fast_length,
    mean_plane,
    onto,
    resized,
    warped,
)
from guardware.images.trace.register import Placement, find
from guardware.images.trace.residual import soft_informed

KEY = bytes(range(32))
MARK = 0xFEDCBA9876
EVERY = {**attacks.ATTACKS, **attacks.MORE}


def small(name: str) -> Image.Image:
    """A small picture as its mean channel, shorter side 256."""
    picture = real_pictures.small_picture(name)
    scale = 256 / min(picture.size)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def corner_error(placement: Placement, matrix: Matrix) -> float:
    """Largest distance between the middles of the quarters as found and as they are, in pixels of the original."""
    width, height = placement.original
    corners = np.array([(width * x, height * y, 1) for x in (0.25, 0.75) for y in (0.25, 0.75)])
    apart = corners @ (placement.affine - matrix).T
    return float(np.hypot(*apart.T).max() / np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


CHANGES: dict[str, tuple[tuple[int, int], Matrix]] = {
    # What was done: the leak's size, and the map from the original (384 x 256) to it.
    "nothing": ((384, 256), np.array([[1, 0, 0], [0, 1, 0.0]])),
    "half the size": ((192, 128), np.array([[0.5, 0, 0], [0, 0.5, 0.0]])),
    "squeezed": ((353, 256), np.array([[353 / 384, 0, 0], [0, 1, 0.0]])),
    "mirrored": ((384, 256), np.array([[-1, 0, 384], [0, 1, 0.0]])),
    "cropped": ((250, 170), np.array([[1, 0, -90], [0, 1, -51.0]])),
    "turned by 4 degrees": ((384, 256), onto((0, 0, 384, 256), (384, 256), False, 4)),
    "in a letterbox": ((384, 384), np.array([[1, 0, 0], [0, 1, 64.0]])),
}


@pytest.mark.parametrize(("size", "matrix"), CHANGES.values(), ids=CHANGES)
def test_a_leak_is_found_to_a_third_of_a_pixel(size: tuple[int, int], matrix: Matrix) -> None:
    original = mean_plane(small("coffee"))[:, :384]
    linear = np.linalg.inv(matrix[:, :2])
    leak, seen = brought(original, np.column_stack([linear, -linear @ matrix[:, 2]]), size, 0)
    placement = find(np.where(seen, leak, np.float32(255)), original)
    assert corner_error(placement, matrix) < 0.34
    assert placement.ncc > 0.85
    assert placement.mirrored == (np.linalg.det(matrix[:, :2]) < 0)


def test_a_leak_is_brought_onto_the_original() -> None:
    original = mean_plane(small("coffee"))
    leak = original[40:220, 60:300]
    plane, seen = find(leak, original).bring(leak)
    assert plane.shape == seen.shape == original.shape
    assert abs(float(seen.mean()) - leak.size / original.size) < 0.02
    assert np.abs(plane - original)[seen].mean() < 0.5
    assert not plane[~seen].any()


def test_another_channel_in_another_size_is_brought_with_the_same_placement() -> None:
    picture = small("coffee")
    leak = picture.crop((60, 40, 300, 220))
    placement = find(mean_plane(leak), mean_plane(picture))
    red = np.asarray(leak.getchannel("R").resize((480, 360), Image.Resampling.LANCZOS), np.float32)
    plane, seen = placement.bring(red, (picture.width * 2, picture.height * 2))
    wanted = np.asarray(picture.getchannel("R").resize((picture.width * 2, picture.height * 2)), np.float32)
    assert np.abs(plane - wanted)[seen].mean() < 2


def test_an_original_is_drawn_as_the_leak_shows_it() -> None:
    picture = small("coffee")
    leak = attacks.border(picture, 200)
    place = find(mean_plane(leak), mean_plane(picture))
    view = place.view(mean_plane(picture), Image.Resampling.BOX)
    assert np.abs(view - mean_plane(leak)).mean() < 1


@pytest.mark.parametrize("leak", ["rocket"])
def test_another_picture_fits_badly(leak: str) -> None:
    assert find(mean_plane(small(leak)), mean_plane(small("coffee"))).ncc < 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 2), (20, 20)])
@pytest.mark.parametrize("grey", [0, 255])
def test_too_little_to_place_is_not_placed(size: tuple[int, int], grey: int) -> None:
    leak = np.full(size, grey, np.float32)
    assert find(leak, mean_plane(small("coffee"))).ncc <= 0
    assert find(mean_plane(small("coffee")), leak).ncc <= 0


QUICK = [
    ("comic", "JPEG 50"),
    ("coffee", "border 256 q95"),
    ("coffee", "crop 25 % corner q75"),
    ("coffee", "rotate 5, expand"),
    ("coffee", "squeeze 8 %"),
    ("coffee", "median 5"),
    ("chelsea", "served q85, centre-crop 256 q75"),
    ("chelsea", "rotate 1, crop"),
    ("chelsea", "mirror"),
    ("chelsea", "gamma 1.2"),
    ("comic", "noise s=10"),
    ("comic", "greyscale"),
]


@pytest.mark.parametrize(("name", "attack"), QUICK)
def test_a_mark_is_read_with_the_original(name: str, attack: str) -> None:
    picture = real_pictures.small_picture(name)
    read = read_known(EVERY[attack](blind.embed(picture, MARK, KEY)), known(picture), KEY)
    assert (read.valid, read.mark) == (True, MARK)


@pytest.mark.slow
@pytest.mark.parametrize("attack", EVERY)
@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_photographs_are_traced_through_everything(name: str, attack: str) -> None:
    picture = real_pictures.picture(name)
    read = read_known(EVERY[attack](blind.embed(picture, MARK, KEY)), known(picture), KEY)
    assert (read.valid, read.mark) == (True, MARK)


def test_the_original_may_be_larger_than_the_copy_was() -> None:
    original = real_pictures.picture("rocket")
    served = original.resize((1000, round(1000 * original.height / original.width)), Image.Resampling.LANCZOS)
    leak = attacks.jpeg(quality=75)(blind.embed(served, MARK, KEY))
    assert read_known(leak, known(original), KEY).mark == MARK


def test_a_placement_that_is_known_is_not_looked_for_again() -> None:
    picture = real_pictures.small_picture("coffee")
    leak, original = blind.embed(picture, MARK, KEY), known(picture)
    place = find(mean_plane(leak), original.whole)
    read = read_known(leak, original, KEY, placement=place._replace(how="told"))
    assert (read.mark, read.valid) == (MARK, True)
    assert read.how.startswith("told")


def test_a_veiled_copy_is_read_as_a_loader_sees_it() -> None:
    picture = real_pictures.small_picture("coffee")
    loaded = ImageOps.invert(Image.merge("RGB", blind.embed(picture, MARK, KEY).split()[::-1]))
    read = read_known(attacks.ATTACKS["centre-crop 256 q95"](loaded), known(picture), KEY)
    assert (read.valid, read.mark) == (True, MARK)


def test_neither_an_unmarked_copy_nor_another_key_reads() -> None:
    picture = real_pictures.small_picture("coffee")
    assert not read_known(picture, known(picture), KEY).valid
    assert not read_known(blind.embed(picture, MARK, KEY), known(picture), bytes(32)).valid


def test_votes_name_the_copy_among_others() -> None:
    picture = real_pictures.small_picture("rocket")
    leak = attacks.ATTACKS["border 256 q95"](blind.embed(picture, MARK, KEY))
    words = np.array([code_word(KEY, mark) for mark in (1, 2, MARK, 4)])
    z = scores(read_known(leak, known(picture), KEY).soft, words)
    assert z.argmax() == 2
    assert z[2] > 9
    assert np.abs(np.delete(z, 2)).max() < 4


@pytest.mark.parametrize(
    "seen", [lambda plane: plane, lambda plane: 255 - plane, lambda plane: 255 * (plane / 255) ** 0.7]
)
def test_tones_are_fitted(seen: object) -> None:
    assert callable(seen)
    picture = real_pictures.small_picture("coffee")
    leak, original = canonical(blind.embed(picture, MARK, KEY)).plane, canonical(picture).plane
    assert decode(soft_informed(seen(leak), original, KEY, blind.DELTA), KEY).mark == MARK


def test_too_few_known_pixels_vote_for_nothing() -> None:
    plane = canonical(real_pictures.small_picture("coffee")).plane
    nowhere = np.zeros(plane.shape, np.bool_)
    assert not soft_informed(plane, plane, KEY, blind.DELTA, nowhere).any()


@pytest.mark.parametrize(("change", "grey"), [(ImageOps.grayscale, True), (ImageOps.invert, False)])
def test_pictures_without_colour_are_told(change: attacks.Attack, grey: bool) -> None:
    leak = attacks.jpeg(quality=75)(change(real_pictures.small_picture("coffee")).convert("RGB"))
    assert colourless(leak) is grey


matrices = st.tuples(*[st.floats(-3, 3) for _ in range(6)]).map(lambda six: np.array(six).reshape(2, 3))


@given(matrices, matrices, st.tuples(st.floats(-99, 99), st.floats(-99, 99)))
def test_maps_are_composed(outer: Matrix, inner: Matrix, point: tuple[float, float]) -> None:
    def at(matrix: Matrix, where: np.ndarray) -> np.ndarray:
        return np.asarray(matrix[:, :2] @ where + matrix[:, 2])

    both = at(compose(outer, inner), np.array(point))
    assert np.allclose(both, at(outer, at(inner, np.array(point))), atol=1e-6)


@given(st.integers(1, 5000))
def test_a_fast_length_has_small_factors(least: int) -> None:
    length = rest = fast_length(least)
    for factor in (2, 3, 5):
        while rest % factor == 0:
            rest //= factor
    assert rest == 1
    assert least <= length < 2 * least + 1


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_a_box_blur_is_the_mean_over_squares(height: int, width: int, radius: int, seed: int) -> None:
    plane = np.random.default_rng(seed).uniform(0, 255, (height, width)).astype(np.float32)
    padded = np.pad(plane, radius, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1, 2 * radius + 1))
    assert np.allclose(box_blur(plane, radius), windows.mean((2, 3)), atol=0.05)


def test_coordinates_are_continuous() -> None:
    plane = np.zeros((8, 8), np.float32)
    plane[2, 5] = 100
    # The middle of pixel (5, 2) is (5.5, 2.5): doubled, it lies between pixels 10 and 11, 4 and 5.
    double = warped(plane, np.array([[0.5, 0, 0], [0, 0.5, 0]]), (16, 16))
    assert np.allclose(double[4:6, 10:12], double[4, 10])
    assert resized(plane, (4, 4)).shape == (4, 4)
