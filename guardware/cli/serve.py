"""``guardware serve``: a guarded gallery, or a guard before a site."""

import logging
from collections.abc import Iterator
from pathlib import Path

import click

from guardware.config import load
from guardware.config.loader import DEFAULT_NAME
from guardware.config.schema import Config
from guardware.proxy.address import parse_address
from guardware.proxy.reload import Reloader
from guardware.proxy.server import build, run


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        try:
            parse_address(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


@click.command()
@click.option("--upstream", metavar="URL", callback=_address, help="The site to guard.")
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, readable=True, path_type=Path),
    help="The folder of pictures to show.",
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Default: ./guardware.yaml if there is one. Read again on SIGHUP and when it changes.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.option("--tls-cert", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="PEM chain.")
@click.option("--tls-key", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Its PEM key.")
def command(
    upstream: str | None,
    root: Path | None,
    file: Path | None,
    host: str,
    port: int,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Guard a folder of pictures (--root) or a site (--upstream)."""
    if (upstream is None) == (root is None):
        raise click.UsageError("Give exactly one of --root DIR and --upstream URL.")
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("Give --tls-cert and --tls-key together.")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if file is None and Path(DEFAULT_NAME).exists():
        file = Path(DEFAULT_NAME)
    config = load(file)
    guard = build(config, root=root, upstream=upstream)

    def announce(addresses: list[str]) -> None:
        for line in _greeting(config, file, str(root or upstream), addresses):
            click.echo(line)

    reloader = Reloader(file, load, guard) if file is not None else None
    run(guard, host, port, tls_cert=tls_cert, tls_key=tls_key, reloader=reloader, announce=announce)


def _greeting(config: Config, file: Path | None, what: str, addresses: list[str]) -> Iterator[str]:
    yield f"Guarding {what}"
    yield f"Listening on {', '.join(addresses)}"
    yield f"Policy: {file if file is not None else 'the portfolio preset'}"
    if config.mode == "monitor":
        yield "Mode: monitor. Everything is judged and recorded, and everything is served."
    else:
        yield "Mode: enforce"
    if not config.site.name:
        yield "Hint: set site.name in guardware.yaml, so that watermarks and notices credit you."
