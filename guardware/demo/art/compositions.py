"""Compositions: flat colour and plain shapes, after the posters and canvases of the 1920s and the 1960s."""

from collections.abc import Callable
from random import Random

from PIL import Image

from guardware.demo.art.fields import Picture, Size
from guardware.demo.art.sheet import Sheet, pressed, textured

PALETTES = {
    "bauhaus": ("#f1e8d6", "#d8412f", "#f0b53a", "#22566e", "#1f1f24", "#e8cfae", "#7fa08c"),
    "quiet": ("#efe7da", "#b5654a", "#d9a566", "#5d7470", "#3b3a3e", "#d8c9b3", "#9aa88f"),
    "harbour": ("#f3efe6", "#1f4e79", "#e4572e", "#f2c14e", "#17263a", "#8fb8c9", "#dfd4c0"),
    "stijl": ("#f4f0e6", "#c8321f", "#edc22e", "#1d4b8f", "#1b1b1d", "#e3dccb", "#f4f0e6"),
    "meadow": ("#f3ecd9", "#e07a5f", "#f2cc8f", "#3d5a6c", "#2f3e46", "#81b29a", "#d5c7a9"),
}
"""The ground and six colours, the fourth of them the darkest."""

Tile = Callable[[Random, Sheet, float, float, float, list[str]], None]


