"""``guardware images preview``: a page with all variants of a picture, for an artist who chooses by eye."""

import math
import sys
from pathlib import Path

import click
from jinja2 import Environment, PackageLoader, StrictUndefined

from guardware import config as configuration
from guardware.cli.pictures import UNUSABLE, read_original, reason_of, shown, size_words
from guardware.cli.views import Original, entries, read
from guardware.cli.whole import check_writable, write_whole
from guardware.cli.words import receivers
from guardware.config.images import ORIGINAL
from guardware.config.schema import Config
from guardware.errors import GuardwareError


@click.command()
@click.argument("picture", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--config", "file", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option(
    "--out",
    metavar="FILE",
    default=Path("preview.html"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page.",
)
@click.option("--force", is_flag=True, help="Replace the page if it is there already.")
def command(picture: Path, file: str | None, out: Path, force: bool) -> None:
    """Write a page that shows FILE and all its variants, to choose by eye.

    For each: what a browser shows and what the loader of a training set gets, how much both are like the original,
    how large it is, what it costs to make, and who gets it. The page holds everything and runs no scripts.
    """
    config = configuration.load(file)
    if out.exists() and not force:
        raise _there(out)
    original = _original(picture, config)
    try:
        check_writable(out.parent)
        page = preview(original, shown(picture.name), config).encode()
        write_whole(out, page, replace=force)
    except FileExistsError:
        raise _there(out) from None
    except OSError as error:
        raise GuardwareError(f"{shown(out)} cannot be written ({reason_of(error)}); check the folder") from None
    click.echo(f"Wrote {shown(out)} ({size_words(len(page))}). Open it in a browser.")


def preview(original: Original, name: str, config: Config) -> str:
    """The page on the picture called ``name``, as HTML."""
    environment = Environment(
        loader=PackageLoader("guardware.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(size=size_words, decibels=_decibels, similarity=_similarity, cost=_cost)
    variants, count = entries(original, config), len(config.images.variants)
    with click.progressbar(variants, count, "Making the variants", file=sys.stderr) as bar:
        made = list(bar)
    return environment.get_template("preview.html").render(
        name=name,
        owner=config.site.name,
        original=original,
        view=original.view(),
        receivers=receivers(config, ORIGINAL),
        entries=made,
    )


def _original(path: Path, config: Config) -> Original:
    try:
        return read(read_original(path, config), config)
    except UNUSABLE as error:
        raise GuardwareError(f"{shown(path)}: {reason_of(error)}") from None


def _there(out: Path) -> GuardwareError:
    return GuardwareError(f"{shown(out)} is there already; name another file, or replace it with --force")


def _decibels(psnr: float) -> str:
    return "no difference at all" if math.isinf(psnr) else f"{psnr:.1f} dB"


def _similarity(ssim: float) -> str:
    return f"{ssim:.3f}"


def _cost(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "under 1 ms"
