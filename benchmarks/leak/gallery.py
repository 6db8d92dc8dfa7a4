"""The gallery that is scraped: pictures, overviews, a page for each picture, and what browsers ask for besides."""

import os
import shutil
import tempfile
from collections.abc import Callable
from html import escape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.leak.art import draw, file_name, title

PER_PAGE = 25
"""Pictures on an overview page."""

_MADE_AS = "2"
"""Counted up when the pictures or pages change, so that none of an older making is taken from the folder."""

_STYLE = """body { margin: 2rem; font: 16px/1.5 sans-serif; background: #fafafa; color: #222 }
main { display: grid; grid-template-columns: repeat(5, 1fr); gap: 1rem }
main img { width: 100%; height: auto } figure { margin: 0 } .work { display: block; max-width: 640px }
"""
_SCRIPT = """// Arrow keys turn the pages.
addEventListener("keydown", event => {
    const link = {ArrowRight: "a.next", ArrowLeft: "a.prev"}[event.key]
    document.querySelector(link ?? "none")?.click()
})
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/favicon.ico">
<script src="/site.js" defer></script></head><body><header><h1>{title}</h1><nav>{links}</nav></header>
{body}
</body></html>
"""


class Gallery(NamedTuple):
    """A folder to serve. ``paths``: the address of each picture, in the order of the pages."""

    folder: Path
    paths: tuple[str, ...]

    @property
    def overviews(self) -> int:
        """How many overview pages there are."""
        return -(-len(self.paths) // PER_PAGE)

    def original(self, path: str) -> bytes:
        """The file of the picture at ``path``."""
        return (self.folder / path.removeprefix("/")).read_bytes()

    def on_overview(self, number: int) -> tuple[str, ...]:
        """The pictures that overview page ``number`` (from 1) shows."""
        return self.paths[(number - 1) * PER_PAGE : number * PER_PAGE]


def overview_path(number: int) -> str:
    """The address of overview page ``number``, from 1."""
    return "/" if number == 1 else f"/page-{number:02}.html"


def work_path(number: int) -> str:
    """The address of the page of picture ``number``, from 1."""
    return f"/work/{number:04}.html"


def build(count: int, top: Path | None = None) -> Gallery:
    """The gallery of ``count`` pictures below ``top`` (default: the folder for temporary files); made once.

    Making it takes some 25 ms a picture.
    """
    top = top or Path(tempfile.gettempdir(), f"guardware-leak-{os.getuid()}")
    folder = top / f"gallery-{_MADE_AS}-{count}"
    gallery = Gallery(folder, tuple(f"/art/{file_name(number)}" for number in range(1, count + 1)))
    if not folder.exists():
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=top))
        try:
            _write(gallery._replace(folder=making))
            making.chmod(0o755)
            making.rename(folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
    return gallery


def _write(gallery: Gallery) -> None:
    for name in ("art", "work"):
        (gallery.folder / name).mkdir()
    (gallery.folder / "style.css").write_text(_STYLE)
    (gallery.folder / "site.js").write_text(_SCRIPT)
    (gallery.folder / "favicon.ico").write_bytes(_icon())
    for number, path in enumerate(gallery.paths, 1):
        (gallery.folder / path.removeprefix("/")).write_bytes(draw(number))
        (gallery.folder / work_path(number).removeprefix("/")).write_text(_work(gallery, number))
    for number in range(1, gallery.overviews + 1):
        name = overview_path(number).removeprefix("/") or "index.html"
        (gallery.folder / name).write_text(_overview(gallery, number))


def _overview(gallery: Gallery, number: int) -> str:
    first = (number - 1) * PER_PAGE + 1
    figures = "\n".join(
        f'<figure><a href="{work_path(work)}">{_picture(gallery, work)}</a></figure>'
        for work in range(first, first + len(gallery.on_overview(number)))
    )
    links = _turn(number, gallery.overviews, overview_path)
    return _PAGE.format(title=f"Works, page {number}", body=f"<main>{figures}</main>", links=links)


def _work(gallery: Gallery, number: int) -> str:
    back = f'<a class="up" href="{overview_path((number - 1) // PER_PAGE + 1)}">Works</a>'
    links = f"{_turn(number, len(gallery.paths), work_path)} {back}"
    return _PAGE.format(title=escape(title(number).title()), body=_picture(gallery, number, "work"), links=links)


def _picture(gallery: Gallery, number: int, kind: str = "small") -> str:
    words = escape(f"{title(number).capitalize()}, painted in oil, number {number}")
    return f'<img class="{kind}" src="{gallery.paths[number - 1]}" alt="{words}">'


def _turn(number: int, last: int, path: Callable[[int], str]) -> str:
    """Links to the page before and to the page after."""
    prev = f'<a class="prev" href="{path(number - 1)}">Previous</a>' if number > 1 else ""
    following = f'<a class="next" href="{path(number + 1)}">Next</a>' if number < last else ""
    return f"{prev} {following}".strip()


def _icon() -> bytes:
    out = BytesIO()
    Image.new("RGB", (32, 32), "#4a5a6a").save(out, "ICO")
    return out.getvalue()
