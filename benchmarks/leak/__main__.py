"""What real clients carry away from a guarded gallery, as tables in Markdown.

::

    make leak                                                     # everything, some fifteen minutes
    make leak LEAK_ARGS="--only curl firefox --pictures 200"       # some clients, a smaller gallery
    make leak LEAK_ARGS="--pace 0.2"                               # whoever takes time takes a fifth of it
    make leak LEAK_ARGS="--write docs/leak.md --json leak.json"    # the figures into the documentation

Exit code: 0 if all is as it should be, 1 if a figure is missed or a client is not here, 2 for wrong usage.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.leak.clients import CLIENTS
from benchmarks.leak.errand import Client, Pace
from benchmarks.leak.figures import Row, as_json, missing, reached
from benchmarks.leak.gallery import Gallery, build
from benchmarks.leak.shoot import shoot
from benchmarks.leak.table import paste, tables
from guardware.config.schema import Config

_PICTURES = 1000
_MILD = 10
"""Niceness of all that runs here, so that the machine stays usable for the quarter of an hour."""


def main() -> int:
    """Run, print and write; the exit code."""
    arguments = _arguments()
    os.nice(_MILD)
    os.environ["OMP_NUM_THREADS"] = "1"
    print("drawing the gallery, if it is not there yet", file=sys.stderr, flush=True)
    gallery = build(arguments.pictures)
    pace = Pace(*(arguments.pace * seconds for seconds in Pace()))
    try:
        rows = asyncio.run(_until_told(arguments.only, gallery, pace))
    except (asyncio.CancelledError, KeyboardInterrupt):
        print("ended before its time: no table", file=sys.stderr)
        return 1
    return _report(rows, arguments, pace)


async def _until_told(clients: Sequence[Client], gallery: Gallery, pace: Pace) -> list[Row]:
    """SIGTERM ends the run as Ctrl-C does: with every process that it started."""
    shooting = asyncio.ensure_future(shoot(clients, gallery, pace))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, shooting.cancel)
    return await shooting


def _report(rows: Sequence[Row], arguments: argparse.Namespace, pace: Pace) -> int:
    budget = Config().budgets.per_hour
    text = f"{_circumstances(arguments.pictures, pace)}\n\n{tables(rows, budget)}"
    print(text, flush=True)
    if arguments.write is not None:
        paste(arguments.write, text)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([as_json(row, budget) for row in rows], indent=1) + "\n")
    bad = [row for row in rows if not reached(row, budget)]
    if arguments.allow_missing:
        bad = [row for row in bad if not missing(row)]
    return 1 if bad else 0


def _circumstances(pictures: int, pace: Pace) -> str:
    return (
        f"{pictures} pictures; walkers take {pace.picture:g} s a picture, people {pace.page:g} s a page, "
        f"a pool asks every {pace.pool:g} s. "
        f"guardware {version('guardware')}, Python {platform.python_version()}."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leak", description=__doc__.partition("\n")[0])
    named = {client.name: client for client in CLIENTS}
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"of: {', '.join(named)}")
    parser.add_argument("--pictures", type=int, default=_PICTURES, metavar="N", help="in the gallery (1000)")
    parser.add_argument(
        "--pace", type=float, default=1.0, metavar="FACTOR", help="1: as people do; 0.5: twice as fast"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--write", type=Path, metavar="FILE", help="paste the tables into this page")
    parser.add_argument("--allow-missing", action="store_true", help="clients that are not here do not count")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.only or () if name not in named]:
        parser.error(f"{unknown[0]!r} is none of: {', '.join(named)}")
    if arguments.pictures < 1 or arguments.pace < 0:
        parser.error("--pictures must be at least 1, and --pace at least 0")
    arguments.only = [named[name] for name in arguments.only or named]
    return arguments


if __name__ == "__main__":
    sys.exit(main())
