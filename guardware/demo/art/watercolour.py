"""Watercolour: washes with dark rims, granulation and blooms, glazed one over another on rough paper."""

from collections.abc import Sequence
from math import cos, exp, pi, sin, tau
from random import Random

from PIL import Image, ImageChops

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size, calc, coloured, mapped, noise, to_field, to_mask, toned
from guardware.demo.art.mountains import skyline
from guardware.demo.art.sheet import Point, Sheet, bezier, blob, outline, pressed, soft, textured

Shape = Sequence[Point]
Box = tuple[int, int, int, int]

PALETTES = {
    "lagoon": ("#fbf7ee", "#1f6f8b", "#3fa7a3", "#8fc9b5", "#e2b873", "#d9795d"),
    "garden": ("#fbf6ef", "#c8526b", "#e58f86", "#f0bf8a", "#7f9f6c", "#4b7a78"),
    "iris": ("#faf7f2", "#4a4a8f", "#7a6bb0", "#b48cc2", "#9dbb92", "#557f78"),
    "amber": ("#fbf5ea", "#f3cf8e", "#efb95a", "#e08a3c", "#c2572b", "#94413c"),
    "tide": ("#faf7f0", "#24476b", "#3d7ea6", "#7fb3c8", "#f0cfa6", "#e5805e"),
    "heather": ("#faf6f1", "#4a3f6b", "#8a6d9e", "#b9a3c0", "#f3d3b0", "#d96f62"),
}
"""The paper, then the paints."""


def paper(rng: Random, size: Size, colour: str) -> Picture:
    """Cold-pressed paper: a fine relief lit from the upper left."""
    bumps = soft_field(noise(rng, size, max(size) / 5, 3, 0.75))
    lit = calc(
        lambda v: 0.5 + (v["a"] - v["b"]) * 0.62,
        a=bumps,
        b=bumps.transform(size, Image.Transform.AFFINE, (1, 0, 2, 0, 1, 2)),
    )
    return coloured(
        calc(lambda v: v["min"](v["max"](v["l"], 0), 1), l=lit),
        [mix(colour, "#1a1206", 0.12), colour, mix(colour, "#ffffff", 0.14)],
    )


