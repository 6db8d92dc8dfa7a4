"""``guardware export``: static rules for a server in front, so that it refuses declared crawlers by itself."""

from pathlib import Path

import click

from guardware.cli.whole import write_whole
from guardware.config import Config, load
from guardware.config.hosts import normal_host
from guardware.errors import GuardwareError
from guardware.export import FRONTS, ExportedFile, gather, render


@click.command(name="export")
@click.argument("front", type=click.Choice(list(FRONTS)))
@click.option("--config", "path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option("--host", metavar="NAME", help="One of the hosts in the configuration.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the files into this folder; without it they are printed.",
)
def command(front: str, path: str | None, host: str | None, output: Path | None) -> None:
    """Write static rules for FRONT: the crawlers you refuse, your notices, your limits.

    The server in front then refuses crawlers that give their name without asking guardware. It sees no
    behaviour, so it takes no guard's place. Each file says at its top how to include it.
    """
    config = load(path)
    material = gather(_site_of(config, host) if host is not None else config)
    exported = render(front, material)
    for doubt in material.doubts:
        click.echo(f"mind: {doubt}", err=True)
    if output is None:
        click.echo("\n".join(_printed(exported)), nl=False)
        return
    for file in exported:
        _write(output / file.name, file.text)
        click.echo(f"wrote {output / file.name}")
    click.echo(f"How to include it stands at the top of {exported[0].name}.")


def _site_of(config: Config, host: str) -> Config:
    try:
        return config.hosts[normal_host(host)]
    except (ValueError, KeyError):
        raise click.BadParameter(f"{host!r} is not in hosts of the configuration", param_hint="--host") from None


def _printed(exported: tuple[ExportedFile, ...]) -> list[str]:
    if len(exported) == 1:
        return [exported[0].text]
    return [f"# ==== The file {file.name} ====\n{file.text}" for file in exported]


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode(), replace=True)
    except OSError as error:
        raise GuardwareError(f"cannot write {path}: {error.strerror or error}; choose another --output") from None
