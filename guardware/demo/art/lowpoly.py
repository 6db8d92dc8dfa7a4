"""Low poly: landscapes folded from flat triangles, seen in perspective and lit from one side."""

from collections.abc import Sequence
from math import hypot
from random import Random
from typing import NamedTuple

from PIL import Image

from guardware.demo.art.colour import mix
from guardware.demo.art.fields import Picture, Size, glow, gradient, noise, tinted
from guardware.demo.art.sheet import Point, Sheet, over, textured

Corner = tuple[float, float, float]


class Scene(NamedTuple):
    """Sky from top to horizon, ground from low to high, water, sunlight, shade, and where the sun stands.

    ``sea`` is the share of the heights that lies under water.
    """

    sky: tuple[str, ...]
    ground: tuple[str, ...]
    water: tuple[str, str]
    light: str
    shade: str
    sun: Point
    sea: float


SCENES = {
    "island": Scene(
        ("#5fa8c4", "#a9d3d6", "#f4e6cf"),
        ("#e6cf9f", "#8fae6b", "#5f8f5e", "#7f7a6e", "#f4f1ec"),
        ("#2f7f99", "#7fc3c4"),
        "#fff3d6",
        "#2a4a5a",
        (0.24, 0.2),
        0.42,
    ),
    "canyon": Scene(
        ("#f0a878", "#f6c89a", "#fbe6c6"),
        ("#8f4638", "#b8603f", "#d98952", "#ecb478", "#f6dcae"),
        ("#5a4a5e", "#a07a7a"),
        "#ffe3ad",
        "#4a2440",
        (0.72, 0.22),
        0.1,
    ),
    "glacier": Scene(
        ("#3f5f8f", "#8fb0cf", "#e9e3e6"),
        ("#51698a", "#6f8fae", "#a9c3d6", "#e3edf2", "#ffffff"),
        ("#24486b", "#5f95b3"),
        "#fff6ef",
        "#2a3a66",
        (0.62, 0.18),
        0.36,
    ),
}

COLUMNS, ROWS = 40, 34
NEAR, FAR = 0.36, 2.6
"""Distances of the first and the last row of corners; the eye is at 0, a little above the ground."""


def _terrain(rng: Random, sea: float) -> list[list[Corner]]:
    """A jittered grid of corners: across, away (both in the eye's units), height above the sea."""
    broad, sharp = noise(rng, (COLUMNS, ROWS), 3.6, 3, 0.4), noise(rng, (COLUMNS, ROWS), 9, 2, 0.5)
    rows = []
    for j in range(ROWS):
        row = []
        for i in range(COLUMNS):
            away = NEAR * (FAR / NEAR) ** ((j + rng.uniform(-0.3, 0.3)) / (ROWS - 1))
            across = ((i + rng.uniform(-0.34, 0.34)) / (COLUMNS - 1) * 2 - 1) * away * 0.72
            value = _at(broad, i, j) * 0.72 + _at(sharp, i, j) * 0.28
            # Low ground before us, so that it hides nothing; peaks at the back.
            rise = min(1.0, max(0.0, (away - 0.5) / 1.7)) ** 0.8
            height = max(0.0, value - sea) / (1 - sea)
            row.append((across, away, height * (0.07 + 1.25 * height * rise)))
        rows.append(row)
    return rows


def _at(source: Picture, column: int, row: int) -> float:
    value = source.getpixel((column, row))
    assert isinstance(value, float)  # noqa: S101 - a field has one float channel
    return value


def _seen(corner: Corner, size: Size) -> Point:
    across, away, height = corner
    return size[0] * (0.5 + across / away * 0.8), size[1] * (0.46 + 0.85 * (0.29 - height) / away)


def _lit(corners: Sequence[Corner]) -> float:
    """How squarely the sun, high on the left, falls on a triangle: 0 to 1."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    sign = -1 if nz < 0 else 1
    length = hypot(nx, ny, nz) or 1.0
    return max(0.0, sign * (-0.66 * nx - 0.3 * ny + 0.69 * nz) / length)


def _tone(scene: Scene, corners: Sequence[Corner], wobble: float) -> str:
    height, away = sum(c[2] for c in corners) / 3, sum(c[1] for c in corners) / 3
    if height < 0.001:
        base = mix(scene.water[0], scene.water[1], min(1.0, (away - NEAR) * 0.6 + 0.1 + wobble * 1.5))
    else:
        place = min(0.999, max(0.0, height * 1.35 + wobble)) * (len(scene.ground) - 1)
        base = mix(scene.ground[int(place)], scene.ground[int(place) + 1], place % 1)
        light = _lit(corners)
        shaded = mix(base, scene.shade, 0.62 * (1 - min(1.0, light * 1.4)))
        base = mix(shaded, scene.light, max(0.0, light - 0.72) * 0.9)
    return mix(base, scene.sky[-1], min(0.7, max(0.0, away - 0.8) * 0.3))


def paint(rng: Random, size: Size, scene: str) -> Picture:
    """The landscape that ``scene`` names (a key of ``SCENES``)."""
    view = SCENES[scene]
    sky = Image.new("RGB", size, view.sky[-1])
    sky.paste(gradient(rng, (size[0], round(size[1] * 0.5)), view.sky), (0, 0))
    centre = (size[0] * view.sun[0], size[1] * view.sun[1])
    sky = tinted(rng, sky, view.light, glow(size, centre, max(size) * 0.42, 2.6))
    disc = Sheet(size)
    disc.circle(centre, max(size) * 0.034)
    picture = over(sky, view.light, disc.done())
    sheet, mask = Sheet(size, "RGB", view.sky[-1]), Sheet(size)
    rows = _terrain(rng, view.sea)
    for near, far in zip(rows[-2::-1], rows[:0:-1], strict=True):
        for i in range(COLUMNS - 1):
            square = (near[i], near[i + 1], far[i + 1], far[i])
            split = ((0, 1, 2), (0, 2, 3)) if rng.random() < 0.5 else ((0, 1, 3), (1, 2, 3))
            for indices in split:
                triangle = [square[k] for k in indices]
                outline = [_seen(c, size) for c in triangle]
                sheet.polygon(outline, _tone(view, triangle, rng.uniform(-0.05, 0.05)))
                mask.polygon(outline)
    return textured(rng, over(picture, sheet.done(), mask.done()), 3)
