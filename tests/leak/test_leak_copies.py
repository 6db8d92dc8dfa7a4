"""What a copy is worth: our own variants, and what others make of an original."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.leak.copies import Judge, Worth
from benchmarks.leak.gallery import Gallery, build
from guardware.config import from_mapping
from guardware.images.pipeline import Secrets, make
from guardware.images.recipes import compile_recipes
from guardware.images.variant import load
from guardware.keys import Keyring

SECRETS = Secrets.of(Keyring([b"a master key of the tests"]))
CORNER = {"repeat": False, "position": "soea"}
OWN = {"corner": [{"watermark": CORNER}], "smaller": [{"resize": 320}, "metadata"]}
PICTURES = (1, 2, 3, 7, 13)
"""Wide, upright, square, PNG, WebP."""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    return build(13, tmp_path_factory.mktemp("gallery"))


def variant(original: bytes, name: str) -> bytes:
    """The copy that guardware gives as this variant."""
    variants = {key: steps for key, steps in OWN.items() if key == name}
    config = from_mapping({"images": {"variants": variants}} if variants else {})
    header, body = make(original, "", compile_recipes(config)[name], SECRETS, b"")
    return load(header, body, hashlib.sha256(original).hexdigest(), SECRETS.trace).copy(7).body


def saved(original: bytes, part: float = 1, **options: Any) -> bytes:
    """The original opened and saved as JPEG, so much smaller."""
    out = BytesIO()
    with Image.open(BytesIO(original)) as picture:
        size = round(picture.width * part), round(picture.height * part)
        picture.convert("RGB").resize(size).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("number", PICTURES)
@pytest.mark.parametrize(
    ("name", "worth"),
    [
        ("veiled", Worth.PROTECTED),
        ("veiled-marked", Worth.PROTECTED),
        ("veiled-small", Worth.PROTECTED),
        ("marked", Worth.PROTECTED),
        ("marked-traced", Worth.PROTECTED),
        ("bait", Worth.PROTECTED),
        ("corner", Worth.PROTECTED),
        ("smaller", Worth.USABLE),
        ("credited", Worth.USABLE),
    ],
)
def test_own_variants(gallery: Gallery, number: int, name: str, worth: Worth) -> None:
    path = gallery.paths[number - 1]
    assert Judge(gallery).worth(path, variant(gallery.original(path), name)) is worth


@pytest.mark.parametrize("number", PICTURES)
def test_what_saving_again_makes_of_an_original_is_usable(gallery: Gallery, number: int) -> None:
    path = gallery.paths[number - 1]
    original = gallery.original(path)
    judge = Judge(gallery)
    assert judge.worth(path, saved(original, quality=75)) is Worth.USABLE
    assert judge.worth(path, saved(original, 0.5, quality=60)) is Worth.USABLE


def test_bytes_of_the_original_are_the_original(gallery: Gallery) -> None:
    path = gallery.paths[0]
    original = gallery.original(path)
    judge = Judge(gallery)
    assert judge.worth(path, original) is Worth.ORIGINAL
    assert judge.worth(path, original[5000:9000]) is Worth.ORIGINAL, "a range of it"
    assert judge.worth(path, original[:500]) is Worth.NOTHING, "its head alone shows nothing"


@pytest.mark.parametrize("body", [b"", b"<!doctype html><p>Sorry", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(99)])
def test_what_cannot_be_decoded_is_nothing(gallery: Gallery, body: bytes) -> None:
    assert Judge(gallery).worth(gallery.paths[0], body) is Worth.NOTHING


def test_half_a_copy_is_nothing(gallery: Gallery) -> None:
    path = gallery.paths[0]
    copy = saved(gallery.original(path), quality=75)
    assert Judge(gallery).worth(path, copy[: len(copy) // 2]) is Worth.NOTHING


def test_another_picture_in_its_place_is_no_leak(gallery: Gallery) -> None:
    assert Judge(gallery).worth(gallery.paths[0], gallery.original(gallery.paths[1])) is Worth.PROTECTED


def test_a_card_in_its_place_is_no_leak(gallery: Gallery, tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), "grey").save(tmp_path / "card.png")
    assert Judge(gallery).worth(gallery.paths[0], (tmp_path / "card.png").read_bytes()) is Worth.PROTECTED
