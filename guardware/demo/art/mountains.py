"""Mountains in mist: ridges behind ridges, each paler than the one before it."""

from math import sin, tau
from random import Random
from typing import NamedTuple

from PIL import Image

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size, calc, glow, gradient, noise, slope, tinted
from guardware.demo.art.sheet import Point, Sheet, over, soft, textured


class Mood(NamedTuple):
    """Light and colours: the sky from top to horizon, the mist, the nearest ridge, the sun and its place."""

    sky: tuple[str, ...]
    mist: str
    near: str
    sun: str
    place: tuple[float, float]
    disc: float


MOODS = {
    "dusk": Mood(
        ("#3b3a5f", "#7d5a7d", "#c98686", "#f0b48f", "#f7d5a8"),
        "#e6b3a8",
        "#241d33",
        "#ffe6bd",
        (0.66, 0.47),
        0.032,
    ),
    "dawn": Mood(
        ("#7fa3c0", "#b3c6cf", "#ecd9c6", "#f9e3c8"), "#eadccd", "#27404a", "#fff4dc", (0.3, 0.42), 0.036
    ),
    "blue": Mood(
        ("#16263f", "#2c4a6b", "#5f86a3", "#a9c3cc"), "#9fbcc8", "#0c1828", "#e8f3f2", (0.72, 0.2), 0.024
    ),
    "ember": Mood(
        ("#2c1a2b", "#6b2b3a", "#b8503f", "#ec8f4f", "#fbc675"),
        "#e58c56",
        "#1a0f1a",
        "#ffe2a0",
        (0.44, 0.53),
        0.045,
    ),
    "sage": Mood(("#c9d3c3", "#dde0cd", "#efe9d4"), "#dfe1cf", "#2d3f36", "#fffaf0", (0.56, 0.3), 0.042),
    "rose": Mood(
        ("#8793b8", "#b9a9c4", "#e6bfc4", "#f7dccb"), "#e9cccf", "#3a3353", "#fff1e4", (0.24, 0.36), 0.03
    ),
}


def skyline(rng: Random, width: int, roughness: float, step: int = 2) -> list[float]:
    """Heights from 0 to 1 along a ridge: big shoulders, then ever smaller notches."""
    count = width // step + 2
    total = [0.0] * count
    cells, weight = 2.2, 1.0
    while cells < width / 6:
        knots = [rng.random() for _ in range(int(cells * count * step / width) + 3)]
        shift = rng.random()
        for i in range(count):
            place = shift + i * step / width * cells
            k, t = int(place), place % 1
            t = t * t * (3 - 2 * t)
            value = knots[k] + (knots[k + 1] - knots[k]) * t
            # Folding the coarse waves gives sharp crests and round valleys.
            total[i] += weight * (1 - abs(2 * value - 1) if cells < 12 else value)
        cells, weight = cells * 2.03, weight * roughness
    low, high = min(total), max(total)
    return [(v - low) / (high - low) for v in total]


def _conifers(rng: Random, sheet: Sheet, ridge: list[Point], height: float) -> None:
    """A wood along the ridge: trees of all ages, their boughs jagged."""
    index = 0
    while index < len(ridge):
        x, y = ridge[index]
        tall = height * rng.uniform(0.35, 1) * (0.55 + 0.45 * sin(x / 97) ** 2)
        _conifer(rng, sheet, (x, y + tall * 0.12), tall)
        index += max(1, round(tall * rng.uniform(0.07, 0.16)))


def _conifer(rng: Random, sheet: Sheet, foot: Point, tall: float) -> None:
    x, y = foot
    tiers = max(4, round(tall / 7))
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        t = (tier + 1) / tiers
        reach = tall * 0.19 * t**0.85
        level = y - tall + tall * t
        for side, sign in ((left, -1), (right, 1)):
            side.append((x + sign * reach * rng.uniform(0.75, 1.1), level))
            side.append((x + sign * reach * 0.45, level - tall * 0.02))
    sheet.polygon([(x, y - tall), *right, *left[::-1]])


