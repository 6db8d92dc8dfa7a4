"""``guardware report``: what was or would have been done in the last days, and which thresholds fit this site."""

import json
import time
from pathlib import Path

import click

from guardware.config import Config, load
from guardware.config.faults import printable
from guardware.errors import GuardwareError
from guardware.observe.events import KEEP_DAYS, SUMMARIES
from guardware.report.reading import Found, daily_files, event_files, read
from guardware.report.report import build
from guardware.report.text import text
from guardware.report.totals import add_up
from guardware.secrets import state_folder

_START = (
    "nothing has been recorded yet: let the guard run with mode: monitor, and with store.folder or observe.file "
    "set; it writes a summary at the end of each hour that has visits, and when it stops"
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
    config = load(config_path)
    found = _read(_files(config, events))
    totals = add_up(found.summaries, days, time.time())
    if totals is None:
        damaged = f" ({found.damaged} damaged lines)" if found.damaged else ""
        raise GuardwareError(f"{_START}{damaged}")
    report = build(totals, found, config)
    click.echo(json.dumps(report, indent=2) if as_json else text(report))


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
