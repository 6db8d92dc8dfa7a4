"""The owner's words in any mixture of scripts: which font has which letters, and the drawing of them."""

import logging
import math
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageFont, features

from guardware.errors import GuardwareError
from guardware.images.fonts import CJK, EMOJI, SHIPPED, SYSTEM, can_shape, face, first_to_draw
from guardware.images.fonts.clusters import clusters, ignorable, is_emoji, needs_shaping
from guardware.images.fonts.writing import Run, by_hand, reads_from_right, runs

LAST_RESORT = "© do not train"

_LINE = 1.25
"""From one line to the next, in letter heights."""
_BOLDER = {CJK: 1 / 36}
"""What is added around the letters of a regular font among bold ones, in letter heights; chosen by eye."""

_log = logging.getLogger("guardware.images")


class Piece(NamedTuple):
    """What is never parted, such as a letter with its accents, and the path or name of the font that has it."""

    text: str
    font: str


class Lettering(NamedTuple):
    """Words, each piece of them with a font that can draw it."""

    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)


class Drawn(NamedTuple):
    """A mark as two 8-bit coverages of one size: ``whole`` with its outline, ``letters`` without."""

    whole: Image.Image
    letters: Image.Image


def choose(text: str, font: str = "", others: Sequence[str] = SYSTEM) -> Lettering:
    """``text`` in ``font`` (a path) as far as that has its letters, else in ours, else in ``others``.

    Letters that no font has are left out; if that leaves less than half, it is ``LAST_RESORT``. Either is
    logged, and a ``font`` that is not there counts as one without letters (``fonts.check_font`` refuses it).
    Raises GuardwareError if Pillow was built without FreeType.
    """
    if not features.check("freetype2"):
        raise GuardwareError("this Pillow cannot draw text (no FreeType); install Pillow from its binary wheel")
    words = " ".join(unicodedata.normalize("NFC", text).split())
    fonts = (font, *SHIPPED, *others) if font else (*SHIPPED, *others)
    readable = Lettering(_trimmed(_pieces(words, fonts)))
    missing = "".join(sorted(set(words) - set(readable.text) - {" "}))
    if 2 * _letters(readable.text) < _letters(words) or not _inked(readable):
        readable = Lettering(tuple(_pieces(LAST_RESORT, SHIPPED)))
    if missing:
        _log.warning(
            "no font here can draw %r; the watermark says %r. Name a font that can", missing, readable.text
        )
    if needs_shaping(readable.text) and not can_shape():
        _log.warning(
            "%r will be spelt wrong: install FriBiDi (Debian: libfribidi0) for this script", readable.text
        )
    return readable


def _pieces(words: str, fonts: Sequence[str]) -> Iterator[Piece]:
    for cluster in clusters(words):
        ink = "".join(letter for letter in cluster if not ignorable(letter))
        order = (EMOJI, *fonts) if is_emoji(cluster) else fonts
        if font := first_to_draw(ink, order):
            yield Piece(cluster, font)
        elif font := first_to_draw(ink[:1], order):
            yield Piece(ink[:1], font)


def _trimmed(pieces: Iterator[Piece]) -> tuple[Piece, ...]:
    """Without spaces at an end or after another, where letters were left out."""
    kept: list[Piece] = []
    for piece in pieces:
        if piece.text != " " or (kept and kept[-1].text != " "):
            kept.append(piece)
    return tuple(kept[:-1] if kept and kept[-1].text == " " else kept)


def _letters(text: str) -> int:
    return sum(c.isalnum() for c in text)


def _inked(lettering: Lettering) -> bool:
    """Whether anything of it can be seen: zero-width letters alone cannot."""
    return bool(lettering.pieces) and draw(lettering, 24, math.inf, 0).letters.getbbox() is not None


def length(lettering: Lettering, height: int) -> float:
    """Width in pixels of all on one line, with letters ``height`` pixels high."""
    return sum(_width(run, height) for run in _runs(lettering.pieces, lettering))


