"""Botanicals: ferns and leafy twigs, grown by simple rules, as plates in an herbarium."""

from collections.abc import Sequence
from math import atan2, cos, pi, sin
from random import Random

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size
from guardware.demo.art.sheet import Point, Sheet, away, bezier, outline, textured
from guardware.demo.art.watercolour import paper

BARK = "#7a5a48"
SHADE = "#22302a"


def leaf(
    sheet: Sheet,
    base: Point,
    angle: float,
    length: float,
    width: float,
    tone: str,
    bend: float = 0.0,
    shade: str = SHADE,
) -> None:
    """A leaf, one half of it in the shade, with a pale midrib."""
    middle = away(base, angle + bend, length * 0.55)
    spine = bezier(base, middle, away(base, angle, length), 18)
    edge = outline(spine, lambda t: sin(pi * t**0.75) * width)
    half = len(spine)
    sheet.polygon(edge[:half] + spine[::-1], tone)
    sheet.polygon(spine + edge[half:], mix(tone, shade, 0.16))
    sheet.stroke(spine, lambda t: width * 0.045 * (1 - t) + 0.6, mix(tone, "#ffffff", 0.45))


def grown(rng: Random, start: Point, heading: float, length: float, sway: float, steps: int = 60) -> list[Point]:
    """A stem that leans a little more at every step."""
    x, y = start
    points = [start]
    curl = rng.uniform(-sway, sway)
    for _ in range(steps):
        heading += curl / steps + rng.uniform(-0.012, 0.012)
        x, y = x + cos(heading) * length / steps, y + sin(heading) * length / steps
        points.append((x, y))
    return points


def heading(stem: Sequence[Point], index: int) -> float:
    before, after = stem[max(index - 1, 0)], stem[min(index + 1, len(stem) - 1)]
    return atan2(after[1] - before[1], after[0] - before[0])


def _blend(rng: Random, tones: Sequence[str]) -> str:
    first, second = rng.sample(list(tones), 2)
    return mix(first, second, rng.uniform(0, 0.6))


def plate(rng: Random, size: Size, ground: str) -> Sheet:
    """A sheet of drawing paper."""
    sheet = Sheet(size, "RGB", ground)
    sheet.paste(paper(rng, size, ground))
    return sheet


def fern(rng: Random, size: Size, tones: Sequence[str], ground: str = "#f5f0e3", fronds: int = 3) -> Picture:
    """Fronds that divide twice, the leaflets smaller towards every tip."""
    sheet = plate(rng, size, ground)
    width, height = size
    for n in range(fronds):
        spread = (n - (fronds - 1) / 2) / max(fronds - 1, 1) if fronds > 1 else 0.0
        foot = (width * (0.5 + 0.06 * spread), height * 0.95)
        stem = grown(rng, foot, -pi / 2 + spread * 0.62, height * (0.82 - 0.22 * abs(spread)), 0.22)
        tone = tones[n % len(tones)]
        for index in range(9, 59, 2):
            t = (index - 9) / 50
            reach = min(size) * 0.205 * (1 - t) ** 0.8 * min(1.0, 0.55 + t * 2.2)
            for side in (-1, 1):
                angle = heading(stem, index) + side * (1.12 - 0.3 * t)
                _pinna(rng, sheet, stem[index + (side > 0)], angle, reach * rng.uniform(0.93, 1.05), side, tone)
        sheet.stroke(stem, lambda t: 8 * (1 - t) + 1.5, mix(tone, "#2a2a20", 0.3))
    return textured(rng, sheet.done(), 4)


def _pinna(rng: Random, sheet: Sheet, base: Point, angle: float, length: float, side: int, tone: str) -> None:
    if length < 12:
        return
    rib = grown(rng, base, angle, length, 0.12, 16)
    colour = mix(tone, "#f3e9b0", rng.uniform(0, 0.22))
    for index in range(1, 16):
        t = index / 16
        leaflet = length * 0.13 * (1 - t) ** 0.7 + 2.5
        for turn in (-1, 1):
            direction = heading(rib, index) + turn * 1.05
            tip = away(rib[index], direction, leaflet)
            sheet.stroke(
                [rib[index], ((rib[index][0] + tip[0]) / 2, (rib[index][1] + tip[1]) / 2), tip],
                lambda u: length * 0.052 * (1 - u * u * 0.8) + 0.6,
                mix(colour, "#1f3326", 0.12 if turn == side else 0.0),
            )
    sheet.stroke(rib, lambda t: 2.4 * (1 - t) + 0.8, mix(colour, "#20301f", 0.3))


def branch(
    rng: Random, size: Size, tones: Sequence[str], ground: str = "#f6f1e6", pairs: int = 9, round_leaf: float = 0.6
) -> Picture:
    """A twig with leaves in pairs, laid across the sheet; ``round_leaf`` is a leaf's width to its length."""
    sheet = plate(rng, size, ground)
    width, height = size
    tall = height > width
    foot = (width * 0.42, height * 0.97) if tall else (width * 0.07, height * 0.7)
    twig = grown(rng, foot, -pi / 2 + 0.12 if tall else -0.26, max(size) * 0.78, 0.25)
    sheet.stroke(twig, lambda t: 11 * (1 - t) + 3, BARK)
    for pair in range(pairs):
        index = 7 + round(51 * pair / (pairs - 1))
        t = index / 60
        length = min(size) * 0.27 * (0.45 + 0.75 * sin(pi * (0.15 + 0.72 * t)))
        for side in (-1, 1):
            angle = heading(twig, index) + side * rng.uniform(0.75, 1.15) * (1 - 0.4 * t)
            base = twig[min(index + (2 if side > 0 else 0), 60)]
            stalk = away(base, angle, length * 0.12)
            tone = _blend(rng, tones)
            sheet.stroke([base, stalk], lambda _: 3.2, BARK)
            leaf(sheet, stalk, angle, length, length * round_leaf * rng.uniform(0.85, 1.05), tone, side * 0.18)
    leaf(sheet, twig[-1], heading(twig, 60), min(size) * 0.12, min(size) * 0.06, tones[0])
    return textured(rng, sheet.done(), 4)