def _quarter(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    corner = rng.choice(((0, 0, 0), (1, 0, 90), (1, 1, 180), (0, 1, 270)))
    centre = (x + corner[0] * side, y + corner[1] * side)
    for share, ink in ((1, inks[0]), (0.62, inks[1]), (0.3, inks[0]))[: rng.choice((1, 2, 3))]:
        sheet.wedge(centre, side * share, corner[2], corner[2] + 90, ink)


def _halves(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    half = side / 2
    if rng.random() < 0.5:
        sheet.wedge((x + half, y + half), half, 180, 360, inks[0])
        sheet.wedge((x + half, y + side), half, 180, 360, inks[1])
    else:
        sheet.wedge((x + half, y + half), half, 90, 270, inks[0])
        sheet.wedge((x + side, y + half), half, 90, 270, inks[1])


def _target(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    half = side / 2
    for share, ink in ((0.96, inks[0]), (0.6, inks[2]), (0.26, inks[1])):
        sheet.circle((x + half, y + half), half * share, ink)


def _triangle(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    del corners[rng.randrange(4)]
    sheet.polygon(corners, inks[0])


def _stripes(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    upright, thick = rng.random() < 0.5, side / 7
    for n in range(0, 7, 2):
        if upright:
            sheet.box(x + n * thick, y, x + (n + 1) * thick, y + side, inks[0])
        else:
            sheet.box(x, y + n * thick, x + side, y + (n + 1) * thick, inks[0])


def _leaf(rng: Random, sheet: Sheet, x: float, y: float, side: float, inks: list[str]) -> None:
    mask = Sheet((round(side), round(side)))
    mask.wedge((0, side), side, 270, 360)
    other = Sheet((round(side), round(side)))
    other.wedge((side, 0), side, 90, 180)
    # A leaf is where two quarter circles overlap.
    shape = Image.composite(other.done(), Image.new("L", (round(side),) * 2), mask.done())
    sheet.stamp(shape if rng.random() < 0.5 else shape.transpose(Image.Transpose.FLIP_LEFT_RIGHT), x, y, inks[0])


TILES: tuple[Tile, ...] = (_quarter, _quarter, _halves, _target, _triangle, _stripes, _leaf)


def tiles(rng: Random, size: Size, palette: str, across: int = 6, grain: float = 5) -> Picture:
    """A grid of plain shapes, each on a ground of its own."""
    ground, *inks = PALETTES[palette]
    margin = min(size) * 0.06
    side = (size[0] - 2 * margin) / across
    rows = int((size[1] - 1.9 * margin) / side)
    top = (size[1] - rows * side) / 2
    sheet = Sheet(size, "RGB", ground)
    for row in range(rows):
        for column in range(across):
            x, y = margin + column * side, top + row * side
            field, *rest = rng.sample([ground, ground, *inks], 5)
            sheet.box(x, y, x + side, y + side, field)
            rng.choice(TILES)(rng, sheet, x, y, side, [ink for ink in rest if ink != field])
    return textured(rng, sheet.done(), grain)


def planes(rng: Random, size: Size, palette: str = "stijl", grain: float = 5) -> Picture:
    """Rectangles divided and divided again by black bars; colour in few of them."""
    ground, *inks = PALETTES[palette]
    sheet = Sheet(size, "RGB", ground)
    bar = min(size) * 0.016
    rooms = _divide(rng, (0, 0, size[0], size[1]), 0, min(size) * 0.3)
    rooms.sort(key=lambda r: -(r[2] - r[0]) * (r[3] - r[1]))
    chosen = [*rng.sample(range(len(rooms)), min(len(rooms), 6))]
    fills = dict(zip(chosen, [inks[0], inks[2], inks[1], inks[0], inks[4], inks[2]], strict=False))
    for index, (left, top, right, bottom) in enumerate(rooms):
        sheet.box(left, top, right, bottom, inks[3])
        sheet.box(left + bar / 2, top + bar / 2, right - bar / 2, bottom - bar / 2, fills.get(index, ground))
    return textured(rng, sheet.done(), grain)


Room = tuple[float, float, float, float]


def _divide(rng: Random, room: Room, depth: int, least: float) -> list[Room]:
    left, top, right, bottom = room
    wide, high = right - left, bottom - top
    if depth > 5 or max(wide, high) < least or (depth > 2 and rng.random() < 0.18):
        return [room]
    share = rng.choice((0.28, 0.38, 0.5, 0.62, 0.72))
    if wide * rng.uniform(0.7, 1.3) > high:
        cut = left + wide * share
        return _divide(rng, (left, top, cut, bottom), depth + 1, least) + _divide(
            rng, (cut, top, right, bottom), depth + 1, least
        )
    cut = top + high * share
    return _divide(rng, (left, top, right, cut), depth + 1, least) + _divide(
        rng, (left, cut, right, bottom), depth + 1, least
    )


def discs(rng: Random, size: Size, palette: str) -> Picture:
    """Transparent discs and bars, printed over one another."""
    ground, *inks = PALETTES[palette]
    picture = Image.new("RGB", size, ground)
    unit = min(size)
    for n in range(13):
        mask = Sheet(size)
        centre = (rng.uniform(0.12, 0.88) * size[0], rng.uniform(0.12, 0.88) * size[1])
        radius = unit * (0.3 * 0.86**n + 0.02) * rng.uniform(0.8, 1.15)
        if n % 5 == 3:
            mask.wedge(centre, radius * 1.3, 45, 225)
        elif n % 4 == 2:
            mask.ring(centre, radius, radius * 0.28)
        else:
            mask.circle(centre, radius)
        picture = pressed(picture, inks[n % 3 if n % 6 else 4], mask.done())
    bars = Sheet(size)
    for _ in range(5):
        x, y, long = rng.uniform(0, 0.9) * size[0], rng.uniform(0.1, 0.9) * size[1], rng.uniform(0.3, 0.9) * unit
        slant = rng.choice((-0.62, -0.62, 1.2))
        bars.line([(x, y), (x + long, y + long * slant)], unit * rng.choice((0.004, 0.004, 0.014)))
    return textured(rng, pressed(picture, inks[3], bars.done()), 5)


def arches(rng: Random, size: Size, palette: str) -> Picture:
    """Rows of nested arches, shifted like roof tiles."""
    ground, *inks = PALETTES[palette]
    sheet = Sheet(size, "RGB", inks[3])
    radius = size[0] / 9
    rows = int(size[1] / radius * 2) + 4
    for row in range(rows):
        y = (row + 0.4) * radius / 2
        for column in range(-1, 6):
            x = (column + (0.5 if row % 2 else 0)) * radius * 2
            scheme = rng.sample([ground, *inks[:3], *inks[4:]], 4)
            for n, ink in enumerate((*scheme, scheme[0])):
                sheet.circle((x, y), radius * (1 - n * 0.2) - 1, ink)
    return textured(rng, sheet.done(), 5)
