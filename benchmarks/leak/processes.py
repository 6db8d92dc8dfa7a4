"""Child processes: each in a group of its own, with a time limit, and none outlives its row."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_OFTEN = 0.05
_MILD = 5.0
"""Seconds from asking a process to end to ending it."""

QUIET = {
    "OMP_NUM_THREADS": "1",
    # albumentations, which img2dataset imports, would ask the network for a newer version of itself.
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "no_proxy": "*",
    "NO_PROXY": "*",
}


class ClientError(Exception):
    """A client, or the server for it, did not do its work; says why."""


@asynccontextmanager
async def group(
    argv: Sequence[str], *, folder: Path, log: Path, env: Mapping[str, str] = QUIET
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process in ``folder`` that writes to ``log``; what is left of its group on leaving is ended."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            cwd=folder,
            env={**os.environ, **env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await asyncio.shield(_end(process))


async def run(
    argv: Sequence[str], *, folder: Path, limit: float, good: Sequence[int] = (0,), env: Mapping[str, str] = QUIET
) -> None:
    """A process to its end. Raises ClientError after ``limit`` seconds, or for an exit code not in ``good``."""
    log = folder.with_suffix(".log")
    async with group(argv, folder=folder, log=log, env=env) as process:
        try:
            code = await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            raise ClientError(f"took more than {limit:.0f} s") from None
    if code not in good:
        raise ClientError(f"ended with code {code}: {last_line(log)}")


async def _end(process: asyncio.subprocess.Process) -> None:
    _signal(process, signal.SIGTERM)
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _MILD)
    _signal(process, signal.SIGKILL)
    await process.wait()


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def said(log: Path, pattern: str, seconds: float) -> str:
    """What the group in ``pattern`` matches in ``log`` as soon as it is there; empty if it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        text = await asyncio.to_thread(log.read_text, errors="replace")
        if found := re.search(pattern, text):
            return found[1]
        await asyncio.sleep(_OFTEN)
    return ""


def last_line(log: Path) -> str:
    """Of what a process said, for a message."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:160] if lines else "it said nothing"
