"""The walk of a person: thirty pages, some works of each overview looked at one by one."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.leak.gallery import PER_PAGE, Gallery, overview_path, work_path

PAGES = 30
_WORKS = 4
"""Looked at after each overview; then the person goes back to it, and on to the next one."""
_FIRST = 3
"""Which picture of an overview is clicked."""


class Step(NamedTuple):
    """A page: the link on the page before that leads there (CSS; empty: typed in), and its pictures."""

    link: str
    path: str
    pictures: tuple[str, ...]


def walk(gallery: Gallery) -> tuple[Step, ...]:
    """Overview, four works, back to the overview, on to the next: thirty pages, fewer if the gallery is small."""
    return tuple(step for step, _ in zip(_endless(gallery), range(PAGES), strict=False))


def _endless(gallery: Gallery) -> Iterator[Step]:
    for number in range(1, gallery.overviews + 1):
        path, pictures = overview_path(number), gallery.on_overview(number)
        yield Step("a.next" if number > 1 else "", path, pictures)
        works = range(_FIRST, min(_FIRST + _WORKS, len(pictures) + 1))
        for place in works:
            work = (number - 1) * PER_PAGE + place
            link = f"main figure:nth-child({place}) a" if place == _FIRST else "a.next"
            yield Step(link, work_path(work), (pictures[place - 1],))
        if works:
            yield Step("a.up", path, pictures)
