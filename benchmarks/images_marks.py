"""How the public libraries for invisible marks fare under the attacks; each is *given* the exact way back."""

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from attacks import ATTACKS, psnr, ssim
from PIL import Image
from real_pictures import picture

from benchmarks.images_tables import ask, environment_python

NAMES = ("dwtDct", "dwtDctSvd", "blind_watermark")
"""Of invisible-watermark (the first two) and blind_watermark."""

_BITS = random.Random(64).choices((0, 1), k=64)

Box = tuple[float, float, float, float]


class Trial(NamedTuple):
    """One marked picture under all attacks.

    ``read``: attack to whether the whole payload came back. ``psnr`` in dB and ``ssim``: the marked picture
    against the unmarked. ``embed_ms``, ``read_ms``: CPU milliseconds a megapixel of the whole picture.
    """

    read: dict[str, bool]
    psnr: float
    ssim: float
    embed_ms: float
    read_ms: float


def trial(library: str, name: str, attacks: list[str]) -> Trial:
    """Mark the picture ``name``, attack it, bring it back to its frame, read it. Raises MissingError."""
    python, original = environment_python(".venv-marks"), picture(name)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "original.png"), Path(folder, "marked.png")
        original.save(source, compress_level=1)
        embedded = ask(python, _CHILD, _question(embed=[[str(source), str(target)]]), library)["embed"]
        with Image.open(target) as file:
            marked = file.convert("RGB")
        paths = []
        for number, attack in enumerate(attacks):
            paths.append(str(Path(folder, f"{number}.png")))
            brought_back(ATTACKS[attack](marked), original, attack).save(paths[-1], compress_level=1)
        found = ask(python, _CHILD, _question(read=paths), library)["read"]
    megapixels = original.width * original.height / 1e6
    seconds = sum(spent for _, spent in found) / len(found)
    return Trial(
        {attack: wrong == 0 for attack, (wrong, _) in zip(attacks, found, strict=True)},
        psnr(original, marked),
        ssim(original, marked),
        1000 * embedded[0] / megapixels,
        1000 * seconds / megapixels,
    )


_CHILD = "benchmarks.images_marks_child"


def _question(**parts: object) -> dict[str, object]:
    return {"bits": _BITS, "embed": [], "read": [], **parts}


def _kept(part: float, at: float) -> Callable[[Image.Image], Box]:
    def box(original: Image.Image) -> Box:
        width, height = round(original.width * (1 - part)), round(original.height * (1 - part))
        left, top = round((original.width - width) * at), round((original.height - height) * at)
        return left, top, left + width, top + height

    return box


def _middle_square(original: Image.Image) -> Box:
    side = min(original.size)
    left, top = (original.width - side) / 2, (original.height - side) / 2
    return left, top, left + side, top + side


# The part of the original that is left; all of it for the other attacks.
_LEFT: dict[str, Callable[[Image.Image], Box]] = {
    "centre-crop 512 q95": _middle_square,
    "centre-crop 256 q95": _middle_square,
    "served q85, centre-crop 256 q75": _middle_square,
    "crop 10 % centre": _kept(0.10, 0.5),
    "crop 10 % corner": _kept(0.10, 1.0),
    "crop 25 % corner q75": _kept(0.25, 1.0),
}
_FRAMED = ("border 256 q95", "served webp80, border 512 q95")


def brought_back(attacked: Image.Image, original: Image.Image, attack: str) -> Image.Image:
    """What is left of the picture, put where it came from; the rest is filled from the unmarked original."""
    if attack in _FRAMED:
        attacked = _without_border(attacked, original.size)
    box = _LEFT[attack](original) if attack in _LEFT else (0, 0, *original.size)
    left, top, right, bottom = (round(edge) for edge in box)
    back = original.copy()
    back.paste(attacked.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
    return back


def _without_border(square: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = square.width / max(size)
    width, height = round(size[0] * scale), round(size[1] * scale)
    left, top = (square.width - width) // 2, (square.height - height) // 2
    return square.crop((left, top, left + width, top + height))
