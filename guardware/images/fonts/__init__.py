"""The fonts that marks are lettered in, and which of them draws what."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont, features

_HERE = Path(__file__).parent

MAIN = str(_HERE / "DejaVuSansCondensed-Bold.ttf")
"""Latin, Greek, Cyrillic, Armenian, Georgian, Arabic, Lao. Pillow's built-in font has no accented letters."""

EMOJI = str(_HERE / "NotoEmoji-Bold.ttf")

CJK = str(_HERE / "DroidSansFallback.ttf")
"""Chinese, Japanese, Korean: 20 902 ideographs, kana, 11 172 Hangul syllables."""

_SCRIPTS = """
    Hebrew Devanagari Bengali Gurmukhi Gujarati Tamil Telugu Kannada Malayalam Sinhala
    Thai Khmer Myanmar Ethiopic
""".split()

SHIPPED = (MAIN, CJK, EMOJI, *(str(_HERE / f"NotoSans{script}-Bold.ttf") for script in _SCRIPTS))
"""Tried in this order; where they come from stands in LICENSE beside them."""

SYSTEM = (
    # Debian: fonts-noto-cjk (rare ideographs), fonts-freefont-ttf, fonts-unifont
    "NotoSansCJK-Bold.ttc",
    "FreeSansBold.ttf",
    "unifont.otf",
    # macOS, Windows
    "Arial Unicode.ttf",
    "seguisym.ttf",
)
"""Tried after them, wherever the system keeps fonts."""

_SAMPLE_SIZE = 24
_NO_CHARACTER = "\uffff"


def can_shape() -> bool:
    """Whether Pillow joins and orders letters by itself.

    Its wheels do if the system has FriBiDi, which slim container images have not.
    """
    return features.check("raqm") is True


@lru_cache(maxsize=128)
def face(font: str, size: int, shaped: bool) -> ImageFont.FreeTypeFont:
    """``font`` (a path, or a name the system knows), letters ``size`` pixels high; OSError if there is none."""
    engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
    return ImageFont.truetype(font, size, layout_engine=engine)


def check_font(path: str) -> str:
    """``path`` itself; raises ValueError, with the mend, if it is no font that can be read."""
    try:
        _sample(path)
    except OSError as error:
        if not Path(path).is_file():
            raise ValueError(f"{path}: there is no such file; write the path of a .ttf or .otf file") from error
        raise ValueError(f"{path}: is no font that can be read; write the path of a .ttf or .otf file") from error
    return path


def first_to_draw(text: str, fonts: Sequence[str]) -> str | None:
    """The first of ``fonts`` that has every letter of ``text``; None if none has."""
    return next((font for font in fonts if all(_draws(font, letter) for letter in text)), None)


@lru_cache(maxsize=4096)
def _draws(font: str, letter: str) -> bool:
    """Whether ``font`` has ``letter``: whether it draws anything but its box for unknown letters."""
    if unicodedata.category(letter) in ("Cc", "Cs"):  # control characters, halves of surrogate pairs
        return False
    sample = _sample_or_none(font)
    return sample is not None and bytes(sample[0].getmask(letter)) != sample[1]


@lru_cache(maxsize=64)
def _sample_or_none(font: str) -> tuple[ImageFont.FreeTypeFont, bytes] | None:
    # A system font that is not there is looked for in every folder of fonts: once is enough.
    try:
        return _sample(font)
    except OSError:
        return None


def _sample(font: str) -> tuple[ImageFont.FreeTypeFont, bytes]:
    """``font`` in a small size, and its box for unknown letters."""
    # Unshaped: with Raqm a lone accent is drawn on a dotted circle, which the font may lack.
    small = face(font, _SAMPLE_SIZE, shaped=False)
    return small, bytes(small.getmask(_NO_CHARACTER))
