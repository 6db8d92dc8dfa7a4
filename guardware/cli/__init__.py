"""The ``guardware`` command: one file a command, one line in the table below.

Exit codes: 0 fine, 1 the work failed, 2 usage or configuration error.
"""

import importlib
import sys

import click

from guardware.errors import ConfigError, GuardwareError

COMMANDS = {
    "demo": "A guarded sample gallery; nothing to configure.",
    "init": "Write a commented guardware.yaml.",
    "check": "Validate a configuration; every fault with line, column and mend.",
    "serve": "Guard a folder of pictures (--root) or a site (--upstream).",
    "explain": "The verdict for one visit, with all evidence.",
    "report": "What was or would have been done, and which thresholds fit this site.",
    "replay": "What the policy would have done to the visits of an access log.",
    "doctor": "Find out what is wrong between visitors, the server in front and the guard.",
    "export": "Write static rules for nginx, Caddy, HAProxy or Apache.",
    "robots": "Print the robots.txt that would be served.",
    "crawlers": "The catalogue of known crawlers, and its update.",
    "watermark": "Draw the visible mark on pictures, into another folder.",
    "veil": "Veil pictures, into another folder.",
    "prepare": "Make the variants of pictures ahead of the first visit.",
    "images": "Look at what visitors get in place of a picture.",
    "trace": "Read which visit a leaked picture was given to.",
}
"""Name and one line of help; the module of the same name holds the click command as ``command``."""


class _Commands(click.Group):
    """Imports a command's module only when it runs, so that ``--help`` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"guardware.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="guardware")
def _guardware() -> None:
    """Keep an artist's pictures out of AI training sets."""


def main() -> None:
    """The entry point of the ``guardware`` script."""
    try:
        _guardware(prog_name="guardware")
    except ConfigError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        sys.exit(2)
    except GuardwareError as error:
        click.echo(f"guardware: {error}", err=True)
        sys.exit(1)
