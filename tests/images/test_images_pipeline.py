"""From an original's bytes to a variant's: the steps, the formats, what is left of the original."""

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import OUTPUT, difference, file_of, noise, opened, sample, scene, swapped_profile
from PIL import ExifTags, Image, PngImagePlugin

from guardware.config import from_mapping
from guardware.images.pipeline import Secrets, drawn, make
from guardware.images.recipe import Recipe
from guardware.images.recipes import compile_recipes
from guardware.images.trace.splice import FIELD
from guardware.images.variant import Variant, load
from guardware.images.veil import unveil
from guardware.keys import Keyring

SECRETS = Secrets.of(Keyring([b"a master key of the tests"]))
SECRET = b"60.1699N"


def recipes(*steps: Any, **images: Any) -> Recipe:
    """The recipe of a variant with these steps."""
    config = {"site": {"name": "Zoë Ångström"}, "images": {"variants": {"v": list(steps)}, **images}}
    return compile_recipes(from_mapping(config))["v"]


MARKED = recipes({"resize": 320}, "watermark", "metadata")
VEILED = recipes({"resize": 320}, "veil", "trace", "metadata")


def made(original: bytes, recipe: Recipe = MARKED, mark: int = 7, accept: bytes = b"") -> Variant:
    header, body = make(original, "", recipe, SECRETS, accept)
    return load(header, body, hashlib.sha256(original).hexdigest(), SECRETS.trace).copy(mark)


@pytest.mark.parametrize("format", OUTPUT)
def test_a_variant_is_smaller_marked_and_labelled_for_what_it_is(format: str) -> None:
    variant = made(sample(format))
    image = opened(variant.body)
    assert image.size == variant.size == (320, 240)
    assert variant.content_type == Image.MIME[OUTPUT[format]]
    assert difference(image, scene().resize((320, 240))) > 5


