"""Programs that open picture files, and how to ask each what it sees: loaders, converters and browsers."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import NamedTuple

from PIL import Image, ImageCms
from skimage.io import imread

from benchmarks.images_tables import MissingError, ask, environment_python

Seen = list[Image.Image | None]
"""What a program makes of each file, as RGB; None for those it can't open."""


class Reader(NamedTuple):
    """``see`` opens files and may leave others in the folder it is given. It raises MissingError."""

    name: str
    manages_colour: bool
    see: Callable[[Sequence[Path], Path], Seen]


def _each(open_one: Callable[[Path], Image.Image]) -> Callable[[Sequence[Path], Path], Seen]:
    def see(paths: Sequence[Path], folder: Path) -> Seen:
        return [open_one(path) for path in paths]

    return see


def _pillow(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _little_cms(path: Path) -> Image.Image:
    with Image.open(path) as image:
        profile = image.info.get("icc_profile")
        if profile is None:
            return image.convert("RGB")
        embedded = ImageCms.ImageCmsProfile(BytesIO(profile))
        shown = ImageCms.profileToProfile(image.convert("RGB"), embedded, ImageCms.createProfile("sRGB"))
        assert shown is not None
        return shown


def _scikit_image(path: Path) -> Image.Image:
    return Image.fromarray(imread(path)).convert("RGB")


def _in_clients(loader: str) -> Callable[[Sequence[Path], Path], Seen]:
    def see(paths: Sequence[Path], folder: Path) -> Seen:
        targets = [folder / f"{number}.png" for number in range(len(paths))]
        question = [[str(path), str(target)] for path, target in zip(paths, targets, strict=True)]
        read = ask(environment_python(".venv-clients"), "benchmarks.images_loaders_child", question, loader)
        return [_pillow(target) if good else None for target, good in zip(targets, read, strict=True)]

    return see


def _program(*names: str) -> str:
    for name in names:
        if (path := which(name)) is not None:
            return path
    raise MissingError(f"{names[0]} is not installed")


def _converted(command: Callable[[Path, Path], list[str]]) -> Callable[[Sequence[Path], Path], Seen]:
    """By a program that writes what it sees to a PNG file; the PNG's own profile is passed over."""

    def see(paths: Sequence[Path], folder: Path) -> Seen:
        seen: Seen = []
        for number, path in enumerate(paths):
            target = folder / f"{number}.png"
            done = subprocess.run(command(path, target), capture_output=True, timeout=60)
            seen.append(_pillow(target) if done.returncode == 0 and target.exists() else None)
        return seen

    return see


def _magick(path: Path, target: Path) -> list[str]:
    return [_program("magick", "convert"), str(path), f"PNG24:{target}"]


def _magick_managed(path: Path, target: Path) -> list[str]:
    srgb = target.with_suffix(".icc")
    srgb.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return [_program("magick", "convert"), str(path), "-profile", str(srgb), f"PNG24:{target}"]


def _ffmpeg(path: Path, target: Path) -> list[str]:
    return [_program("ffmpeg"), "-v", "error", "-i", str(path), "-pix_fmt", "rgb24", str(target)]


def _shown_by(command: Callable[[Path, Path, int, int, str], list[str]]) -> Callable[[Sequence[Path], Path], Seen]:
    """By a browser: a page with all files, its screenshot, cut into pieces."""

    def see(paths: Sequence[Path], folder: Path) -> Seen:
        boxes, width, height = _laid_out(paths)
        tags = [
            f'<img src="{escape(path.as_uri())}" style="position:absolute;left:{left}px;top:{top}px">'
            for path, (left, top, _, _) in zip(paths, boxes, strict=True)
        ]
        page, shot = folder / "page.html", folder / "shot.png"
        page.write_text(f'<!doctype html><meta charset="utf-8"><body style="margin:0">{"".join(tags)}')
        with tempfile.TemporaryDirectory() as profile:
            argv = command(Path(profile), shot, width, height, page.as_uri())
            subprocess.run(argv, capture_output=True, timeout=120, check=True)
        whole = _pillow(shot)
        return [whole.crop(box) for box in boxes]

    return see


def _laid_out(paths: Sequence[Path]) -> tuple[list[tuple[int, int, int, int]], int, int]:
    """Where each picture stands in rows of five; width and height of the page."""
    boxes, left, top, low, widest = [], 0, 0, 0, 0
    for number, path in enumerate(paths):
        with Image.open(path) as image:
            width, height = image.size
        if number % 5 == 0:
            left, top = 0, low
        boxes.append((left, top, left + width, top + height))
        left, low = left + width, max(low, top + height)
        widest = max(widest, left)
    return boxes, widest, low


def _chromium(profile: Path, shot: Path, width: int, height: int, url: str) -> list[str]:
    # --no-sandbox: as root Chromium starts only without; the page is ours.
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", f"--user-data-dir={profile}"]
    program = _program("chromium", "chromium-browser", "google-chrome")
    return [program, *options, f"--window-size={width},{height}", f"--screenshot={shot}", url]


def _firefox(profile: Path, shot: Path, width: int, height: int, url: str) -> list[str]:
    program = _program("firefox-esr", "firefox")
    options = ["--headless", "--no-remote", "--profile", str(profile), f"--window-size={width},{height}"]
    return [program, *options, "--screenshot", str(shot), url]


READERS = (
    Reader("Pillow, convert", False, _each(_pillow)),
    Reader("scikit-image, imread", False, _each(_scikit_image)),
    Reader("OpenCV, imread", False, _in_clients("opencv")),
    Reader("img2dataset, border 256", False, _in_clients("img2dataset")),
    Reader("ImageMagick, convert", False, _converted(_magick)),
    Reader("ffmpeg", False, _converted(_ffmpeg)),
    Reader("Pillow, ImageCms", True, _each(_little_cms)),
    Reader("ImageMagick, -profile sRGB", True, _converted(_magick_managed)),
    Reader("Chromium, screenshot", True, _shown_by(_chromium)),
    Reader("Firefox, screenshot", True, _shown_by(_firefox)),
)
