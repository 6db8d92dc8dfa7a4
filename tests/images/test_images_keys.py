"""The keys of finished variants: equal when the variants are, and else not."""

import pytest

from guardware.images.keys import VariantKeys
from guardware.images.pipeline import Secrets
from guardware.images.recipe import Bounds, Recipe, Resize, Save
from guardware.keys import KEY_SIZE, Keyring

SECRETS = Secrets.of(Keyring([b"1" * KEY_SIZE]))
SMALL = Recipe("small", (Resize(320),), Save("keep", 85), Bounds(1000, 1, 1000))
PICTURE = bytes(32)


def keys(recipe: Recipe = SMALL, secrets: Secrets = SECRETS) -> VariantKeys:
    return VariantKeys({"small": recipe}, secrets)


def test_the_same_in_every_process_and_whatever_the_other_variants_are() -> None:
    alone = VariantKeys({"small": SMALL}, SECRETS)
    among = VariantKeys({"other": SMALL._replace(steps=()), "small": SMALL._replace(name="x")}, SECRETS)
    assert alone.key(PICTURE, "small", "aw") == among.key(PICTURE, "small", "aw")


def test_another_picture_variant_offer_key_or_recipe_has_another() -> None:
    different = [
        keys().key(PICTURE, "small", ""),
        keys().key(b"1" * 32, "small", ""),
        keys().key(PICTURE, "small", "w"),
        keys().key(PICTURE, "small", "aw"),
        keys(SMALL._replace(steps=(Resize(321),))).key(PICTURE, "small", ""),
        keys(SMALL._replace(save=Save("keep", 86))).key(PICTURE, "small", ""),
        keys(secrets=SECRETS._replace(veil=b"2" * KEY_SIZE)).key(PICTURE, "small", ""),
    ]
    assert len(set(different)) == len(different)


def test_no_key_is_in_a_key() -> None:
    assert not any(secret in keys().key(PICTURE, "small", "") for secret in SECRETS)


def test_a_variant_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        keys().key(PICTURE, "large", "")
