"""The gallery's pages: plain HTML files round the pictures, for any web server."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from guardware.demo.catalogue import ARTIST, Work, wall
from guardware.demo.ledger import write

HEADING = "Mountains, water, paper, thread"
STATEMENT = "Works from the studio by the lake, hung in no particular order."

SERIES = {
    "Mist": "Ridges behind ridges. What is far away is only paler.",
    "Still Water": "The same lake on different nights.",
    "Washes": "Water and pigment on rough paper; the rims are where they dried.",
    "Currents": "Bands that follow one another and never cross.",
    "Plain Shapes": "A circle, a square, and what can be done with them.",
    "Herbarium": "Plants, grown from the rules by which they branch.",
    "Empty Paper": "Ink, and mostly no ink.",
    "Survey": "Maps of places that nobody can visit.",
    "Loom": "Over, under, over, under.",
    "Interference": "Simple lines on simple lines. The third pattern is nobody’s doing.",
    "Folded Land": "Landscapes made of flat sheets, lit from the left.",
}
"""The series in the order of the menu, with a line on each."""

STATIC = ("style.css", "favicon.svg")


def series_path(name: str) -> str:
    """Where a series' page lies."""
    return f"series/{name.lower().replace(' ', '-')}.html"


def pages(works: tuple[Work, ...]) -> Iterator[tuple[str, str]]:
    """Every page of the gallery: its path in the folder, its text."""
    environment = Environment(
        loader=PackageLoader("guardware.demo", "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = {work.series for work in works}
    environment.globals.update(
        artist=ARTIST, count=len(works), series={name: series_path(name) for name in SERIES if name in shown}
    )
    wall_page, work_page = environment.get_template("wall.html"), environment.get_template("work.html")
    hung = wall(works)
    yield "index.html", wall_page.render(base="", here="index", heading=HEADING, words=STATEMENT, works=hung)
    yield "about.html", environment.get_template("about.html").render(base="", here="about")
    for name, words in SERIES.items():
        members = [work for work in works if work.series == name]
        if members:
            yield (
                series_path(name),
                wall_page.render(base="../", here=name, heading=name, words=words, works=members),
            )
    for index, work in enumerate(hung):
        yield (
            work.page,
            work_page.render(
                base="../",
                here="",
                work=work,
                # Somebody who asked for less motion sees an animation's first frame.
                still=work.thumb if work.format == "gif" else None,
                before=hung[index - 1],
                after=hung[(index + 1) % len(hung)],
                siblings=[other for other in works if other.series == work.series and other is not work],
            ),
        )


def write_pages(works: tuple[Work, ...], folder: Path) -> None:
    """Write the pages and what they need besides pictures; files that are right already are left alone."""
    contents = {path: text.encode() for path, text in pages(works)}
    site = files("guardware.demo").joinpath("site")
    contents |= {name: site.joinpath(name).read_bytes() for name in STATIC}
    for path, content in contents.items():
        target = folder / path
        if not target.is_file() or target.read_bytes() != content:
            write(target, content)
