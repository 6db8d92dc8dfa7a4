"""Ribbons: bands of colour that follow a field of directions and never cross one another."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import atan2, cos, hypot, pi, sin, tau
from random import Random

from guardware.demo.art.fields import Picture, Size
from guardware.demo.art.sheet import Point, Sheet, textured

Flow = Callable[[float, float], float]

PALETTES = {
    "kelp": ("#f4efe4", ("#23404a", "#2f6b6a", "#77a48b", "#d8c690", "#d98b5f", "#b5483a")),
    "carnival": ("#1d2233", ("#f2e9d8", "#e9b44c", "#d9663d", "#9b2f4b", "#3f7c85", "#84b6a5")),
    "salt": ("#e9e4dc", ("#2b3a55", "#56708f", "#9db3c1", "#ffffff", "#c96f53", "#e3b7a0")),
    "orchard": ("#f6ead7", ("#5b2a3c", "#a63d40", "#e9b872", "#90a959", "#6494aa", "#33443c")),
    "nightfall": ("#10172a", ("#31456e", "#5a6fa3", "#a792c7", "#e0a6b8", "#f3d9b1", "#2a6f77")),
}
"""The ground and the ribbons' colours."""


def rolling(rng: Random, size: Size) -> Flow:
    """Long swells, as of wind over grass."""
    waves = [
        (rng.uniform(1, 3.4), rng.uniform(0, tau), rng.uniform(0, tau), rng.uniform(0.25, 0.75)) for _ in range(4)
    ]
    lean, unit = rng.uniform(-0.4, 0.4), max(size)

    def angle(x: float, y: float) -> float:
        return lean + sum(a * sin(f * (x * cos(d) + y * sin(d)) / unit * pi + p) for f, d, p, a in waves)

    return angle


def whirling(rng: Random, size: Size) -> Flow:
    """A few eddies that share the picture between them."""
    count = rng.choice((3, 4))
    eddies = [
        (
            rng.uniform(0.05, 0.95) * size[0],
            rng.uniform(0.05, 0.95) * size[1],
            rng.choice((-1, 1)),
            rng.uniform(-0.3, 0.3),
        )
        for _ in range(count)
    ]

    def angle(x: float, y: float) -> float:
        vx = vy = 0.0
        for cx, cy, spin, inward in eddies:
            dx, dy = x - cx, y - cy
            away = hypot(dx, dy) + 60
            vx += (-dy * spin + dx * inward) / away**2.1
            vy += (dx * spin + dy * inward) / away**2.1
        return atan2(vy, vx)

    return angle


FLOWS: dict[str, Callable[[Random, Size], Flow]] = {"rolling": rolling, "whirling": whirling}


class _Ground:
    """Which parts are covered, on a grid of small cells."""

    CELL = 5

    def __init__(self, size: Size, margin: float) -> None:
        self._size, self._margin = size, margin
        self._owner: dict[tuple[int, int], int] = {}

    def free(self, x: float, y: float, reach: float, owner: int) -> bool:
        """Whether a disc of radius ``reach`` fits here, next to its own ribbon only."""
        if not (
            self._margin < x < self._size[0] - self._margin and self._margin < y < self._size[1] - self._margin
        ):
            return False
        return all(self._owner.get(cell, owner) == owner for cell in self._cells(x, y, reach))

    def take(self, points: Sequence[Point], reach: float, owner: int) -> None:
        """Cover the ground under a ribbon."""
        for x, y in points:
            for cell in self._cells(x, y, reach):
                self._owner[cell] = owner

    def _cells(self, x: float, y: float, reach: float) -> list[tuple[int, int]]:
        cx, cy = int(x / self.CELL), int(y / self.CELL)
        return [(cx + i, cy + j) for i, j in _disc(round(reach / self.CELL, 1))]


@lru_cache(maxsize=32)
def _disc(radius: float) -> tuple[tuple[int, int], ...]:
    """The cells of a disc, about its middle."""
    ring = range(-int(radius) - 1, int(radius) + 2)
    return tuple((i, j) for i in ring for j in ring if i * i + j * j <= radius * radius)


def _follow(flow: Flow, ground: _Ground, start: Point, reach: float, owner: int, length: int) -> list[Point]:
    """The path both ways from ``start`` as far as the ground is free."""
    halves = []
    for direction in (1, -1):
        x, y = start
        half: list[Point] = []
        while len(half) < length and ground.free(x, y, reach, owner):
            half.append((x, y))
            turn = flow(x, y)
            x, y = x + cos(turn) * 6 * direction, y + sin(turn) * 6 * direction
        halves.append(half)
    return halves[1][:0:-1] + halves[0]


def paint(
    rng: Random, size: Size, palette: str, flow: str = "rolling", widths: Sequence[float] = (46, 24, 11)
) -> Picture:
    """Ribbons along the field that ``flow`` names (a key of ``FLOWS``); broad ones first, narrow ones between."""
    ground_colour, colours = PALETTES[palette]
    direction = FLOWS[flow](rng, size)
    ground = _Ground(size, min(size) * 0.045)
    sheet = Sheet(size, "RGB", ground_colour)
    owner = 0
    for width in widths:
        for _ in range(round(size[0] * size[1] / width**2 * 0.9)):
            owner += 1
            start = (rng.random() * size[0], rng.random() * size[1])
            path = _follow(direction, ground, start, width / 2 + 4, owner, rng.randrange(20, 150))
            if len(path) * 6 < width * 1.6:
                continue
            ground.take(path, width / 2, owner)
            _band(rng, sheet, path, width, colours)
    return textured(rng, sheet.done(), 4)


def _band(rng: Random, sheet: Sheet, path: list[Point], width: float, colours: Sequence[str]) -> None:
    """One ribbon: plain, with a stripe, or in blocks of two colours."""
    first, second = rng.sample(colours, 2)
    sheet.stroke(path, lambda _: width, first)
    manner = rng.random()
    if manner < 0.16:
        sheet.stroke(path, lambda _: width * 0.3, second)
    elif manner < 0.34:
        block = rng.randrange(5, 14)
        for at in range(block, len(path) - 2, block * 2):
            sheet.stroke(path[at : at + block + 1], lambda _: width, second)
