"""A font for the owner's words, and words that the font can draw."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import ImageFont, features

from guardware.errors import GuardwareError

LAST_RESORT = "© do not train"

_OWN = str(Path(__file__).with_name("fonts") / "DejaVuSansCondensed-Bold.ttf")
"""Latin, Greek, Cyrillic, Armenian, Georgian, Arabic. Pillow's built-in font has no accented letters."""

SYSTEM_FONTS = (
    # Debian: fonts-noto-cjk, fonts-wqy-zenhei, fonts-ipafont-gothic, fonts-nanum
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "wqy-zenhei.ttc",
    "ipag.ttf",
    "NanumGothicBold.ttf",
    # Debian: fonts-noto-core, fonts-thai-tlwg, fonts-freefont-ttf, fonts-unifont
    "NotoSansHebrew-Bold.ttf",
    "NotoSansDevanagari-Bold.ttf",
    "NotoSansThai-Bold.ttf",
    "FreeSansBold.ttf",
    "unifont.otf",
    # macOS, Windows
    "Arial Unicode.ttf",
    "msyh.ttc",
    "malgun.ttf",
)
"""Tried in this order, wherever the system keeps fonts, for scripts that ours has not."""

_SAMPLE_SIZE = 24
_NO_CHARACTER = "\uffff"

_log = logging.getLogger("guardware.images")


class Lettering(NamedTuple):
    """Words on one line, and the path or name of a font that has every letter of them."""

    text: str
    font: str

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font with letters ``size`` pixels high."""
        return ImageFont.truetype(self.font, size)


def choose(text: str, others: Sequence[str] = SYSTEM_FONTS) -> Lettering:
    """``text`` in our font, else in the first of ``others`` that can draw it.

    If none can: what is left without the letters that ours has not, if that is more than half; else
    ``LAST_RESORT``. Either is logged. Raises GuardwareError if Pillow was built without FreeType.
    """
    if not features.check("freetype2"):
        raise GuardwareError("this Pillow cannot draw text (no FreeType); install Pillow from its binary wheel")
    words = " ".join(text.split())
    missing = _missing(words, _OWN)
    if not missing:
        return Lettering(words if _inked(words) else LAST_RESORT, _OWN)
    for font in others:
        if not _missing(words, font):
            return Lettering(words, font)
    left = " ".join("".join(c for c in words if c not in missing).split())
    readable = left if 2 * _letters(left) > _letters(words) else LAST_RESORT
    _log.warning("no font here can draw %s; the watermark says %r. Install a font that can", missing, readable)
    return Lettering(readable, _OWN)


def _letters(text: str) -> int:
    return sum(c.isalnum() for c in text)


def _inked(text: str) -> bool:
    """Whether anything of ``text`` can be seen: zero-width letters alone cannot."""
    return ImageFont.truetype(_OWN, _SAMPLE_SIZE).getmask(text).getbbox() is not None


def _missing(text: str, font: str) -> frozenset[str]:
    """The letters of ``text`` for which ``font`` draws its box for unknown letters; all, if there is no font."""
    try:
        face = ImageFont.truetype(font, _SAMPLE_SIZE)
    except OSError:
        return frozenset(text)
    box = bytes(face.getmask(_NO_CHARACTER))
    return frozenset(c for c in text if not c.isspace() and bytes(face.getmask(c)) == box)