def soft_field(source: Picture) -> Picture:
    """A field slightly out of focus (Pillow blurs 8 bits only, so by way of a smaller copy)."""
    half = (max(1, source.width // 2), max(1, source.height // 2))
    return source.resize(half, Image.Resampling.BILINEAR).resize(source.size, Image.Resampling.BICUBIC)


def _density(v: float, strength: float) -> float:
    """Pigment at height ``v`` of a wash: nothing outside, a dark rim where it dried, a paler body."""
    edge = 1 / (1 + exp(-(v - 0.5) * 150))
    rim = exp(-(((v - 0.525) / 0.022) ** 2)) * 0.5
    body = 0.5 + 0.22 * min(max((v - 0.5) * 2, 0), 1)
    return min(1.0, edge * strength * (body + rim))


class Painting:
    """Paper under work. ``wash`` lays one transparent wash over it."""

    def __init__(self, rng: Random, size: Size, ground: str) -> None:
        self._rng, self.size = rng, size
        self.paper = paper(rng, size, ground)
        self.picture = self.paper.copy()
        roomy = (round(size[0] * 1.4), round(size[1] * 1.4))
        # Each wash takes its own window of these: noise is the dearest part of a wash.
        self._wander = noise(rng, roomy, max(roomy) / 95, 5, 0.6)
        self._blooms = noise(rng, roomy, max(roomy) / 150, 5, 0.5)
        self._tooth = noise(rng, size, max(size) / 5, 3, 0.8)
        self._grit = calc(lambda v: 0.75 + 0.25 * v["t"], t=self._tooth)

    def wash(self, shape: Shape, colours: tuple[str, str], strength: float = 1.0, wet: float = 14) -> None:
        """Paint ``shape`` with a blend of two colours. ``wet`` is how far its edge wanders, in pixels."""
        box = self._around(shape, wet)
        area = (box[2] - box[0], box[3] - box[1])
        if min(area) < 8:
            return
        mask = Sheet(area, scale=1)
        mask.polygon([(x - box[0], y - box[1]) for x, y in shape])
        dried = [round(255 * _density(v / 255, strength)) for v in range(256)]
        density = to_mask(self._flood(mask.done(), wet)).point(dried)
        blooms = self._window(self._blooms, area)
        paint = toned(to_mask(blooms), [colours[0], colours[0], mix(*colours, 0.5), colours[1], colours[1]])
        self._glaze(box, paint, density, blooms)

    def _around(self, shape: Shape, wet: float) -> Box:
        margin = round(wet * 3)
        xs, ys = [p[0] for p in shape], [p[1] for p in shape]
        left, top = max(0, round(min(xs)) - margin), max(0, round(min(ys)) - margin)
        return left, top, min(self.size[0], round(max(xs)) + margin), min(self.size[1], round(max(ys)) + margin)

    def _window(self, source: Picture, area: Size) -> Picture:
        left = self._rng.randrange(source.width - area[0])
        top = self._rng.randrange(source.height - area[1])
        return source.crop((left, top, left + area[0], top + area[1]))

    def _flood(self, mask: Picture, wet: float) -> Picture:
        """The wash as a height: 0.5 at its edge, which the paper's unevenness pushes in and out."""
        return calc(
            lambda v: v["min"](v["max"](v["s"] + (v["n"] - 0.5) * 0.5 * (1 - abs(v["s"] * 2 - 1)), 0), 1),
            s=to_field(soft(mask, wet)),
            n=self._window(self._wander, mask.size),
        )

    def _glaze(self, box: Box, paint: Picture, density: Picture, blooms: Picture) -> None:
        amount = calc(
            lambda v: v["d"] * (0.62 + 0.5 * v["b"]) * (0.86 + 0.3 * v["t"]),
            d=to_field(density),
            b=blooms,
            t=self._tooth.crop(box),
        )
        under = self.picture.crop(box)
        self.picture.paste(Image.composite(ImageChops.multiply(under, paint), under, to_mask(amount)), box[:2])

    def spatter(self, colour: str, count: int) -> None:
        """Drops flicked from the brush."""
        drops = Sheet(self.size)
        for _ in range(count):
            centre = (self._rng.uniform(0, self.size[0]), self._rng.uniform(0, self.size[1]))
            radius = min(0.0012 * self._rng.paretovariate(1.9), 0.006) * max(self.size)
            drops.polygon(blob(self._rng, centre, radius + 1.5, 0.1, 24), 190)
        self.dab(colour, drops)

    def dab(self, colour: str, marks: Sheet) -> None:
        """Touch the picture with the tip of the brush: ``marks`` in one transparent colour."""
        self.picture = pressed(self.picture, colour, ImageChops.multiply(marks.done(), to_mask(self._grit)))

    def tape(self, margin: float) -> None:
        """Clean paper around the picture, where masking tape was."""
        inner = Sheet(self.size)
        inner.box(margin, margin, self.size[0] - margin, self.size[1] - margin)
        frayed = self._flood(inner.done(), 3)
        self.picture = Image.composite(self.picture, self.paper, mapped(frayed, lambda v: (v - 0.46) * 12))

    def done(self) -> Picture:
        """The dry picture."""
        return textured(self._rng, self.picture, 3)


def pebbles(rng: Random, size: Size, palette: str, across: int = 5) -> Picture:
    """Round washes in rows, wet in wet."""
    ground, *paints = PALETTES[palette]
    painting = Painting(rng, size, ground)
    unit = min(size) / (across + 0.7)
    columns, rows = int(size[0] / unit - 0.5), int(size[1] / unit - 0.5)
    left, top = (size[0] - columns * unit) / 2, (size[1] - rows * unit) / 2
    for row in range(rows):
        for column in range(columns):
            x, y = (left + unit * (n + 0.5 + rng.uniform(-0.05, 0.05)) for n, left in ((column, left), (row, top)))
            tone = rng.randrange(len(paints) - 1)
            pair = (paints[tone], paints[tone + 1])
            painting.wash(blob(rng, (x, y), unit * rng.uniform(0.34, 0.5), 0.06), pair, rng.uniform(0.8, 1), 8)
    painting.spatter(paints[0], 18)
    return painting.done()


def poppies(rng: Random, size: Size, palette: str, count: int = 9) -> Picture:
    """Flowers on long stems, petal glazed over petal."""
    ground, *paints = PALETTES[palette]
    painting = Painting(rng, size, ground)
    places = _spread(rng, size, count)
    for x, y, reach in places:
        foot = (x + rng.uniform(-0.06, 0.06) * size[0], size[1] * 1.04)
        stem = bezier((x, y), (x + rng.uniform(-0.08, 0.08) * size[0], (y + size[1]) / 2), foot, 24)
        painting.wash(outline(stem, lambda t: 7 + 5 * t), (paints[3], paints[4]), 0.95, 2.5)
        for _ in range(2):
            at = stem[rng.randrange(10, 22)]
            tip = (
                at[0] + rng.choice((-1, 1)) * reach * rng.uniform(0.9, 1.6),
                at[1] - reach * rng.uniform(0.4, 1.3),
            )
            painting.wash(_leaf(at, tip, reach * 0.3), (paints[3], paints[4]), 0.85, 5)
    stamens = Sheet(size)
    for place in places:
        _poppy(rng, painting, stamens, place, paints)
    painting.dab("#3a3340", stamens)
    painting.spatter(paints[1], 16)
    return painting.done()


def _poppy(
    rng: Random, painting: Painting, stamens: Sheet, place: tuple[float, float, float], paints: Sequence[str]
) -> None:
    x, y, reach = place
    tones = rng.choice(((paints[0], paints[1]), (paints[1], paints[2]), (paints[1], paints[0])))
    turn = rng.uniform(0, tau)
    for petal in range(5):
        angle = turn + tau * petal / 5 + rng.uniform(-0.2, 0.2)
        centre = (x + cos(angle) * reach * 0.46, y + sin(angle) * reach * 0.4)
        painting.wash(blob(rng, centre, reach * 0.52, 0.13), tones, 0.72, 6)
    painting.wash(blob(rng, (x, y), reach * 0.17, 0.2, 30), (paints[4], "#3a3340"), 1.0, 4)
    for stamen in range(14):
        angle = tau * stamen / 14 + rng.uniform(-0.2, 0.2)
        far = reach * rng.uniform(0.24, 0.36)
        stamens.polygon(blob(rng, (x + cos(angle) * far, y + sin(angle) * far), 3.2, 0.1, 12), 225)


def _spread(rng: Random, size: Size, count: int) -> list[tuple[float, float, float]]:
    """Places in the upper part of the picture that keep their distance, each with a reach; highest first."""
    places: list[tuple[float, float, float]] = []
    reach = (size[0] * size[1] / count) ** 0.5 * 0.36
    for _ in range(count):
        tries = [(rng.uniform(0.13, 0.87) * size[0], rng.uniform(0.14, 0.66) * size[1]) for _ in range(40)]
        x, y = max(
            tries, key=lambda p: min(((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 for q in places), default=1.0)
        )
        places.append((x, y, reach * rng.uniform(0.65, 1)))
    return sorted(places, key=lambda p: p[1])


def _leaf(base: Point, tip: Point, width: float) -> list[Point]:
    """A pointed oval from ``base`` to ``tip``."""
    bend = ((base[0] + tip[0]) / 2 + (tip[1] - base[1]) * 0.12, (base[1] + tip[1]) / 2)
    return outline(bezier(base, bend, tip), lambda t: sin(pi * t**0.8) * width)


def hills(rng: Random, size: Size, palette: str, layers: int = 6) -> Picture:
    """A low sun and hills in long glazes, each over the one before; white paper all round."""
    ground, *paints = PALETTES[palette]
    painting = Painting(rng, size, ground)
    width, height = size
    sky = [
        (-0.1 * width, -0.1 * height),
        (1.1 * width, -0.1 * height),
        (1.1 * width, 1.1 * height),
        (-0.1 * width, 1.1 * height),
    ]
    painting.wash(sky, (paints[3], mix(paints[3], paints[2], 0.4)), 0.7, 30)
    sun = (width * rng.uniform(0.3, 0.7), height * 0.3)
    painting.wash(blob(rng, sun, min(size) * 0.085, 0.02), (paints[4], mix(paints[4], paints[3], 0.4)), 1.0, 5)
    for layer in range(layers):
        depth = layer / (layers - 1)
        near = (
            mix(paints[2], paints[1], min(1, depth * 2))
            if depth < 0.5
            else mix(paints[1], paints[0], depth * 2 - 1)
        )
        ridge = _crest(rng, size, 0.44 + 0.42 * depth, 0.1 - 0.03 * depth)
        painting.wash(ridge, (near, mix(near, paints[3], 0.25)), 0.55 + 0.35 * depth, 6)
    painting.tape(min(size) * 0.06)
    return painting.done()


def _crest(rng: Random, size: Size, level: float, relief: float) -> list[Point]:
    heights = skyline(rng, size[0], 0.42, 8)
    line = [(i * 8.0, size[1] * (level - relief * (h - 0.5) * 2)) for i, h in enumerate(heights)]
    return [
        (-60, line[0][1]),
        *line,
        (size[0] + 60, line[-1][1]),
        (size[0] + 60, size[1] * 1.1),
        (-60, size[1] * 1.1),
    ]
