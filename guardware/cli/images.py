"""``guardware images``: a look at what visitors get in place of a picture."""

import click

from guardware.cli.preview import command as preview


@click.group()
def command() -> None:
    """Look at what visitors get in place of a picture."""


command.add_command(preview, "preview")
