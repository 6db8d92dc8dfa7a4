"""``guardware watermark``: the visible mark on pictures in files and folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from guardware import config as configuration
from guardware.cli.convert import convert
from guardware.cli.wishes import Wishes, common_options
from guardware.config.images import Mark, Position
from guardware.errors import GuardwareError
from guardware.images.fonts import check_font
from guardware.images.logo import load_logo
from guardware.images.recipes import metadata_step, watermark_step

_LONGEST = 200
"""As ``images.watermark.text``."""


def _usable(check: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that passes on the name of a file if ``check`` accepts it."""

    def callback(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
        if value is not None:
            try:
                check(str(Path(value).expanduser()))
            except (ValueError, OSError, GuardwareError) as error:
                raise click.BadParameter(str(error)) from None
        return value

    return callback


@click.command()
@common_options
@click.option("--text", help="What it says. Default: images.watermark, else © and the site's name.")
@click.option("--logo", metavar="FILE", callback=_usable(load_logo), help="A PNG or SVG in place of the text.")
@click.option("--font", metavar="FILE", callback=_usable(check_font), help="A font file of yours.")
@click.option(
    "--opacity", type=click.FloatRange(0, 1, min_open=True), help="Up to 1, which hides what is beneath."
)
@click.option(
    "--scale",
    type=click.FloatRange(0, 1, min_open=True),
    help="Height of the letters or the logo over the short side.",
)
@click.option("--angle", type=click.FloatRange(-180, 180), help="Degrees, counter-clockwise.")
@click.option("--position", type=click.Choice(get_args(Position)), help="Where one mark stands; implies --once.")
@click.option("--repeat/--once", default=None, help="All over the picture, or in one place.")
@click.option(
    "--margin", type=click.FloatRange(0, 0.5), help="Between a single mark and the edge, over the short side."
)
def command(file: str | None, **given: Any) -> None:
    """Draw the visible mark on FILE, or on the pictures in DIR, and write the copies to --out.

    What no option says is as under images.watermark in the configuration. Credit and opt-out go into the copies
    too (images.metadata). The originals stay as they are.
    """
    mark = {name: given.pop(name) for name in Mark.model_fields}
    if mark["text"] is not None and mark["logo"] is not None:
        raise click.UsageError("Give one of --text and --logo.")
    if mark["text"] is not None and len(mark["text"]) > _LONGEST:
        raise click.BadParameter(f"is longer than {_LONGEST} characters", param_hint="--text")
    if mark["position"] is not None and mark["repeat"] is None:
        mark["repeat"] = False
    config = configuration.load(file)
    steps = (watermark_step(Mark(**mark), config), metadata_step(config))
    convert(Wishes(**given), steps, config)
