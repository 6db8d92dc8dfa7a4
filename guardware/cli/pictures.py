"""What the commands on pictures share: finding them, working on many at a time, telling what came of it."""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import click

from guardware.config.faults import printable
from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.images.crew import Crew, JobError, WorkerDied
from guardware.images.formats import Format, recognised
from guardware.images.recipe import Bounds
from guardware.images.recipes import MAX_ANIMATION_PIXELS_FACTOR
from guardware.images.sniff import ENOUGH

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 120.0
"""Seconds that one picture may take. Longer than images.timeout: nobody waits for an answer."""

UNUSABLE = (JobError, WorkerDied, TimeoutError, OSError, ValueError)
"""What says that one picture cannot be made; anything else ends the command."""

_MOST_NAMES = 5
"""Names that are printed for one reason."""

_TOO_LARGE = re.compile(r" is more than \d+ pixels$")
"""How ``decode`` says so."""


class Found(NamedTuple):
    """A picture by its first bytes. ``relative``: its place in the folder that was named, or a file's name."""

    path: Path
    relative: Path
    kind: Format


class Outcome(NamedTuple):
    """What came of one file: with the reason unless it was made; ``size`` in bytes of what was."""

    name: str
    state: Literal["made", "skipped", "failed"]
    reason: str = ""
    size: int = 0


class Walk(NamedTuple):
    """What was found, and what was passed over and why, in the order of the names."""

    found: tuple[Found, ...]
    passed: tuple[Outcome, ...]


def look_through(paths: Sequence[Path], leave_out: Path | None = None) -> Walk:
    """The pictures among ``paths``, files and folders with all that is in them; each once.

    Skipped in folders are hidden files, what is no picture that is read, and the folder ``leave_out``. Folders
    that are links are not followed. A file that was named and is no picture has failed.
    """
    seen: dict[str, Found | Outcome] = {}
    for path in paths:
        for item, relative in _below(path, leave_out) if path.is_dir() else ((path, Path(path.name)),):
            key = os.path.abspath(item)
            if key not in seen:
                seen[key] = relative if isinstance(relative, Outcome) else _looked_at(item, relative, item is path)
    found = tuple(item for item in seen.values() if isinstance(item, Found))
    return Walk(found, tuple(item for item in seen.values() if isinstance(item, Outcome)))


def side_by_side(
    items: Sequence[T], work: Callable[[T], R], threads: int, label: str, *, stop: Callable[[], None]
) -> list[R]:
    """What ``work`` makes of each of ``items``, in their order, ``threads`` at a time, under a progress bar.

    When it is interrupted, or ``work`` raises, nothing more is begun, and ``stop`` is called to end what was.
    """
    pool = ThreadPoolExecutor(threads, "guardware-cli")
    try:
        futures = [pool.submit(work, item) for item in items]
        done = as_completed(futures)
        with click.progressbar(done, len(items), label, file=sys.stderr, hidden=not items) as bar:
            for future in bar:
                future.result()
        return [future.result() for future in futures]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stop()
        raise
    finally:
        pool.shutdown()
        stop()


def new_crew(function: str, workers: int, config: Config) -> Crew:
    """Processes for work that no visitor waits for, within ``images.worker_memory``."""
    return Crew(function, workers, memory=config.images.worker_memory, timeout=PATIENCE)


def cores() -> int:
    """Pictures to work on at a time if nothing is said."""
    return os.cpu_count() or 1


def bounds_of(config: Config) -> Bounds:
    """What an original may ask for, as when it is served."""
    images = config.images
    return Bounds(images.max_pixels, images.max_frames, MAX_ANIMATION_PIXELS_FACTOR * images.max_pixels)


def reason_of(error: Exception) -> str:
    """Why a picture could not be made, in a line, with the mend where there is one."""
    if isinstance(error, JobError):
        if error.error == "MemoryError":
            return "needs more memory than a worker may take; raise images.worker_memory"
        mend = "; raise images.max_pixels" if _TOO_LARGE.search(error.text) else ""
        return printable(error.text or error.error) + mend
    if isinstance(error, TimeoutError | WorkerDied):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return printable(str(error)) or type(error).__name__


def read_original(path: Path, config: Config) -> bytes:
    """The bytes of a picture. Raises OSError, and ValueError for more than ``images.max_bytes``."""
    most = config.images.max_bytes
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"larger than {size_words(most)}; raise images.max_bytes")
    return data


def tell(outcomes: Sequence[Outcome], state: str, heading: str = "") -> None:
    """Those in ``state`` of which there is something to say, by reason; nothing if there are none."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.state == state and outcome.reason:
            reasons.setdefault(outcome.reason, []).append(outcome.name)
    if reasons:
        click.echo(f"{sum(map(len, reasons.values()))} {heading or state}:")
    for reason, names in reasons.items():
        for name in names[:_MOST_NAMES]:
            click.echo(f"  {name}: {reason}")
        if len(names) > _MOST_NAMES:
            click.echo(f"  and {len(names) - _MOST_NAMES} more: {reason}")


def fail_if_any(outcomes: Sequence[Outcome]) -> None:
    """Raises GuardwareError, for exit code 1, if one failed."""
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    if failed:
        raise GuardwareError(f"{failed} failed; the reasons stand above")


def counted(number: int, word: str) -> str:
    """ "1 picture", "2 pictures"."""
    return f"{number} {word}" + ("" if number == 1 else "s")


def size_words(count: int) -> str:
    """A number of bytes as a person reads it: ``1.2 MB``."""
    for unit, worth in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if count >= worth:
            return f"{count / worth:.3g} {unit}"
    return counted(count, "byte")


def shown(path: Path | str) -> str:
    """A name that can be printed, whatever its name."""
    return printable(str(path))


def _below(folder: Path, leave_out: Path | None) -> Iterator[tuple[Path, Path | Outcome]]:
    """All files in ``folder``, with their place in it, or why they are passed over; by name."""
    unreadable: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=unreadable.append):
        here = Path(parent)
        for name in sorted(folders, reverse=True):
            path = here / name
            reason = _not_entered(path, leave_out)
            if reason:
                folders.remove(name)
                yield path, Outcome(shown(path), "skipped", reason)
        folders.sort()
        for name in sorted(files):
            path = here / name
            hidden = Outcome(shown(path), "skipped", "hidden")
            yield path, hidden if name.startswith(".") else path.relative_to(folder)
    for error in unreadable:
        path = Path(os.fsdecode(error.filename))
        yield path, Outcome(shown(path), "failed", reason_of(error))


def _not_entered(folder: Path, leave_out: Path | None) -> str:
    if folder.name.startswith("."):
        return "hidden"
    if folder.is_symlink():
        return "a link to a folder"
    if leave_out is not None and leave_out.exists() and folder.samefile(leave_out):
        return "what is written goes there"
    return ""


def _looked_at(path: Path, relative: Path, named: bool) -> Found | Outcome:
    """``named``: the user asked for this file, and not for the folder it is in."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return Outcome(shown(path), "failed" if named else "skipped", "no file")
        with path.open("rb") as file:
            start = file.read(ENOUGH)
    except OSError as error:
        return Outcome(shown(path), "failed", reason_of(error))
    kind = recognised(start)
    if kind is not None and kind.protected:
        return Found(path, relative, kind)
    reason = "empty" if not start else "no picture" if kind is None else f"{kind.name.upper()} is not read"
    return Outcome(shown(path), "failed" if named else "skipped", reason)
