"""What the picture benchmarks share: Markdown tables, environments of other programs, and CPU clocks."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).parents[1]

QUIET = {"OMP_NUM_THREADS": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
"""One thread, as the figures are CPU time; albumentations (of img2dataset) must not ask the network."""


class MissingError(Exception):
    """A program or an environment that a row needs is not here; says how to get it."""


class Request(NamedTuple):
    """What the command line asked for: names of pictures; ``quick`` for fewer of everything."""

    pictures: tuple[str, ...]
    quick: bool


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; the first column to the left, the others to the right."""
    body = [list(row) for row in rows]
    widths = [max(len(line[column]) for line in [head, *body]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        return "| " + " | ".join([first, *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True))]) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(head), line(rule), *map(line, body)])


def environment_python(name: str) -> str:
    """The interpreter of the Makefile's environment ``name``; raises MissingError when it is not made."""
    path = REPOSITORY / name / "bin" / "python"
    if not path.exists():
        raise MissingError(f"make {name}/.done")
    return str(path)


def ask(python: str, module: str, question: object, *arguments: str) -> Any:
    """Run a child module: ``question`` goes in and the answer comes out as JSON."""
    finished = subprocess.run(
        [python, "-m", module, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **QUIET},
        input=json.dumps(question).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=600,
    )
    return json.loads(finished.stdout)


def cpu(work: Callable[[], object], times: int) -> float:
    """Median CPU seconds of ``work``, all threads of this process together."""
    spent = []
    for _ in range(times):
        began = process_time()
        work()
        spent.append(process_time() - began)
    return statistics.median(spent)
