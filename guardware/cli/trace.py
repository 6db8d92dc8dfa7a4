"""``guardware trace``: which request a leaked picture was given to."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from PIL import Image

from guardware import config as configuration
from guardware.config.schema import Config
from guardware.errors import GuardwareError
from guardware.images.decode import UnreadablePicture
from guardware.images.pipeline import Secrets, drawn
from guardware.images.recipes import compile_recipes
from guardware.images.trace.originals import Originals, picture_files
from guardware.images.trace.reader import Dress, Finding, Report, trace
from guardware.images.trace.record import Entry, Record, as_json
from guardware.keys import Keyring, key_id
from guardware.secrets import KEYS_FILE, configured_masters, load_keyring, state_folder

RECORD_FOLDER = "trace"
"""Within ``store.folder``."""
_MOST_ENTRIES = 10
"""Visits that are printed of a mark that many share; ``--json`` has them all."""

_EXISTING = click.Path(exists=True, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=_EXISTING)
@click.option(
    "--original",
    "originals",
    metavar="DIR",
    multiple=True,
    type=_EXISTING,
    help="Your originals, a folder or a file; may be repeated. Without them only shared marks are read.",
)
@click.option("--record", metavar="DIR", type=_FOLDER, help="The record of marked copies; default: store.folder.")
@click.option("--config", "path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON, one line for each file.")
def command(
    paths: tuple[Path, ...], originals: tuple[Path, ...], record: Path | None, path: str | None, as_json_: bool
) -> None:
    """Which visits got the copies that FILE or the pictures in DIR were made from.

    A visit is named only if the evidence is beyond chance (z above 6), and z is printed. It is a request that is
    named and not a person: caches and shared connections stand between them.
    """
    config = configuration.load(path)
    keyring = _keyring(config)
    keys = keyring.every("trace")
    files = _files(paths)
    if not files:
        raise click.UsageError("there are no pictures in what you named")
    known = _originals(originals) if originals else None
    copies = _record(config, record)
    reports = _reports(files, keys, known, copies, config.images.trace.delta, _dress(config, keyring))
    failed = _print_json(reports) if as_json_ else _print_text(reports, len(files))
    if copies is not None and copies.damaged:
        click.echo(f"{copies.damaged} damaged lines in {copies.folder} were passed over", err=True)
    if failed:
        raise GuardwareError(f"{failed} of {len(files)} files could not be read")


def _keyring(config: Config) -> Keyring:
    """The keys that marks were made with. Unlike the server, this command makes none if there are none."""
    folder = state_folder(config)
    if not configured_masters(config) and (folder is None or not (folder / KEYS_FILE).exists()):
        where = "store.folder" if folder is None else str(folder)
        raise GuardwareError(
            f"there is no key to read marks with, neither in GUARDWARE_SECRET nor in {where}; "
            "run this where the site runs, with its --config"
        )
    return load_keyring(config)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are named, folders with all pictures in them; each once."""
    found = [file for path in paths for file in (picture_files(path) if path.is_dir() else [path])]
    return list(dict.fromkeys(found))


def _originals(paths: Sequence[Path]) -> Originals:
    originals = Originals(_files(paths))
    count = len(originals.paths)
    with click.progressbar(
        originals.load(), length=count, label="Looking through the originals", file=sys.stderr
    ) as bar:
        for _ in bar:
            pass
    for path in originals.unreadable:
        click.echo(f"{path}: no picture that can be read; passed over", err=True)
    if not originals.known:
        raise GuardwareError("none of the originals can be read; name a folder with JPEG, PNG, WebP or AVIF files")
    return originals


def _record(config: Config, given: Path | None) -> Record | None:
    folder = state_folder(config)
    usual = None if folder is None else folder / RECORD_FOLDER
    place = given or usual
    return Record(place) if place is not None and place.is_dir() else None


