"""The T1 mark: what embedding leaves of a picture, and what reading without the original finds."""

import attacks
import numpy as np
import pytest
import real_pictures
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from guardware.images.trace import blind, hypotheses, reading
from guardware.images.trace.blocks import grid, pixels
from guardware.images.trace.code import decode
from guardware.images.trace.frame import canonical, content_box, frame_box, frame_size
from guardware.images.trace.plane import mean_plane

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
MARK = 0x123456789A


def marked(name: str, delta: float = blind.DELTA) -> Image.Image:
    return blind.embed(real_pictures.small_picture(name), MARK, KEY, delta=delta)


def test_a_marked_picture_keeps_size_mode_and_alpha() -> None:
    picture = real_pictures.small_picture("coffee").copy()
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    result = blind.embed(picture, MARK, KEY)
    assert (result.size, result.mode) == (picture.size, "RGBA")
    assert result.getchannel("A").tobytes() == picture.getchannel("A").tobytes()
    assert result.tobytes() != picture.tobytes()


@pytest.mark.parametrize("name", ["astronaut", "coffee", "sky", "comic", "text page"])
def test_the_mark_is_not_seen(name: str) -> None:
    picture, result = real_pictures.small_picture(name), marked(name)
    assert attacks.psnr(picture, result) > 43
    assert attacks.ssim(picture, result) > 0.97


@pytest.mark.parametrize("grey", [0, 3, 128, 250, 255])
def test_an_even_ground_moves_by_a_few_levels_at_most(grey: int) -> None:
    result = np.asarray(blind.embed(Image.new("RGB", (300, 200), (grey,) * 3), MARK, KEY), np.int16)
    assert np.abs(result - grey).max() <= 6
    assert abs(result.mean() - grey) < 2
    assert (result == result[..., :1]).all(), "the same is added to every channel"


def test_strips_leave_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = real_pictures.small_picture("chelsea")
    once = blind.embed(picture, MARK, KEY)
    monkeypatch.setattr(blind, "_STRIP", 64)
    pieces = np.asarray(blind.embed(picture, MARK, KEY), np.int16)
    assert np.abs(pieces - np.asarray(once)).max() <= 1


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ((1, 1), False),
        ((127, 4000), False),
        ((128, 128), True),
        ((128, 5120), True),
        ((1, 60000), False),
        ((200, 8001), False),
        ((4000, 3000), True),
    ],
)
def test_what_can_carry_a_mark(size: tuple[int, int], fits: bool) -> None:
    assert blind.fits(size) is fits


def test_what_cannot_carry_a_mark_comes_back_as_it_is() -> None:
    picture = Image.new("RGB", (127, 500), "teal")
    assert blind.embed(picture, MARK, KEY) is picture


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "LA"])
def test_other_modes_are_refused(mode: str) -> None:
    with pytest.raises(ValueError, match=f"not {mode}"):
        blind.embed(Image.new(mode, (300, 300)), MARK, KEY)


@pytest.mark.parametrize("mark", [-1, 1 << 40])
def test_marks_have_forty_bits(mark: int) -> None:
    with pytest.raises(ValueError, match="40 bits"):
        blind.embed(Image.new("RGB", (300, 300)), mark, KEY)


PLAIN = {
    "untouched": lambda image: image,
    "JPEG 75": attacks.ATTACKS["JPEG 75"],
    "brighter": attacks.ATTACKS["brightness +10 %"],
    "half the size": attacks.ATTACKS["resize 0.5"],
    "middle of 256": attacks.ATTACKS["centre-crop 256 q95"],
    "mirror": attacks.MORE["mirror"],
    "red and blue swapped": lambda image: Image.merge("RGB", image.split()[::-1]),
    "negative": ImageOps.invert,
    "mirrored negative": lambda image: ImageOps.mirror(ImageOps.invert(image)),
    "palette": lambda image: image.quantize(256),
}


@pytest.mark.parametrize("attack", PLAIN.values(), ids=PLAIN)
def test_a_mark_is_read_without_the_original(attack: attacks.Attack) -> None:
    read = reading.read(attack(marked("coffee")), KEY, search=False)
    assert (read.valid, read.mark) == (True, MARK)


def test_a_letterbox_is_looked_through() -> None:
    read = reading.read(attacks.ATTACKS["served webp80, border 512 q95"](marked("coffee")), KEY, search=False)
    assert (read.valid, read.mark, read.how) == (True, MARK, "border")


