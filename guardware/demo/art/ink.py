"""Ink: brush and wash on rice paper, most of the sheet left empty."""

from collections.abc import Sequence
from functools import partial
from math import cos, pi, sin, tau
from random import Random

from PIL import ImageChops

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size, calc, coloured, grain, noise, to_field, to_mask
from guardware.demo.art.mountains import skyline
from guardware.demo.art.sheet import Point, Sheet, away, bezier, outline, over, pressed, soft, textured

INK = "#23211f"
SEAL = "#b3372c"

SIGN = (
    (1, 1, 5, 0.7),
    (5.3, 1, 0.7, 5),
    (2.2, 5.3, 3.8, 0.7),
    (1, 2.4, 0.7, 3.6),
    (1, 2.4, 3.2, 0.7),
    (3.6, 2.4, 0.7, 2),
)
"""The seal's sign, a square spiral: left, top, width and height of its strokes, in sevenths of its side."""

Stroke = tuple[list[Point], float, float]
"""Where the brush goes, how broad it is in pixels, how dark the ink (0 to 1)."""


def rice_paper(rng: Random, size: Size, colour: str = "#f2ebdc") -> Picture:
    """Warm paper with a faint cloudiness and scattered fibres."""
    clouds = noise(rng, size, 5, 5, 0.6)
    sheet = coloured(clouds, [mix(colour, "#a58f68", 0.13), colour, mix(colour, "#ffffff", 0.2)])
    fibres = Sheet(size)
    for _ in range(240):
        x, y, turn, long = rng.random() * size[0], rng.random() * size[1], rng.uniform(0, pi), rng.uniform(10, 38)
        bend = (x + cos(turn + 0.5) * long / 2, y + sin(turn + 0.5) * long / 2)
        fibres.line(bezier((x, y), bend, (x + cos(turn) * long, y + sin(turn) * long), 8), 0.8, 42)
    return over(sheet, "#a08c66", fibres.done())


def _washed(rng: Random, picture: Picture, mask: Picture, fade: Picture, strength: float) -> Picture:
    """Ink run down from an edge: ``mask`` is where, ``fade`` how it thins, with the blotches of wet paper."""
    blotches = noise(rng, picture.size, 7, 6, 0.6)
    amount = calc(
        lambda v: v["m"] * v["f"] * (0.45 + 0.9 * v["b"]) * strength, m=to_field(mask), f=fade, b=blotches
    )
    return pressed(picture, mix(INK, "#4a5560", 0.25), to_mask(amount))


def _range(rng: Random, size: Size, crest: float, relief: float) -> tuple[Picture, Picture]:
    """A ridge's mask, and its fade: dark under the crest, gone in the mist below."""
    heights = skyline(rng, size[0], 0.5)
    line = [(i * 2.0, size[1] * (crest - relief * h**1.4)) for i, h in enumerate(heights)]
    sheet = Sheet(size)
    sheet.polygon([(0, size[1]), *line, (size[0] + 4, size[1])])
    mask = sheet.done()
    # A copy out of focus and pushed down is dark only well below the crest: what is left is the crest.
    depth = size[1] * relief * 0.42
    below = ImageChops.offset(soft(mask, depth * 0.75), 0, round(depth * 0.9))
    below.paste(0, (0, 0, size[0], round(depth * 0.9)))
    return mask, calc(lambda v: v["max"](1 - v["b"] * 1.04, 0), b=to_field(below))


def _seal(rng: Random, picture: Picture, corner: Point, side: float) -> Picture:
    """A red seal, its sign cut out; worn at the edges."""
    sheet = Sheet(picture.size)
    x, y = corner
    sheet.polygon([(x, y), (x + side, y + 1.5), (x + side - 1, y + side), (x + 1, y + side - 1)], 235)
    unit = side / 7
    for column, row, wide, high in SIGN:
        sheet.box(x + column * unit, y + row * unit, x + (column + wide) * unit, y + (row + high) * unit, 0)
    worn = ImageChops.multiply(
        sheet.done(), to_mask(calc(lambda v: v["min"](0.55 + v["n"] * 0.9, 1), n=noise(rng, picture.size, 220, 2)))
    )
    return over(picture, SEAL, worn)


