"""Runs clients, each against a server of its own, and counts."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from subprocess import PIPE, run
from typing import NamedTuple

from benchmarks.leak.copies import Judge
from benchmarks.leak.counting import count
from benchmarks.leak.errand import CLIENTS_PYTHON, Client, Errand, Pace
from benchmarks.leak.figures import Row
from benchmarks.leak.gallery import Gallery
from benchmarks.leak.processes import ClientError
from benchmarks.leak.server import Variants, serving
from benchmarks.leak.tap import Tap

_SIDE_BY_SIDE = 4
"""Clients that mostly wait, at the same time: on two cores more would wait for each other."""
_LIMIT = 300.0
"""Seconds for a client, beside what its pace takes."""
_HOUR = 3600


class Range(NamedTuple):
    """What all visits have in common. ``absent``: needs of clients that are not here."""

    gallery: Gallery
    pace: Pace
    judge: Judge
    variants: Variants
    absent: frozenset[str]


async def shoot(clients: Sequence[Client], gallery: Gallery, pace: Pace) -> list[Row]:
    """A row for each client, in their order: the quick ones one after another, then the paced ones."""
    with tempfile.TemporaryDirectory(prefix="guardware-leak-", ignore_cleanup_errors=True) as name:
        variants = Variants.empty(Path(name, "variants"))
        absent = await asyncio.to_thread(_absent, clients)
        return await _all(clients, Range(gallery, pace, Judge(gallery), variants, absent))


async def _all(clients: Sequence[Client], range: Range) -> list[Row]:
    rows: dict[str, Row] = {}
    turn = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(client: Client) -> None:
        async with turn:
            rows[client.name] = await _row(client, range)
            _say(rows[client.name])

    for client in clients:
        if not client.paced:
            await one(client)
    async with asyncio.TaskGroup() as side_by_side:
        for client in clients:
            if client.paced:
                side_by_side.create_task(one(client))
    return [rows[client.name] for client in clients]


async def _row(client: Client, range: Range) -> Row:
    if lacking := [need for need in client.needs if need in range.absent]:
        return Row(client.name, client.kind, None, f"not here: {', '.join(lacking)}")
    began = time.time()
    with tempfile.TemporaryDirectory(prefix="guardware-leak-", ignore_cleanup_errors=True) as name:
        tap, shown, trouble = await _visit(client, range, Path(name))
    ended = time.time()
    if tap.unread:
        trouble = "; ".join(filter(None, [trouble, f"{len(tap.unread)} connections not read: {tap.unread[0]}"]))
    gallery, worth = range.gallery, range.judge.worth
    figures = await asyncio.to_thread(count, tap.exchanges, gallery.paths, worth, shown)
    hours = int(ended // _HOUR - began // _HOUR) + 1
    return Row(client.name, client.kind, figures, trouble, hours, ended - began)


async def _visit(client: Client, range: Range, folder: Path) -> tuple[Tap, tuple[str, ...], str]:
    """What passed, the pictures that a person saw, and what went wrong."""
    tap, loot = Tap(), folder / "loot"
    loot.mkdir()
    shown: tuple[str, ...] = ()
    limit = _LIMIT + len(range.gallery.paths) * max(range.pace)
    try:
        async with serving(range.gallery.folder, folder, range.variants) as port, tap.open(port) as base:
            errand = Errand(base, range.gallery, loot, range.pace, limit)
            shown = await asyncio.wait_for(client.visit(errand), limit)
    except TimeoutError:
        return tap, shown, f"took more than {limit:.0f} s"
    except ClientError as error:
        return tap, shown, str(error)
    return tap, shown, ""


def _absent(clients: Sequence[Client]) -> frozenset[str]:
    """Which of the clients' needs are not here."""
    needs = {need for client in clients for need in client.needs}
    modules = sorted(need.removeprefix("python:") for need in needs if need.startswith("python:"))
    programs = {need for need in needs if not need.startswith("python:") and which(need) is None}
    return frozenset(programs | {f"python:{module}" for module in _absent_modules(modules)})


def _absent_modules(modules: list[str]) -> list[str]:
    """Which of the modules .venv-clients has not."""
    if not CLIENTS_PYTHON.exists():
        return modules
    code = "import importlib.util, sys; print(*(m for m in sys.argv[1:] if importlib.util.find_spec(m) is None))"
    return run([CLIENTS_PYTHON, "-c", code, *modules], stdout=PIPE, check=True, text=True).stdout.split()


def _say(row: Row) -> None:
    """Progress, for who waits."""
    figures = row.figures
    words = row.trouble
    if figures is not None:
        got = f"{figures.originals} originals, {figures.usable} usable"
        words = f"{row.seconds:.0f} s, {figures.asked} asked, {got} {row.trouble}"
    print(f"{row.name}: {words}", file=sys.stderr, flush=True)