def _dress(config: Config, keyring: Keyring) -> Dress:
    """What a copy showed, by today's recipe of its variant."""
    recipes = compile_recipes(config)
    sets = map(Secrets._make, zip(*(keyring.every(purpose) for purpose in Secrets._fields), strict=True))
    secrets = {key_id(each.trace): each for each in sets}

    def dress(original: bytes, entry: Entry) -> Image.Image | None:
        known = recipes.get(entry.variant), secrets.get(entry.key)
        return None if known[0] is None or known[1] is None else drawn(original, known[0], known[1])

    return dress


def _reports(
    files: Sequence[Path],
    keys: Sequence[bytes],
    originals: Originals | None,
    record: Record | None,
    delta: float,
    dress: Dress,
) -> Iterator[tuple[Path, Report | str]]:
    """For each file its report, or why there is none."""
    for file in files:
        try:
            yield file, trace(file.read_bytes(), keys, originals, record, delta=delta, dress=dress)
        except (OSError, UnreadablePicture) as error:
            yield file, str(error)


def _print_json(reports: Iterator[tuple[Path, Report | str]]) -> int:
    """A line for each file as soon as it is read; how many could not be."""
    failed = 0
    for file, report in reports:
        failed += isinstance(report, str)
        click.echo(json.dumps(_as_dict(file, report)))
    return failed


def _print_text(reports: Iterator[tuple[Path, Report | str]], count: int) -> int:
    """All files, after a progress bar; how many could not be read."""
    with click.progressbar(reports, length=count, label="Reading", hidden=count == 1, file=sys.stderr) as bar:
        done = list(bar)
    for file, report in done:
        click.echo("\n".join(_as_text(file, report)))
    return sum(isinstance(report, str) for _, report in done)


def _as_dict(file: Path, report: Report | str) -> dict[str, Any]:
    if isinstance(report, str):
        return {"file": str(file), "error": report}
    findings = [
        finding._asdict()
        | {"mark": f"{finding.mark:010x}", "accuses": finding.accuses, "entries": [*map(as_json, finding.entries)]}
        for finding in report.findings
    ]
    stated = [*map(as_json, report.stated)]
    return {"file": str(file)} | report._asdict() | {"findings": findings, "stated": stated}


def _as_text(file: Path, report: Report | str) -> Iterator[str]:
    """What a person reads: the file, what it is, who got it, what was tried if nobody did."""
    if isinstance(report, str):
        yield f"{file}: {report}"
        return
    yield str(file)
    if report.original:
        yield f"  original  {report.original} ({report.how}, likeness {report.likeness:.2f})"
    for finding in report.findings:
        yield from _finding_lines(finding)
    if not report.findings:
        yield "  nothing   no mark was found"
    if report.stated and not any(finding.accuses for finding in report.findings):
        yield "  written   in the file's metadata, which anybody can change, is the number of:"
        yield from map(_entry_line, report.stated[:_MOST_ENTRIES])
    if not any(finding.accuses for finding in report.findings):
        yield from (f"  tried     {text}" for text in report.tried)
        yield from (f"  advice    {text}" for text in report.advice)


def _finding_lines(finding: Finding) -> Iterator[str]:
    certainty = f"z {finding.z:.1f}" + (", tag fits" if finding.tagged else "")
    if not finding.entries:
        yield f"  mark      {finding.mark:010x} ({finding.scheme}, {certainty}) is not in the record"
        return
    word = "given to" if finding.accuses else "too weak to name anybody:"
    count = len(finding.entries)
    shared = f", one of {count} visits that got this copy" if count > 1 else ""
    yield f"  mark      {finding.mark:010x} ({finding.scheme}, {certainty}) {word}{shared}"
    if finding.accuses:
        yield from map(_entry_line, finding.entries[:_MOST_ENTRIES])
        if count > _MOST_ENTRIES:
            yield f"            and {count - _MOST_ENTRIES} more; --json has them all"


def _entry_line(entry: Entry) -> str:
    try:
        when = datetime.fromtimestamp(entry.time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        when = "at an unknown time"
    agent = repr(entry.user_agent)
    who = " ".join(filter(None, (entry.address, f"client {entry.client}")))
    return f"            {when}  {entry.event}  {who}  {entry.path}  {agent}"
