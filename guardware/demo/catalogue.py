"""The catalogue: the gallery's works as works.toml lists them."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from itertools import chain, zip_longest
from typing import Any, NamedTuple

ARTIST = "Marit Solvane"
"""Imaginary; so is the studio."""

SIZES = {
    "wide": (1600, 900),
    "landscape": (1500, 1000),
    "square": (1400, 1400),
    "portrait": (1080, 1440),
    "tall": (960, 1520),
    "small": (720, 720),
}
"""Pixels of an original, by shape."""

SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif", "gif": "gif"}

THUMB_SIDE = 720
"""Pixels of the longer side of the copies on the wall: sharp at 360 CSS pixels on a dense screen."""


class Work(NamedTuple):
    """One picture: its words, and how it is drawn."""

    slug: str
    series: str
    title: str
    alt: str
    brush: str
    shape: str
    options: dict[str, Any]
    format: str = "jpeg"
    take: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Pixels of the original."""
        return SIZES[self.shape]

    @property
    def thumb_size(self) -> tuple[int, int]:
        """Pixels of the copy on the wall."""
        scale = THUMB_SIDE / max(self.size)
        return round(self.size[0] * scale), round(self.size[1] * scale)

    @property
    def original(self) -> str:
        """Where the original lies in the gallery's folder."""
        return f"pictures/{self.slug}.{SUFFIXES[self.format]}"

    @property
    def thumb(self) -> str:
        """Where the copy on the wall lies."""
        return f"thumbs/{self.slug}.jpg"

    @property
    def page(self) -> str:
        """Where the work's own page lies."""
        return f"works/{self.slug}.html"


@lru_cache(maxsize=1)
def works() -> tuple[Work, ...]:
    """Every work, series by series."""
    table = tomllib.loads(files("guardware.demo").joinpath("works.toml").read_text(encoding="utf-8"))
    return tuple(Work(**{"options": {}, **row}) for row in table["work"])


def wall(shown: tuple[Work, ...]) -> list[Work]:
    """The works as they hang: one of each series in turn, so that neighbours differ."""
    series: dict[str, list[Work]] = {}
    for work in shown:
        series.setdefault(work.series, []).append(work)
    return [work for work in chain.from_iterable(zip_longest(*series.values())) if work is not None]
