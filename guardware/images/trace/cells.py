"""Cells: where in a picture each bit of a splice stands, and the pattern that carries it.

All of it follows from the picture's size, the coded unit and the key, so a reader needs no file to know it. The
coded units of a JPEG are a stream that runs through the rows; a restart segment is ``run`` of them. Where ``run``
does not divide a row, segments start a little earlier or later in each row, and their cells lean.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from guardware.images.trace.code import WORD_BITS, table_rng

_WANTED = 360
"""Cells: each of the 288 bits once, and some to spare."""
_ASPECT = 2.0
"""Width over height of a cell: wide ones need fewer segments (about 5 bytes each), square ones live through
more downscaling."""
_LEAN = 1.0
"""What a cell that leans by its whole width costs, against one twice too wide (0.7): jagged cells get lost when
the picture is scaled down."""

Floats = NDArray[np.float32]


class Grid(NamedTuple):
    """The cells of a picture of ``width`` x ``height`` pixels, coded in squares of ``unit`` (8 or 16) pixels:
    ``run`` units a segment, ``columns`` x ``bands`` cells."""

    width: int
    height: int
    unit: int
    run: int
    columns: int
    bands: int

    @property
    def across(self) -> int:
        """Coded units in a row."""
        return -(-self.width // self.unit)

    @property
    def rows(self) -> int:
        """Rows of coded units."""
        return -(-self.height // self.unit)

    @property
    def cells(self) -> int:
        return self.columns * self.bands

    def segment_cells(self) -> NDArray[np.intp]:
        """The cell of each restart segment, in the order of the file."""
        return self._cell_of(np.arange(-(-self.across * self.rows // self.run)))

    def along(self, row: int | NDArray[np.intp], x: Floats) -> tuple[Floats, NDArray[np.intp]]:
        """For the places ``x`` (pixels) in a row of coded units: the pattern's strength, 0 to 1, and the cell."""
        stream = np.asarray(row) * self.across + x / self.unit
        segment = np.floor(stream / self.run).astype(np.intp)
        strength = np.sin(np.pi * (stream / self.run - segment))
        return np.sqrt(np.abs(strength)).astype(np.float32), self._cell_of(segment)

    def down(self, y: Floats) -> Floats:
        """For the places ``y`` (pixels): the pattern's strength, 0 to 1."""
        edges = -(-np.arange(self.bands + 1) * self.rows // self.bands) * float(self.unit)
        band = np.searchsorted(edges, y, "right") - 1
        part = (y - edges[band]) / (edges[band + 1] - edges[band])
        return np.sqrt(np.abs(np.sin(np.pi * part))).astype(np.float32)

    def _cell_of(self, segment: NDArray[np.intp]) -> NDArray[np.intp]:
        row, place = np.divmod(segment * self.run, self.across)
        # To the nearest column: a segment that starts just before the end of a row belongs to the last one.
        column = np.minimum((2 * place + self.run) // (2 * self.run), self.columns - 1)
        cell: NDArray[np.intp] = np.minimum(row, self.rows - 1) * self.bands // self.rows * self.columns + column
        return cell


def plan(size: tuple[int, int], unit: int) -> Grid | None:
    """The cells of a picture of ``size``; None if it is too small to hold all bits."""
    width, height = size
    across, rows = -(-width // unit), -(-height // unit)
    wanted = across / math.sqrt(_WANTED * width / (height * _ASPECT))

    def grid(run: int) -> Grid:
        columns = max(1, round(across / run))
        return Grid(width, height, unit, run, columns, min(rows, math.ceil(_WANTED / columns)))

    def cost(grid: Grid) -> float:
        lean = abs(across - grid.columns * grid.run) * rows / grid.bands
        return abs(math.log(grid.run / wanted)) + _LEAN * min(1.0, lean / grid.run)

    runs = range(1, min(across, math.ceil(3 * wanted)) + 1)
    large = [option for option in map(grid, runs) if option.cells >= WORD_BITS]
    return min(large, key=cost, default=None)


def tables(grid: Grid, key: bytes) -> tuple[NDArray[np.intp], Floats]:
    """For each cell the bit of the code word that it carries, and its sign."""
    rng = table_rng(key, "splice")
    return rng.spread(grid.cells), rng.signs(grid.cells)
