"""Moiré: fine lines laid over fine lines, and the larger figures that appear between them."""

from collections.abc import Sequence
from math import cos, exp, pi, sin, tau
from random import Random

from PIL import Image

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size
from guardware.demo.art.sheet import Point, Sheet, over, pressed, textured


def rings(rng: Random, size: Size, ground: str, inks: Sequence[str], pitch: float = 15) -> Picture:
    """Sets of concentric rings, their centres a little apart, in transparent inks."""
    picture = Image.new("RGB", size, ground)
    unit, turn = min(size), rng.uniform(0, tau)
    for n, ink in enumerate(inks):
        angle = turn + tau * n / len(inks)
        centre = (size[0] / 2 + cos(angle) * unit * 0.075, size[1] / 2 + sin(angle) * unit * 0.075)
        sheet = Sheet(size, scale=3)
        for ring in range(1, int(unit * 0.4 / pitch) + 1):
            sheet.ring(centre, ring * pitch, pitch * 0.48)
        picture = pressed(picture, ink, sheet.done())
    return textured(rng, picture, 5)


def swell(rng: Random, size: Size, ground: str, first: str, last: str, count: int = 84) -> Picture:
    """Level lines that lift where something unseen passes beneath them."""
    sheet = Sheet(size, "RGB", ground, scale=3)
    width, height = size
    humps = [
        (rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.85), rng.uniform(0.06, 0.13), rng.uniform(0.05, 0.13))
        for _ in range(7)
    ]
    phase = rng.uniform(0, tau)
    for n in range(count):
        t = n / (count - 1)
        line: list[Point] = []
        for step in range(181):
            u = step / 180
            lift = sum(h * exp(-(((u - x) / w) ** 2) - ((t - y) / (w * 1.5)) ** 2) for x, y, w, h in humps)
            ripple = 0.004 * sin(u * 40 + t * 9 + phase) * min(1.0, lift * 30)
            line.append((width * (0.08 + 0.84 * u), height * (0.12 + 0.78 * t - lift - ripple)))
        # Each line hides what lies behind it: nearer ground first, then the line.
        sheet.polygon(
            [*line, (line[-1][0], line[-1][1] + height * 0.1), (line[0][0], line[0][1] + height * 0.1)], ground
        )
        sheet.line(line, 2.6, mix(first, last, t))
    return textured(rng, sheet.done(), 4)


def strings(rng: Random, size: Size, ground: str, inks: Sequence[str], count: int = 220) -> Picture:
    """Straight threads between two turning points: their edges draw curves that no thread follows."""
    picture = Image.new("RGB", size, ground)
    centre, reach = (size[0] / 2, size[1] / 2), min(size) * 0.44
    for n, ink in enumerate(inks):
        sheet = Sheet(size, scale=3)
        for step in range(count):
            # Each thread joins a place on the rim with the place two (three, four) times as far round.
            ends = (tau * step / count, tau * step / count * (2 + n))
            sheet.line([(centre[0] + reach * cos(a), centre[1] + reach * sin(a)) for a in ends], 1.1)
        picture = over(picture, ink, sheet.done())
    return textured(rng, picture, 4)


def breathing(_rng: Random, size: Size, ground: str, inks: Sequence[str], frames: int = 36) -> list[Picture]:
    """Nested shapes that turn against each other and end where they began: the frames of a loop."""
    pictures = []
    centre, unit = (size[0] / 2, size[1] / 2), min(size)
    layers = 15
    for frame in range(frames):
        phase = tau * frame / frames
        sheet = Sheet(size, "RGB", ground, scale=3)
        for layer in range(layers):
            depth = layer / (layers - 1)
            turn = pi / 4 + 0.62 * sin(phase - depth * 2.6)
            reach = unit * 0.47 * (1 - depth * 0.93) * (1 + 0.035 * sin(phase - depth * 4))
            corners = [
                (centre[0] + reach * cos(turn + pi / 2 * k), centre[1] + reach * sin(turn + pi / 2 * k))
                for k in range(4)
            ]
            sheet.polygon(corners, inks[layer % len(inks)])
        pictures.append(sheet.done())
    return pictures