def _birds(rng: Random, sheet: Sheet, centre: Point, span: float, count: int) -> None:
    for n in range(count):
        x, y = centre[0] + rng.uniform(-1, 1) * span * 5, centre[1] + rng.uniform(-1, 1) * span * 2 + n * 3
        wing, lift = span * rng.uniform(0.6, 1), rng.uniform(0.25, 0.5)
        for side in (-1, 1):
            tip = (x + side * wing, y - wing * lift)
            sheet.stroke(
                bezier((x, y), (x + side * wing * 0.4, y - wing * lift * 1.5), tip, 10),
                lambda t: 3.2 * (1 - t) + 0.6,
                220,
            )


def _boat(sheet: Sheet, bow: Point, long: float) -> None:
    """A boat with somebody in it who fishes; ``long`` is its length."""

    def at(across: float, down: float) -> Point:
        return bow[0] + across * long, bow[1] + down * long

    hull = bezier(at(0, 0), at(0.5, 0.2), at(1, -0.03))
    sheet.stroke(hull, lambda t: sin(pi * t) * long * 0.075 + 2, 235)
    sheet.stroke([at(0.58, 0.07), at(0.6, -0.12)], lambda t: long * (0.09 - 0.05 * t), 235)
    sheet.circle(at(0.605, -0.16), long * 0.034, 235)
    sheet.polygon([at(0.53, -0.165), at(0.605, -0.225), at(0.68, -0.165)], 235)
    sheet.line(bezier(at(0.57, -0.05), at(0.8, -0.3), at(1.05, -0.3)), 1.3, 190)


def scroll(rng: Random, size: Size, layers: int = 4, moon: bool = True) -> Picture:
    """Mountains that rise out of mist, a boat below them."""
    picture = rice_paper(rng, size)
    width, height = size
    if moon:
        disc = Sheet(size)
        disc.circle((width * rng.uniform(0.62, 0.76), height * 0.17), min(size) * 0.075)
        picture = over(picture, mix("#d9694a", "#f2ebdc", 0.12), soft(disc.done(), 1.5).point(lambda v: v * 0.9))
    for layer in range(layers):
        depth = layer / max(layers - 1, 1)
        mask, fade = _range(rng, size, 0.46 + 0.3 * depth, (0.24 - 0.1 * depth) * min(1.0, 0.95 * width / height))
        picture = _washed(rng, picture, mask, fade, 0.34 + 0.66 * depth**1.3)
    marks = Sheet(size)
    _birds(rng, marks, (width * 0.36, height * 0.2), min(size) * 0.021, 7)
    _boat(marks, (width * rng.uniform(0.3, 0.5), height * 0.875), min(size) * 0.13)
    picture = pressed(picture, INK, marks.done())
    return textured(rng, _seal(rng, picture, (width * 0.9, height * 0.92), min(size) * 0.042), 4)


def _cane(width: float, t: float) -> float:
    """The brush pressed down at both joints."""
    return width * (0.88 + 0.24 * (2 * t - 1) ** 4)


def _blade(width: float, t: float) -> float:
    """The brush set down, pressed and lifted to a point."""
    return width * (1.15 - 0.5 * t) * float(sin(pi * min(1.0, t * 0.93 + 0.06)) ** 0.9)


def _brushed(rng: Random, picture: Picture, strokes: Sequence[Stroke], ink: str = INK) -> Picture:
    """Strokes (points, width, darkness) of a half-dry brush, its hairs showing."""
    sheet = Sheet(picture.size)
    for points, width, dark in strokes:
        sheet.polygon(outline(points, partial(_blade if len(points) > 14 else _cane, width)), round(255 * dark))
    hairs = to_mask(calc(lambda v: v["min"](0.6 + 0.7 * v["n"], 1), n=noise(rng, picture.size, 90, 4, 0.7)))
    return pressed(picture, ink, ImageChops.multiply(sheet.done(), hairs))


def bamboo(rng: Random, size: Size, canes: int = 4) -> Picture:
    """Bamboo: near canes dark, far ones in pale ink, leaves in single strokes."""
    picture = rice_paper(rng, size, "#f1eadb")
    places = [0.2 + 0.66 * n / max(canes - 1, 1) for n in range(canes)]
    rng.shuffle(places)
    for cane, place in enumerate(places, start=1):
        picture = _brushed(rng, picture, _bamboo_cane(rng, size, place, cane / canes))
    return textured(rng, _seal(rng, picture, (size[0] * 0.07, size[1] * 0.9), min(size) * 0.045), 4)


