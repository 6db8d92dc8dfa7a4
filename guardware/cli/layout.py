"""Tables as wide as the terminal: a cell that is too wide goes on in the next line."""

import shutil
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

PIPED = 100
"""Columns where there is no terminal."""
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
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > _CELL:
        widths[widths.index(max(widths))] -= 1
    for row in rows:
        cells = [
            wrap(cell, space or 1, break_on_hyphens=False) or [""] for cell, space in zip(row, widths, strict=True)
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            yield "  ".join(
                part.rjust(space) if at < rights else part.ljust(space)
                for at, (part, space) in enumerate(zip(parts, widths, strict=True))
            ).rstrip()
