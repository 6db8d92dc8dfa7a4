"""Runs in .venv-marks: marks pictures with a public library, and reads them; CPU time of both.

The question on stdin: ``{"bits": [0, 1, …], "embed": [[from, to], …], "read": [path, …]}``; the answer on stdout:
``{"embed": [seconds, …], "read": [[wrong bits, seconds], …]}``.
"""

import json
import sys
from collections.abc import Callable, Sequence
from time import process_time
from types import ModuleType
from typing import Any, NamedTuple

# imwatermark imports PyTorch for RivaGAN alone, which is not run here: hundreds of megabytes for nothing.
sys.modules["torch"] = ModuleType("torch")

import blind_watermark  # type: ignore[import-not-found]  # noqa: E402
import cv2  # type: ignore[import-not-found]  # noqa: E402
import numpy as np  # noqa: E402
from imwatermark import WatermarkDecoder, WatermarkEncoder  # type: ignore[import-not-found]  # noqa: E402

Pixels = Any
Bits = Sequence[int]


class Library(NamedTuple):
    """``embed`` takes BGR pixels and bits; ``read`` takes BGR pixels and the number of bits."""

    embed: Callable[[Pixels, Bits], Pixels]
    read: Callable[[Pixels, int], Bits]


def _invisible(method: str) -> Library:
    def embed(pixels: Pixels, bits: Bits) -> Pixels:
        encoder = WatermarkEncoder()
        encoder.set_by_bits(list(bits))
        return encoder.encode(pixels, method)

    return Library(embed, lambda pixels, count: WatermarkDecoder("bits", count).decode(pixels, method))


def _blind() -> Library:
    blind_watermark.bw_notes.close()

    def embed(pixels: Pixels, bits: Bits) -> Pixels:
        mark = blind_watermark.WaterMark()
        mark.read_img(img=pixels)
        mark.read_wm(list(bits), mode="bit")
        return mark.embed()

    def read(pixels: Pixels, count: int) -> Bits:
        found: Bits = blind_watermark.WaterMark().extract(embed_img=pixels, wm_shape=count, mode="bit")
        return found

    return Library(embed, read)


LIBRARIES: dict[str, Callable[[], Library]] = {
    "dwtDct": lambda: _invisible("dwtDct"),
    "dwtDctSvd": lambda: _invisible("dwtDctSvd"),
    "blind_watermark": _blind,
}


def _answer(library: Library, question: dict[str, Any]) -> dict[str, Any]:
    bits, embedded, read = question["bits"], [], []
    for source, target in question["embed"]:
        pixels = cv2.imread(source)
        began = process_time()
        marked = library.embed(pixels, bits)
        embedded.append(process_time() - began)
        cv2.imwrite(target, np.rint(np.clip(marked, 0, 255)).astype(np.uint8))
    for path in question["read"]:
        pixels = cv2.imread(path)
        began = process_time()
        found = library.read(pixels, len(bits))
        wrong = sum(int(one) != int(other) for one, other in zip(bits, found, strict=True))
        read.append([wrong, process_time() - began])
    return {"embed": embedded, "read": read}


def main() -> None:
    """One question, one answer."""
    cv2.setNumThreads(1)
    print(json.dumps(_answer(LIBRARIES[sys.argv[1]](), json.load(sys.stdin))))


if __name__ == "__main__":
    main()
