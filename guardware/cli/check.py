"""``guardware check``: every fault of a configuration, what is hardly meant, and a summary of the policy."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import click

from guardware.cli.site import site_warnings
from guardware.config.checks import findings
from guardware.config.faults import Fault, Path, printable, render
from guardware.config.fields import closest
from guardware.config.forms import written
from guardware.config.jsonschema import json_schema
from guardware.config.loader import DEFAULT_NAME, load_placed
from guardware.config.schema import Config
from guardware.config.validate import place_of
from guardware.crawlers.catalogue import Catalogue
from guardware.signals import NAMES


@click.command()
@click.argument("file", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the file, for editors, and check nothing.")
@click.option("--site", metavar="URL", help="Also look at a running site for headers that cancel the opt-out.")
def command(file: str | None, schema: bool, site: str | None) -> None:
    """Validate FILE (default: ./guardware.yaml if there is one, else the defaults).

    Every fault goes to standard error as file:line:column: key: what is wrong; how to mend it (exit code 2).
    """
    if schema:
        click.echo(json.dumps(json_schema(), indent=2))
        return
    config, name, tree = load_placed(file)
    odd = [*findings(config), *unknown_names(config, Catalogue.load())]
    placed = [finding._replace(place=place_of(finding.path, tree, at_key=True)) for finding in odd]
    for line in render(placed, name or "defaults"):
        click.echo(f"warning: {line}", err=True)
    click.echo(
        f"{printable(name)}: fine" if name else f"There is no {DEFAULT_NAME} here, so these are the defaults:"
    )
    for line in summary(config):
        click.echo(f"  {line}")
    if site is not None:
        wrong = site_warnings(site, config)
        for line in wrong:
            click.echo(f"warning: {site}: {line}", err=True)
        if not wrong:
            click.echo(f"{site}: fine, the opt-out stands first and nothing cancels it")


def unknown_names(config: Config, catalogue: Catalogue) -> Iterator[Fault]:
    """Names of crawlers and signals that are not known, so that what is said of them has no effect."""
    tokens = tuple(crawler.token for crawler in catalogue)
    for token in config.crawlers.tokens:
        if catalogue.get(token) is None:
            yield _unknown(("crawlers", "tokens", token), "crawler", token, tokens, "guardware crawlers list")
    for i, rule in enumerate(config.rules):
        for j, token in enumerate(rule.match.crawler):
            if catalogue.get(token) is None:
                path = ("rules", i, "match", "crawler", j)
                yield _unknown(path, "crawler", token, tokens, "guardware crawlers list")
    for i, signal in enumerate(config.signals.off):
        if signal not in NAMES:
            yield _unknown(("signals", "off", i), "signal", signal, NAMES, "guardware explain")
    for signal in config.signals.weights:
        if signal not in NAMES:
            yield _unknown(("signals", "weights", signal), "signal", signal, NAMES, "guardware explain")


def _unknown(path: Path, what: str, name: str, names: tuple[str, ...], source: str) -> Fault:
    guess = closest(name, names)
    return Fault(path, f"is no {what} that is known; " + (f"did you mean {guess}?" if guess else f"see: {source}"))


def summary(config: Config) -> Iterator[str]:
    """The policy in a few lines, for someone who wants to know what it comes to."""
    values = written(config)
    if config.mode == "monitor":
        yield "mode        monitor: everything is judged and written down, and NOTHING is protected"
    else:
        yield "mode        enforce"
    purposes = {name: action for name, action in values["crawlers"].items() if name != "tokens"}
    for action, word in (("deny", "denied"), ("protect", "protected"), ("allow", "allowed")):
        yield f"{word:<12}{', '.join(name for name, given in purposes.items() if given == action) or 'none'}"
    yield f"thresholds  protect from {config.thresholds.protect:g}, deny from {config.thresholds.deny:g}"
    yield f"budget      {config.budgets.per_hour} originals an hour, {config.budgets.per_day} a day"
    yield f"exceptions  {len(config.crawlers.tokens)} crawlers by name, {len(config.rules)} rules"
    yield f"store       {_without_secrets(config.store.url)}"


def _without_secrets(url: str) -> str:
    """The address of the store less user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
