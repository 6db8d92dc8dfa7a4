"""Runs one step, or makes one whole variant, in a process of its own: CPU seconds, and memory at the peak.

Arguments: the name, width and height. The answer on stdout: ``{"seconds": …, "peak": bytes, "out": bytes}``;
``peak`` is what the step took beyond its input, ``out`` the length of a file that it made, or 0.
"""

import ctypes
import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from real_pictures import picture

from benchmarks.images_tables import cpu
from guardware.config import Config
from guardware.images.decode import decode
from guardware.images.decoy import decoy
from guardware.images.degrade import degrade
from guardware.images.encode import encode
from guardware.images.formats import named
from guardware.images.metadata import credit
from guardware.images.picture import Picture
from guardware.images.pipeline import Secrets, make
from guardware.images.recipe import Bounds, Degrade, Metadata, Watermark
from guardware.images.recipes import compile_recipes
from guardware.images.trace import blind, splice
from guardware.images.veil import choose, scramble
from guardware.images.watermark import compile_mark, watermark
from guardware.keys import Keyring

KEY = bytes(range(32))
DIGEST = bytes(16)
BOUNDS = Bounds(50_000_000, 100, 200_000_000)
_CREDIT = Metadata(
    "Ada Example", "© Ada Example", "No training.", "https://art.example/", "By Ada.", "PROHIBITED", True
)
_TEXT = Watermark("© Ada Example", b"", "", 0.25, 0.05, 30.0, "ce", True, 0.02)

Work = Callable[[], object]


def photograph(size: tuple[int, int]) -> Image.Image:
    """A photograph of ``size`` with the grain of a camera, for a large file that is no easier than a real one."""
    large = np.asarray(picture("coffee").resize(size, Image.Resampling.LANCZOS), np.int16)
    grain = np.random.default_rng(5).normal(0, 4, (size[1], size[0], 1)).astype(np.int16)
    return Image.fromarray((large + grain).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image) -> bytes:
    """As a camera or an artist saves it."""
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def _decode(side: int | None) -> Callable[[Image.Image], Work]:
    def prepare(image: Image.Image) -> Work:
        data = jpeg(image)
        return lambda: decode(data, side, BOUNDS)

    return prepare


def _encode(format: str) -> Callable[[Image.Image], Work]:
    return lambda image: lambda: encode(Picture((image,)), named(format), 85)


def _resize(image: Image.Image) -> Work:
    half = image.width // 2, image.height // 2
    return lambda: image.resize(half, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _watermark(image: Image.Image) -> Work:
    mark = compile_mark(_TEXT)
    return lambda: watermark(image, mark, 7)


def _splice(image: Image.Image) -> splice.Splice:
    return splice.prepare(image, KEY, amplitude=2.0, encode=splice.jpeg_encoder(85))


def _copy(image: Image.Image) -> Work:
    ready = _splice(image)
    return lambda: ready.copy(0x123456789A)


def _credit(image: Image.Image) -> Work:
    data = jpeg(image)
    return lambda: credit(data, _CREDIT)


def _veil(image: Image.Image) -> Work:
    return lambda: scramble(image, choose(image, KEY, DIGEST))


STEPS: dict[str, Callable[[Image.Image], Work]] = {
    "decode JPEG, whole": _decode(None),
    "decode JPEG to 2048": _decode(2048),
    "resize to half": _resize,
    "degrade (blur, blocks, grey)": lambda image: lambda: degrade(image, Degrade(4, 8, True)),
    "veil": _veil,
    "watermark, repeated": _watermark,
    "decoy": lambda image: lambda: decoy(image.size, 7),
    "trace T1, embed": lambda image: lambda: blind.embed(image, 0x123456789A, KEY),
    "trace T2, set-up": lambda image: lambda: _splice(image),
    "trace T2, copy": _copy,
    "metadata into a JPEG": _credit,
    **{f"encode {format}": _encode(format) for format in ("jpeg", "webp", "avif", "png")},
}
"""What each does with a picture made ready; only the call of what it returns is measured."""

RECIPES = compile_recipes(Config.model_validate({"site": {"name": "Ada Example"}}))


def variant(name: str, image: Image.Image) -> Work:
    """The whole of what a worker does for a JPEG that was not asked for before."""
    original, secrets = jpeg(image), Secrets.of(Keyring([bytes(32)]))
    return lambda: make(original, "image/jpeg", RECIPES[name], secrets, b"")[1]


def _memory(field: str) -> int:
    """Of this process, in bytes: VmRSS now, VmHWM at the peak (proc(5))."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return 1024 * int(line.split()[1])


def measure(work: Work, times: int) -> dict[str, float]:
    """CPU seconds of a call after the first; memory beyond what was held before the first."""
    # What was freed goes back first, or the work would be given it without a trace. 5: forget the peak (proc(5)).
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    result = work()
    peak = _memory("VmHWM") - before
    return {"seconds": cpu(work, times), "peak": peak, "out": len(result) if isinstance(result, bytes) else 0}


def main() -> None:
    """One step or variant, one answer."""
    name, image = sys.argv[1], photograph((int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps(measure(STEPS[name](image) if name in STEPS else variant(name, image), 5)))


if __name__ == "__main__":
    main()
