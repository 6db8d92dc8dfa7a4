"""``guardware report``: what was or would have been done in the last days, and which thresholds fit this site."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap

import click

from guardware.cli.layout import terminal_width
from guardware.config import Config
from guardware.config.faults import printable
from guardware.config.loader import load_placed
from guardware.errors import GuardwareError
from guardware.observe.events import KEEP_DAYS, SUMMARIES
from guardware.observe.summary import HOUR
from guardware.report.reading import Found, daily_files, event_files, read
from guardware.report.report import build
from guardware.report.text import text
from guardware.report.totals import add_up
from guardware.secrets import state_folder

_START = (
    "nothing has been recorded yet: let the guard run with mode: monitor, and with store.folder or observe.file "
    "set"
)
_NO_FILE = (
    "{names} is no event file: none of its {lines:,} lines is an event or a summary of guardware's. For an access "
    "log there is: guardware replay {names}"
)


@click.command()
@click.option("--config", "config_path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option(
    "--days",
    type=click.IntRange(1, 3660),
    default=7,
    show_default=True,
    help=f"How many, back from the latest; {KEEP_DAYS} are kept in store.folder.",
)
@click.option(
    "--events",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read this event file (observe.file) and those it was rotated into, instead of store.folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(config_path: str | None, days: int, events: Path | None, as_json: bool) -> None:
    """What was done to visits, or would have been in monitor mode; and which thresholds fit this site.

    Run it where the site runs, with its --config, after a week in mode: monitor.
    """
    loaded = load_placed(config_path)
    files, now = _files(loaded.config, events), time.time()
    found = _read(files)
    totals = add_up(found.summaries, days, now)
    if totals is None:
        words = f"guardware: {_nothing(found, files, now)}"
        # The program's name goes before it in any case, and is taken away again.
        raise GuardwareError("\n".join(wrap(words, terminal_width())).removeprefix("guardware: "))
    report = build(totals, found, loaded.config, configured=loaded.name is not None)
    click.echo(json.dumps(report, indent=2) if as_json else text(report, terminal_width()))


def _nothing(found: Found, files: Sequence[Path], now: float) -> str:
    """Why there is nothing to report."""
    names = ", ".join(printable(str(file)) for file in files)
    if found.damaged and not found.events and not found.summaries:
        return _NO_FILE.format(names=names, lines=found.damaged)
    if found.summaries:
        return f"all summaries in {names} are of the future; is the clock right?"
    until = datetime.fromtimestamp(now // HOUR * HOUR + HOUR, UTC)
    first = (
        f"A summary is written when an hour of the clock with visits is over: the running hour's comes with the "
        f"first visit after {until:%H:%M} UTC, or when the guard stops"
    )
    if found.events:
        counted = f"{found.events:,} event{'' if found.events == 1 else 's'}"
        return f"{names} has {counted}, but no summary of an hour yet. {first}"
    return f"{_START}. {first}"


def _files(config: Config, events: Path | None) -> list[Path]:
    """The event file that was named; else the summaries in the folder; else the configured event file."""
    if events is not None:
        files = event_files(events)
        if not files:
            raise click.BadParameter(f"{printable(str(events))} is not there", param_hint="--events")
        return files
    folder = state_folder(config)
    files = daily_files(folder / SUMMARIES) if folder is not None else []
    if not files and config.observe.file is not None:
        files = event_files(Path(config.observe.file))
    return files


def _read(files: list[Path]) -> Found:
    try:
        return read(files)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise GuardwareError(f"{printable(str(error.filename))} cannot be read ({reason})") from None
