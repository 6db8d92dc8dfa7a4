"""A person with Chromium or Firefox sees a veiled picture as if there were no veil; screenshots say so."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from attacks import psnr
from PIL import Image
from real_pictures import small_picture

from guardware.images.veil import NONSENSE, Order, choose, encoder_options, likeness, profile, scramble

from .processes import program, run

SIZE = (200, 150)
QUALITY = 90
COLUMNS = 6

FILES = {
    "jpeg": ("JPEG", {"quality": QUALITY}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"quality": QUALITY}),
    "avif": ("AVIF", {"quality": QUALITY, "speed": 9}),
}
"""Encoder, and its options for the unveiled file."""


class Way(NamedTuple):
    """How a page shows a picture: its file format, and HTML with ``URL`` where the picture's address belongs."""

    format: str
    html: str


DRAWN = '<img src="URL" hidden onload="draw(this)"><canvas width="200" height="150"></canvas>'
WAYS = {
    "img, JPEG": Way("jpeg", '<img src="URL">'),
    "img, PNG": Way("png", '<img src="URL">'),
    "img, WebP": Way("webp", '<img src="URL">'),
    "img, AVIF": Way("avif", '<img src="URL">'),
    "CSS background": Way("jpeg", '<div style="width:200px;height:150px;background:url(URL)"></div>'),
    "SVG image": Way("jpeg", '<svg width="200" height="150"><image href="URL" width="200" height="150"/></svg>'),
    "video poster": Way("jpeg", '<video width="200" height="150" poster="URL"></video>'),
    "canvas": Way("jpeg", DRAWN),
}

PAGE = """<!doctype html><meta charset="utf-8">
<style>
body { margin: 0; display: grid; grid-template-columns: repeat(6, 200px); grid-auto-rows: 150px }
img, canvas, video, svg { display: block } [hidden] { display: none }
</style>
<script>
// What a script reads of the picture, put onto the page.
function draw(image) {
    const sheet = new OffscreenCanvas(200, 150).getContext("2d")
    sheet.drawImage(image, 0, 0)
    image.nextSibling.getContext("2d").putImageData(sheet.getImageData(0, 0, 200, 150), 0, 0)
}
</script>
"""


def grey() -> Image.Image:
    """All of it near middle grey, where a negative alone changes little."""
    return Image.linear_gradient("L").resize(SIZE).point(lambda value: 112 + value / 8).convert("RGB")


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "colours permuted": lambda: small_picture("coffee").resize(SIZE),
    "negative": lambda: small_picture("astronaut").resize(SIZE),
    "middle grey": grey,
}


@cache
def veiled_as(kind: str) -> tuple[Image.Image, Order]:
    """The picture and an order of that kind."""
    image = PICTURES[kind]()
    if kind == "middle grey":
        return image, choose(image, bytes(32), b"")
    return image, Order((1, 2, 0), kind == "negative")


def data_url(image: Image.Image, format: str, **options: Any) -> str:
    out = BytesIO()
    encoder, plain = FILES[format]
    image.save(out, encoder, **{**plain, **options})
    return f"data:image/{format};base64,{b64encode(out.getvalue()).decode()}"


def cells() -> Iterator[str]:
    """For each picture and way the HTML without and with the veil."""
    for kind, way in product(PICTURES, WAYS.values()):
        image, order = veiled_as(kind)
        options = {**encoder_options(way.format, QUALITY), "icc_profile": profile(order)}
        yield way.html.replace("URL", data_url(image, way.format))
        yield way.html.replace("URL", data_url(scramble(image, order), way.format, **options))


def chromium(folder: Path, page: Path, shot: Path, size: str) -> list[str]:
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}"]
    return [program("chromium"), *quiet, f"--window-size={size}", f"--screenshot={shot}", page.as_uri()]


def firefox(folder: Path, page: Path, shot: Path, size: str) -> list[str]:
    quiet = ["--headless", "--no-remote", "--profile", str(folder)]
    return [program("firefox-esr"), *quiet, f"--window-size={size}", "--screenshot", str(shot), page.as_uri()]


@pytest.fixture(scope="module", params=[chromium, firefox], ids=["chromium", "firefox"])
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], tuple[Image.Image, Image.Image]]:
    """By picture and way: what the browser shows without and with the veil."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "profile").mkdir()
    page, shot = folder / "page.html", folder / "shot.png"
    html = list(cells())
    page.write_text(PAGE + "".join(f"<div>{cell}</div>" for cell in html))
    size = f"{COLUMNS * SIZE[0]},{-(-len(html) // COLUMNS) * SIZE[1]}"
    finished = run(
        request.param(folder / "profile", page, shot, size), cwd=folder, timeout=60, env={"HOME": str(folder)}
    )
    assert shot.exists(), finished.output
    return dict(zip(product(PICTURES, WAYS), _cut(shot, len(html)), strict=True))


def _cut(shot: Path, count: int) -> Iterator[tuple[Image.Image, Image.Image]]:
    with Image.open(shot) as image:
        whole = image.convert("RGB")
    places = [(number % COLUMNS * SIZE[0], number // COLUMNS * SIZE[1]) for number in range(count)]
    pieces = [whole.crop((x, y, x + SIZE[0], y + SIZE[1])) for x, y in places]
    return zip(pieces[::2], pieces[1::2], strict=True)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", PICTURES)
def test_it_is_shown_as_the_unveiled_picture(
    shown: dict[tuple[str, str], tuple[Image.Image, Image.Image]], kind: str, way: str
) -> None:
    plain, veiled = shown[kind, way]
    original, _ = veiled_as(kind)
    assert psnr(plain, original) >= 33  # the picture is where it is looked for
    assert psnr(veiled, plain) >= 33
    assert psnr(veiled, original) >= 33


@pytest.mark.parametrize("kind", PICTURES)
def test_without_its_profile_it_would_be_nonsense(kind: str) -> None:
    """What the test above rests on."""
    image, order = veiled_as(kind)
    assert likeness(image, order) <= NONSENSE
    assert psnr(scramble(image, order), image) <= NONSENSE + 1
