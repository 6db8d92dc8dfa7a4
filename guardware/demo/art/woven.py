"""Woven: cloth made thread by thread, warp and weft passing over and under each other."""

from collections.abc import Callable, Sequence
from math import sin
from random import Random

from PIL import Image, ImageChops

from guardware.demo.art.colour import mix, rgb
from guardware.demo.art.fields import Picture, Size, coloured, noise
from guardware.demo.art.sheet import textured

Draft = tuple[str, ...]

TWILL: Draft = ("1100", "0110", "0011", "1001")
PLAIN: Draft = ("10", "01")
WEFT_FACED: Draft = ("1000", "0010")
"""Which threads lie on top: 1 is warp. The rows and columns repeat over the cloth."""


def _lattice(size: Size, cell: tuple[int, int], draft: Draft) -> Picture:
    """The draft over the whole cloth as a mask: white where warp is on top."""
    columns, rows = size[0] // cell[0] + 1, size[1] // cell[1] + 1
    small = Image.new("L", (columns, rows))
    small.putdata(
        [255 * int(draft[j % len(draft)][i % len(draft[0])]) for j in range(rows) for i in range(columns)]
    )
    return small.resize((columns * cell[0], rows * cell[1]), Image.Resampling.NEAREST).crop((0, 0, *size))


def _rounding(size: Size, cell: int, sideways: bool) -> Picture:
    """The shading of round threads: bright along the middle of each, dark in the furrows between."""
    profile = [max(0.0, 1 - abs((i + 0.5) / cell * 2 - 1) ** 2.2) for i in range(cell)]
    values = [round(168 + 87 * p) for p in profile]
    strip = Image.new("L", (1, cell) if sideways else (cell, 1))
    strip.putdata(values)
    whole = Image.new("L", size)
    tile = strip.resize((size[0], cell) if sideways else (cell, size[1]), Image.Resampling.NEAREST)
    for start in range(0, size[1] if sideways else size[0], cell):
        whole.paste(tile, (0, start) if sideways else (start, 0))
    return whole


def _yarn(rng: Random, size: Size, sideways: bool) -> Picture:
    """Unevenness along the threads, as an RGB multiplier."""
    field = (
        noise(rng, (size[0], size[1]), 150, 3, 0.7, wide=14)
        if sideways
        else noise(rng, (size[1], size[0]), 150, 3, 0.7, wide=14).transpose(Image.Transpose.ROTATE_90)
    )
    return coloured(field, ["#dcdad8", "#f8f7f6", "#ffffff"])


def weave(rng: Random, warp: Picture, weft: Picture, cell: tuple[int, int], draft: Draft) -> Picture:
    """Cloth of two full-size pictures: the colours of its warp (upright) and its weft (level) threads."""
    size = warp.size
    on_top = _lattice(size, cell, draft)
    upright = ImageChops.multiply(
        ImageChops.multiply(warp, _yarn(rng, size, False)),
        Image.merge("RGB", [_rounding(size, cell[0], False)] * 3),
    )
    level = ImageChops.multiply(
        ImageChops.multiply(weft, _yarn(rng, size, True)), Image.merge("RGB", [_rounding(size, cell[1], True)] * 3)
    )
    cloth = Image.composite(upright, level, on_top)
    folds = coloured(noise(rng, size, 3, 3, 0.4), ["#dfdbd8", "#fbfaf9", "#ffffff"])
    return textured(rng, ImageChops.multiply(cloth, folds), 5)


def _stripes(length: int, cell: int, sett: Sequence[tuple[str, int]]) -> list[tuple[int, int, int]]:
    """The colour of every pixel along an edge: ``sett`` is colours and thread counts, mirrored and repeated."""
    threads = [colour for colour, count in [*sett, *sett[-2:0:-1]] for _ in range(count)]
    return [rgb(threads[(i // cell) % len(threads)]) for i in range(length)]


def tartan(rng: Random, size: Size, sett: Sequence[tuple[str, int]], cell: int = 8) -> Picture:
    """A twill whose warp and weft have the same stripes."""
    across, down = Image.new("RGB", (size[0], 1)), Image.new("RGB", (1, size[1]))
    across.putdata(_stripes(size[0], cell, sett))
    down.putdata(_stripes(size[1], cell, sett))
    return weave(rng, across.resize(size), down.resize(size), (cell, cell), TWILL)


Motif = Callable[[int, int, int, int], int]


def _diamonds(x: int, y: int, columns: int, rows: int) -> int:
    """Stepped diamonds within diamonds, between borders."""
    if min(y, rows - 1 - y) < 12:
        return (3, 3, 1, 1, 0, 0, 4, 4, 0, 0, 1, 3)[min(y, rows - 1 - y)]
    middle, unit = abs(x - columns // 2), 44
    distance = abs(middle % unit - unit // 2) + abs((y - rows // 2) % unit - unit // 2) * 1
    return (4, 4, 1, 1, 1, 0, 0, 2, 2, 2, 2, 3, 3, 0)[min(13, int(distance) // 3)]


def _lightning(x: int, y: int, columns: int, rows: int) -> int:
    """Zigzags that run the length of the cloth."""
    fold = abs((x + 7) % 36 - 18)
    return (0, 0, 0, 1, 1, 2, 2, 2, 2, 1, 1, 3, 3, 4, 4, 3)[(y + fold) // 3 % 16]


MOTIFS: dict[str, Motif] = {"diamonds": _diamonds, "lightning": _lightning}


def tapestry(rng: Random, size: Size, inks: Sequence[str], motif: str, cell: tuple[int, int] = (12, 6)) -> Picture:
    """A weft-faced cloth with the pattern that ``motif`` names (a key of ``MOTIFS``), dyed unevenly."""
    columns, rows = size[0] // cell[0] + 1, size[1] // cell[1] + 1
    pattern = Image.new("RGB", (columns, rows))
    tones = [[rgb(mix(ink, "#fff3df", rng.uniform(0, 0.14))) for _ in range(rows)] for ink in inks]
    pattern.putdata([tones[MOTIFS[motif](x, y, columns, rows)][y] for y in range(rows) for x in range(columns)])
    weft = pattern.resize((columns * cell[0], rows * cell[1]), Image.Resampling.NEAREST).crop((0, 0, *size))
    return weave(rng, Image.new("RGB", size, mix(inks[0], "#2a2018", 0.3)), weft, cell, WEFT_FACED)


def ikat(rng: Random, size: Size, inks: Sequence[str], cell: tuple[int, int] = (6, 10)) -> Picture:
    """Threads dyed before weaving: the pattern's edges feather from thread to thread."""
    columns = size[0] // cell[0] + 1
    unit = size[1] / 3
    image = Image.new("RGB", (columns, size[1] // 3))
    slips = [rng.gauss(0, 9) + 14 * sin(i / 5) for i in range(columns)]
    colours = [rgb(ink) for ink in inks]
    data = []
    for y in range(0, size[1] // 3 * 3, 3):
        for x in range(columns):
            place = (y + slips[x]) % unit / unit * 2 - 1
            side = abs((x * cell[0]) % unit / unit * 2 - 1)
            data.append(colours[min(len(colours) - 1, int((abs(place) + side) * 0.5 * len(colours) * 1.15))])
    image.putdata(data)
    warp = image.resize((columns * cell[0], size[1]), Image.Resampling.NEAREST).crop((0, 0, *size))
    return weave(rng, warp, Image.new("RGB", size, mix(inks[-1], "#20160f", 0.35)), cell, ("1110", "1011"))
