"""``guardware veil``: pictures in files and folders whose colours only programs that apply profiles show right."""

from typing import Any

import click

from guardware import config as configuration
from guardware.cli.convert import convert
from guardware.cli.wishes import Wishes, common_options
from guardware.config.images import Mark
from guardware.images.recipe import Veil
from guardware.images.recipes import metadata_step, watermark_step


@click.command()
@common_options
def command(file: str | None, **given: Any) -> None:
    """Veil FILE, or the pictures in DIR, and write the copies to --out.

    The colours are scrambled in the file, and its colour profile restores them: browsers show the right picture,
    and programs that ignore profiles, as the loaders of training sets do, get nonsense. So do e-mail, link
    previews and simple viewers. Where no scramble makes nonsense of a picture it gets the visible mark as well.
    The originals stay as they are.
    """
    config = configuration.load(file)
    steps = (Veil(watermark_step(Mark(), config)), metadata_step(config))
    convert(Wishes(**given), steps, config, _remark)


def _remark(body: bytes) -> str:
    return (
        "browsers lift no veil from an animated WebP, so it has the visible mark instead" if _moves(body) else ""
    )


def _moves(body: bytes) -> bool:
    """Whether it is an animated WebP (WebP Container Specification, "Extended File Format": flag A)."""
    return body[8:16] == b"WEBPVP8X" and bool(body[20] & 2)
