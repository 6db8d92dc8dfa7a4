"""VariantMaker: a variant for every original, in time and in bounds, or the placeholder; never an error."""

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple, TypeVar

from guardware.config.schema import Config
from guardware.images.atelier import Atelier, Failure
from guardware.images.container import pack, unpack
from guardware.images.crew import JobError, WorkerDied
from guardware.images.holding import Holding
from guardware.images.keys import VariantKeys
from guardware.images.lettering import choose
from guardware.images.pipeline import SVG, Secrets
from guardware.images.placeholder import placeholder_png
from guardware.images.recipe import Placeholder, Recipe, Veil
from guardware.images.recipes import check_extras, compile_recipes, leaves_picture, offered, offers, owner_words
from guardware.images.variant import Base, Shared, Variant, load
from guardware.keys import Keyring
from guardware.secrets import state_folder

R = TypeVar("R")

_HASH_INLINE = 64 * 1024
"""Bytes hashed on the event loop: 0.05 to 0.15 ms by SHA-256, what handing it to a thread costs as well."""

_AGAIN = 60.0
"""Seconds for which a picture that broke its worker, or took too long, is not tried again."""

_FOR_GOOD = 3600.0
"""The same for a picture that cannot be read: what is wrong with its bytes stays wrong."""

_log = logging.getLogger("guardware.images")


class Asked(NamedTuple):
    """What a visit asks for: the name of a variant, its Accept header, and its number for the trace."""

    variant: str
    accept: bytes | None = None
    mark: int = 0


class Stats(NamedTuple):
    """What a maker has done and holds.

    ``made``: variants made; ``hits``: answers from memory; ``disk_hits``: from disk; ``placeholders``: those given
    out; ``cached_bytes``: memory for finished variants; ``waiting``: pictures that no worker has begun.
    """

    made: int
    hits: int
    disk_hits: int
    placeholders: int
    cached_bytes: int
    waiting: int


