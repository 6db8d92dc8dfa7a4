"""Atelier: the processes, threads and memories that all variant makers of a process share."""

import asyncio
import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from guardware.config.images import Images
from guardware.images.cache import MemoryCache
from guardware.images.crew import Crew
from guardware.images.disk import DiskCache
from guardware.images.holding import Holding
from guardware.images.keys import FOLDER
from guardware.images.variant import Base
from guardware.images.workshop import Workshop

WORK = "guardware.images.pipeline:make"
"""What worker processes run."""

_HELD_ORIGINALS = 4
"""How many largest originals (``max_bytes``) all work under way may hold in memory before more is refused."""

_HELD_BODIES = 2
"""How many largest originals may be held by all who put one together to ask for its variant."""


class Failure(NamedTuple):
    """Not to be tried again before ``until`` (monotonic seconds). ``lasting``: it is the picture's own fault."""

    until: float
    lasting: bool

    @property
    def charge(self) -> int:
        return 0


class Atelier:
    """One for a process, however many sites it serves: so what ``images`` bounds is bounded for all together.

    It reads ``max_bytes``, ``timeout``, ``workers``, ``worker_memory``, ``queue``, ``cache_bytes`` and
    ``disk_bytes`` of ``images``. ``folder``: ``store.folder``, None where nothing is written. The keys of what is
    kept must say all that a picture is made of (``VariantKeys``): other makers keep theirs here too.
    """

    def __init__(self, images: Images, folder: Path | None) -> None:
        self.images, self._folder = images, folder
        self.crew = Crew(WORK, images.workers, memory=images.worker_memory, timeout=images.timeout)
        self.holding = Holding(_HELD_BODIES * images.max_bytes)
        """For originals that callers put together before they ask for a variant."""
        self.begin_anew()
        os.register_at_fork(after_in_child=partial(_begin_anew, weakref.ref(self)))

    def begin_anew(self) -> None:
        """Caches and threads; again in a process just forked, where there are neither threads nor sound locks."""
        images, folder = self.images, self._folder
        self.cache: MemoryCache[Base | Failure] = MemoryCache(images.cache_bytes, lambda base: base.charge)
        self.disk = DiskCache(folder / FOLDER, images.disk_bytes) if folder and images.disk_bytes else None
        self.workshop: Workshop[Base | Failure] = Workshop(
            images.workers, images.queue, _HELD_ORIGINALS * images.max_bytes
        )
        self._readers: ThreadPoolExecutor | None = None

    def readers(self) -> ThreadPoolExecutor:
        """Threads for what is ready, which must not wait behind what is made."""
        if self._readers is None:
            self._readers = ThreadPoolExecutor(2, "guardware-reader")
        return self._readers

    async def close(self) -> None:
        """Let threads and processes go; what waits is called off. Later work starts new ones."""
        self.workshop.close()
        readers, self._readers = self._readers, None
        if readers is not None:
            readers.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self.crew.close)


def _begin_anew(atelier: "weakref.ref[Atelier]") -> None:
    if (alive := atelier()) is not None:
        alive.begin_anew()
