"""``guardware check``: every fault of a configuration, what is hardly meant, and a summary of the policy."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import click

from guardware.cli.site import site_warnings
from guardware.config.checks import findings
from guardware.config.crawlers import purposes
from guardware.config.faults import Fault, Path, printable, render
from guardware.config.fields import closest
from guardware.config.hosts import KEY as HOSTS
from guardware.config.jsonschema import json_schema
from guardware.config.loader import DEFAULT_NAME, load_placed
from guardware.config.schema import Config
from guardware.config.validate import place_of
from guardware.crawlers.catalogue import Catalogue
from guardware.hosting import HostingNetworks
from guardware.secrets import state_folder
from guardware.signals import NAMES
from guardware.verdict import Action


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
    HostingNetworks.load(config.clients.networks)  # says what is wrong with its files
    catalogue = Catalogue.load(state_folder(config))
    odd = [*findings(config), *_by_the_catalogue(config, catalogue)]
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


def _by_the_catalogue(config: Config, catalogue: Catalogue) -> Iterator[Fault]:
    """What is odd in the whole configuration, and at one of its hosts alone."""
    known = [*unknown_names(config, catalogue), *taken_at_their_word(config, catalogue)]
    yield from known
    for name, site in config.hosts.items():
        for fault in (*unknown_names(site, catalogue), *taken_at_their_word(site, catalogue)):
            if fault not in known:
                yield fault._replace(path=(HOSTS, name, *fault.path))


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
            yield _unknown(("signals", "off", i), "signal", signal, NAMES, "guardware explain --list")
    for signal in config.signals.weights:
        if signal not in NAMES:
            yield _unknown(("signals", "weights", signal), "signal", signal, NAMES, "guardware explain --list")


def taken_at_their_word(config: Config, catalogue: Catalogue) -> Iterator[Fault]:
    """Crawlers that are allowed by name and that nobody can verify."""
    text = "gives originals without a budget to whoever says so, since nobody can verify this name; write protect"
    for token, action in config.crawlers.tokens.items():
        crawler = catalogue.get(token)
        if action is Action.ALLOW and crawler is not None and not crawler.verification.possible:
            yield Fault(("crawlers", "tokens", token), text)


def _unknown(path: Path, what: str, name: str, names: tuple[str, ...], source: str) -> Fault:
    guess = closest(name, names)
    return Fault(path, f"is no {what} that is known; " + (f"did you mean {guess}?" if guess else f"see: {source}"))


def summary(config: Config) -> Iterator[str]:
    """The policy in a few lines, for someone who wants to know what it comes to."""
    if config.mode == "monitor":
        yield "mode        monitor: everything is judged and written down, and NOTHING is protected"
    else:
        yield "mode        enforce"
    for action, word in ((Action.DENY, "denied"), (Action.PROTECT, "protected"), (Action.ALLOW, "allowed")):
        given = ", ".join(name for name, gets in purposes(config.crawlers).items() if gets is action)
        yield f"{word:<12}{given or 'none'}"
    yield f"thresholds  protect from {config.thresholds.protect:g}, deny from {config.thresholds.deny:g}"
    yield f"budget      {config.budgets.per_hour} originals an hour, {config.budgets.per_day} a day"
    yield f"exceptions  {len(config.crawlers.tokens)} crawlers by name, {len(config.rules)} rules"
    yield f"store       {_without_secrets(config.store.url)}"
    for name, site in config.hosts.items():
        mode = "monitor, NOTHING is protected" if site.mode == "monitor" else "enforce"
        yield f"host        {name}: {mode}"


def _without_secrets(url: str) -> str:
    """The address of the store less user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
