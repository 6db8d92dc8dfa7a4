"""Words in any script: who has the letters, in which order they stand, and that they are drawn."""

import logging
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import features

from guardware.images import lettering as room
from guardware.images.fonts import CJK, EMOJI, MAIN, SHIPPED, can_shape, check_font
from guardware.images.fonts.clusters import clusters
from guardware.images.fonts.writing import Run, by_hand, reads_from_right, runs
from guardware.images.lettering import LAST_RESORT, Lettering, choose, draw, length


def fonts_of(lettering: Lettering) -> set[str]:
    return {piece.font for piece in lettering.pieces}


def script(name: str) -> str:
    return next(font for font in SHIPPED if f"NotoSans{name}-" in font)


@pytest.mark.parametrize(
    ("words", "fonts"),
    [
        ("© Mira Solberg", {MAIN}),
        ("© Zoë Ångström & Żółć", {MAIN}),
        ("© Нина Петрова", {MAIN}),
        ("© Ελένη", {MAIN}),
        ("© مرحبا", {MAIN}),
        ("שלום", {MAIN}),
        ("Բարև გამარჯობა ລາວ", {MAIN}),
        ("™ O’Neill — 2027…", {MAIN}),
        (LAST_RESORT, {MAIN}),
        ("© 李明 🎨 Ana", {MAIN, CJK, EMOJI}),
        ("山田太郎 やまだ 김민준", {CJK, MAIN}),
        ("🦊😀❤️", {EMOJI}),
        ("👩‍🎨👍🏽🇳🇴1️⃣", {EMOJI}),
        ("नमस्ते", {script("Devanagari")}),
        ("สวัสดี", {script("Thai")}),
        ("বাংলা", {script("Bengali")}),
        ("தமிழ்", {script("Tamil")}),
        ("తెలుగు", {script("Telugu")}),
        ("ಕನ್ನಡ", {script("Kannada")}),
        ("മലയാളം", {script("Malayalam")}),
        ("ગુજરાતી", {script("Gujarati")}),
        ("ਪੰਜਾਬੀ", {script("Gurmukhi")}),
        ("සිංහල", {script("Sinhala")}),
        ("ខ្មែរ", {script("Khmer")}),
        ("မြန်မာ", {script("Myanmar")}),
        ("አማርኛ", {script("Ethiopic")}),
    ],
)
def test_words_in_any_script_stay_whole(words: str, fonts: set[str]) -> None:
    lettering = choose(words, others=())
    assert lettering.text == words
    assert fonts_of(lettering) == fonts
    assert draw(lettering, 24, math.inf, 2).letters.getbbox() is not None


def test_lines_and_runs_of_spaces_become_one_space() -> None:
    assert choose("  © Mira\n\tSolberg ").text == "© Mira Solberg"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("© Mira \ue123 Ana", "© Mira Ana"),
        ("© Mira\x00 Solberg", "© Mira Solberg"),
        ("\U00014400\U00014401\U00014402", LAST_RESORT),  # Anatolian hieroglyphs
        ("\ue123", LAST_RESORT),
    ],
)
def test_letters_that_no_font_has_are_left_out_and_logged(
    words: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "guardware.images"):
        assert choose(words, others=("no-such-font.ttf",)).text == expected
    assert f"the watermark says {expected!r}" in caplog.text


@pytest.mark.parametrize("words", ["", "   ", "\u200b\u200b", "\ufe0f"])
def test_words_without_ink_give_the_last_resort(words: str) -> None:
    assert choose(words, others=()).text == LAST_RESORT


def test_the_owners_font_comes_first_and_ours_fill_in() -> None:
    lettering = choose("ก ka", font=script("Thai"), others=())
    assert [piece.font for piece in lettering.pieces] == [script("Thai")] * 2 + [MAIN] * 2
    assert fonts_of(choose("© Mira", font="no-such-font.ttf")) == {MAIN}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("gone.ttf", None, "there is no such file"), ("text.ttf", b"hello", "is no font that can be read")],
)
def test_a_font_file_that_cannot_be_used_is_named(
    name: str, content: bytes | None, reason: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fonts") / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}: {reason}; write the path of a .ttf or .otf file"):
        check_font(str(path))
    assert check_font(MAIN) == MAIN


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        ("abc", ["a", "b", "c"]),
        ("e\u0301 x", ["e\u0301", " ", "x"]),
        ("👩‍🎨👍🏽", ["👩‍🎨", "👍🏽"]),
        ("🇳🇴🇸🇪", ["🇳🇴", "🇸🇪"]),
        ("1️⃣❤️", ["1️⃣", "❤️"]),
        (" \u0301", [" ", "\u0301"]),
        ("", []),
    ],
)
def test_what_belongs_together_is_not_parted(words: str, pieces: list[str]) -> None:
    assert list(clusters(words)) == pieces


