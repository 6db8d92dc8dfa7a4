"""Letters that are never parted: with their accents, tones and variation selectors; joined emoji; flags."""

import unicodedata
from collections.abc import Iterator

_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_FIRST_SYMBOL = 0x2000
_FIRST_EMOJI = 0x1F000
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"


def clusters(words: str) -> Iterator[str]:
    """``words`` in pieces to draw with one font each: roughly UAX #29's grapheme clusters, each space alone."""
    cluster = ""
    for letter in words:
        if cluster and not _belongs(letter, cluster):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def is_emoji(cluster: str) -> bool:
    """Whether it should look like the other emoji, though a font of letters may have it too."""
    return ord(cluster[0]) >= _FIRST_EMOJI or _EMOJI_STYLE in cluster


def ignorable(letter: str) -> bool:
    """Whether ``letter`` has no shape of its own: joiners, direction marks, variation selectors."""
    return unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F


def modifies(letter: str) -> bool:
    """Whether ``letter`` only changes the one before it, which can be read without: the tone of an emoji."""
    return ignorable(letter) or ord(letter) in _TONES


def needs_shaping(words: str) -> bool:
    """Whether letters change or move beside others, so that ``words`` look wrong set one after another."""
    # Arabic does too, but for that ``writing.by_hand`` has a way.
    return any(unicodedata.category(letter) in ("Mn", "Mc") and not ignorable(letter) for letter in words)


def _belongs(letter: str, cluster: str) -> bool:
    if cluster == " ":
        return False
    if ord(letter) in _FLAG_LETTERS:
        return len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS
    # Indic scripts use the joiner as well, but within a word of one font.
    joined = cluster[-1] == _JOINER and ord(letter) >= _FIRST_SYMBOL
    return joined or modifies(letter) or unicodedata.category(letter)[0] == "M"
