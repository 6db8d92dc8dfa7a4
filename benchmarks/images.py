"""What the picture steps reach and cost, as tables in Markdown.

::

    make bench-images                                              # all tables
    make bench-images BENCH_ARGS="--quick --tables veil,steps"     # fewer pictures, some tables
    make bench-images BENCH_ARGS="--tables trace --pictures sky"   # one picture of ten

Times are CPU times of one thread; pictures and attacks are those of ``tests/``.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import NamedTuple

from real_pictures import SOURCES

from benchmarks.images_tables import Request


class Table(NamedTuple):
    """``make`` is found in ``module``, which is imported when asked for: each needs other programs."""

    title: str
    module: str

    def make(self, request: Request) -> str:
        table: Callable[[Request], str] = import_module(f"benchmarks.{self.module}").table
        return table(request)


TABLES = {
    "trace": Table("Marks read whole after an attack", "images_trace"),
    "veil": Table("Veiled pictures: likeness to the original in dB, mean (least to greatest)", "images_veil"),
    "steps": Table("Cost of the steps and of whole variants", "images_steps"),
    "serve": Table("Serving", "images_serve"),
}


def _names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(name.strip() for name in text.split(","))
        if unknown := [name for name in chosen if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of: {', '.join(known)}")
        return chosen

    return parse


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer pictures, attacks and requests")
    parser.add_argument("--tables", type=_names(tuple(TABLES)), default=tuple(TABLES), help="names with commas")
    parser.add_argument(
        "--pictures", type=_names(tuple(SOURCES)), default=tuple(SOURCES), help="names with commas"
    )
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    arguments = _arguments()
    request = Request(arguments.pictures, arguments.quick)
    print(f"Python {platform.python_version()}, Pillow {version('pillow')}, numpy {version('numpy')}")
    for name in arguments.tables:
        print(f"{name} …", file=sys.stderr)
        print(f"\n## {TABLES[name].title}\n\n{TABLES[name].make(request)}", flush=True)


if __name__ == "__main__":
    main()