def _bamboo_cane(rng: Random, size: Size, place: float, near: float) -> list[Stroke]:
    """One cane from the lower edge to the upper, joint by joint; ``near`` is 1 for the foremost."""
    width, height = size
    x, lean = width * (place + rng.uniform(-0.03, 0.03)), rng.uniform(-0.06, 0.06)
    thick = min(size) * (0.012 + 0.022 * near)
    strokes: list[Stroke] = []
    y, joint = height * 1.02, 0
    while y > -height * 0.05:
        long = height * rng.uniform(0.13, 0.18)
        # A little short of the joint: the gap is what makes it one.
        steps = ((long - thick * 0.35) * t for t in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1))
        piece = [(x + lean * (height - y + step), y - step) for step in steps]
        strokes.append((piece, thick, 0.2 + 0.5 * near))
        top = (x + lean * (height - y + long), y - long)
        if joint > 1 and rng.random() < 0.8:
            strokes.extend(_sprig(rng, top, min(size) * (0.1 + 0.07 * near), 0.3 + 0.6 * near))
        y, joint = top[1], joint + 1
    return strokes


def _sprig(rng: Random, base: Point, reach: float, dark: float) -> list[Stroke]:
    side = rng.choice((-1, 1))
    tip = (base[0] + side * reach * rng.uniform(0.6, 1.1), base[1] - reach * rng.uniform(0.1, 0.5))
    strokes = [(bezier(base, (base[0] + side * reach * 0.3, base[1] - reach * 0.35), tip, 12), 2.6, dark * 0.8)]
    for _ in range(rng.randrange(4, 8)):
        root = (
            base[0] + (tip[0] - base[0]) * rng.uniform(0.4, 1),
            base[1] + (tip[1] - base[1]) * rng.uniform(0.4, 1),
        )
        angle = pi / 2 - side * rng.uniform(-0.3, 1.25)
        long = reach * rng.uniform(0.7, 1.15)
        end, bend = away(root, angle, long), away(root, angle - side * 0.35, long * 0.5)
        strokes.append((bezier(root, bend, end, 18), long * 0.14, dark * rng.uniform(0.75, 1)))
    return strokes


def circle(rng: Random, size: Size) -> Picture:
    """One circle in one breath, the brush running dry."""
    picture = rice_paper(rng, size)
    hairs, start = Sheet(size), rng.uniform(1.6, 2.2)
    for _ in range(150):
        across = rng.gauss(0, 0.4)
        if abs(across) <= 1:
            _hair(rng, hairs, start, across)
    dry = calc(
        lambda v: v["max"](v["min"](v["g"] * 0.5 + v["n"] * 1.1, 1), 0.86),
        g=grain(rng, size),
        n=noise(rng, size, 60, 4, 0.7),
    )
    picture = pressed(picture, INK, ImageChops.multiply(hairs.done(), to_mask(dry)))
    return textured(rng, _seal(rng, picture, (size[0] * 0.8, size[1] * 0.84), min(size) * 0.045), 4)


def _hair(rng: Random, sheet: Sheet, start: float, across: float) -> None:
    """One hair of the brush on its way round; ``across`` is its place in the brush, -1 to 1."""
    centre, radius = (sheet.size[0] / 2, sheet.size[1] / 2), min(sheet.size) * 0.32
    wet = rng.uniform(0.3, 1.0) * (1 - 0.3 * abs(across))
    begin, end = rng.uniform(0, 0.012), 0.965 * min(1.0, 0.48 + 0.55 * wet)
    points = []
    for step in range(121):
        t = begin + (end - begin) * step / 120
        breadth = radius * (0.2 - 0.07 * t + 0.03 * sin(t * 9))
        r = radius + across * breadth + 4 * sin(t * tau * 1.5) + radius * 0.05 * t
        points.append(away(centre, start + tau * t, r))
    sheet.stroke(points, lambda t: (5.5 * wet + 1) * (1 - 0.75 * t**2), round(255 * (0.5 + 0.5 * wet)))
