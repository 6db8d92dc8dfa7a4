"""One of our schemes on one picture: marked, attacked in every way asked for, and read again.

Argument: the scheme's name; the question on stdin: ``{"picture": name, "attacks": [name, …]}``; the answer on
stdout: a ``Trial`` as a list.
"""

import json
import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from time import process_time
from typing import NamedTuple

from attacks import ATTACKS, MORE, Attack, psnr, ssim
from PIL import Image
from real_pictures import picture

from benchmarks.images_marks import Trial
from guardware.images.trace import blind, reading, splice
from guardware.images.trace.cells import plan
from guardware.images.trace.code import decode
from guardware.images.trace.frame import canonical
from guardware.images.trace.informed import residual, soft_splice
from guardware.images.trace.plane import mean_plane
from guardware.images.trace.register import find
from guardware.images.trace.residual import soft_informed

KEY = bytes(range(32))
MARK = 0x5A17C0FFEE
_QUALITY = 85
_UNIT = splice.UNITS["4:2:0"]

EVERY: dict[str, Attack] = {**ATTACKS, **MORE}


class Scheme(NamedTuple):
    """A way to mark and to read. ``plain``: what the marked picture is compared with; ``read``: leak and original
    to the mark, or None."""

    plain: Callable[[Image.Image], Image.Image]
    embed: Callable[[Image.Image], Image.Image]
    read: Callable[[Image.Image, Image.Image], int | None]


def _as_is(image: Image.Image) -> Image.Image:
    return image


def _as_jpeg(image: Image.Image) -> Image.Image:
    return _opened(splice.jpeg_encoder(_QUALITY)(image, {}))


def _opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as file:
        return file.convert("RGB")


def _t1(delta: float, *, informed: bool) -> Scheme:
    def embed(image: Image.Image) -> Image.Image:
        return blind.embed(image, MARK, KEY, delta=delta)

    def with_original(leak: Image.Image, original: Image.Image) -> int | None:
        frame, there = canonical(original).plane, mean_plane(leak)
        brought, known = find(there, frame).bring(there)
        found = decode(soft_informed(brought, frame, KEY, delta, known), KEY)
        return found.mark if found.valid else None

    def alone(leak: Image.Image, _: Image.Image) -> int | None:
        found = reading.read(leak, KEY, delta=delta)
        return found.mark if found.valid else None

    return Scheme(_as_is, embed, with_original if informed else alone)


def _t2(amplitude: float) -> Scheme:
    def embed(image: Image.Image) -> Image.Image:
        made = splice.prepare(image, KEY, amplitude=amplitude, encode=splice.jpeg_encoder(_QUALITY))
        return _opened(made.copy(MARK))

    def read(leak: Image.Image, original: Image.Image) -> int | None:
        placement = find(mean_plane(leak), mean_plane(original))
        grid = plan(original.size, _UNIT)
        assert grid is not None
        found = decode(soft_splice(residual(leak, original, placement), grid, KEY), KEY)
        return found.mark if found.valid else None

    return Scheme(_as_jpeg, embed, read)


SCHEMES = {
    "T1 D=30 + original": _t1(30, informed=True),
    "T1 D=42 + original": _t1(42, informed=True),
    "T1 D=30 blind": _t1(30, informed=False),
    "T1 D=42 blind": _t1(42, informed=False),
    "T2 amp 2 + original": _t2(2.0),
    "T2 amp 1.25 + original": _t2(1.25),
}


def trial(scheme: Scheme, name: str, attacks: Sequence[str]) -> Trial:
    original = picture(name)
    megapixels = original.width * original.height / 1e6
    began = process_time()
    marked = scheme.embed(original)
    embedding = process_time() - began
    read, reading = {}, 0.0
    for attack in attacks:
        leak = EVERY[attack](marked)
        began = process_time()
        read[attack] = scheme.read(leak, original) == MARK
        reading += process_time() - began
    plain = scheme.plain(original)
    return Trial(
        read,
        psnr(plain, marked),
        ssim(plain, marked),
        1000 * embedding / megapixels,
        1000 * reading / len(attacks) / megapixels,
    )


def main() -> None:
    """One question, one answer."""
    question = json.load(sys.stdin)
    print(json.dumps(trial(SCHEMES[sys.argv[1]], question["picture"], question["attacks"])))


if __name__ == "__main__":
    main()
