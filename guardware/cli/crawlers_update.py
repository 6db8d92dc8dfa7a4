"""``guardware crawlers update``: fetch the catalogue's lists and the address lists, show what changes, take it."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from guardware.config import load
from guardware.config.faults import printable
from guardware.crawlers.fetch import Fetch
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.sources.renew import Renewal
from guardware.crawlers.update import LARGEST, LISTS, Plan, RangeChange, plan, take
from guardware.errors import ConfigError
from guardware.secrets import state_folder

_SHOWN = 20
"""Lines of one kind; --json has them all."""


@click.command()
@click.option("--config", "file", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option("--yes", is_flag=True, help="Take what is found without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and take nothing.")
@click.option(
    "--source-catalogue",
    "sources",
    metavar="URL",
    multiple=True,
    help="A list of crawlers in place of the default two: a robots.json of ai.robots.txt, or a "
    "crawler-user-agents.json. May be given twice.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def update(file: str | None, yes: bool, dry_run: bool, sources: tuple[str, ...], as_json: bool) -> None:
    """Fetch the catalogue of crawlers and their address lists, and show what changes before it is taken."""
    folder = state_folder(load(file))
    if folder is None:
        raise ConfigError(["store.folder: is none, so an update has no place to stay; write auto, or a folder"])
    ranges = RangeLists(folder, fetch())
    found = asyncio.run(_plan(folder, ranges, sources))
    if not as_json:
        for line in _lines(found):
            click.echo(line)
    taken = not dry_run and not found.useless and _agreed(found, yes, as_json)
    if taken:
        _take(found, folder, ranges)
    if as_json:
        click.echo(json.dumps(_facts(found) | {"taken": taken}, indent=2, ensure_ascii=False))
    if found.useless:
        raise click.ClickException("nothing could be fetched; is there a way to the net?")
    if not taken and not dry_run:
        raise click.ClickException("nothing is taken; run it with --yes, or in a terminal and answer y")


def fetch() -> Fetch:
    """How lists are had: over https, and over http from this machine, where an owner may keep a mirror."""
    return Fetch(LARGEST, loopback=True)


async def _plan(folder: Path, ranges: RangeLists, sources: tuple[str, ...]) -> Plan:
    now = time.time()
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    return await plan(folder, ranges, fetch(), lists=sources or LISTS, now=now, today=today)


def _take(found: Plan, folder: Path, ranges: RangeLists) -> None:
    try:
        asyncio.run(take(found, folder, ranges))
    except OSError as error:
        raise click.ClickException(f"{folder}: {error.strerror or error}; let it be writable") from None


def _agreed(found: Plan, yes: bool, as_json: bool) -> bool:
    """Whether to take it. Where nothing changes there is nothing to ask: the lists are as good as new."""
    if yes or not found.changes:
        return True
    return not as_json and _on_terminal() and click.confirm("Take it?", default=False)


def _on_terminal() -> bool:
    return sys.stdin.isatty()


def _lines(found: Plan) -> Iterator[str]:
    for source, reason in found.failed:
        yield f"! {source}: {printable(reason)}"
    yield from _catalogue_lines(found.catalogue)
    yield from _range_lines(found.ranges)
    if not found.changes and not found.useless:
        yield "Nothing new."


def _catalogue_lines(renewal: Renewal) -> Iterator[str]:
    rows = [
        [f"+ {e['token']}: {e['purpose']}, {printable(e['operator'])}" for e in renewal.added],
        [f"~ {token}: {before} becomes {after}" for token, before, after in renewal.stricter],
        [f"~ {token}: refused in robots.txt from now on" for token in renewal.ai],
        [f"~ {token}: found by {phrase!r} too" for token, phrase in renewal.phrases],
        [f"! {line}" for line in renewal.refused],
        [f"  {token}: on no list any more; it stays" for token in renewal.unlisted],
    ]
    yield (
        f"Catalogue: {len(renewal.added)} crawlers added, {len(renewal.stricter)} stricter, "
        f"{len(renewal.phrases)} phrases added, {len(renewal.refused)} refused, {len(renewal.unlisted)} unlisted"
    )
    for lines in rows:
        yield from (f"  {line}" for line in lines[:_SHOWN])
        if len(lines) > _SHOWN:
            yield f"    and {len(lines) - _SHOWN} more (see --json)"


def _range_lines(ranges: tuple[RangeChange, ...]) -> Iterator[str]:
    refused = sum(bool(change.refused) for change in ranges)
    changed = sum(change.changed for change in ranges)
    yield f"Address lists: {changed} changed, {len(ranges) - changed - refused} as they were, {refused} refused"
    for change in ranges:
        if change.refused:
            yield f"  ! {change.url}: {printable(change.refused)}; the last copy stays"
        elif change.changed:
            yield f"  ~ {change.url}: +{len(change.added)} -{len(change.removed)} prefixes"


def _facts(found: Plan) -> dict[str, Any]:
    renewal = found.catalogue
    return {
        "failed": [{"source": source, "reason": reason} for source, reason in found.failed],
        "catalogue": {
            "added": list(renewal.added),
            "stricter": [{"token": t, "before": before, "after": after} for t, before, after in renewal.stricter],
            "phrases": [{"token": token, "phrase": phrase} for token, phrase in renewal.phrases],
            "ai": list(renewal.ai),
            "unlisted": list(renewal.unlisted),
            "refused": list(renewal.refused),
        },
        "ranges": [
            {"url": c.url, "added": list(c.added), "removed": list(c.removed), "refused": c.refused or None}
            for c in found.ranges
        ],
    }