def _ridge(rng: Random, size: Size, crest: float, relief: float, roughness: float, trees: float) -> Picture:
    """The mask of one ridge: ``crest`` and ``relief`` as shares of the height, ``trees`` in pixels."""
    width, height = size
    heights = skyline(rng, width, roughness)
    lean, phase = rng.uniform(0.1, 0.35), rng.uniform(0, tau)
    rise = relief * min(height, width * 0.68)  # upright pictures would get needles else
    line = [
        (i * 2.0, height * crest - rise * (h - 0.5 + lean * sin(phase + i * 2 / width * 4)))
        for i, h in enumerate(heights)
    ]
    sheet = Sheet(size)
    sheet.polygon([(0, height), *line, (width + 4, height)])
    if trees:
        _conifers(rng, sheet, line, trees)
    return sheet.done()


def _body(rng: Random, size: Size, colour: str, mist: str, crest: float) -> Picture:
    """A ridge's own colours: firm at the crest, drowned in mist below."""
    top = round(size[1] * max(crest - 0.12, 0))
    falling = gradient(
        rng, (size[0], size[1] - top), [colour, colour, mix(colour, mist, 0.35), mix(colour, mist, 0.75)]
    )
    body = Image.new("RGB", size, colour)
    body.paste(falling, (0, top))
    return body


def _mist(rng: Random, size: Size, level: float, depth: float, strength: float) -> Picture:
    """Drifting mist around ``level``, a field of weights."""
    # Mist has no edges: a quarter of the pixels will do.
    drift = noise(rng, (size[0] // 2, size[1] // 2), 4, 5, 0.55, wide=3.5).resize(size, Image.Resampling.BILINEAR)
    window = [max(0.0, 1 - abs(i / 40 - level) / depth) for i in range(41)]
    return calc(lambda v: v["n"] * v["n"] * v["w"] * strength * 1.6, n=drift, w=slope(size, window))


def _sky(rng: Random, size: Size, mood: Mood) -> Picture:
    horizon = round(size[1] * 0.72)
    picture = Image.new("RGB", size, mood.sky[-1])
    picture.paste(gradient(rng, (size[0], horizon), mood.sky), (0, 0))
    cloud = noise(rng, size, 3, 6, 0.5, wide=5)
    high = slope(size, [0.55, 0.5, 0.3, 0.0, 0.0])
    picture = tinted(rng, picture, mood.mist, calc(lambda v: v["c"] * v["c"] * v["h"], c=cloud, h=high))
    centre = (size[0] * mood.place[0], size[1] * mood.place[1])
    picture = tinted(rng, picture, mood.sun, glow(size, centre, max(size) * 0.5, 3.2))
    disc = Sheet(size)
    disc.circle(centre, max(size) * mood.disc)
    mask = soft(disc.done(), 1.2)
    return over(picture, mood.sun, mask)


def paint(rng: Random, size: Size, mood: str, layers: int = 7, trees: bool = True) -> Picture:
    """A range at the hour that ``mood`` names (a key of ``MOODS``)."""
    light = MOODS[mood]
    picture = _sky(rng, size, light)
    for layer in range(layers):
        depth = layer / (layers - 1)
        crest = 0.46 + 0.46 * depth**1.25
        wooded = max(size) * 0.022 * (0.6 + depth) ** 2 if trees and depth > 0.55 else 0.0
        mask = _ridge(rng, size, crest, 0.2 - 0.07 * depth, 0.46 + 0.06 * depth, wooded)
        colour = mix(light.mist, light.near, 0.16 + 0.84 * depth**1.35)
        picture = over(picture, _body(rng, size, colour, light.mist if depth < 0.95 else light.near, crest), mask)
        if 0 < depth < 1:
            picture = tinted(rng, picture, light.mist, _mist(rng, size, crest + 0.1, 0.16, 0.75 - 0.4 * depth))
    return textured(rng, picture, 5)
