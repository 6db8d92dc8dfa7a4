"""The picture that stands in when no variant can be made."""

import math
from io import BytesIO

from PIL import Image, ImageDraw

from guardware.images.lettering import Lettering, choose, draw, length

_SIZE = (600, 400)
_GROUND, _LINES, _WORDS = "#efece6", "#c9c3b8", "#5f5a52"
"""Dark enough on light for small print: 5.7 to 1, where WCAG 2.2 (1.4.3) asks 4.5."""
_MESSAGE = "Preview not available"
_MARGIN = 40
_SMALLEST = 12


def placeholder(lettering: Lettering) -> Image.Image:
    """A card that says so in English, with the owner's words below: RGB, 600 x 400."""
    card = Image.new("RGB", _SIZE, _GROUND)
    pen = ImageDraw.Draw(card)
    pen.rectangle((16, 16, _SIZE[0] - 17, _SIZE[1] - 17), outline=_LINES, width=2)
    _frame(pen, _SIZE[0] // 2, 130)
    _line(card, choose(_MESSAGE), 250, 30)
    _line(card, lettering, 310, 22)
    return card


def placeholder_png(lettering: Lettering) -> bytes:
    """The card as a PNG of a few kB."""
    out = BytesIO()
    placeholder(lettering).quantize(16, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _frame(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    """A framed landscape, middle at ``x``, ``y``."""
    pen.rounded_rectangle((x - 70, y - 50, x + 70, y + 50), radius=8, outline=_LINES, width=5)
    pen.ellipse((x + 20, y - 32, x + 44, y - 8), fill=_LINES)
    pen.polygon([(x - 56, y + 38), (x - 18, y - 18), (x + 12, y + 22), (x + 28, y + 4), (x + 56, y + 38)], _LINES)


def _line(card: Image.Image, lettering: Lettering, y: int, size: int) -> None:
    """One centred line; smaller letters for long words, down to 12 pixels, and cut off beyond."""
    room = _SIZE[0] - 2 * _MARGIN
    size = max(_SMALLEST, min(size, int(size * room / max(1, length(lettering, size)))))
    ellipsis = choose("…").pieces
    while length(lettering, size) > room:
        lettering = Lettering(lettering.pieces[: -1 - len(ellipsis)] + ellipsis)
    ink = draw(lettering, size, math.inf, 0).letters
    card.paste(_WORDS, ((_SIZE[0] - ink.width) // 2, y - ink.height // 2), ink)
