"""Runs in .venv-clients: reads files as training loaders do, OpenCV and img2dataset, and writes what they see.

The question on stdin: ``[[from, to], …]``, ``to`` being PNG; the answer on stdout: for each whether it was read.
"""

import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2  # type: ignore[import-not-found]
import numpy as np
from img2dataset.resizer import Resizer  # type: ignore[import-not-found]


def _opencv(path: Path) -> Any:
    return cv2.imread(str(path))


def _img2dataset(path: Path) -> Any:
    """256 pixels with a border: what it does unless told otherwise."""
    data, *_, error = Resizer(256, "border", False)(BytesIO(path.read_bytes()))
    return None if error else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


LOADERS: dict[str, Callable[[Path], Any]] = {"opencv": _opencv, "img2dataset": _img2dataset}


def main() -> None:
    """One question, one answer."""
    load, answer = LOADERS[sys.argv[1]], []
    for source, target in json.load(sys.stdin):
        pixels = load(Path(source))
        answer.append(pixels is not None and bool(cv2.imwrite(target, pixels)))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
