"""``guardware replay``: what the policy would have done to the visits of an access log."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from guardware.cli.layout import terminal_width
from guardware.cli.whole import check_writable, write_whole
from guardware.config import load
from guardware.config.faults import printable
from guardware.errors import GuardwareError
from guardware.replay.formats import FORMATS
from guardware.replay.page import page
from guardware.replay.run import Progress, Wishes, replay
from guardware.replay.site import read_site
from guardware.replay.text import text


@click.command()
@click.argument(
    "logs",
    metavar="LOG...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option("--config", "config_path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", *FORMATS]),
    default="auto",
    show_default=True,
    help="Of the lines.",
)
@click.option(
    "--site", default="", metavar="URL", help="The site that the log is of. Default: site.url, or a guess."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page.")
@click.option("--force", is_flag=True, help="Replace the page if it is there already.")
@click.option("--addresses", is_flag=True, help="Show whole addresses, not only their networks.")
def command(
    logs: tuple[str, ...],
    config_path: str | None,
    form: str,
    site: str,
    as_json: bool,
    html: Path | None,
    force: bool,
    addresses: bool,
) -> None:
    """What the policy would have done to the visits of access logs, before you switch it on.

    LOG is a file, packed (gz, zst) or not, or - for standard input. Those who would have been wronged come first:
    visitors that behave like people, and would have got something other than the originals.
    """
    config = load(config_path)
    try:
        given = read_site(site, "as --site says") if site else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--site") from None
    if html is not None:
        _check(html, force=force)
    with _bar() as progress:
        report = replay(logs, config, Wishes(form, given, addresses), time.time(), progress)
    if report["cut_short"]:
        click.echo("Cut short: the report is on what was read until Ctrl-C.", err=True)
    click.echo(json.dumps(report, indent=2) if as_json else text(report, terminal_width()))
    if html is not None:
        _write(html, page(report), force=force)


def _check(path: Path, *, force: bool) -> None:
    """Before the work, not after it."""
    if path.exists() and not force:
        raise GuardwareError(f"{printable(str(path))} is there already; name another file, or use --force")
    if not path.parent.is_dir():
        folder = printable(str(path.parent))
        raise GuardwareError(f"the folder {folder} is not there; make it first (mkdir -p), or name another one")
    try:
        check_writable(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


def _write(path: Path, html: str, *, force: bool) -> None:
    try:
        write_whole(path, html.encode("utf-8", "replace"), replace=force)
    except OSError as error:
        raise _unwritable(path, error) from None
    click.echo(f"Wrote {printable(str(path))}. Open it in a browser.", err=True)


def _unwritable(path: Path, error: OSError) -> GuardwareError:
    return GuardwareError(f"{printable(str(path))} cannot be written ({error.strerror}); check the folder")


@contextmanager
def _bar() -> Iterator[Progress]:
    """A progress bar on a terminal, in bytes; elsewhere nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda done, size: None
        return
    with click.progressbar(length=1, label="Replaying", file=sys.stderr) as bar:

        def progress(done: int, size: int) -> None:
            bar.length = size or None
            bar.update(done - bar.pos)

        yield progress
