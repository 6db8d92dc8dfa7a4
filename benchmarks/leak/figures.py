"""Figures of one row, what is to be reached, and whether it was."""

from typing import Any, NamedTuple

from benchmarks.leak.counting import Count
from benchmarks.leak.errand import Kind

FEW = 20
"""Originals that a client which poses as a browser may get, of a gallery of any size."""


class Row(NamedTuple):
    """``figures`` is None for a client that is not here. ``trouble`` says what went wrong; ``hours``: hours of the
    clock that the visit touched, as each has its own budget."""

    name: str
    kind: Kind
    figures: Count | None
    trouble: str = ""
    hours: int = 1
    seconds: float = 0.0


def allowed(kind: Kind, budget: int, hours: int = 1) -> int | None:
    """Pictures of use that such a client may get at most; None: whatever it is, it is only reported."""
    return {Kind.PLAIN: 0, Kind.POSING: FEW, Kind.WALKER: budget * hours, Kind.POOL: None, Kind.PERSON: None}[kind]


def reached(row: Row, budget: int) -> bool:
    """Whether ``row`` is as it should be. A client that is not here, or asked for no picture, shows nothing."""
    if row.figures is None or row.trouble or not (row.figures.asked or row.figures.denials):
        return False
    if row.kind is Kind.PERSON:
        return row.figures.shown_whole == row.figures.shown > 0 and row.figures.denials == 0
    most = allowed(row.kind, budget, row.hours)
    return most is None or row.figures.taken <= most


def missing(row: Row) -> bool:
    """Whether the client could not be run because it is not installed."""
    return row.figures is None


def as_json(row: Row, budget: int) -> dict[str, Any]:
    """The row for other programs."""
    figures = row.figures._asdict() if row.figures is not None else None
    state = "not here" if missing(row) else "ok" if reached(row, budget) else "missed"
    rest = {"hours": row.hours, "seconds": round(row.seconds, 1), "state": state, "trouble": row.trouble}
    return {"client": row.name, "kind": row.kind.name.lower(), "figures": figures, **rest}