@given(st.text())
def test_clusters_lose_nothing(words: str) -> None:
    assert "".join(clusters(words)) == words


# Capitals stand for Hebrew letters: what is stored, and what is seen from left to right.
@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ("abc def", "abc def"),
        ("ABC", "CBA"),
        ("abc DEF", "abc FED"),
        ("abc DEF GHI jkl", "abc IHG FED jkl"),
        ("ABC def GHI", "IHG def CBA"),
        ("© ABC 2027", "2027 CBA ©"),
        ("abc DEF 12.5 x", "abc 12.5 FED x"),
        ("ABC 50% DEF", "FED 50% CBA"),
        ("ABC (DEF)", "(FED) CBA"),
        ("abc 12 DEF", "abc 12 FED"),
        ("", ""),
    ],
)
def test_right_to_left_words_are_ordered_as_they_are_read(stored: str, seen: str) -> None:
    hebrew = stored.translate({ord("A") + at: 0x05D0 + at for at in range(22)})
    line = runs([(letter, "font") for letter in hebrew], reads_from_right(hebrew))
    shown = "".join(by_hand(run) for run in line)
    assert shown.translate({0x05D0 + at: ord("A") + at for at in range(22)}) == seen


@pytest.mark.parametrize(
    ("letters", "forms"),
    [
        ("\u0628", "\u0628"),  # beh alone keeps its letter where the isolated form adds nothing
        ("\u0628\u0628\u0628", "\ufe90\ufe92\ufe91"),  # final, medial, initial: seen from the left
        ("\u0627\u0628", "\ufe8f\ufe8d"),  # alef joins nothing after it
        ("\u0644\u0627", "\ufefb"),  # lam and alef are one
        ("\u0628\u0644\u0627", "\ufefc\ufe91"),
        ("\u0628\u064e\u0628", "\ufe90\ufe91"),  # vowel points are left out
        ("(\u0628)", "(\u0628)"),
    ],
)
def test_arabic_letters_join_without_fribidi(letters: str, forms: str) -> None:
    isolated = str.maketrans({"\u0628": "\ufe8f"})
    assert by_hand(Run(letters, MAIN, True)).translate(isolated) == forms.translate(isolated)


@pytest.fixture
def unshaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without FriBiDi."""
    monkeypatch.setattr(room, "can_shape", lambda: False)


@pytest.mark.usefixtures("unshaped")
@pytest.mark.parametrize(("words", "warned"), [("© مرحبا שלום", False), ("李明 🎨", False), ("नमस्ते", True)])
def test_without_fribidi_words_are_drawn_and_the_wrong_ones_named(
    words: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "guardware.images"):
        lettering = choose(words, others=())
    assert ("libfribidi0" in caplog.text) is warned
    assert lettering.text == words
    assert draw(lettering, 24, math.inf, 1).letters.getbbox() is not None


def test_by_hand_and_shaped_hebrew_are_as_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_shape() is features.check("raqm")
    words = choose("ליאת כהן (ציור) 2027", others=())
    wide = length(words, 40)
    monkeypatch.setattr(room, "can_shape", lambda: False)
    assert length(words, 40) == pytest.approx(wide, rel=0.03)


def test_long_words_are_broken_into_lines_that_fit() -> None:
    words = choose("one two three fourfivesixseveneightnineteneleven 李明李明李明李明李明李明李明", others=())
    one_line, lines = draw(words, 20, math.inf, 0), draw(words, 20, 120, 0)
    assert one_line.whole.width > 400
    assert lines.whole.width <= 126  # letters may reach a little over their advance
    assert lines.whole.height > 5 * one_line.whole.height


def test_the_outline_surrounds_the_letters() -> None:
    drawn = draw(choose("© 李 🎨 Ana"), 30, math.inf, 3)
    assert drawn.whole.size == drawn.letters.size
    inner, outer = drawn.letters.getbbox(), drawn.whole.getbbox()
    assert inner is not None
    assert outer is not None
    assert all(abs(a - b) >= 2 for a, b in zip(inner, outer, strict=True))
    pairs = zip(drawn.whole.tobytes(), drawn.letters.tobytes(), strict=True)
    assert all(whole >= letters for whole, letters in pairs)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.integers(1, 60), st.floats(1, 300), st.booleans())
def test_any_text_can_be_drawn(words: str, height: int, width: float, shaped: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "can_shape", lambda: shaped and can_shape())
        lettering = choose(words, others=())
        drawn = draw(lettering, height, width, height / 12)
    assert lettering.text
    assert min(drawn.whole.size) >= 1
