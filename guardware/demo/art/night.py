"""Night over water: stars, moon or northern lights above the hills, and all of it again in the lake."""

from math import exp, sin, tau
from random import Random
from typing import NamedTuple

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from guardware.demo.art.colour import mix, rgb
from guardware.demo.art.fields import Picture, Size, calc, coloured, glow, gradient, mapped, noise, slope, tinted
from guardware.demo.art.mountains import skyline
from guardware.demo.art.sheet import Point, Sheet, over, soft, textured


class Sky(NamedTuple):
    """Colours from zenith to horizon, of the hills, of the light, and where the moon stands (or none)."""

    air: tuple[str, ...]
    hills: str
    light: str
    moon: Point | None
    aurora: tuple[str, ...] = ()


Patch = tuple[tuple[int, int, int, int], tuple[float, ...]]
"""A box and the corners of what is drawn into it: upper left, lower left, lower right, upper right."""

SKIES = {
    "moonrise": Sky(("#0b1230", "#1b2a56", "#3d4f82", "#8f88a6", "#d9b1a4"), "#0d1226", "#fff1d6", (0.6, 0.5)),
    "milky": Sky(("#070b1c", "#0f1a38", "#1e3054", "#39506f"), "#060912", "#dfe9ff", None),
    "aurora": Sky(
        ("#060d1f", "#0b1c33", "#123347", "#1d4a55"), "#050b14", "#d8ffe9", None, ("#3fd6a0", "#4fb7d0", "#8a6fd1")
    ),
    "harvest": Sky(("#1a1b3a", "#3a2f57", "#7a4a63", "#c87e62", "#edb77f"), "#171326", "#ffe0a8", (0.36, 0.62)),
    "silver": Sky(("#141b22", "#26323c", "#4b5b66", "#8b9aa1"), "#0f1519", "#f4f7f5", (0.5, 0.32)),
}


def _stars(rng: Random, size: Size, count: int) -> Picture:
    """Many faint stars and a few bright ones; fewer near the horizon."""
    sheet, bright = Sheet(size), Sheet(size)
    for _ in range(count):
        x, y = rng.random() * size[0], rng.random() ** 1.4 * size[1]
        power = rng.paretovariate(2.2)
        sheet.circle((x, y), min(0.42 + 0.16 * power, 1.5), min(255, int(60 + 55 * power)))
        if power > 6:
            bright.circle((x, y), 1.5)
    halo = soft(bright.done(), 2.4).point(lambda v: min(255, v * 2))
    return ImageChops.lighter(sheet.done(), halo)


def _milky_way(rng: Random, size: Size) -> Picture:
    """A slanting band of stardust, with dark lanes in it."""
    side = round((size[0] ** 2 + size[1] ** 2) ** 0.5)
    dust = noise(rng, (side, side), 7, 7, 0.58, wide=1.7)
    lanes = noise(rng, (side, side), 5, 6, 0.55, wide=3)
    band = slope((side, side), [exp(-(((i - 42) / 9) ** 2)) for i in range(81)])
    cloud = calc(
        lambda v: v["b"] * (v["d"] * 1.1 - v["max"](v["l"] - 0.5, 0) * 2.2 * v["b"]), b=band, d=dust, l=lanes
    )
    turned = cloud.rotate(52, Image.Resampling.BICUBIC)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return calc(lambda v: v["max"](v["c"], 0), c=turned.crop((left, top, left + size[0], top + size[1])))


def _curtain(rng: Random, size: Size, level: float) -> Picture:
    """One curtain of northern light: rays that rise from a winding hem."""
    width, height = size
    rays = calc(
        lambda v: 0.35 + v["f"] * v["f"], f=noise(rng, (width, 4), 26, 4, 0.6).resize(size, box=(0, 1, width, 2))
    )
    # Bright just above the hem, then fading upwards over most of the sky.
    rise = [0.0] * 6 + [exp(-(i / 13)) * (1 - i / 60) for i in range(60, 0, -1)] + [0.5, 0.1] + [0.0] * 32
    sheet = calc(lambda v: v["r"] * v["s"], r=rays, s=slope(size, rise))
    folds = [(rng.uniform(0.6, 2.6), rng.uniform(0, tau), rng.uniform(0.03, 0.075)) for _ in range(3)]
    strips = []
    for x in range(0, width, 4):
        edges = [
            height * (0.66 - level + sum(a * sin(f * tau * e / width + p) for f, p, a in folds))
            for e in (x, x + 4)
        ]
        quad = (x, edges[0], x, edges[0] + height, x + 4, edges[1] + height, x + 4, edges[1])
        strips.append(((x, 0, x + 4, height), quad))
    return sheet.transform(size, Image.Transform.MESH, strips, Image.Resampling.BILINEAR)


def _lights(rng: Random, picture: Picture, colours: tuple[str, ...]) -> Picture:
    for level, strength in ((0.5, 0.6), (0.7, 1.0)):
        weight = _curtain(rng, picture.size, level)
        height = slope(picture.size, [1.0, 0.85, 0.6, 0.3, 0.05, 0.0])
        hue = coloured(height, colours)
        mask = mapped(weight, lambda v, s=strength: min(1.0, v * s))  # type: ignore[misc]
        picture = ImageChops.screen(picture, Image.composite(hue, Image.new("RGB", picture.size), soft(mask, 2)))
    return picture


