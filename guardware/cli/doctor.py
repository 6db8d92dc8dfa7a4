"""``guardware doctor``: what is wrong between visitors, the server in front and the guard, and the mend."""

import asyncio
import json
import sys
from urllib.parse import urlsplit

import click

from guardware.cli.layout import terminal_width
from guardware.config.loader import load_placed
from guardware.config.upstreams import check_address
from guardware.doctor.examine import examine
from guardware.doctor.finding import Level
from guardware.doctor.text import as_json, text


def _address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise click.BadParameter(f"{value!r} is no web address; write for example https://example.com")
    if parts.username is not None:
        raise click.BadParameter("leave user and password out of the address; the doctor asks as strangers do")
    return value


def _upstream(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return value if value is None else check_address(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(name="doctor")
@click.argument("url", required=False, callback=_address)
@click.option("--config", "path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option(
    "--upstream",
    metavar="URL",
    callback=_upstream,
    help="What stands behind guardware: is there a way past it? Default: proxy.upstream in the configuration.",
)
@click.option("--json", "print_json", is_flag=True, help="Print JSON.")
def command(url: str | None, path: str | None, upstream: str | None, print_json: bool) -> None:
    """Find out what is wrong, and say how to mend it.

    URL is the address that visitors type; without it site.url, or else only the configuration is looked at. Run it
    on the machine where guardware runs, as the same user. It makes some dozens of requests, five a second, and
    plays a browser, a download tool and a crawler.

    Exit code 0: no fault (warnings there may be); 1: a fault was found.
    """
    config, name, _ = load_placed(path)
    address = url or (str(config.site.url) if config.site.url is not None else None)
    examination = asyncio.run(examine(config, name, address, upstream))
    if print_json:
        click.echo(json.dumps(as_json(examination), indent=2))
    else:
        click.echo(text(examination, terminal_width()))
    if any(finding.level is Level.FAULT for finding in examination.findings):
        sys.exit(1)
