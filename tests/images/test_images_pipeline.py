"""From the original's bytes to the variant's."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import OUTPUT, difference, file_of, opened, sample, scene, swapped_profile
from PIL import ExifTags, Image, PngImagePlugin

from guardware.config.schema import Images, Watermark
from guardware.images.pipeline import Recipe, Variant, make_variant

RECIPE = Recipe.of(Images(max_side=320), "Zoë Ångström")
SECRET = b"60.1699N"


@pytest.mark.parametrize("format", OUTPUT)
def test_a_variant_is_smaller_marked_and_labelled_for_what_it_is(format: str) -> None:
    variant = make_variant(sample(format), RECIPE, 7)
    image = opened(variant.body)
    assert image.size == (320, 240)
    assert variant.content_type == Image.MIME[OUTPUT[format]]
    assert image.format == OUTPUT[format]
    assert difference(image, scene().resize((320, 240))) > 5
    assert not variant.placeholder


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
    variant = make_variant(original, RECIPE, 7)
    image = opened(variant.body)
    assert SECRET not in variant.body
    assert not image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert not {"icc_profile", "xmp", "comment", "Location"} & image.info.keys()


@pytest.mark.parametrize("format", OUTPUT)
def test_the_owner_is_credited(format: str) -> None:
    exif = opened(make_variant(sample(format), RECIPE, 7).body).getexif()
    # Pillow reads these fields as Latin-1; they are written in UTF-8.
    assert exif[ExifTags.Base.Copyright].encode("latin-1").decode() == "© Zoë Ångström"
    assert exif[ExifTags.Base.Artist].encode("latin-1").decode() == "Zoë Ångström"


@pytest.mark.parametrize(
    ("text", "owner", "words"),
    [
        ("", "Mira", "© Mira"),
        ("", "  ", "© do not train"),
        ("", "", "© do not train"),
        ("No AI, please", "Mira", "No AI, please"),
        (" ", "Mira", "© Mira"),
    ],
)
def test_the_words_of_the_mark(text: str, owner: str, words: str) -> None:
    recipe = Recipe.of(Images(watermark=Watermark(text=text)), owner)
    assert recipe.mark.lettering.text == recipe.words == words


@pytest.mark.parametrize("owner", ["\ud800lone", "nul\x00", "line\nbreak", "🦊" * 50])
def test_strange_names_do_no_harm(owner: str) -> None:
    recipe = Recipe.of(Images(), owner)
    assert len(recipe.digest()) == 16
    assert opened(make_variant(sample("JPEG"), recipe, 7).body).format == "JPEG"


def test_the_entity_tag_names_the_bytes() -> None:
    one, two = make_variant(sample("JPEG"), RECIPE, 7), make_variant(sample("PNG"), RECIPE, 7)
    assert one.etag == f'"gw-{hashlib.sha256(one.body).hexdigest()[:32]}"'.encode()
    assert one.etag != two.etag
    assert make_variant(sample("JPEG"), RECIPE, 7) == one


@pytest.mark.parametrize(
    "other",
    [
        Recipe.of(Images(max_side=321), "Zoë Ångström"),
        Recipe.of(Images(max_side=320, quality=81), "Zoë Ångström"),
        Recipe.of(Images(max_side=320, watermark=Watermark(angle=29)), "Zoë Ångström"),
        Recipe.of(Images(max_side=320), "Zoë"),
    ],
)
def test_every_setting_counts_in_the_digest(other: Recipe) -> None:
    assert other.digest() != RECIPE.digest()
    assert RECIPE.digest() == Recipe.of(Images(max_side=320), "Zoë Ångström").digest()


def test_a_variant_of_a_variant_is_another() -> None:
    once = make_variant(sample("PNG"), RECIPE, 7)
    assert make_variant(once.body, RECIPE, 7).body != once.body


@pytest.mark.parametrize("format", OUTPUT)
@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3000), (3000, 1), (17, 5)])
def test_tiny_and_narrow_pictures(format: str, size: tuple[int, int]) -> None:
    original = file_of(Image.new("RGB", size, "#777777"), format)
    variant = make_variant(original, RECIPE, 7)
    image = opened(variant.body)
    assert max(image.size) == min(320, max(size))
    assert variant.body != original


def test_quality_sets_the_size() -> None:
    low, high = (make_variant(sample("JPEG"), RECIPE._replace(quality=quality), 7) for quality in (20, 95))
    assert 2 * len(low.body) < len(high.body)


def outcome(data: bytes) -> Variant | None:
    try:
        return make_variant(data, RECIPE, 7)
    except Exception:
        return None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(OUTPUT)), st.floats(0, 1), st.data())
def test_damaged_files_give_a_whole_variant_or_an_error(format: str, cut: float, data: st.DataObject) -> None:
    damaged = bytearray(sample(format))
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    original = bytes(damaged[: 1 + int(cut * len(damaged))])
    variant = outcome(original)
    if variant is not None:
        assert variant.body != original
        assert max(opened(variant.body).size) <= 320
