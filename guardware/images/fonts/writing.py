"""From right to left: the order of pieces on a line, and Arabic letters in their joined forms.

The order is that of the Unicode bidirectional algorithm (UAX #9) without explicit embeddings: rules W4, W5, W7,
N1, N2, I1, I2 and L2. Pillow orders by itself within one font, but knows nothing of lines in several.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from guardware.images.fonts import first_to_draw
from guardware.images.fonts.clusters import modifies

_KINDS = {"L": "L", "R": "R", "AL": "R", "EN": "N", "AN": "N", "ES": "S", "CS": "S", "ET": "T"}
"""Bidirectional class to what matters here: left, right, number, separator of digits, sign at a number; the rest
is neutral."""

_FORMS = ("isolated", "final", "initial", "medial")
_PRESENTATION = (*range(0xFB50, 0xFBB2), *range(0xFBD3, 0xFBEA), *range(0xFBFC, 0xFC00), *range(0xFE80, 0xFEFD))
"""Arabic Presentation Forms A and B, letters and lam with alef: code points for the joined forms."""

_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


class Run(NamedTuple):
    """A stretch of a line, in reading order, that is drawn at once: one font, one direction."""

    text: str
    font: str
    rtl: bool


def reads_from_right(text: str) -> bool:
    """Whether the first letter with a direction is of a right-to-left script (UAX #9, P2 and P3)."""
    return next((kind == "R" for kind in map(_kind, text) if kind in ("L", "R")), False)


def runs(pieces: Sequence[tuple[str, str]], rtl: bool) -> list[Run]:
    """The (text, font) pieces of a line, joined to runs and ordered from left to right as they are drawn.

    ``rtl``: the line as a whole reads from the right.
    """
    levels = _levels([next(filter(None, map(_kind, text)), "") for text, _ in pieces], 1 if rtl else 0)
    grouped = groupby(zip(levels, pieces, strict=True), key=lambda item: (item[0], item[1][1]))
    found = [(level, Run("".join(text for _, (text, _) in group), font, level % 2 == 1))
             for (level, font), group in grouped]  # fmt: skip
    for least in range(max(levels, default=0), 0, -1):
        found = _reversed_from(found, least)
    return [run for _, run in found]


def _kind(letter: str) -> str:
    return _KINDS.get(unicodedata.bidirectional(letter), "")


def _levels(kinds: Sequence[str], base: int) -> list[int]:
    """The embedding level of each piece by its kind: even reads from the left, odd from the right."""
    strong, settled = "R" if base else "L", []
    for kind in _numbers_whole(kinds):
        strong = kind if kind in ("L", "R") else strong
        # A number after a left-to-right word belongs to it (W7).
        settled.append("L" if kind == "N" and strong == "L" else kind)
    return [_level(settled, at, base) for at in range(len(settled))]


def _numbers_whole(kinds: Sequence[str]) -> Iterator[str]:
    """W4 and W5: a point within a number and a sign beside it are part of it; others are neutral."""
    for before, kind, after in zip(("", *kinds), kinds, (*kinds[1:], ""), strict=False):
        beside = (before == "N") + (after == "N")
        part = beside >= {"S": 2, "T": 1}.get(kind, 3)
        yield "N" if part else kind if kind in "LRN" else ""


def _level(kinds: Sequence[str], at: int, base: int) -> int:
    edge = "R" if base else "L"
    kind = kinds[at]
    if not kind:  # N1 and N2: between two of a direction, that; else the line's. Numbers count as right.
        before = next(filter(None, reversed(kinds[:at])), edge).replace("N", "R")
        after = next(filter(None, kinds[at:]), edge).replace("N", "R")
        kind = before if before == after else edge
    if kind == "R":
        return 1
    return 0 if kind == "L" and not base else 2


def _reversed_from(items: list[tuple[int, Run]], least: int) -> list[tuple[int, Run]]:
    """L2: every stretch of items of level ``least`` or more, turned round."""
    result: list[tuple[int, Run]] = []
    for turned, group in groupby(items, key=lambda item: item[0] >= least):
        stretch = list(group)
        result.extend(reversed(stretch) if turned else stretch)
    return result


def by_hand(run: Run) -> str:
    """The text of ``run`` for a layout engine that only sets letter after letter from the left.

    Accents of right-to-left scripts (vowel points) are left out: unshaped they fall beside their letters.
    """
    visible = "".join(letter for letter in run.text if not modifies(letter))
    if not run.rtl:
        return visible
    bare = "".join(letter for letter in visible if not unicodedata.combining(letter))
    return "".join(reversed(list(_joined(bare, run.font)))).translate(_MIRRORED)


def _joined(text: str, font: str) -> Iterator[str]:
    """``text`` with Arabic letters in the forms that their neighbours ask for, if ``font`` has these."""
    forms, at = _joining_forms(), 0
    while at < len(text):
        unit = text[at : at + 2] if text[at : at + 2] in forms else text[at]
        known, end = forms.get(unit, {}), at + len(unit)
        before = at > 0 and "initial" in forms.get(text[at - 1], {}) and "final" in known
        after = "initial" in known and "final" in forms.get(text[end : end + 1], {})
        form = known.get(_FORMS[before + 2 * after], unit)
        yield form if first_to_draw(form, (font,)) else unit
        at = end


@lru_cache(maxsize=1)
def _joining_forms() -> dict[str, dict[str, str]]:
    """Letter, or lam with alef, to its forms by name, from the Unicode character database."""
    forms: dict[str, dict[str, str]] = {}
    for code in _PRESENTATION:
        form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        if form.strip("<>") in _FORMS:
            base = "".join(chr(int(letter, 16)) for letter in letters)
            forms.setdefault(base, {})[form.strip("<>")] = chr(code)
    return forms