class VariantMaker:
    """Makes variants in worker processes, each once, and remembers them in memory and on disk.

    Serves any number of tasks, also of several event loops. ``keyring`` has the owner's keys. ``atelier``: where
    it works, if it shares that with the makers of other sites; else one of its own. Raises GuardwareError if
    Pillow cannot draw text, ConfigError for a logo or a font that cannot be read.
    """

    def __init__(self, config: Config, keyring: Keyring, atelier: Atelier | None = None) -> None:
        self._config = config.images
        check_extras(config)
        self._recipes = compile_recipes(config)
        self._secrets = Secrets.of(keyring)
        self._keys = VariantKeys(self._recipes, self._secrets)
        self._placeholder = Variant.of(placeholder_png(choose(owner_words(config))), "image/png", placeholder=True)
        self.atelier = atelier or Atelier(config.images, state_folder(config))
        self._made = self._hits = self._disk_hits = self._placeholders = 0

    @property
    def holding(self) -> Holding:
        """For originals that callers put together before they ask for a variant."""
        return self.atelier.holding

    @property
    def stats(self) -> Stats:
        """Counters since construction, and what is held now."""
        held, waiting = self.atelier.cache.size, self.atelier.workshop.waiting
        return Stats(self._made, self._hits, self._disk_hits, self._placeholders, held, waiting)

    @property
    def trace_key(self) -> bytes:
        """The key that marks are made with."""
        return self._secrets.trace

    def keeps_picture(self, variant: str) -> bool:
        """Whether ``variant`` is the original with other metadata, so that the original may stand in for it."""
        return leaves_picture(self._recipes[variant])

    def veils(self, variant: str) -> bool:
        """Whether ``variant`` is shown right only by programs that apply colour profiles; also if there is none of
        that name."""
        recipe = self._recipes.get(variant)
        return recipe is None or any(isinstance(step, Veil) for step in recipe.steps)

    def depends_on_accept(self, variant: str) -> bool:
        """Whether what ``variant`` is depends on the Accept header."""
        return self._recipes[variant].save.format == "auto"

    async def close(self) -> None:
        """Close the atelier, shared or not; what waits gets the placeholder. A later ``make`` opens it again."""
        await self.atelier.close()

    def placeholder(self, reason: str, *, busy: bool = False) -> Variant:
        """The card that stands in for a picture, the same for every ``reason`` (which goes to the debug log).

        ``busy``: asking again later may help.
        """
        self._placeholders += 1
        _log.debug("placeholder: %s", reason)
        wait = self.atelier.workshop.wait_estimate() if busy else 0
        return self._placeholder._replace(retry_after=wait) if wait else self._placeholder

    async def make(self, original: bytes, content_type: str, asked: Asked) -> Variant:
        """The variant of ``original``, or the placeholder after ``images.timeout`` seconds or on any failure.

        The format is read from the bytes; ``content_type`` is what the original was labelled. Never raises, but
        for the cancellation of the task that awaits it.
        """
        try:
            return await self._make(original, content_type, asked)
        except Exception as error:  # the promise is: never an error, and never the original
            _log.exception("a variant failed where none should")
            return self.placeholder(repr(error))

    async def find(self, picture: bytes, asked: Asked) -> Base | None:
        """What is ready, in memory or on disk, for the original with the SHA-256 ``picture``. Never raises."""
        recipe = self._recipes[asked.variant]
        key = self._key(picture, recipe, asked)
        found = self._remembered(key)
        if found is None and self.atelier.disk is not None:
            found = await self._read(lambda: self._from_disk(key, picture), self._config.timeout)
        return None if found is None or isinstance(found, Failure) else found

    async def _make(self, original: bytes, content_type: str, asked: Asked) -> Variant:
        recipe = self._recipes[asked.variant]
        if any(isinstance(step, Placeholder) for step in recipe.steps):
            return self.placeholder("by configuration")
        if len(original) > self._config.max_bytes:
            return self.placeholder(f"larger than {self._config.max_bytes} bytes")
        deadline = time.monotonic() + self._config.timeout
        picture = await self._digest(original)
        if picture is None:
            return self.placeholder("not in time", busy=True)
        key = self._key(picture, recipe, asked)
        found = self._remembered(key)
        if found is None and self.atelier.disk is not None:
            found = await self._read(lambda: self._from_disk(key, picture), deadline - time.monotonic())
        elif found is not None:
            self._hits += 1
        if found is None:
            work = self._work(key, picture, original, content_type, recipe, asked)
            job = self.atelier.workshop.do(key, work, len(original))
            if job is None:
                return self.placeholder("too many pictures wait", busy=True)
            found = await _outcome(job, deadline - time.monotonic())
            if found is None and not job.done():
                return self.placeholder("not in time", busy=True)
        if isinstance(found, Failure) and not found.lasting:
            wait = max(1, math.ceil(found.until - time.monotonic()))
            return self.placeholder("failed just now")._replace(retry_after=wait)
        if found is None or isinstance(found, Failure):
            return self.placeholder("cannot be made", busy=found is None)
        return found.copy(asked.mark)

    async def _digest(self, original: bytes) -> bytes | None:
        if len(original) <= _HASH_INLINE:
            return hashlib.sha256(original).digest()
        return await self._read(lambda: hashlib.sha256(original).digest(), self._config.timeout)

    def _key(self, picture: bytes, recipe: Recipe, asked: Asked) -> bytes:
        return self._keys.key(picture, recipe.name, offers(recipe, asked.accept))

    def _remembered(self, key: bytes) -> Base | Failure | None:
        found = self.atelier.cache.get(key)
        return None if isinstance(found, Failure) and found.until < time.monotonic() else found

    async def _read(self, work: Callable[[], R], seconds: float) -> R | None:
        """What ``work`` returns, done in a thread of its own: what is ready must not wait behind what is made."""
        return await _outcome(self.atelier.readers().submit(work), seconds)

    def _from_disk(self, key: bytes, picture: bytes) -> Base | None:
        data = self.atelier.disk.get(key) if self.atelier.disk is not None else None
        if data is None:
            return None
        try:
            base = self._loaded(data, picture)
        except Exception:  # whole, but not from us: it may hold anything, and is made anew
            return None
        self._disk_hits += 1
        self.atelier.cache.put(key, base)
        return base

    def _loaded(self, data: bytes, picture: bytes) -> Base:
        header, body = unpack(data)
        return load(header, bytes(body), picture.hex(), self._secrets.trace)

    def _work(
        self, key: bytes, picture: bytes, original: bytes, content_type: str, recipe: Recipe, asked: Asked
    ) -> Callable[[], Base | Failure]:
        """What a thread of the workshop does: have a process make the base, and keep it. A failure is kept too,
        so that it costs its time once."""

        def work() -> Base | Failure:
            try:
                header, body = self.atelier.crew.run(
                    original=original,
                    content_type=content_type,
                    recipe=recipe,
                    secrets=self._secrets,
                    accept=offered(offers(recipe, asked.accept)),
                )
                base = load(header, body, picture.hex(), self._secrets.trace)
                kept = content_type == SVG or leaves_picture(recipe)  # a drawing may have had nothing to take out
                if isinstance(base, Shared) and base.variant.body == original and not kept:
                    raise ValueError("the variant would be the original")
            except Exception as error:  # Damaged files make decoders raise almost anything.
                lasting = not isinstance(error, TimeoutError | WorkerDied | MemoryError)
                lasting = error.permanent if isinstance(error, JobError) else lasting
                _log.warning(
                    "no %s variant of a picture (%r, %d bytes): %s: %s",
                    recipe.name, content_type, len(original), type(error).__name__, error,
                )  # fmt: skip
                failure = Failure(time.monotonic() + (_FOR_GOOD if lasting else _AGAIN), lasting)
                self.atelier.cache.put(key, failure)
                return failure
            self._made += 1
            self.atelier.cache.put(key, base)
            if self.atelier.disk is not None:
                self.atelier.disk.put(key, pack(header, body))
            return base

        return work


async def _outcome(job: Future[R], seconds: float) -> R | None:
    """The result of ``job``; None if it was called off, failed, or is not there after ``seconds``.

    ``asyncio.wait`` and not ``wait_for``: giving up must not cancel work that others wait for too.
    """
    future = asyncio.wrap_future(job)
    await asyncio.wait([future], timeout=max(0.0, seconds))
    if not future.done() or future.cancelled():
        return None
    return future.result()
