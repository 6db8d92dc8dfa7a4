"""The leak table in Markdown, and its place in a page of the documentation."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.images_tables import markdown
from benchmarks.leak.errand import Kind
from benchmarks.leak.figures import Row, allowed, missing, reached

BEGIN, END = "<!-- figures: make leak -->", "<!-- end of figures -->"

_SCRAPERS = (
    "client",
    "asked",
    "originals",
    "usable",
    "protected",
    "refused",
    "no answer",
    "first protected",
    "at most",
    "",
)
_PEOPLE = ("person", "requests", "pictures shown", "originals", "share", "denials", "")


def tables(rows: Sequence[Row], budget: int) -> str:
    """Scrapers, then people; then what went wrong, if anything did. ``budget``: originals in an hour."""
    scrapers = [row for row in rows if row.kind is not Kind.PERSON]
    people = [row for row in rows if row.kind is Kind.PERSON]
    parts = []
    if scrapers:
        parts.append(markdown(_SCRAPERS, [_scraper(row, budget) for row in scrapers]))
    if people:
        parts.append(markdown(_PEOPLE, [_person(row, budget) for row in people]))
    if troubles := [f"- {row.name}: {row.trouble}" for row in rows if row.trouble]:
        parts.append("\n".join(troubles))
    return "\n\n".join(parts)


def _scraper(row: Row, budget: int) -> list[str]:
    if row.figures is None:
        return [row.name, *[""] * (len(_SCRAPERS) - 2), "not here"]
    figures = row.figures
    most = allowed(row.kind, budget, row.hours)
    cells = (figures.asked, figures.originals, figures.usable, figures.protected, figures.refused, figures.nothing)
    first = str(figures.first_protected) if figures.first_protected else "never"
    return [row.name, *map(str, cells), first, "reported" if most is None else str(most), _state(row, budget)]


def _person(row: Row, budget: int) -> list[str]:
    if row.figures is None:
        return [row.name, *[""] * (len(_PEOPLE) - 2), "not here"]
    figures = row.figures
    share = f"{100 * figures.shown_whole / figures.shown:.1f} %" if figures.shown else "none"
    cells = (figures.requests, figures.shown, figures.shown_whole, share, figures.denials)
    return [row.name, *map(str, cells), _state(row, budget)]


def _state(row: Row, budget: int) -> str:
    return "not here" if missing(row) else "ok" if reached(row, budget) else "MISSED"


def paste(page: Path, text: str) -> None:
    """Put ``text`` between the two marks in ``page``. Raises ValueError if they are not there, once each."""
    old = page.read_text()
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"{page}: needs one line {BEGIN} and below it one line {END}")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
