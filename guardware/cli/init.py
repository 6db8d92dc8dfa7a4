"""``guardware init``: writes a preset as a commented guardware.yaml."""

from pathlib import Path

import click

from guardware.config.faults import printable
from guardware.config.loader import DEFAULT_NAME
from guardware.config.presets import DEFAULT, preset_names, preset_summary, preset_text
from guardware.errors import GuardwareError


@click.command()
@click.argument("file", default=DEFAULT_NAME)
@click.option("--preset", metavar="NAME", default=DEFAULT, show_default=True, help="The policy to begin with.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
@click.option("--list", "listing", is_flag=True, help="Show the presets and write nothing.")
def command(file: str, preset: str, force: bool, listing: bool) -> None:
    """Write a commented configuration to FILE (default: guardware.yaml)."""
    if listing:
        for name in preset_names():
            click.echo(f"{name:<12}{preset_summary(name)}")
        return
    name = printable(file)
    _write(Path(file), preset_text(preset), force)
    click.echo(f"Wrote {name} (preset {preset}). Open it, fill in site.name, then: guardware check {name}")


def _write(file: Path, text: str, force: bool) -> None:
    try:
        # "x" leaves it to the file system to refuse, so that nothing comes between looking and writing.
        with file.open("w" if force else "x", encoding="utf-8", newline="\n") as target:
            target.write(text)
    except FileExistsError:
        raise GuardwareError(f"{file} is there already; name another file, or replace it with --force") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise GuardwareError(f"{file} cannot be written ({reason}); check the folder") from None
