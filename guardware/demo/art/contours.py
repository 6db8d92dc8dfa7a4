"""Contours: invented land seen from above, as survey maps, sea charts and sheets of cut paper."""

from array import array
from collections.abc import Iterator
from random import Random

from PIL import Image, ImageChops

from guardware.demo.art.colour import mix, ramp, whole
from guardware.demo.art.fields import Picture, Size, calc, coloured, noise, stretched, to_mask
from guardware.demo.art.sheet import Point, Sheet, over, soft, textured

TINTS = {
    "survey": ("#8fbcc0", "#b4d2bf", "#d3dfb4", "#efe8bd", "#ecd09b", "#dcae7e", "#c99b80", "#f4ece4", "#ffffff"),
    "chart": ("#0f2b46", "#17496b", "#2a6f8e", "#57a0ad", "#a3cdc4", "#e9dcb5", "#d8b98a"),
    "desert": ("#a3523d", "#c2714a", "#da955f", "#ecb97f", "#f5d7a4", "#fbeccb"),
    "violet": ("#231a38", "#43305f", "#6f4d86", "#a877a0", "#d9a8ac", "#f3d8c2"),
    "reef": ("#0d2c3f", "#14505f", "#1f7f7f", "#5fb29a", "#b7d8b0", "#f4e9c9", "#f2b880"),
}
"""From the lowest ground to the highest."""

GRID = 7
"""Pixels between the heights from which a contour line is traced."""


def land(rng: Random, size: Size, cells: float = 3.2) -> Picture:
    """A field of heights: broad domes, folded here and there into ridges."""
    domes, folds = noise(rng, size, cells, 6, 0.42), noise(rng, size, cells * 1.3, 5, 0.45)
    return stretched(calc(lambda v: v["d"] + 0.45 * (1 - abs(v["f"] * 2 - 1)) * v["d"], d=domes, f=folds))


def _shade(heights: Picture, relief: float) -> Picture:
    """Light from the upper left, as a field about 0.5."""
    shifted = heights.transform(heights.size, Image.Transform.AFFINE, (1, 0, 3, 0, 1, 3))
    return calc(lambda v: v["min"](v["max"](0.5 + (v["b"] - v["a"]) * -relief, 0), 1), a=heights, b=shifted)


def _crossings(heights: Picture, levels: int) -> Iterator[tuple[int, Point, Point]]:
    """Marching squares: each piece of each contour line, with its level."""
    columns, rows = heights.width // GRID + 2, heights.height // GRID + 2
    coarse = heights.resize((columns, rows), Image.Resampling.BILINEAR)
    grid = array("f", coarse.tobytes())
    sx, sy = heights.width / (columns - 1), heights.height / (rows - 1)
    for j in range(rows - 1):
        for i in range(columns - 1):
            corners = (
                (i, j, grid[j * columns + i]),
                (i + 1, j, grid[j * columns + i + 1]),
                (i + 1, j + 1, grid[(j + 1) * columns + i + 1]),
                (i, j + 1, grid[(j + 1) * columns + i]),
            )
            values = [c[2] for c in corners]
            for level in range(int(min(values) * levels) + 1, int(max(values) * levels) + 1):
                cut = level / levels
                found = []
                for (ax, ay, a), (bx, by, b) in zip(corners, corners[1:] + corners[:1], strict=True):
                    if (a < cut) != (b < cut):
                        t = (cut - a) / (b - a)
                        found.append(((ax + (bx - ax) * t) * sx, (ay + (by - ay) * t) * sy))
                for start, end in zip(found[::2], found[1::2], strict=False):
                    yield level, start, end


def _lines(heights: Picture, levels: int, thin: float, thick: float) -> Picture:
    """The contour lines as a mask; every fifth is thicker."""
    sheet = Sheet(heights.size, scale=3)
    for level, start, end in _crossings(heights, levels):
        sheet.line([start, end], thin if level % 5 else thick)
    return sheet.done()


def survey(
    rng: Random, size: Size, tints: str, ink: str = "#4a3a30", levels: int = 30, relief: float = 13
) -> Picture:
    """A map with layer tints, shaded relief and contour lines."""
    heights = land(rng, size)
    picture = coloured(heights, TINTS[tints])
    light = coloured(_shade(heights, relief), ["#6d6477", "#cfc9cb", "#ffffff"])
    picture = ImageChops.multiply(picture, light)
    return textured(rng, over(picture, ink, _lines(heights, levels, 1.0, 2.1).point(lambda v: v * 0.6)), 4)


def lines(
    rng: Random, size: Size, ground: str, ink: str, accent: str, levels: int = 44, grain: float = 4
) -> Picture:
    """Nothing but contour lines, one of the peaks in another colour."""
    heights = land(rng, size, 2.6)
    drawn = _lines(heights, levels, 1.9, 3.6)
    colour = coloured(heights, [ink, ink, ink, mix(ink, accent, 0.5), accent, accent])
    return textured(rng, over(Image.new("RGB", size, ground), colour, drawn), grain)


def cut_paper(rng: Random, size: Size, tints: str, sheets: int = 9, cells: float = 3.4) -> Picture:
    """Sheets of coloured paper, each cut along one height and laid on the one below, with its shadow."""
    spare = 48  # offsets come round again at the far edge; that much is cut off in the end
    roomy = (size[0] + spare, size[1] + spare)
    heights = noise(rng, roomy, cells, 3, 0.3)
    stops = ramp(TINTS[tints], sheets)
    picture = Image.new("RGB", roomy, whole(stops[0]))
    for sheet in range(1, sheets):
        level = 0.1 + 0.8 * sheet / sheets
        # A steep ramp instead of a step: the cut edge comes out smooth.
        edge = to_mask(calc(lambda v, at=level: (v["h"] - at) * 260 + 0.5, h=heights))  # type: ignore[misc]
        shadow = ImageChops.offset(soft(edge, max(size) * 0.008), 9, 13)
        picture = over(picture, mix(TINTS[tints][0], "#000000", 0.6), shadow.point(lambda v: v * 0.5))
        picture.paste(whole(stops[sheet]), mask=edge)
        rim = ImageChops.subtract(edge, ImageChops.offset(edge, 2, 2))
        picture = over(picture, "#ffffff", rim.point(lambda v: v * 0.22))
    return textured(rng, picture.crop((spare, spare, *roomy)), 6)
