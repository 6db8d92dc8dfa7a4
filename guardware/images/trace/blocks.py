"""Blocks: the canonical frame as 8x8 cosine transforms, and the keyed tables that say what each block carries.

The grid of blocks is anchored at the frame's middle. Tables are 32 by 32 blocks large and repeat, so a long
picture carries each bit more often.
"""

from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from guardware.images.trace.code import WORD_BITS, table_rng
from guardware.images.trace.plane import Plane

BLOCK: Final = 8
PERIOD: Final = 32
"""Blocks after which the tables repeat, down and across."""

DATA: Final = ((0, 2), (1, 1), (2, 0), (0, 3), (1, 2), (2, 1), (3, 0), (1, 3), (2, 2), (3, 1), (2, 3), (3, 2))
"""(down, across) of the coefficients that carry a bit: low enough to outlive JPEG, high enough to stay unseen."""
TEMPLATE: Final = ((0, 1), (1, 0), (0, 4), (4, 0), (1, 4), (4, 1))
"""(down, across) of the coefficients that carry the keyed pattern by which a crop is found."""
_TEMPLATE_WEIGHTS: Final = np.array([1.2, 1.2, 1.0, 1.0, 1.0, 1.0], np.float32)

DATA_AT: Final = tuple(np.array(DATA).T)
TEMPLATE_AT: Final = tuple(np.array(TEMPLATE).T)

Kind = TypeVar("Kind", bound=np.generic)

FLAT_SHARE: Final = 0.3
"""Share of the full strength that a perfectly flat block gets: at 0.35 (images.md 3.1) specks can just be made out
in a clear sky."""
_BUSY: Final = 12.0
"""Grey levels of activity by which the strength of a block rises by 1 (measured: images.md 3.1)."""


def _cosines() -> Plane:
    """The orthonormal DCT-II of 8 points, one basis vector a row."""
    k, n = np.mgrid[0:BLOCK, 0:BLOCK]
    rows: Plane = (np.cos(np.pi * (n + 0.5) * k / BLOCK) * np.sqrt(np.where(k == 0, 1, 2) / BLOCK)).astype("f4")
    return rows


_DCT: Final = _cosines()


class Tables(NamedTuple):
    """By block, [32, 32]: which of the 288 bits it carries; signs of its data coefficients (a unit vector of 12);
    where its quantiser starts, as a share of a step; the template's 6 coefficients."""

    bit: NDArray[np.intp]
    signs: Plane
    start: Plane
    template: Plane


@lru_cache(8)
def tables(key: bytes) -> Tables:
    """The tables that belong to ``key``."""
    rng, count = table_rng(key, "t1 blocks"), PERIOD * PERIOD
    signs = rng.signs(count * len(DATA)) / np.float32(np.sqrt(len(DATA)))
    template = rng.signs(count * len(TEMPLATE)).reshape(-1, len(TEMPLATE)) * _TEMPLATE_WEIGHTS
    return Tables(
        rng.spread(count, WORD_BITS).reshape(PERIOD, PERIOD),
        signs.reshape(PERIOD, PERIOD, -1).astype(np.float32),
        rng.unit(count).reshape(PERIOD, PERIOD).astype(np.float32),
        template.reshape(PERIOD, PERIOD, -1).astype(np.float32),
    )


class Grid(NamedTuple):
    """A plane's blocks. ``cosines``: [rows, columns, 8, 8]. ``row``, ``column``: where each stands in the tables.
    ``offset``: down and across from the plane's corner to the first block."""

    cosines: Plane
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    offset: tuple[int, int]

    def of(self, table: NDArray[Kind]) -> NDArray[Kind]:
        """A keyed table's entries for these blocks, [rows, columns, …]."""
        entries: NDArray[Kind] = table[np.ix_(self.row, self.column)]
        return entries

    def whole(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which blocks have all their pixels among ``known``, a mask as large as the plane."""
        return np.asarray(tiles(known, self.offset, (len(self.row), len(self.column))).all((2, 3)), np.bool_)


def grid(plane: Plane, middle: tuple[int, int] | None = None) -> Grid:
    """The blocks of ``plane``. ``middle``: down and across of the point where the tables' first block begins, in
    whole pixels (any point a whole number of tables away will do); the plane's middle if not given."""
    height, width = plane.shape
    down, across = middle if middle is not None else (height // 2, width // 2)
    offset = down % BLOCK, across % BLOCK
    rows, columns = (height - offset[0]) // BLOCK, (width - offset[1]) // BLOCK
    cosines = np.asarray(_DCT @ tiles(plane, offset, (rows, columns)) @ _DCT.T, np.float32)
    row = (np.arange(rows) - (down - offset[0]) // BLOCK) % PERIOD
    column = (np.arange(columns) - (across - offset[1]) // BLOCK) % PERIOD
    return Grid(cosines, row, column, offset)


def tiles(plane: NDArray[Kind], offset: tuple[int, int], count: tuple[int, int]) -> NDArray[Kind]:
    """``count`` (down, across) squares of 8x8 pixels from ``offset`` on: [rows, columns, 8, 8]."""
    (down, across), (rows, columns) = offset, count
    part = plane[down : down + rows * BLOCK, across : across + columns * BLOCK]
    return part.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)


def pixels(cosines: Plane, shape: tuple[int, int], offset: tuple[int, int]) -> Plane:
    """The plane of ``shape`` that has these blocks from ``offset`` on, 0 where there are none."""
    rows, columns = cosines.shape[:2]
    plane = np.zeros(shape, np.float32)
    part = (_DCT.T @ cosines @ _DCT).swapaxes(1, 2).reshape(rows * BLOCK, columns * BLOCK)
    plane[offset[0] : offset[0] + rows * BLOCK, offset[1] : offset[1] + columns * BLOCK] = part
    return plane


def activity(cosines: Plane) -> Plane:
    """Standard deviation of each block's pixels, in grey levels: how much it can hide."""
    power = np.einsum("rcij,rcij->rc", cosines, cosines) - cosines[..., 0, 0] ** 2
    deviation: Plane = np.sqrt(np.maximum(power, 0) / (BLOCK * BLOCK - 1))
    return deviation


def strength(cosines: Plane, flat: float = FLAT_SHARE, most: float = 1.0) -> Plane:
    """Share of the full strength that each block bears: ``flat`` of it where there is nothing to hide behind, at
    ``most`` so much where there is."""
    share: Plane = np.minimum(flat + activity(cosines) / _BUSY, most)
    return share


def projection(cosines: Plane, signs: Plane) -> Plane:
    """Each block's data coefficients along its keyed unit vector."""
    along: Plane = np.einsum("rck,rck->rc", cosines[..., DATA_AT[0], DATA_AT[1]], signs)
    return along
