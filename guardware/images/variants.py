"""VariantMaker: a variant for every original, in time and in bounds, or the placeholder; never an error."""

import asyncio
import hashlib
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from guardware.config.schema import Images
from guardware.images.cache import VariantCache
from guardware.images.holding import Holding
from guardware.images.pipeline import Recipe, Variant, make_variant
from guardware.images.placeholder import placeholder_png
from guardware.images.workshop import Workshop

R = TypeVar("R")

_HASH_INLINE = 64 * 1024
"""Bytes hashed on the event loop: 0.05 to 0.15 ms by SHA-256, what handing it to a thread costs as well."""

_HELD_ORIGINALS = 4
"""How many largest originals (``max_bytes``) all work under way may hold in memory before more is refused."""

_HELD_BODIES = 2
"""How many largest originals may be held by all who put one together to ask for its variant."""

_log = logging.getLogger("guardware.images")


class Stats(NamedTuple):
    """What a maker has done and holds.

    ``made``: variants made; ``hits``: answers from the cache; ``placeholders``: placeholders given out;
    ``cached_bytes``: memory for finished variants; ``waiting``: pictures that no worker has begun.
    """

    made: int
    hits: int
    placeholders: int
    cached_bytes: int
    waiting: int


class VariantMaker:
    """Makes variants in threads, each once, and remembers them.

    ``config`` is the configuration's section; ``owner`` is credited in the watermark where its text is empty.
    Serves any number of tasks, also of several event loops. Raises GuardwareError if Pillow cannot draw text.
    """

    def __init__(self, config: Images, owner: str) -> None:
        self._config = config
        self._recipe = Recipe.of(config, owner)
        self._recipe_digest = self._recipe.digest()
        self._placeholder = Variant.of(placeholder_png(self._recipe.mark.lettering), "image/png", placeholder=True)
        self._cache = VariantCache(config.cache_bytes)
        self._workshop: Workshop[Variant] = Workshop(
            config.workers, config.queue, _HELD_ORIGINALS * config.max_bytes
        )
        self.holding = Holding(_HELD_BODIES * config.max_bytes)
        """For originals that callers put together before they ask for a variant."""
        self._hasher: ThreadPoolExecutor | None = None
        self._made = self._hits = self._placeholders = 0

    @property
    def stats(self) -> Stats:
        """Counters since construction, and what is held now."""
        return Stats(self._made, self._hits, self._placeholders, self._cache.size, self._workshop.waiting)

    async def close(self) -> None:
        """Let the threads go; what waits gets the placeholder. A later ``make`` starts new ones."""
        self._workshop.close()
        hasher, self._hasher = self._hasher, None
        if hasher is not None:
            hasher.shutdown(wait=False, cancel_futures=True)

    def placeholder(self, reason: str) -> Variant:
        """The card that stands in for a picture, the same for every ``reason`` (which goes to the debug log)."""
        self._placeholders += 1
        _log.debug("placeholder: %s", reason)
        return self._placeholder

    async def make(self, original: bytes, content_type: str) -> Variant:
        """The variant of ``original``, or the placeholder after ``images.timeout`` seconds or on any failure.

        The format is read from the bytes; ``content_type`` is what the original was labelled, for the log.
        Never raises, but for the cancellation of the task that awaits it.
        """
        try:
            variant = await self._make(original, content_type)
        except Exception as error:  # the promise is: never an error, and never the original
            _log.exception("a variant failed where none should")
            return self.placeholder(repr(error))
        return variant if isinstance(variant, Variant) else self.placeholder(variant)

    async def _make(self, original: bytes, content_type: str) -> Variant | str:
        """A variant, or why there is none."""
        if len(original) > self._config.max_bytes:
            return f"larger than {self._config.max_bytes} bytes"
        deadline = asyncio.get_running_loop().time() + self._config.timeout
        digest = await self._digest(original, deadline)
        if digest is None:
            return "not in time"
        key = digest + self._recipe_digest
        if (cached := self._cache.get(key)) is not None:
            self._hits += 1
            return "failed before" if cached.placeholder else cached
        job = self._workshop.do(key, lambda: self._work(key, original, content_type), len(original))
        if job is None:
            return "too many pictures wait"
        variant = await _outcome(job, deadline)
        if variant is None:
            return "not in time"
        return "cannot be made" if variant.placeholder else variant

    async def _digest(self, original: bytes, deadline: float) -> bytes | None:
        if len(original) <= _HASH_INLINE:
            return hashlib.sha256(original).digest()
        # A thread of its own: cached pictures must not wait behind those being made.
        if self._hasher is None:
            self._hasher = ThreadPoolExecutor(1, "guardware-digest")
        return await _outcome(self._hasher.submit(lambda: hashlib.sha256(original).digest()), deadline)

    def _work(self, key: bytes, original: bytes, content_type: str) -> Variant:
        """In a worker: make the variant and keep it. A failure is kept too, so that it costs its time once."""
        try:
            variant = make_variant(original, self._recipe, int.from_bytes(key[:4]))
        except MemoryError:  # Not the picture's fault: not kept.
            _log.error("no memory for a variant of a picture (%r, %d bytes)", content_type, len(original))
            return self._placeholder
        except Exception as error:  # Damaged files make Pillow raise almost anything.
            _log.warning(
                "no variant of a picture (%r, %d bytes): %s: %s",
                content_type, len(original), type(error).__name__, error,
            )  # fmt: skip
            variant = self._placeholder
        else:
            self._made += 1
        self._cache.put(key, variant)
        return variant


async def _outcome(job: Future[R], deadline: float) -> R | None:
    """The result of ``job``; None if it was called off or is not there by ``deadline`` (the loop's clock).

    ``asyncio.wait`` and not ``wait_for``: giving up must not cancel work that others wait for too.
    """
    loop = asyncio.get_running_loop()
    future = asyncio.wrap_future(job)
    await asyncio.wait([future], timeout=max(0.0, deadline - loop.time()))
    return None if not future.done() or future.cancelled() else future.result()
