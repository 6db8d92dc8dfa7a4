"""``guardware serve`` as it is shipped, for one client alone: nothing remembered, no configuration file."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

from benchmarks.leak.processes import QUIET, ClientError, group, said
from guardware.images.keys import FOLDER

_START_SECONDS = 60.0


class Variants(NamedTuple):
    """Finished variants, the only thing that servers share: a second client need not wait for them to be made.

    They are found again under the same master key, hence ``secret``."""

    folder: Path
    secret: str

    @classmethod
    def empty(cls, folder: Path) -> "Variants":
        """In ``folder``, which is made."""
        folder.mkdir()
        return cls(folder, token_hex(32))


@asynccontextmanager
async def serving(root: Path, folder: Path, variants: Variants) -> AsyncIterator[int]:
    """The port of a server that guards ``root``; what it keeps goes into ``folder``. Raises ClientError."""
    state = folder / "state"
    (state / "guardware").mkdir(parents=True)
    (state / "guardware" / FOLDER).symlink_to(variants.folder)
    program = str(Path(sys.executable).with_name("guardware"))
    argv = [program, "serve", "--root", str(root), "--port", "0"]
    where = {"HOME": str(state), "XDG_STATE_HOME": str(state), "STATE_DIRECTORY": ""}
    env = {**QUIET, **where, "GUARDWARE_SECRET": variants.secret}
    log = folder / "server.log"
    async with group(argv, folder=state, log=log, env=env) as process:
        yield await _port(process, log)
        if process.returncode is not None:
            raise ClientError(f"the server died: {_tail(log)}")


async def _port(process: asyncio.subprocess.Process, log: Path) -> int:
    """Read from what the server says; a trial request would be the first of the client's address."""
    port = asyncio.create_task(said(log, r"Listening on http://127\.0\.0\.1:(\d+)", _START_SECONDS))
    ended = asyncio.create_task(process.wait())
    await asyncio.wait((port, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    port.cancel()
    await asyncio.wait((port, ended))
    if port.cancelled() or not port.result():
        raise ClientError(f"the server does not start: {_tail(log)}")
    return int(port.result())


def _tail(log: Path) -> str:
    return log.read_text(errors="replace").strip()[-300:]
