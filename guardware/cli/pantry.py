"""Pantry: the cache of finished variants, filled ahead of the server."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from guardware.cli.pictures import (
    UNUSABLE,
    Outcome,
    counted,
    new_crew,
    reason_of,
    shown,
    side_by_side,
    size_words,
)
from guardware.config.schema import Config
from guardware.errors import ConfigError, GuardwareError
from guardware.images.atelier import WORK
from guardware.images.container import pack
from guardware.images.crew import JobError
from guardware.images.decode import UnreadablePicture
from guardware.images.disk import DiskCache
from guardware.images.keys import FOLDER, VariantKeys
from guardware.images.pipeline import Secrets
from guardware.images.recipe import Recipe
from guardware.images.recipes import OFFERS, leaves_picture, offered
from guardware.images.variant import load
from guardware.keys import Keyring
from guardware.secrets import KEYS_FILE, configured_masters, load_keyring, state_folder

_LARGEST = 1 / 2
"""The part of the cache that one variant may take, so that it is not the first to be dropped."""


class Source(NamedTuple):
    """An original: how it is named to the user, and what reads it (raising OSError or ValueError)."""

    name: str
    read: Callable[[], bytes]


class _Done(NamedTuple):
    """A finished variant: its media type, and the container that is kept."""

    media_type: str
    container: bytes


class Pantry:
    """Fills the cache in ``folder`` with what ``recipes`` make of originals, under the keys of ``keyring``."""

    def __init__(
        self, config: Config, recipes: Mapping[str, Recipe], folder: Path, keyring: Keyring, workers: int
    ) -> None:
        self._recipes, self._workers, self._capacity = recipes, workers, config.images.disk_bytes
        self._secrets = Secrets.of(keyring)
        self._keys = VariantKeys(recipes, self._secrets)
        self._folder = folder / FOLDER
        self._disk = DiskCache(self._folder, self._capacity)
        self._crew = new_crew(WORK, workers, config)
        self._kept: list[bytes] = []

    def fill(
        self, sources: Sequence[Source], threads: int, *, dry_run: bool, stop: Callable[[], None]
    ) -> list[Outcome]:
        """What came of every variant of every original, in their order; skipped is what was there.

        ``threads`` read at a time; ``stop`` makes them leave off. With ``dry_run``, "made" is what would be made.
        Raises GuardwareError if nothing can be kept.
        """

        def stop_all() -> None:
            self._crew.close()
            stop()

        work = partial(self._all, dry_run=dry_run)
        done = side_by_side(sources, work, max(threads, self._workers), "Preparing the pictures", stop=stop_all)
        return [outcome for outcomes in done for outcome in outcomes]

    def check(self) -> None:
        """Raises GuardwareError if some of what was made is gone: the cache drops what it has no room for."""
        self._disk.close()
        gone = sum(not self._disk.has(key) for key in self._kept)
        if gone:
            lost = f"{gone} of {counted(len(self._kept), 'variant')} had to make room for others"
            room = f"images.disk_bytes is {size_words(self._capacity)}"
            raise GuardwareError(f"{lost}, as {room}; raise it, or prepare fewer with --variants")

    def _all(self, source: Source, dry_run: bool) -> list[Outcome]:
        outcomes: list[Outcome] = []
        try:
            original = source.read()
            for recipe in self._recipes.values():
                for outcome in self._variants(source.name, original, recipe, dry_run):
                    outcomes.append(outcome)  # noqa: PERF402  what came before an error is not lost
        except UNUSABLE as error:
            outcomes.append(Outcome(source.name, "failed", reason_of(error)))
        return outcomes

    def _variants(self, name: str, original: bytes, recipe: Recipe, dry_run: bool) -> Iterator[Outcome]:
        """One for every offer of formats that a visitor may make."""
        picture = hashlib.sha256(original).digest()
        done: dict[str, _Done] = {}
        for letters in offer_sets(recipe):
            full = f"{name}, {recipe.name}" + (f" for {offered(letters).decode()}" if letters else "")
            key = self._keys.key(picture, recipe.name, letters)
            if self._disk.has(key):
                yield Outcome(full, "skipped")
            elif dry_run:
                yield Outcome(full, "made")
            else:
                yield self._outcome(full, key, original, recipe, letters, done)

    def _outcome(
        self, name: str, key: bytes, original: bytes, recipe: Recipe, letters: str, done: dict[str, _Done]
    ) -> Outcome:
        """Make and keep one; ``done`` holds those of the same picture and recipe, and gets this one too."""
        try:
            made = done[letters] = _twin(letters, done) or self._made(original, recipe, letters)
            self._keep(key, made.container)
        except UNUSABLE as error:
            if isinstance(error, JobError) and error.error == UnreadablePicture.__name__:
                raise  # So it would be with the other variants.
            return Outcome(name, "failed", reason_of(error))
        return Outcome(name, "made", size=len(made.container))

    def _made(self, original: bytes, recipe: Recipe, letters: str) -> _Done:
        header, body = self._crew.run(
            original=original, content_type="", recipe=recipe, secrets=self._secrets, accept=offered(letters)
        )
        variant = load(header, body, "", self._secrets.trace).copy(0)
        if variant.body == original and not leaves_picture(recipe):
            raise ValueError("the variant would be the original")
        return _Done(variant.content_type, pack(header, body))

    def _keep(self, key: bytes, container: bytes) -> None:
        if len(container) > _LARGEST * self._capacity:
            raise ValueError(f"takes {size_words(len(container))}, too much for images.disk_bytes; raise that")
        for _ in range(2):
            self._disk.put(key, container)
            if self._disk.has(key):
                self._kept.append(key)
                return
            self._disk.close()  # A put does not wait long for the end of a count; this does.
        raise GuardwareError(f"nothing can be kept in {shown(self._folder)}; is the disk full or read-only?")


def cache_folder(config: Config) -> Path:
    """Where the server keeps variants. Raises ConfigError if the configuration has it keep none."""
    folder = state_folder(config)
    if folder is None:
        raise ConfigError(["store.folder: is none, so the server would find nothing; write auto, or a folder"])
    if not config.images.disk_bytes:
        raise ConfigError(["images.disk_bytes: is 0, so the server keeps no variants; write a size such as 2 GB"])
    return folder


def keyring_for(config: Config, folder: Path, *, dry_run: bool) -> Keyring:
    """The keys that the server will have: they are part of what variants are kept under.

    A dry run makes none if there are none yet. Raises GuardwareError if they cannot be kept.
    """
    given = bool(configured_masters(config))
    if dry_run and not given and not (folder / KEYS_FILE).exists():
        return Keyring([os.urandom(32)])
    keyring = load_keyring(config)
    if not given and not (folder / KEYS_FILE).exists():
        raise GuardwareError(
            f"{shown(folder)} cannot be written, so the server would find nothing there; run this as its user, or "
            "name another folder in store.folder"
        )
    return keyring


def offer_sets(recipe: Recipe) -> tuple[str, ...]:
    """What ``recipes.offers`` may give for ``recipe``; those with more formats first.

    >>> from guardware.images.recipe import Bounds, Save
    >>> offer_sets(Recipe("veiled", (), Save("auto", 85), Bounds(1, 1, 1)))
    ('aw', 'a', 'w', '')
    """
    most = len(OFFERS) if recipe.save.format == "auto" else 0
    return tuple("".join(chosen) for count in range(most, -1, -1) for chosen in combinations(OFFERS, count))


def _twin(letters: str, done: Mapping[str, _Done]) -> _Done | None:
    """What was made for a larger offer, if it came out in a format that ``letters`` offer too: then the choice
    among these is the same."""
    for other, variant in done.items():
        if set(letters) < set(other) and variant.media_type.encode() in (OFFERS[letter] for letter in letters):
            return variant
    return None