@pytest.mark.parametrize("name", ["rotate 3, expand"])
def test_a_turned_picture_is_turned_back(name: str) -> None:
    read = reading.read(attacks.MORE[name](marked("rocket")), KEY)
    assert (read.valid, read.mark, read.how) == (True, MARK, "turned")


def test_a_part_is_found_by_the_template() -> None:
    read = reading.read(attacks.ATTACKS["crop 10 % corner"](marked("chelsea", 42)), KEY, delta=42)
    assert (read.valid, read.mark, read.how) == (True, MARK, "crop")


def test_transparent_parts_are_read_as_a_loader_flattens_them() -> None:
    picture = real_pictures.small_picture("coffee").copy()
    picture.putalpha(Image.radial_gradient("L").resize(picture.size).point(lambda value: 255 - value // 2))
    result = blind.embed(picture, MARK, KEY)
    flat = Image.new("RGB", result.size, "white")
    flat.paste(result, mask=result.getchannel("A"))
    assert reading.read(flat, KEY, search=False).mark == MARK
    assert reading.read(result, KEY, search=False).mark == MARK


def test_nothing_is_read_with_another_key_or_from_an_unmarked_picture() -> None:
    assert not reading.read(marked("coffee"), OTHER, search=False).valid
    assert not reading.read(real_pictures.small_picture("coffee"), KEY, search=False).valid


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (700, 3), (40, 40)])
def test_too_little_to_read_says_nothing(size: tuple[int, int]) -> None:
    assert not reading.read(Image.new("RGB", size, "olive"), KEY).valid


@pytest.mark.slow
def test_ten_thousand_unmarked_pictures_and_wrong_keys_are_never_read() -> None:
    rng = np.random.default_rng(5)
    pictures = list(real_pictures.small_pictures().values())
    decoded, false = 0, 0
    while decoded < 10_000:
        picture = pictures[rng.integers(len(pictures))]
        width, height = (int(rng.integers(90, side)) for side in picture.size)
        left, top = int(rng.integers(picture.width - width)), int(rng.integers(picture.height - height))
        leak, key = mean_plane(picture.crop((left, top, left + width, top + height))), rng.bytes(32)
        for guess in list(hypotheses.plain(leak))[:2]:
            for soft in reading.softs(leak, guess, key, blind.DELTA)[0][::2]:
                false += reading.trusted(decode(soft, key), soft)
                decoded += 1
    assert false == 0


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_every_frame_has_256_pixels_and_lies_in_its_picture(width: int, height: int) -> None:
    (across, down), box = frame_size((width, height)), frame_box((width, height))
    assert min(across, down) == 256
    assert across % 2 == down % 2 == 0
    assert box[0] >= -1e-6
    assert box[1] >= -1e-6
    assert box[2] <= width + 1e-6
    assert box[3] <= height + 1e-6


@given(st.integers(8, 90), st.integers(8, 90), st.integers(0, 7), st.integers(0, 7), st.integers(0, 2**32 - 1))
def test_blocks_give_back_the_pixels_they_were_made_of(h: int, w: int, down: int, across: int, seed: int) -> None:
    plane = np.random.default_rng(seed).uniform(0, 255, (h, w)).astype(np.float32)
    blocks = grid(plane, (down, across))
    rows, columns = len(blocks.row) * 8, len(blocks.column) * 8
    part = (slice(blocks.offset[0], blocks.offset[0] + rows), slice(blocks.offset[1], blocks.offset[1] + columns))
    again = pixels(blocks.cosines, (h, w), blocks.offset)
    assert np.abs(again[part] - plane[part]).max(initial=0) < 0.01


def test_a_frame_is_the_same_at_every_size() -> None:
    picture = real_pictures.picture("chelsea")
    half = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
    assert np.abs(canonical(picture).plane - canonical(half).plane).mean() < 1


@pytest.mark.parametrize(
    ("box", "found"),
    [
        ((0, 50, 300, 250), (0, 50, 300, 250)),
        ((40, 0, 260, 300), (40, 0, 260, 300)),
        ((0, 0, 5, 5), (0, 0, 300, 300)),
    ],
)
def test_borders_of_one_colour_are_taken_off(
    box: tuple[int, int, int, int], found: tuple[int, int, int, int]
) -> None:
    sheet = Image.new("L", (300, 300), "white")
    sheet.paste(Image.effect_noise((box[2] - box[0], box[3] - box[1]), 40).point(lambda value: value // 2), box)
    assert content_box(mean_plane(sheet)) == found
