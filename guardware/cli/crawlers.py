"""``guardware crawlers``: look into the catalogue of known crawlers, and renew it."""

import importlib
import json
from dataclasses import asdict

import click

from guardware.cli.layout import table, terminal_width
from guardware.config import load
from guardware.crawlers import Catalogue, Crawler, Purpose
from guardware.secrets import state_folder

_FLAGS = {"ai": "AI", "robots_only": "robots.txt only", "automation": "automation"}
"""Fields of ``Crawler`` that are shown as words when they hold."""


class _Commands(click.Group):
    """Imports ``update`` only when it runs: it needs an HTTP client, which takes longer than all the others do."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "update"]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name != "update":
            return super().get_command(ctx, name)
        found: click.Command = importlib.import_module("guardware.cli.crawlers_update").update
        return found


@click.group(cls=_Commands)
def command() -> None:
    """The catalogue of known crawlers."""


_config = click.option("--config", "file", metavar="FILE", help="Default: ./guardware.yaml if there is one.")


def _catalogue(file: str | None) -> Catalogue:
    """The catalogue that the guard would use with the configuration ``file``, updates included."""
    return Catalogue.load(state_folder(load(file)))


@command.command("list")
@click.option("--purpose", type=click.Choice([p.value for p in Purpose]), help="Only crawlers of this purpose.")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(purpose: str | None, file: str | None, as_json: bool) -> None:
    """List known crawlers by token."""
    crawlers = [crawler for crawler in _catalogue(file) if purpose in (None, crawler.purpose)]
    if as_json:
        click.echo(json.dumps([asdict(crawler) for crawler in crawlers], indent=2, ensure_ascii=False))
        return
    if crawlers:
        _print([(c.token, c.purpose, c.operator, _flags(c)) for c in crawlers])
    click.echo(f"{len(crawlers)} crawlers", err=True)


@command.command()
@click.argument("token")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(token: str, file: str | None, as_json: bool) -> None:
    """Show all that is known of the crawler TOKEN (upper or lower case)."""
    catalogue = _catalogue(file)
    crawler = catalogue.get(token)
    if crawler is None:
        close = " or ".join(catalogue.suggest(token))
        raise click.BadParameter(
            f"no crawler is called {token!r}; "
            + (f"did you mean {close}?" if close else "see: guardware crawlers list"),
            param_hint="TOKEN",
        )
    if as_json:
        click.echo(json.dumps(asdict(crawler), indent=2, ensure_ascii=False))
        return
    _print(_facts(crawler))


@command.command()
@click.argument("user_agent", metavar="USER-AGENT")
@_config
@click.option("--json", "as_json", is_flag=True, help="Print JSON; null when it declares none.")
def match(user_agent: str, file: str | None, as_json: bool) -> None:
    """Say which crawler a USER-AGENT declares, if any."""
    crawler = _catalogue(file).match(user_agent)
    if as_json:
        click.echo(json.dumps(crawler and asdict(crawler), indent=2, ensure_ascii=False))
    elif crawler is None:
        click.echo("declares no known crawler")
    else:
        _print(_facts(crawler))


def _facts(crawler: Crawler) -> list[tuple[str, ...]]:
    proof = crawler.verification
    ways = [
        *(("address list", url) for url in proof.ranges),
        *(("reverse DNS", suffix) for suffix in proof.rdns),
        *([("signed requests", proof.web_bot_auth)] if proof.web_bot_auth else []),
    ]
    return [
        ("token", crawler.token),
        ("operator", crawler.operator),
        ("purpose", crawler.purpose),
        ("flags", _flags(crawler) or "none"),
        ("page", crawler.url or "unknown"),
        *(ways or [("verification", "no known way")]),
        ("source", crawler.source),
        ("date", crawler.date),
    ]


def _flags(crawler: Crawler) -> str:
    return ", ".join(word for name, word in _FLAGS.items() if getattr(crawler, name))


def _print(rows: list[tuple[str, ...]]) -> None:
    for line in table(rows, terminal_width()):
        click.echo(line)
