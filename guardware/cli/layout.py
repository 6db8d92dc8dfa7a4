"""Tables as wide as the terminal: a cell that is too wide goes on in the next line."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from guardware.layout import PIPED, aligned, column_widths, line_width, wrap_whole

_LEAST = 60
"""Columns below which a table is no help; a narrower terminal breaks the lines itself."""
_CELL = 12
"""A column gives way to this width."""


def terminal_width() -> int:
    """Columns of the terminal; ``COLUMNS`` says otherwise."""
    return max(shutil.get_terminal_size((PIPED, 24)).columns, _LEAST)


def table(rows: Sequence[Sequence[str]], width: int, *, rights: int = 0) -> Iterator[str]:
    """``rows`` of as many cells each as aligned lines of at most ``width`` columns, the first ``rights`` of the
    cells to the right. The widest columns give way, and their cells take several lines."""
    widths = column_widths(rows)
    while line_width(widths) > width and max(widths) > _CELL:
        widths[widths.index(max(widths))] -= 1
    lefts = range(rights, len(widths))
    for row in rows:
        cells = [wrap_whole(cell, space or 1) or [""] for cell, space in zip(row, widths, strict=True)]
        for parts in zip_longest(*cells, fillvalue=""):
            yield aligned(parts, widths, lefts)
