"""The card for pictures that have no variant."""

import pytest
from image_samples import difference, opened

from guardware.images.lettering import choose
from guardware.images.placeholder import placeholder, placeholder_png


@pytest.mark.parametrize(
    "words", ["©", "© Mira Solberg", "© Нина Петрова", "© 李明 🎨 Ana", "© ליאת כהן", "© " + "very long " * 20]
)
def test_the_card_is_small_and_not_blank(words: str) -> None:
    data = placeholder_png(choose(words))
    card = opened(data)
    assert (card.format, card.size) == ("PNG", (600, 400))
    assert len(data) < 8_000
    low, high = card.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    assert low < 110
    assert high > 225


def test_the_png_is_the_picture() -> None:
    card = placeholder(choose("© Mira"))
    assert (card.mode, card.size) == ("RGB", (600, 400))
    assert difference(card, opened(placeholder_png(choose("© Mira")))) < 1


def test_the_owners_words_are_on_it() -> None:
    assert placeholder_png(choose("© Mira")) != placeholder_png(choose("© Nora"))


@pytest.mark.parametrize("letter", ["W", "李", "🎨", "ש"])
def test_long_words_keep_inside_the_border(letter: str) -> None:
    card = opened(placeholder_png(choose(letter * 200))).convert("L")
    margin = card.crop((20, 290, 38, 330)).getextrema()
    assert margin == card.crop((562, 290, 580, 330)).getextrema()
    assert margin[0] == margin[1]
