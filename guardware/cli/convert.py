"""One recipe over files and folders, into another folder: what ``watermark`` and ``veil`` do."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click

from guardware.cli.pictures import (
    UNUSABLE,
    Found,
    Outcome,
    bounds_of,
    cores,
    counted,
    fail_if_any,
    look_through,
    new_crew,
    read_original,
    reason_of,
    shown,
    side_by_side,
    size_words,
    tell,
)
from guardware.cli.whole import check_writable, write_whole
from guardware.cli.wishes import Wishes
from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.images.atelier import WORK
from guardware.images.formats import Format, named, recognised
from guardware.images.pipeline import Secrets
from guardware.images.recipe import Recipe, Resize, Save, Step
from guardware.keys import KEY_SIZE
from guardware.proxy.folder import media_type
from guardware.secrets import load_keyring

_ENDINGS = {"jpeg": ".jpg"}
"""Of files that get a new one, by format; the others' are the formats' names."""

_LOOK_SIDE = 16
"""Pixels: a variant so small tells which format the real one will have."""
_NO_SECRETS = Secrets(*[bytes(KEY_SIZE)] * 3)

_THERE = "there already; replace it with --force"


def convert(
    wishes: Wishes, steps: tuple[Step, ...], config: Config, remark: Callable[[bytes], str] = lambda _: ""
) -> None:
    """Take ``steps`` with every picture, and print what came of it; ``remark`` says what is odd in a file made.

    Raises UsageError if there are no pictures, GuardwareError if ``wishes.out`` cannot be written, and when a
    picture failed.
    """
    begun = time.monotonic()
    walk = look_through(wishes.paths, wishes.out)
    outcomes = list(walk.passed)
    if not walk.found and not any(outcome.state == "failed" for outcome in outcomes):
        tell(outcomes, "skipped")
        raise click.UsageError("there are no pictures in what you named")
    with _Studio(wishes, steps, config, remark) as studio:
        plans, unplanned = studio.plan(walk.found)
        outcomes += unplanned
        if wishes.dry_run:
            for plan in plans:
                click.echo(f"{shown(plan.found.path)} -> {shown(plan.target)}")
            click.echo(f"{counted(len(plans), 'picture')} would be written")
        else:
            outcomes += studio.make(plans)
            _tell_made(outcomes, wishes.out, time.monotonic() - begun)
    tell(outcomes, "skipped")
    tell(outcomes, "failed")
    fail_if_any(outcomes)


class _Plan(NamedTuple):
    """A picture, and the file to be written."""

    found: Found
    target: Path


class _Studio:
    """Worker processes, and what they are to do."""

    def __init__(
        self, wishes: Wishes, steps: tuple[Step, ...], config: Config, remark: Callable[[bytes], str]
    ) -> None:
        self._wishes, self._config, self._remark = wishes, config, remark
        format = wishes.format or ("keep" if config.images.format == "auto" else config.images.format)
        save = Save(format, wishes.quality or config.images.quality)
        resize = () if wishes.max_side is None else (Resize(wishes.max_side),)
        self._recipe = Recipe("converted", (*resize, *steps), save, bounds_of(config))
        self._workers = wishes.workers or cores()
        self._crew = new_crew(WORK, self._workers, config)

    def __enter__(self) -> "_Studio":
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.close()

    def plan(self, pictures: Sequence[Found]) -> tuple[list[_Plan], list[Outcome]]:
        """Which files are to be written, and which pictures are not done and why."""
        unclear = [found for found in pictures if self._certain(found.kind) is None]
        answers = self._side_by_side(unclear, self._ask, "Looking at the pictures")
        asked = {found.path: answer for found, answer in zip(unclear, answers, strict=True)}
        kinds = [(found, self._certain(found.kind) or asked[found.path]) for found in pictures]
        targets = [(found, renamed(found.relative, kind)) for found, kind in kinds if isinstance(kind, Format)]
        # Those that keep their names have the first claim to them.
        targets.sort(key=lambda pair: pair[0].relative != pair[1])
        refused, plans = self._distributed(targets, {_identity(found.path): found for found in pictures})
        return plans, [*(kind for _, kind in kinds if isinstance(kind, Outcome)), *refused]

    def _distributed(
        self, targets: Sequence[tuple[Found, Path]], originals: Mapping[object, Found]
    ) -> tuple[list[Outcome], list[_Plan]]:
        claimed: dict[Path, Found] = {}
        refused, plans = [], []
        for found, relative in targets:
            target = self._wishes.out / relative
            state, reason = self._refusal(found, target, originals, claimed)
            claimed.setdefault(target, found)
            if state is None:
                plans.append(_Plan(found, target))
            else:
                refused.append(Outcome(shown(found.path), state, reason))
        return refused, plans

    def make(self, plans: Sequence[_Plan]) -> list[Outcome]:
        """Write the files."""
        if not plans:
            return []
        try:
            check_writable(self._wishes.out)
        except OSError as error:
            where = f"{shown(self._wishes.out)} cannot be written ({reason_of(error)})"
            raise GuardwareError(f"{where}; name another folder with --out") from None
        secrets = Secrets.of(load_keyring(self._config))
        return self._side_by_side(plans, partial(self._make, secrets=secrets), "Making the pictures")

    def _make(self, plan: _Plan, secrets: Secrets) -> Outcome:
        name = shown(plan.found.path)
        try:
            body = self._run(plan.found, self._recipe, secrets)
            kind = recognised(body[:32])
            if kind is None or renamed(plan.found.relative, kind).name != plan.target.name:
                raise ValueError("changed while it was worked on; try again")
            write_whole(plan.target, body, replace=self._wishes.force)
        except FileExistsError:
            return Outcome(name, "skipped", _THERE)
        except UNUSABLE as error:
            return Outcome(name, "failed", reason_of(error))
        return Outcome(name, "made", self._remark(body), len(body))

    def _ask(self, found: Found) -> Format | Outcome:
        """The format that the picture will be written in, which may depend on transparency and frames."""
        recipe = self._recipe._replace(steps=(Resize(_LOOK_SIDE),))
        try:
            kind = recognised(self._run(found, recipe, _NO_SECRETS)[:32])
        except UNUSABLE as error:
            return Outcome(shown(found.path), "failed", reason_of(error))
        return kind or found.kind

    def _run(self, found: Found, recipe: Recipe, secrets: Secrets) -> bytes:
        original = read_original(found.path, self._config)
        job = {"original": original, "content_type": found.kind.media_type, "accept": b""}
        return self._crew.run(**job, recipe=recipe, secrets=secrets)[1]

    def _certain(self, kind: Format) -> Format | None:
        """The format to write, if the original's format alone decides."""
        wanted = self._recipe.save.format
        target = named(kind.keeps if wanted == "keep" else wanted)
        animated = target.writing is not None and target.writing.animated
        return target if target == kind or (animated and wanted != "keep") else None

    def _refusal(
        self, found: Found, target: Path, originals: Mapping[object, Found], claimed: Mapping[Path, Found]
    ) -> tuple[Literal["skipped", "failed"] | None, str]:
        """Why ``target`` is not to be written; None if it is."""
        there = _identity(target)
        if there in originals:
            over = "itself" if originals[there] == found else shown(originals[there].path)
            return "failed", f"would be written over the original, {over}; name another folder with --out"
        if target in claimed:
            return "failed", f"would become the same file as {shown(claimed[target].path)}; rename one"
        if target.is_dir():
            return "failed", f"{shown(target)} is a folder"
        return ("skipped", _THERE) if there is not None and not self._wishes.force else (None, "")

    def _side_by_side(self, items: Sequence[Any], work: Callable[[Any], Any], label: str) -> list[Any]:
        return side_by_side(items, work, self._workers, label, stop=self._crew.close)


def renamed(path: Path, kind: Format) -> Path:
    """``path`` with the ending of ``kind``: its own if that fits, one in place of another picture's, or one more.

    >>> renamed(Path("a/cat.tif"), named("png")), renamed(Path("cat.JPEG"), named("jpeg"))
    (PosixPath('a/cat.png'), PosixPath('cat.JPEG'))
    """
    said = media_type(path.name)
    if said in kind.media_types:
        return path
    ending = _ENDINGS.get(kind.name, f".{kind.name}")
    return path.with_suffix(ending) if said.startswith("image/") else path.with_name(path.name + ending)


def _identity(path: Path) -> object:
    """What two names of one file have in common; None if there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _tell_made(outcomes: Sequence[Outcome], out: Path, seconds: float) -> None:
    made = [outcome for outcome in outcomes if outcome.state == "made"]
    size = size_words(sum(outcome.size for outcome in made))
    click.echo(f"{counted(len(made), 'picture')} written to {shown(out)} ({size}, {seconds:.1f} s)")
    tell(made, "made", "to note")
