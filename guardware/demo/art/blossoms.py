"""Blossoms: umbels, a tree in flower and a sunflower, on plates like the botanicals."""

from collections.abc import Sequence
from math import pi, tau
from random import Random

from guardware.demo.art.botanicals import grown, heading, leaf, plate
from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size
from guardware.demo.art.sheet import Point, Sheet, away, bezier, textured

GOLDEN = 2.39996
"""Radians between one seed and the next: the golden angle, 137.5 degrees."""


def umbels(rng: Random, size: Size, tones: Sequence[str], ground: str = "#1f2a36", count: int = 7) -> Picture:
    """Umbels like slow fireworks: rays of rays, each ending in a flower."""
    sheet = plate(rng, size, ground)
    width, height = size
    heads = [(0.2 + 0.6 * (i + rng.uniform(0.25, 0.75)) / count, rng.uniform(0.24, 0.6)) for i in range(count)]
    rng.shuffle(heads)
    for across, level in heads:
        head = (width * across, height * level)
        foot = (width * (0.5 + (across - 0.5) * 0.7 + rng.uniform(-0.04, 0.04)), height * 1.02)
        stem = bezier(foot, (foot[0], (foot[1] + head[1]) / 2), head, 30)
        colour = rng.choice(list(tones))
        sheet.stroke(stem, lambda t: 6.5 * (1 - t) + 2.5, mix(colour, ground, 0.45))
        reach = min(size) * rng.uniform(0.12, 0.2)
        _umbel(rng, sheet, head, heading(stem, 29), reach, (colour, mix(colour, ground, 0.3)))
    return textured(rng, sheet.done(), 4)


def _umbel(rng: Random, sheet: Sheet, head: Point, facing: float, reach: float, inks: tuple[str, str]) -> None:
    for ray in range(17):
        angle = facing + (ray - 8) / 8 * 1.45
        long = reach * (1 - 0.16 * abs(ray - 8) / 8) * rng.uniform(0.9, 1.05)
        bend = away(away(head, facing, long * 0.3), angle, long * 0.3)
        tip = away(head, angle, long)
        sheet.stroke(bezier(head, bend, tip, 10), lambda t: 2.6 - t, inks[1])
        _floret(rng, sheet, tip, angle, reach * 0.24, inks[0])


def _floret(rng: Random, sheet: Sheet, base: Point, facing: float, reach: float, colour: str) -> None:
    for ray in range(9):
        tip = away(base, facing + (ray - 4) / 4 * 1.5, reach * rng.uniform(0.75, 1.05))
        sheet.stroke([base, tip], lambda _: 1.3, mix(colour, "#888888", 0.25))
        sheet.circle(tip, reach * rng.uniform(0.07, 0.13), mix(colour, "#ffffff", rng.uniform(0, 0.5)))


def tree(rng: Random, size: Size, tones: Sequence[str], ground: str = "#f3ece0", bark: str = "#3b2f33") -> Picture:
    """A tree in blossom: every branch forks until it is a twig."""
    sheet = plate(rng, size, ground)
    width, height = size
    sheet.circle((width * 0.5, height * 0.46), min(size) * 0.36, mix(ground, tones[0], 0.22))
    crown = _Crown(rng, sheet, bark)
    crown.fork((width * 0.5, height * 0.97), -pi / 2, height * 0.185, min(size) * 0.034)
    for x, y in crown.twigs:
        for _ in range(3):
            spot = (x + rng.gauss(0, 9), y + rng.gauss(0, 9))
            sheet.circle(spot, rng.uniform(2.5, 7), mix(rng.choice(list(tones)), "#ffffff", rng.uniform(0, 0.35)))
    for _ in range(70):
        spot = (width * rng.gauss(0.5, 0.2), height * rng.uniform(0.72, 0.965))
        sheet.circle(spot, rng.uniform(2, 4.5), mix(rng.choice(list(tones)), ground, rng.uniform(0, 0.4)))
    return textured(rng, sheet.done(), 4)


class _Crown:
    """A tree as it grows; ``twigs`` are the ends of its branches."""

    def __init__(self, rng: Random, sheet: Sheet, bark: str) -> None:
        self._rng, self._sheet, self._bark = rng, sheet, bark
        self.twigs: list[Point] = []

    def fork(self, base: Point, direction: float, length: float, thick: float) -> None:
        rng = self._rng
        limb = grown(rng, base, direction, length, 0.45, 10)
        end, thin = limb[-1], thick * 0.7
        self._sheet.stroke(limb, lambda t: max(1.1, thick + (thin - thick) * t), self._bark)
        self._sheet.circle(end, max(0.5, thin / 2), self._bark)
        if length < 26:
            self.twigs.append(end)
            return
        for side in rng.sample((-1, 1, 0.15), 3 if rng.random() < 0.32 else 2):
            turn = heading(limb, 9) + side * rng.uniform(0.28, 0.62)
            # Twigs reach for the light: they are drawn back towards the sky.
            turn += (-pi / 2 - turn) * 0.08
            self.fork(end, turn, length * rng.uniform(0.7, 0.84), thin * (0.95 if side == 0.15 else 0.82))


def sunflower(rng: Random, size: Size, tones: Sequence[str], ground: str = "#efe6d3") -> Picture:
    """A sunflower, its seeds set one golden angle after another.

    ``tones``: outer petals, inner petals, light, dark, seeds.
    """
    sheet = plate(rng, size, ground)
    unit, centre = min(size), (size[0] / 2, size[1] / 2)
    for ring, tone in ((1.0, tones[0]), (0.9, tones[1])):
        for n in range(42):
            angle = tau * (n + (0.5 if ring < 1 else 0)) / 42 + rng.uniform(-0.03, 0.03)
            tint = mix(tone, tones[2], rng.uniform(0, 0.3))
            length = unit * 0.21 * ring * rng.uniform(0.9, 1.05)
            base, bend = away(centre, angle, unit * 0.24), rng.uniform(-0.1, 0.1)
            leaf(sheet, base, angle, length, unit * 0.05, tint, bend, shade="#5a2d16")
    sheet.circle(centre, unit * 0.275, tones[3])
    for n in range(900, 0, -1):
        out = (n / 900) ** 0.5
        ink = mix(mix(tones[4], tones[2], 1 - out), tones[3], rng.uniform(0, 0.3))
        sheet.circle(away(centre, n * GOLDEN, unit * 0.265 * out), unit * (0.0036 + 0.0034 * out), ink)
    return textured(rng, sheet.done(), 4)
