"""What programs make of veiled pictures: their likeness to the original, read by the same program."""

import hashlib
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from attacks import psnr
from PIL import Image
from real_pictures import small_picture

from benchmarks.images_readers import READERS, Reader
from benchmarks.images_tables import MissingError, Request, markdown
from guardware.images.encode import encode
from guardware.images.formats import named
from guardware.images.picture import Picture
from guardware.images.veil import choose, encoder_options, profile, scramble

_KEY = bytes(range(32))
_QUICK = 3

_QUALITY = 85
FORMATS = ("jpeg", "png", "webp", "avif")


class Files(NamedTuple):
    """One picture as a lossless original, and as the pipeline writes it with and without the veil."""

    original: Path
    plain: Path
    veiled: Path


def table(request: Request) -> str:
    """Mean (least to greatest) likeness in dB for each program and format."""
    names = request.pictures[:_QUICK] if request.quick else request.pictures
    with tempfile.TemporaryDirectory() as name:
        files = {format: [_files(picture, format, Path(name)) for picture in names] for format in FORMATS}
        rows = [
            ["no veil, for comparison", "", *(_spread(_without(files[format])) for format in FORMATS)],
            *(_row(reader, files) for reader in READERS),
            ["bytes beside no veil", "", *(_growth(files[format]) for format in FORMATS)],
        ]
    return markdown(["program", "applies profiles", *FORMATS], rows)


def _files(name: str, format: str, folder: Path) -> Files:
    """The veiled file is written with the options that veils need."""
    image, target = small_picture(name), named(format)
    order = choose(image, _KEY, hashlib.sha256(name.encode()).digest())
    stem = folder / f"{name.replace(' ', '-')}-{format}"
    files = Files(Path(f"{stem}.original.png"), Path(f"{stem}.plain.{format}"), Path(f"{stem}.veiled.{format}"))
    image.save(files.original)
    files.plain.write_bytes(encode(Picture((image,)), target, _QUALITY))
    options = encoder_options(format, _QUALITY)
    veiled = Picture((scramble(image, order),))
    files.veiled.write_bytes(encode(veiled, target, _QUALITY, icc=profile(order), options=options))
    return files


def _without(files: Sequence[Files]) -> list[float]:
    """What encoding alone costs, as Pillow sees it."""
    likenesses = []
    for one in files:
        with Image.open(one.original) as original, Image.open(one.plain) as plain:
            likenesses.append(psnr(original, plain))
    return likenesses


def _row(reader: Reader, files: dict[str, list[Files]]) -> list[str]:
    cells = [reader.name, "yes" if reader.manages_colour else "no"]
    for format in FORMATS:
        try:
            cells.append(_cell(reader, files[format]))
        except MissingError as missing:
            cells.append(f"missing: {missing}")
    return cells


def _cell(reader: Reader, files: Sequence[Files]) -> str:
    paths = [path for one in files for path in (one.original, one.veiled)]
    with tempfile.TemporaryDirectory() as folder:
        seen = [image for image in reader.see(paths, Path(folder)) if image is not None]
    if len(seen) < len(paths):
        return "cannot read it"
    return _spread([psnr(original, veiled) for original, veiled in zip(seen[::2], seen[1::2], strict=True)])


def _spread(values: Sequence[float]) -> str:
    finite = [value for value in values if value != float("inf")]
    if not finite:
        return "equal"
    return f"{statistics.fmean(finite):.1f} ({min(values):.1f} to {max(values):.1f})"


def _growth(files: Sequence[Files]) -> str:
    plain, veiled = (sum(getattr(one, state).stat().st_size for one in files) for state in ("plain", "veiled"))
    return f"{100 * (veiled / plain - 1):+.0f} %"
