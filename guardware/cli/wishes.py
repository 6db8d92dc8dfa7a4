"""What the command line can say to ``watermark`` and ``veil`` alike."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from guardware.images.formats import WRITTEN

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.argument(
        "paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
    ),
    click.option(
        "--out",
        metavar="DIR",
        required=True,
        type=click.Path(file_okay=False, path_type=Path),
        help="Where they are written; folders keep their sub-folders.",
    ),
    click.option(
        "--max-side", type=click.IntRange(16, 16384), help="Scale down to so many pixels on the longer side."
    ),
    click.option("--quality", type=click.IntRange(1, 100), help="Of lossy formats. Default: images.quality."),
    click.option("--format", type=click.Choice(["keep", *WRITTEN]), help="Default: images.format, else keep."),
    click.option("--config", "file", metavar="FILE", help="Default: ./guardware.yaml if there is one."),
    click.option("--force", is_flag=True, help="Replace what is there; but never an original."),
    click.option("--dry-run", is_flag=True, help="List what would be written, and write nothing."),
    click.option("--workers", type=click.IntRange(1, 64), help="Pictures at a time. Default: one for each core."),
)


class Wishes(NamedTuple):
    """Said, or None."""

    paths: tuple[Path, ...]
    out: Path
    max_side: int | None
    quality: int | None
    format: str | None
    force: bool
    dry_run: bool
    workers: int | None


def common_options(function: F) -> F:
    """The options of ``Wishes``, and ``--config``, which is passed as ``file``."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
