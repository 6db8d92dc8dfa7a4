"""``guardware prepare``: the variants of pictures made ahead, so that no visitor waits for them."""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import click

from guardware import config as configuration
from guardware.cli.fetch import AT_ONCE, Fetcher, web_address, without_password
from guardware.cli.pantry import Pantry, Source, cache_folder, keyring_for
from guardware.cli.pictures import (
    Outcome,
    cores,
    counted,
    fail_if_any,
    look_through,
    read_original,
    reason_of,
    shown,
    size_words,
    tell,
)
from guardware.config.faults import printable
from guardware.config.images import ORIGINAL
from guardware.config.schema import Config
from guardware.images.formats import recognised
from guardware.images.recipe import Placeholder, Recipe, Step
from guardware.images.recipes import compile_recipes
from guardware.images.sniff import ENOUGH

_LONGEST_LIST = 50_000_000
"""Bytes of a list of addresses: about half a million of them."""
_SHOWN = 100
"""Characters of a wrong line."""


@click.command()
@click.argument(
    "places", metavar="DIR|URL-LIST...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--config", "file", metavar="FILE", help="The server's. Default: ./guardware.yaml if there is one.")
@click.option(
    "--variants",
    "names",
    metavar="A,B",
    help="Only these. Default: those that images.verdicts and the rules name, without bait.",
)
@click.option("--base-url", "base", metavar="URL", default="", help="What addresses in a list are relative to.")
@click.option("--dry-run", is_flag=True, help="Say how many are missing, and make none.")
@click.option("--workers", type=click.IntRange(1, 64), help="Pictures at a time. Default: one for each core.")
def command(
    places: tuple[Path, ...],
    file: str | None,
    names: str | None,
    base: str,
    dry_run: bool,
    workers: int | None,
) -> None:
    """Make the variants of the pictures in DIR, or at the addresses in URL-LIST (one a line), ahead of visitors.

    They are kept in store.folder, where the server finds them: run this with the server's configuration, as its
    user. What is there is passed over, so the command can be stopped and run again. The addresses must lead past
    the guard, to the originals.
    """
    begun = time.monotonic()
    config = configuration.load(file)
    recipes = chosen_recipes(config, names)
    folder = cache_folder(config)
    files, addresses, outcomes = _originals(places, base)
    if not (files or addresses) and all(outcome.state == "skipped" for outcome in outcomes):
        tell(outcomes, "skipped")
        raise click.UsageError("there are no pictures in what you named")
    with ExitStack() as stack:
        sources = [Source(shown(path), partial(read_original, path, config)) for path in files]
        if addresses:
            fetcher = stack.enter_context(closing(Fetcher(config.images.max_bytes)))
            sources += [
                Source(without_password(address), partial(_fetched, fetcher, address)) for address in addresses
            ]
        keyring = keyring_for(config, folder, dry_run=dry_run)
        pantry = Pantry(config, recipes, folder, keyring, workers or cores())
        made = pantry.fill(sources, AT_ONCE if addresses else 1, dry_run=dry_run, stop=stack.close)
    _tell_made(made, len(sources), time.monotonic() - begun, dry_run=dry_run)
    outcomes += made
    tell(outcomes, "skipped")
    tell(outcomes, "failed")
    pantry.check()
    fail_if_any(outcomes)


def chosen_recipes(config: Config, names: str | None) -> dict[str, Recipe]:
    """The recipes for the variants ``names``, parted by commas; if None, for all that visitors may be given.

    Without those that are the placeholder, which is made once for all. Raises BadParameter for a name that is no
    variant, and when none is left.
    """
    recipes = compile_recipes(config)
    if names is None:
        given = [name for verdict, name in config.images.verdicts if verdict != "bait"]
        ruled = [rule.variant for rule in config.rules if rule.variant is not None]
        wanted = [name for name in dict.fromkeys([*given, *ruled]) if name != ORIGINAL]
    else:
        wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in recipes:
            known = ", ".join(recipes)
            raise _no_variants(f"{shown(name)} is no variant; write some of {known}")
    chosen = {name: recipes[name] for name in wanted if not any(_is_card(step) for step in recipes[name].steps)}
    if not chosen:
        raise _no_variants("none of these is made of a picture")
    return chosen


def _no_variants(reason: str) -> click.BadParameter:
    return click.BadParameter(reason, param_hint="--variants")


def _is_card(step: Step) -> bool:
    return isinstance(step, Placeholder)


def _originals(places: Sequence[Path], base: str) -> tuple[list[Path], list[str], list[Outcome]]:
    """Files, addresses, and what is passed over or wrong."""
    lists = [place for place in places if not place.is_dir() and not _is_picture(place)]
    walk = look_through([place for place in places if place not in lists])
    outcomes = list(walk.passed)
    addresses: dict[str, None] = {}
    for place in lists:
        for line in _lines(place):
            try:
                addresses[web_address(line, base)] = None
            except ValueError as error:
                outcomes.append(Outcome(f"{shown(place)}: {printable(line[:_SHOWN])}", "failed", str(error)))
    return [found.path for found in walk.found], list(addresses), outcomes


def _lines(place: Path) -> list[str]:
    """The lines of a list; empty ones and those that begin with # are comments."""
    try:
        with place.open("rb") as file:
            text = file.read(_LONGEST_LIST + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{shown(place)} is no folder, no picture and no list of addresses") from None
    except OSError as error:
        raise click.UsageError(f"{shown(place)} cannot be read: {reason_of(error)}") from None
    if len(text) > _LONGEST_LIST:
        raise click.UsageError(f"{shown(place)} is too long; cut it into lists of {size_words(_LONGEST_LIST)}")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _is_picture(place: Path) -> bool:
    try:
        with place.open("rb") as file:
            return recognised(file.read(ENOUGH)) is not None
    except OSError:
        return False


def _fetched(fetcher: Fetcher, address: str) -> bytes:
    data = fetcher.fetch(address)
    kind = recognised(data[:ENOUGH])
    if kind is None or not kind.protected:
        raise ValueError("no picture" if data else "empty")
    return data


def _tell_made(outcomes: Sequence[Outcome], pictures: int, seconds: float, *, dry_run: bool) -> None:
    made = [outcome for outcome in outcomes if outcome.state == "made"]
    there = sum(outcome.state == "skipped" for outcome in outcomes)
    size = size_words(sum(outcome.size for outcome in made))
    what = "would be made" if dry_run else f"made ({size}, {seconds:.1f} s)"
    click.echo(f"{counted(len(made), 'variant')} of {counted(pictures, 'picture')} {what}; {there} there already")