@pytest.mark.parametrize("format", OUTPUT)
def test_under_a_veil_the_profile_restores_the_picture_and_nothing_else_does(format: str) -> None:
    image = opened(made(sample(format), VEILED).body)
    right = scene().resize((320, 240), Image.Resampling.LANCZOS)
    assert difference(unveil(image), right) < 4
    assert difference(image, right) > 40


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_of_the_originals_metadata_is_left(format: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[29] = SECRET.decode()
    text = PngImagePlugin.PngInfo()
    text.add_text("Location", SECRET.decode())
    options: dict[str, Any] = (
        {"xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"} if format != "PNG" else {"pnginfo": text}
    )
    if format == "JPEG":
        options["comment"] = SECRET
    original = file_of(scene(), format, exif=exif, icc_profile=swapped_profile(), **options)
    assert SECRET in original
    variant = made(original, recipes({"resize": 320}, "watermark"))
    image = opened(variant.body)
    assert SECRET not in variant.body
    assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert not {"icc_profile", "xmp", "comment", "Location"} & image.info.keys()


@pytest.mark.parametrize("format", OUTPUT)
@pytest.mark.parametrize("recipe", [MARKED, VEILED])
def test_the_owner_is_credited(format: str, recipe: Recipe) -> None:
    exif = opened(made(sample(format), recipe).body).getexif()
    # Pillow reads these fields as Latin-1; they are written in UTF-8.
    assert exif[ExifTags.Base.Copyright].encode("latin-1").decode() == "© Zoë Ångström"
    assert exif[ExifTags.Base.Artist].encode("latin-1").decode() == "Zoë Ångström"


@pytest.mark.parametrize("format", OUTPUT)
def test_a_traced_copy_says_its_number_in_the_field_that_loaders_keep(format: str) -> None:
    variant = made(sample(format), VEILED, mark=0xABCDE)
    assert variant.mark is not None
    description = opened(variant.body).getexif()[ExifTags.Base.ImageDescription]
    assert f"guardware:{variant.mark:010x}" in description
    assert FIELD not in variant.body
    assert variant.scheme == ("T2" if OUTPUT[format] == "JPEG" else "T1")
    assert (variant.mark == 0xABCDE) == (variant.scheme == "T2")


def test_copies_of_one_jpeg_differ_and_look_alike() -> None:
    one, other = (made(sample("JPEG"), VEILED, mark).body for mark in (1, 2))
    assert one != other
    assert 0 < difference(opened(one), opened(other)) < 4


def test_what_all_share_is_the_same_every_time() -> None:
    one, two = made(sample("PNG"), VEILED), made(sample("PNG"), VEILED)
    assert one == two
    assert one.etag == f'"gw-{hashlib.sha256(one.body).hexdigest()[:32]}"'.encode()
    assert made(sample("WEBP"), VEILED).mark != one.mark


@pytest.mark.parametrize("steps", [["watermark"], ["watermark", "veil"]])
def test_what_a_copy_shows_can_be_drawn_again_to_read_its_trace(steps: list[str]) -> None:
    recipe = recipes({"resize": 320}, *steps, "trace", {"save": {"quality": 95}})
    again = drawn(sample("JPEG"), recipe, SECRETS)
    assert again is not None
    assert difference(unveil(opened(made(sample("JPEG"), recipe).body)), again) < 3
    assert drawn(sample("JPEG"), recipes({"resize": 320}, "veil", "trace"), SECRETS) is None


def test_pictures_too_small_for_a_mark_go_without() -> None:
    variant = made(file_of(scene(40, 30), "JPEG"), VEILED)
    assert (variant.mark, variant.size) == (None, (40, 30))


def test_grey_pictures_are_veiled_too() -> None:
    grey = scene().convert("L")
    image = opened(made(file_of(grey, "JPEG"), VEILED).body)
    right = grey.resize((320, 240), Image.Resampling.LANCZOS)
    assert difference(unveil(image), right) < 4
    assert difference(image, right) > 50


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_animations_keep_their_frames_and_are_protected_in_each(format: str) -> None:
    frames = [scene().rotate(turn) for turn in (0, 90, 180)]
    more = {"save_all": True, "append_images": frames[1:], "duration": 120, "loop": 0}
    variant = made(file_of(frames[0], format, **more), VEILED)
    image = opened(variant.body)
    assert getattr(image, "n_frames", 1) == 3
    for number, frame in enumerate(frames):
        image.seek(number)
        assert difference(image, frame.resize((320, 240))) > 5


def test_a_decoy_shows_nothing_of_the_original() -> None:
    image = opened(made(sample("JPEG"), recipes("decoy")).body)
    assert image.size == (640, 480)
    ours, theirs = (np.asarray(i.convert("L").resize((32, 24)), float).ravel() for i in (image, scene()))
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.9
    assert difference(image, scene()) > 20


def test_degrading_takes_detail() -> None:
    plain, blurred = (
        made(file_of(noise(), "PNG"), recipes({"resize": 320}, *steps)).body
        for steps in ([], [{"degrade": {"blur": 10}}])
    )
    assert 1.5 * len(blurred) < len(plain)


@pytest.mark.parametrize(
    ("format", "accept", "expected"),
    [
        ("keep", b"image/avif", "image/png"),
        ("auto", b"", "image/png"),
        ("auto", b"image/webp", "image/webp"),
        ("auto", b"image/avif,image/webp", "image/avif"),
        ("jpeg", b"", "image/jpeg"),
    ],
)
def test_the_format_of_the_result(format: str, accept: bytes, expected: str) -> None:
    recipe = recipes({"resize": 320}, "watermark", {"save": {"format": format}})
    assert made(sample("PNG"), recipe, accept=accept).content_type == expected


@pytest.mark.parametrize("owner", ["nul\x00", "line\nbreak", "🦊" * 50])
def test_strange_names_do_no_harm(owner: str) -> None:
    recipe = compile_recipes(from_mapping({"site": {"name": owner}}))["veiled-marked"]
    assert len(recipe.digest()) == 16
    assert opened(made(sample("JPEG"), recipe).body).format == "JPEG"


@pytest.mark.parametrize(
    "other",
    [
        recipes({"resize": 321}, "watermark", "metadata"),
        recipes({"resize": 320}, "watermark", "metadata", quality=81),
        recipes({"resize": 320}, {"watermark": {"angle": 29}}, "metadata"),
        recipes({"resize": 320}, "watermark"),
        recipes({"resize": 320}, "watermark", "metadata", max_frames=7),
    ],
)
def test_every_setting_counts_in_the_digest(other: Recipe) -> None:
    assert other.digest() != MARKED.digest()
    assert MARKED.digest() == recipes({"resize": 320}, "watermark", "metadata").digest()


def test_a_variant_of_a_variant_is_another() -> None:
    once = made(sample("PNG"))
    assert made(once.body).body != once.body


@pytest.mark.parametrize("format", OUTPUT)
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3000), (3000, 1), (17, 5)])
@pytest.mark.parametrize("recipe", [MARKED, VEILED])
def test_tiny_and_narrow_pictures(format: str, size: tuple[int, int], recipe: Recipe) -> None:
    original = file_of(Image.new("RGB", size, "#777777"), format)
    variant = made(original, recipe)
    assert max(opened(variant.body).size) == min(320, max(size))
    assert variant.body != original


def outcome(data: bytes, recipe: Recipe) -> Variant | None:
    try:
        return made(data, recipe)
    except ValueError:
        return None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(OUTPUT)), st.sampled_from([MARKED, VEILED]), st.floats(0, 1), st.data())
def test_damaged_files_give_a_whole_variant_or_a_value_error(
    format: str, recipe: Recipe, cut: float, data: st.DataObject
) -> None:
    damaged = bytearray(sample(format))
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    original = bytes(damaged[: 1 + int(cut * len(damaged))])
    variant = outcome(original, recipe)
    if variant is not None:
        assert variant.body != original
        assert max(opened(variant.body).size) <= 320