def _firmament(rng: Random, size: Size, sky: Sky) -> Picture:
    picture = gradient(rng, size, sky.air)
    if sky.moon is None and not sky.aurora:
        picture = tinted(
            rng,
            picture,
            mix(sky.light, "#9db4e8", 0.5),
            calc(lambda v: v["m"] * 1.3 / (1 + v["m"] * 1.1), m=_milky_way(rng, size)),
        )
    if sky.aurora:
        picture = _lights(rng, picture, sky.aurora)
    stars = _stars(rng, size, size[0] * size[1] // (600 if sky.moon is None else 1500))
    fade = slope(size, [1.0, 1.0, 0.8, 0.45, 0.15])
    picture = over(picture, sky.light, ImageChops.multiply(stars, mapped(fade, lambda v: v)))
    return _moon(rng, picture, sky) if sky.moon else picture


def _moon(rng: Random, picture: Picture, sky: Sky) -> Picture:
    assert sky.moon is not None  # noqa: S101 - asked by the caller
    size = picture.size
    centre, radius = (sky.moon[0] * size[0], sky.moon[1] * size[1]), max(size) * 0.03
    picture = tinted(rng, picture, sky.light, calc(lambda v: v["g"] * 0.8, g=glow(size, centre, radius * 11, 3)))
    disc = Sheet(size)
    disc.circle(centre, radius)
    face = coloured(
        noise(rng, size, max(size) / radius * 0.9, 3), [mix(sky.light, sky.air[2], 0.3), sky.light, sky.light]
    )
    return over(picture, face, soft(disc.done(), 0.8))


def _hills(rng: Random, size: Size, level: float, relief: float) -> Picture:
    heights = skyline(rng, size[0], 0.45)
    sheet = Sheet(size)
    line = [(i * 2.0, size[1] * level - size[0] * 0.66 * relief * h * h) for i, h in enumerate(heights)]
    sheet.polygon([(0, size[1]), *line, (size[0] + 4, size[1])])
    return sheet.done()


def _reflected(rng: Random, shore: Picture, height: int) -> Picture:
    """What stands above the water, upside down, smeared downwards and broken by ripples."""
    margin = 40  # what sways in from beyond the edges
    mirrored = ImageOps.flip(shore).crop((0, 0, shore.width, height)).resize((shore.width + 2 * margin, height))
    smeared = mirrored.filter(ImageFilter.GaussianBlur((1.5, 7)))
    rippled = smeared.transform(
        smeared.size, Image.Transform.MESH, _ripples(rng, smeared.size), Image.Resampling.BILINEAR
    )
    rippled = rippled.crop((margin, 0, margin + shore.width, height))
    return ImageEnhance.Brightness(rippled.filter(ImageFilter.GaussianBlur((14, 0.8)))).enhance(0.78)


def _ripples(rng: Random, size: Size) -> list[Patch]:
    """Which part of the reflection is seen in each patch of the water."""
    waves = [
        (rng.uniform(0.5, 1.0), rng.uniform(0, tau), rng.uniform(1.5, 6) * (1 if n % 2 else -1)) for n in range(5)
    ]
    width, height = size
    patches: list[Patch] = []
    for y in range(0, height, 2):
        near = y / height
        # Perspective: ripples are fine and flat at the far shore, long and high at our feet.
        phase, high = 60 * (1 - near) ** 1.7, 0.8 + 9 * near
        sway = sin(phase * 3.1) * (1 + 5 * near)
        for x in range(0, width, 60):
            lift = high * sum(sin(phase * f * 2.4 + p + k * (x + 30) / width) for f, p, k in waves)
            top = min(max(y + lift, 0), height - 3)
            left, right = x + sway, x + 60 + sway
            seen = (left, top, left, top + 2, right, top + 2, right, top)
            patches.append(((x, y, min(x + 60, width), min(y + 2, height)), seen))
    return patches


def _glitter(rng: Random, size: Size, horizon: int, centre: float, width: float) -> Picture:
    """The moon's path on the water: short flat strokes, broader towards us."""
    sheet = Sheet(size)
    depth = size[1] - horizon
    for _ in range(620):
        near = rng.random() ** 1.3
        y = horizon + depth * near
        x = centre + rng.gauss(0, 1) * width * (0.35 + 1.3 * near)
        length = rng.uniform(4, 16) * (0.4 + 2.2 * near)
        high = 0.5 + 1.7 * near
        ink = int(230 * rng.uniform(0.25, 1) * (1 - 0.55 * near))
        sheet.polygon([(x - length, y), (x, y - high), (x + length, y), (x, y + high)], ink)
    return soft(sheet.done(), 0.7)


def paint(rng: Random, size: Size, sky: str, horizon: float = 0.66) -> Picture:
    """A lake at night under the sky that ``sky`` names (a key of ``SKIES``)."""
    scene = SKIES[sky]
    shoreline = round(size[1] * horizon)
    above = (size[0], shoreline)
    picture = _firmament(rng, above, scene)
    for level, relief, tone in ((1.0, 0.26, 0.5), (1.01, 0.17, 0.78), (1.01, 0.07, 1.0)):
        picture = over(picture, mix(scene.air[-2], scene.hills, tone), _hills(rng, above, level, relief))
    water = _reflected(rng, picture, size[1] - shoreline)
    whole = Image.new("RGB", size, rgb(scene.hills))
    whole.paste(picture, (0, 0))
    whole.paste(water, (0, shoreline))
    if scene.moon:
        path = _glitter(rng, size, shoreline, scene.moon[0] * size[0], max(size) * 0.03)
        whole = over(whole, scene.light, path)
    return textured(rng, whole, 4)
