"""Text in columns and parts, as all commands print it; how a table fits a width is each table's own matter."""

from collections.abc import Container, Iterable, Sequence
from functools import partial
from textwrap import wrap

PIPED = 100
"""Columns where there is no terminal."""

READABLE = 120
"""Columns beyond which sentences are hard to read."""

_GAP = "  "
"""Between two columns."""

wrap_whole = partial(wrap, break_on_hyphens=False)
"""``textwrap.wrap`` that keeps names with hyphens whole: tokens, headers, signals."""


def column_widths(lines: Iterable[Sequence[str]]) -> list[int]:
    """The width of each column's widest cell; ``lines`` have as many cells each."""
    return [max(map(len, column)) for column in zip(*lines, strict=True)]


def line_width(widths: Sequence[int]) -> int:
    """The width of a line whose columns are as wide as ``widths``."""
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def aligned(cells: Sequence[str], widths: Sequence[int], lefts: Container[int]) -> str:
    """A line of as many ``cells`` as ``widths``: those at the indexes ``lefts`` to the left and cut where they are
    too wide, the others (numbers, which are never cut) to the right."""
    parts = (
        cut(cell, width).ljust(width) if at in lefts else cell.rjust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return _GAP.join(parts).rstrip()


def cut(words: str, width: int) -> str:
    """``words`` within ``width`` columns (at least 1)."""
    return words if len(words) <= width else f"{words[: width - 1]}…"


def bar_of(count: int, most: int, width: int) -> str:
    """``count`` as a bar that ``most`` makes ``width`` columns long; all but 0 can be seen."""
    return "#" * -(-count * width // most) if count else ""


def underlined(words: str) -> list[str]:
    """``words`` as a heading, with a line of dashes below."""
    return [words, "-" * len(words)]


def in_parts(parts: Iterable[Sequence[str]]) -> str:
    """Lines part by part, an empty one between; a part without lines is left out."""
    return "\n\n".join("\n".join(part) for part in parts if part)
