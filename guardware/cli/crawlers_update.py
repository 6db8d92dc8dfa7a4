"""``guardware crawlers update``: fetch the catalogue's lists and the address lists, show what changes, take it."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from guardware.cli.layout import terminal_width
from guardware.config import load
from guardware.config.faults import printable
from guardware.crawlers.fetch import Fetch, is_allowed
from guardware.crawlers.ranges import RangeLists
from guardware.crawlers.update import LARGEST, LISTS, Plan, plan, take
from guardware.errors import ConfigError
from guardware.secrets import state_folder

_SHOWN = 20
"""Lines of one kind; --verbose and --json have them all."""


def _urls(_context: click.Context, _option: click.Parameter, urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        if not is_allowed(url, loopback=True):
            raise click.BadParameter(f"{url!r} is no https address (http is for a mirror on this machine only)")
    return urls


@click.command()
@click.option("--config", "file", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option("--yes", is_flag=True, help="Take what is found without asking.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and take nothing.")
@click.option(
    "--source-catalogue",
    "sources",
    metavar="URL",
    multiple=True,
    callback=_urls,
    help="A list of crawlers in place of the default two: a robots.json of ai.robots.txt, or a "
    "crawler-user-agents.json. May be given twice.",
)
@click.option("--verbose", "-v", is_flag=True, help="Name every list and every crawler.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def update(
    file: str | None, yes: bool, dry_run: bool, sources: tuple[str, ...], verbose: bool, as_json: bool
) -> None:
    """Fetch the catalogue of crawlers and their address lists, and show what changes before it is taken."""
    folder = state_folder(load(file))
    if folder is None:
        raise ConfigError(["store.folder: is none, so an update has no place to stay; write auto, or a folder"])
    ranges = RangeLists(folder, fetch())
    found = asyncio.run(_plan(folder, ranges, sources))
    if not as_json:
        for line in _lines(found, verbose=verbose):
            click.echo(_folded(line))
    taken = not dry_run and not found.useless and _agreed(found, yes, as_json)
    if taken:
        _take(found, folder, ranges)
    if as_json:
        click.echo(json.dumps(_facts(found) | {"taken": taken}, indent=2, ensure_ascii=False))
    if found.useless:
        raise click.ClickException(_why_useless(found))
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


def _why_useless(found: Plan) -> str:
    """What was wrong with what: the first fault in full is enough, since all of them stand above."""
    faults = [f"{source}: {reason}" for source, reason, reached in found.failed if reached]
    faults += [f"{change.url}: {change.refused}" for change in found.ranges if change.reached]
    away = found.not_reached
    if not faults:
        return f"no list could be reached: {_reasons(away)}. Is there a way to the net?"
    first, others = faults[0].partition("; ")[0], len(faults) - 1
    more = f"; and {_count(others, 'more list')} refused" if others else ""
    more += f"; {_count(len(away), 'more list')} not reached" if away else ""
    return printable(f"nothing to take. {first}{more}")


def _folded(line: str) -> str:
    """``line`` within the terminal; addresses stay whole, so that they can be copied."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    width = terminal_width()
    return "\n".join(wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False))


def _lines(found: Plan, *, verbose: bool) -> Iterator[str]:
    yield from _away_lines(found, verbose=verbose)
    yield from _catalogue_lines(found, None if verbose else _SHOWN)
    yield from _range_lines(found)
    if not found.changes and not found.useless:
        yield "Nothing new."


def _away_lines(found: Plan, *, verbose: bool) -> Iterator[str]:
    """What could not be reached, which is mostly all or one: so the reasons once, and not a line for each."""
    away = found.not_reached
    if not away:
        return
    if len(away) == 1 and not verbose:
        yield printable(f"Not reached: {away[0][0]} ({away[0][1]}); what is known of it stays")
        return
    hint = "" if verbose else " (see --verbose)"
    yield printable(f"Not reached: {len(away)} lists, what is known of them stays: {_reasons(away)}{hint}")
    if verbose:
        yield from (printable(f"  ! {source}: {reason}") for source, reason in away)


def _reasons(away: Iterable[tuple[str, str]]) -> str:
    """Each reason once, the most frequent first, with how many it holds for if there are several."""
    counts = Counter(reason for _, reason in away)
    return "; ".join(
        f"{reason} ({count})" if len(counts) > 1 else reason for reason, count in counts.most_common()
    )


def _catalogue_lines(found: Plan, most: int | None) -> Iterator[str]:
    """``most``: lines of one kind, None for all."""
    faults = [f"! {source}: {printable(reason)}" for source, reason, reached in found.failed if reached]
    if not found.used:
        why = f"{_count(len(faults), 'list')} refused" if faults else "no list reached"
        yield f"Catalogue: {why}, so it stays as it is"
        yield from (f"  {line}" for line in faults)
        return
    renewal = found.catalogue
    rows = [
        faults,
        [f"+ {e['token']}: {e['purpose']}, {printable(e['operator'])}" for e in renewal.added],
        [f"~ {token}: {before} becomes {after}" for token, before, after in renewal.stricter],
        [f"~ {token}: refused in robots.txt from now on" for token in renewal.ai],
        [f"~ {token}: found by the name {phrase!r} too" for token, phrase in renewal.phrases],
        [f"! {line}" for line in renewal.refused],
        [f"  {token}: on no list any more; it stays" for token in renewal.unlisted] if most is None else [],
    ]
    yield (
        f"Catalogue: {_count(len(renewal.added), 'crawler')} added, {len(renewal.stricter)} stricter, "
        f"{_count(len(renewal.phrases), 'name')} added, {len(renewal.refused) + len(faults)} refused, "
        f"{len(renewal.unlisted)} on no list any more{' (kept)' if renewal.unlisted else ''}"
    )
    for lines in rows:
        yield from (f"  {line}" for line in lines[:most])
        if most is not None and len(lines) > most:
            yield f"    and {len(lines) - most} more (see --verbose)"


def _range_lines(found: Plan) -> Iterator[str]:
    refused = [change for change in found.ranges if change.refused and change.reached]
    changed = [change for change in found.ranges if change.changed]
    away = sum(not change.reached for change in found.ranges)
    same = len(found.ranges) - len(changed) - len(refused) - away
    yield (
        f"Address lists: {len(changed)} changed, {same} as they were, {len(refused)} refused"
        + (f", {away} not reached" if away else "")
    )
    for change in refused:
        yield f"  ! {change.url}: {printable(change.refused)}; the last copy stays"
    for change in changed:
        yield f"  ~ {change.url}: +{len(change.added)} -{len(change.removed)} prefixes"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _facts(found: Plan) -> dict[str, Any]:
    renewal = found.catalogue
    return {
        "failed": [failure._asdict() for failure in found.failed],
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
            | {"reached": c.reached}
            for c in found.ranges
        ],
    }
