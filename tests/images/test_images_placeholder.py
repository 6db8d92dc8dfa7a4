"""The card for pictures that have no variant."""

import pytest
from image_samples import opened

from guardware.images.lettering import choose
from guardware.images.placeholder import placeholder_png


@pytest.mark.parametrize("words", ["©", "© Mira Solberg", "© Нина Петрова", "© " + "very long " * 20])
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


def test_the_owners_words_are_on_it() -> None:
    assert placeholder_png(choose("© Mira")) != placeholder_png(choose("© Nora"))


def test_long_words_keep_inside_the_border() -> None:
    card = opened(placeholder_png(choose("W" * 200))).convert("L")
    assert card.crop((20, 290, 38, 330)).getextrema() == card.crop((562, 290, 580, 330)).getextrema()
    margin = card.crop((20, 290, 38, 330)).getextrema()
    assert margin[0] == margin[1]
