"""The studio: draws works into files, several at a time in processes of their own."""

import json
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from guardware.demo.art.fields import Picture, seeded
from guardware.demo.brushes import BRUSHES, LOOPS
from guardware.demo.catalogue import Work
from guardware.demo.ledger import write

ENCODING: dict[str, dict[str, Any]] = {
    "jpeg": {"quality": 90, "subsampling": 0},
    "png": {},
    "webp": {"quality": 90, "method": 4},
    "avif": {"quality": 80, "speed": 8},
}

FRAME_MS = 70
"""How long an animation shows each frame, in milliseconds."""

MAX_WORKERS = 8
"""More processes take longer to start than the few pictures they would draw."""

Drawn = tuple[Work, dict[str, str]]
"""A work and the digests of its files by path."""


def encoded(work: Work) -> tuple[bytes, bytes]:
    """Draw one work: the bytes of its original and of its copy for the wall."""
    rng = seeded(f"{work.slug}/{work.take}")
    if work.brush in LOOPS:
        frames = LOOPS[work.brush](rng, work.size, **work.options)
        return _animated(frames), _thumb(frames[0], work)
    picture = BRUSHES[work.brush](rng, work.size, **work.options)
    original = BytesIO()
    picture.save(original, work.format, **ENCODING[work.format])
    return original.getvalue(), _thumb(picture, work)


def _animated(frames: Sequence[Picture]) -> bytes:
    # One palette for all frames: colours that change from frame to frame would flicker.
    palette = frames[0].quantize(64)
    first, *rest = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    loop = BytesIO()
    first.save(loop, "GIF", save_all=True, append_images=rest, duration=FRAME_MS, loop=0)
    return loop.getvalue()


def _thumb(picture: Picture, work: Work) -> bytes:
    copy = BytesIO()
    small = picture.resize(work.thumb_size, Image.Resampling.LANCZOS)
    small.save(copy, "JPEG", quality=86, progressive=True)
    return copy.getvalue()


def draw(work: Work, folder: Path) -> dict[str, str]:
    """Draw one work into the folder; returns the digests of its files by path."""
    digests = {}
    for path, content in zip((work.original, work.thumb), encoded(work), strict=True):
        write(folder / path, content)
        digests[path] = sha256(content).hexdigest()
    return digests


def recipe(work: Work) -> str:
    """Changes whenever the work would come out differently: a digest of its row and of the drawing code."""
    return sha256(f"{_code()}{json.dumps(work, sort_keys=True)}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _code() -> str:
    art = files("guardware.demo.art")
    sources = sorted((source.name, source.read_bytes()) for source in art.iterdir() if source.name.endswith(".py"))
    return sha256(repr((sources, ENCODING, FRAME_MS)).encode()).hexdigest()


def drawn(works: Sequence[Work], folder: Path, workers: int) -> Iterator[Drawn]:
    """Draw works, in whatever order they are done. With one worker, or where processes cannot be had
    (no shared memory, no memory left), in this process."""
    left = {work.slug: work for work in works}
    pool = _pool(min(workers, len(works), MAX_WORKERS))
    if pool is not None:
        try:
            for work, digests in _in_processes(pool, works, folder):
                del left[work.slug]
                yield work, digests
        except BrokenProcessPool:
            pass  # a worker was killed; what is left is drawn below
        finally:
            pool.shutdown(cancel_futures=True)
    for work in left.values():
        yield work, draw(work, folder)


def _in_processes(pool: ProcessPoolExecutor, works: Sequence[Work], folder: Path) -> Iterator[Drawn]:
    futures = {pool.submit(draw, work, folder): work for work in works}
    for future in as_completed(futures):
        yield futures[future], future.result()


def _pool(workers: int) -> ProcessPoolExecutor | None:
    if workers < 2:
        return None
    try:
        # An interrupt from the keyboard reaches every process; only this one shall answer it.
        ignore: Callable[[], Any] = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=ignore)
    except (OSError, ImportError, NotImplementedError):
        return None
