"""Words that can be drawn."""

import logging

import pytest
from PIL import ImageFont

from guardware.images.lettering import LAST_RESORT, choose

BUILT_IN = choose("x").font


@pytest.mark.parametrize(
    "words",
    [
        "© Mira Solberg",
        "© Zoë Ångström & Żółć",
        "© Нина Петрова",
        "© Ελένη",
        "© مرحبا",
        "™ O’Neill — 2027…",
        LAST_RESORT,
    ],
)
def test_words_our_font_can_draw_stay(words: str) -> None:
    lettering = choose(words, others=())
    assert lettering.text == words
    assert isinstance(lettering.at(20), ImageFont.FreeTypeFont)


def test_lines_and_runs_of_spaces_become_one_space() -> None:
    assert choose("  © Mira\n\tSolberg ").text == "© Mira Solberg"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("© Mira 🦊", "© Mira"),
        ("© 山田太郎", LAST_RESORT),
        ("🦊🦊", LAST_RESORT),
        ("© Mira\x00 Solberg", "© Mira Solberg"),
    ],
)
def test_letters_that_no_font_has_are_left_out_and_logged(
    words: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "guardware.images"):
        lettering = choose(words, others=("no-such-font.ttf",))
    assert (lettering.text, lettering.font) == (expected, BUILT_IN)
    assert f"the watermark says {expected!r}" in caplog.text


@pytest.mark.parametrize("words", ["", "   ", "\u200b\u200b"])
def test_words_without_ink_give_the_last_resort(words: str) -> None:
    assert choose(words, others=()).text == LAST_RESORT


def test_a_further_font_is_taken_only_when_ours_lacks_a_letter() -> None:
    assert choose("© Mira", others=("no-such-font.ttf",)).font == BUILT_IN