def draw(lettering: Lettering, height: int, room: float, stroke: float) -> Drawn:
    """Letters ``height`` pixels high, in centred lines at most ``room`` pixels wide (one piece may be wider);
    around the letters an outline ``stroke`` pixels wide."""
    placed = list(_placed(lettering, height, room))
    boxes = [_box(run, x, y, height, stroke) for run, x, y in placed]
    left, top = (math.floor(min(box[side] for box in boxes)) for side in (0, 1))
    right, bottom = (math.ceil(max(box[side] for box in boxes)) for side in (2, 3))
    layers = []
    for width in (stroke, 0):
        layer = Image.new("L", (max(1, right - left), max(1, bottom - top)))
        pen = ImageDraw.Draw(layer)
        for run, x, y in placed:
            _write(pen, run, (x - left, y - top), height, width)
        layers.append(layer)
    whole, letters = layers
    # FreeType's stroked letters are here and there a level fainter at their core.
    return Drawn(ImageChops.lighter(whole, letters), letters)


def _placed(lettering: Lettering, height: int, room: float) -> Iterator[tuple[Run, float, float]]:
    """Every run with where it begins on its base line; each line's middle is at x = 0."""
    for row, line in enumerate(_lines(lettering.pieces, height, room)):
        ordered = _runs(line, lettering)
        widths = [_width(run, height) for run in ordered]
        x = -sum(widths) / 2
        for run, width in zip(ordered, widths, strict=True):
            yield run, x, row * _LINE * height
            x += width


def _lines(pieces: Sequence[Piece], height: int, room: float) -> Iterator[Sequence[Piece]]:
    """Broken at spaces, or between any pieces where a word alone is too wide."""
    line: list[Piece] = []
    used = 0.0
    for piece in pieces:
        width = _width(Run(piece.text, piece.font, False), height)
        if line and used + width > room:
            broken, line = _break(line, piece)
            yield broken
            used = sum(_width(Run(kept.text, kept.font, False), height) for kept in line)
        if line or piece.text != " ":
            line.append(piece)
            used += width
    yield line


def _break(line: list[Piece], piece: Piece) -> tuple[list[Piece], list[Piece]]:
    """The line that is full before ``piece``, and what moves to the next before it."""
    spaces = [at for at, kept in enumerate(line) if kept.text == " "]
    if piece.text == " " or not spaces:
        return line, []
    return line[: spaces[-1]], line[spaces[-1] + 1 :]


def _runs(line: Sequence[Piece], lettering: Lettering) -> list[Run]:
    return runs(line, reads_from_right(lettering.text))


def _width(run: Run, height: int) -> float:
    font, text, direction = _set(run, height)
    return font.getlength(text, direction=direction)


def _box(run: Run, x: float, y: float, height: int, stroke: float) -> tuple[float, float, float, float]:
    font, text, direction = _set(run, height)
    stroke += _BOLDER.get(run.font, 0) * height
    left, top, right, bottom = font.getbbox(text, direction=direction, stroke_width=stroke, anchor="ls")
    # A pixel more: Pillow moves the letters by the fraction of the place they are drawn at.
    return x + left - 1, y + top - 1, x + right + 1, y + bottom + 1


def _write(pen: ImageDraw.ImageDraw, run: Run, at: tuple[float, float], height: int, stroke: float) -> None:
    font, text, direction = _set(run, height)
    stroke += _BOLDER.get(run.font, 0) * height
    pen.text(at, text, 255, font, anchor="ls", direction=direction, stroke_width=stroke)


def _set(run: Run, height: int) -> tuple[ImageFont.FreeTypeFont, str, str | None]:
    """The font, and what it is to draw in which direction."""
    if can_shape():
        return face(run.font, height, True), run.text, "rtl" if run.rtl else "ltr"
    return face(run.font, height, False), by_hand(run), None
