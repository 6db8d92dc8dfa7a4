"""What a client is told, and what is known of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from benchmarks.leak.gallery import Gallery

REPOSITORY = Path(__file__).parents[2]
CLIENTS_PYTHON = REPOSITORY / ".venv-clients" / "bin" / "python"


class Kind(Enum):
    """What is to be reached against a client."""

    PLAIN = "does not pose as a browser"
    POSING = "poses as a browser, or drives one from picture to picture"
    WALKER = "a browser driven through the pages at a person's pace"
    POOL = "poses as many browsers at many addresses"
    PERSON = "a person"


class Pace(NamedTuple):
    """Seconds: ``picture`` between two pictures of a walker, ``page`` a person looks at one, ``pool`` between two
    requests of a whole pool."""

    picture: float = 1.0
    page: float = 2.0
    pool: float = 0.05


class Beat:
    """Waits from one thing to the next, so many seconds counted from the one before, however long it took."""

    def __init__(self) -> None:
        self._next = time.monotonic()

    async def wait(self, seconds: float) -> None:
        """Until ``seconds`` after the wait before ended, or not at all if that is past."""
        self._next = max(self._next + seconds, time.monotonic())
        await asyncio.sleep(self._next - time.monotonic())


class Errand(NamedTuple):
    """Where the gallery stands (``base``: ``http://localhost:PORT``), and an empty folder for what is taken."""

    base: str
    gallery: Gallery
    folder: Path
    pace: Pace
    limit: float

    @property
    def urls(self) -> list[str]:
        """Every picture."""
        return [self.base + path for path in self.gallery.paths]

    def url_list(self) -> Path:
        """A file with the address of every picture, a line each; beside the folder."""
        path = self.folder.with_suffix(".urls")
        path.write_text("".join(f"{url}\n" for url in self.urls))
        return path


Visit = Callable[[Errand], Awaitable[tuple[str, ...]]]
"""What a client does; for people, the pictures on the pages they saw. Raises ClientError."""


class Client(NamedTuple):
    """``needs``: programs, and modules of .venv-clients as ``python:NAME``. ``paced``: it mostly waits, so others
    may run beside it."""

    name: str
    kind: Kind
    needs: tuple[str, ...]
    visit: Visit
    paced: bool = False
