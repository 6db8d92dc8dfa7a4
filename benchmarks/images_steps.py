"""What each step and each whole variant costs: CPU and memory at the peak, each in a process of its own."""

import sys

from benchmarks.images_steps_child import RECIPES, STEPS
from benchmarks.images_tables import Request, ask, markdown

SIZES = ((2048, 1536), (4000, 3000))
"""What a doubtful client gets at most by default, and what a camera makes."""


def table(request: Request) -> str:
    """Two tables: steps (ms, ms a megapixel, megabytes at both sizes), and whole variants of a cold 12 MP JPEG."""
    head = ["step"]
    for width, height in SIZES:
        head += [f"{width} x {height}: ms", "ms/MP", "peak MB"]
    steps = markdown(head, [_step_row(name) for name in STEPS])
    variants = markdown(["variant of a 12 MP JPEG", "ms", "peak MB", "kB kept"], map(_variant_row, RECIPES))
    return f"{steps}\n\n{variants}"


def _cost(name: str, size: tuple[int, int]) -> tuple[float, float, float]:
    """Milliseconds, megabytes beyond the input, kilobytes made."""
    cost = ask(sys.executable, "benchmarks.images_steps_child", None, name, *map(str, size))
    return 1000 * cost["seconds"], cost["peak"] / 2**20, cost["out"] / 1000


def _step_row(name: str) -> list[str]:
    cells = [name]
    for size in SIZES:
        milliseconds, megabytes, _ = _cost(name, size)
        megapixels = size[0] * size[1] / 1e6
        cells += [f"{milliseconds:.1f}", f"{milliseconds / megapixels:.1f}", f"{megabytes:.0f}"]
    return cells


def _variant_row(name: str) -> list[str]:
    milliseconds, megabytes, kilobytes = _cost(name, SIZES[-1])
    return [name, f"{milliseconds:.0f}", f"{megabytes:.0f}", f"{kilobytes:.0f}"]
