"""The demo: an imaginary artist's gallery, drawn on the spot, to try the guard on."""

import os
from collections.abc import Iterator
from pathlib import Path

from guardware.demo.catalogue import ARTIST, Work, works
from guardware.demo.gallery import write_pages
from guardware.demo.ledger import Ledger
from guardware.demo.studio import drawn, recipe

__all__ = ["ARTIST", "Build", "Work", "works"]


class Build:
    """Brings the gallery in a folder up to date.

    ``missing`` are the works that have to be drawn; ``run`` draws them and writes the pages. ``shown`` are the
    works that hang (all by default), ``workers`` the processes that draw (one for each processor by default).
    ``ours`` says that whatever lies in the folder may be overwritten; else a folder that has files, and no
    ledger of an earlier build, raises GuardwareError. OSError if the folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shown: tuple[Work, ...] | None = None,
        workers: int | None = None,
        ours: bool = False,
    ) -> None:
        self._folder = folder
        self._shown = works() if shown is None else shown
        self._workers = workers or os.cpu_count() or 1
        self._ledger = Ledger(folder, ours=ours)
        self._ledger.keep_only(self._shown)
        self._recipes = {work.slug: recipe(work) for work in self._shown}
        self.missing = tuple(w for w in self._shown if not self._ledger.holds(w, self._recipes[w.slug]))

    def run(self) -> Iterator[Work]:
        """Draw what is missing, yielding each work when its files are written; then write the pages.

        Run it to its end. Broken off, the gallery is incomplete, and the next build goes on from there.
        """
        for work, digests in drawn(self.missing, self._folder, self._workers):
            self._ledger.note(work, self._recipes[work.slug], digests)
            yield work
        write_pages(self._shown, self._folder)
