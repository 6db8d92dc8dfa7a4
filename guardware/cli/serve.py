"""``guardware serve``: a guarded gallery, or a guard before a site."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from guardware.config.loader import DEFAULT_NAME
from guardware.config.schema import Config
from guardware.proxy import systemd
from guardware.proxy.address import parse_address
from guardware.proxy.listen import UDS_MODE, Listener, address_of, listen_tcp, listen_unix, remove_unix
from guardware.proxy.operation import Setup, operate, set_up_logging

_NOTHING = (
    "Nothing to serve: give --root DIR or --upstream URL, or name proxy.root, proxy.upstream or proxy.routes "
    "in {file}."
)


class _Mode(click.ParamType[int]):
    """The rights of a file, as chmod takes them."""

    name = "mode"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            mode = int(str(value), 8)
        except ValueError:
            mode = -1
        if not 0 <= mode <= 0o777:
            self.fail(f"{value!r} is no mode; write three octal digits, as in 660", param, context)
        return mode


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        try:
            parse_address(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return value


@click.command()
@click.option("--upstream", metavar="URL", callback=_address, help="The site to guard; also unix:/run/app.sock.")
@click.option(
    "--root",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False, readable=True),
    help="The folder of pictures to show.",
)
@click.option(
    "--config",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Default: ./guardware.yaml if there is one. Read again on SIGHUP and when it changes.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.option("--uds", metavar="PATH", type=click.Path(dir_okay=False), help="Listen on a unix socket instead.")
@click.option("--uds-mode", type=_Mode(), default=f"{UDS_MODE:o}", show_default=True, help="Its rights, octal.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes that serve.")
@click.option("--tls-cert", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="PEM chain.")
@click.option("--tls-key", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Its PEM key.")
def command(
    upstream: str | None,
    root: str | None,
    file: str | None,
    host: str,
    port: int,
    uds: str | None,
    uds_mode: int,
    workers: int,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Guard a folder of pictures (--root) or a site (--upstream), or what the configuration names."""
    if upstream is not None and root is not None:
        raise click.UsageError("Give --root DIR or --upstream URL, not both.")
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("Give --tls-cert and --tls-key together.")
    if file is None and Path(DEFAULT_NAME).exists():
        file = DEFAULT_NAME
    setup = Setup(root, upstream, file, tls_cert, tls_key, workers)
    config = setup.config()
    what = _what(setup, config)
    set_up_logging(several=workers > 1)
    notifier, handed = systemd.notifier(), systemd.sockets()
    sockets = handed or _listen(host, port, uds, uds_mode)
    addresses = [address_of(opened, "https" if tls_cert else "http") for opened in sockets]

    def announce() -> None:
        for line in _greeting(setup, config, what, addresses):
            click.echo(line)

    try:
        operate(setup, config, sockets, announce, notifier)
    finally:
        for opened in sockets:
            opened.close()
        if uds is not None and not handed:
            remove_unix(uds)


def _listen(host: str, port: int, uds: str | None, mode: int) -> Sequence[Listener]:
    return [listen_unix(uds, mode)] if uds is not None else listen_tcp(host, port)


def _what(setup: Setup, config: Config) -> str:
    """What is guarded, in words. Raises UsageError if nothing is named."""
    named = setup.root or setup.upstream or config.proxy.root
    if named is not None:
        return named
    routes = {address for route in config.proxy.routes for address in route.upstream}
    sites = [*config.proxy.upstream, *sorted(routes - {*config.proxy.upstream})]
    if not sites and not config.hosts:
        raise click.UsageError(_NOTHING.format(file=setup.file or DEFAULT_NAME))
    return ", ".join([*sites, *config.hosts])


def _greeting(setup: Setup, config: Config, what: str, addresses: list[str]) -> Iterator[str]:
    yield f"Guarding {what}"
    yield f"Listening on {', '.join(addresses)}" + (f" with {setup.workers} workers" if setup.workers > 1 else "")
    yield f"Policy: {setup.file if setup.file is not None else 'the portfolio preset'}"
    if config.mode == "monitor":
        yield "Mode: monitor. Everything is judged and recorded, and everything is served."
    else:
        yield "Mode: enforce"
    watched = [name for name, site in config.hosts.items() if site.mode == "monitor"]
    if watched and config.mode != "monitor":
        yield f"Mode of {', '.join(watched)}: monitor. There everything is judged, and everything is served."
    if any(address.startswith("unix:") for address in addresses) and "unix" not in config.clients.trusted_proxies:
        yield "Hint: add unix to clients.trusted_proxies; until then all visitors behind the socket count as one."
    if not config.site.name:
        first = "" if setup.file is not None else "write one with: guardware init; then "
        file = setup.file if setup.file is not None else DEFAULT_NAME
        yield f"Hint: {first}set site.name in {file}, so that watermarks and notices credit you."
