"""A picture's variants as people and as programs see them, with figures."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from PIL import Image

from guardware.cli.pictures import UNUSABLE, bounds_of, new_crew, reason_of
from guardware.cli.words import likeness_in_words, receivers, steps_in_words
from guardware.config.schema import Config
from guardware.images.colour import plain_mode
from guardware.images.compare import on_white, psnr, ssim
from guardware.images.crew import Crew
from guardware.images.decode import decode
from guardware.images.formats import recognised
from guardware.images.lettering import choose
from guardware.images.pipeline import Secrets
from guardware.images.placeholder import placeholder_png
from guardware.images.recipe import Decoy, Placeholder, Recipe, Step, Veil
from guardware.images.recipes import OFFERS, compile_recipes, leaves_picture, owner_words
from guardware.images.sniff import ENOUGH
from guardware.images.variant import Variant, load
from guardware.images.veil import NONSENSE, unveil
from guardware.secrets import load_keyring

_WORK = "guardware.images.measured:make_measured"
_SIDE = 1200
"""Pixels of the longer side at which the original and the loaders' views are put into the page."""
_QUALITY = 88
_NOBODY = 0
"""The mark in copies that no visitor got."""
_ACCEPT = b",".join(OFFERS.values())
"""What a browser says, where the format is negotiated."""
_THUMBNAIL = (64, 64)
"""As ``veil.likeness`` looks at it."""
_OURS = ("JPEG", "PNG", "WEBP", "AVIF")
_NAMES = {"webp": "WebP"}
"""Of formats, where they are not all capitals."""


class View(NamedTuple):
    """A picture for a page: a data URI, its size in pixels, and how much it is like the original, if that says
    anything."""

    source: str
    size: tuple[int, int]
    psnr: float | None = None
    ssim: float | None = None

    @property
    def likeness(self) -> str:
        """In words."""
        return "" if self.psnr is None else likeness_in_words(self.psnr)


class Entry(NamedTuple):
    """A variant. ``cost``: processor time to make it, in milliseconds. ``loader`` is None where programs that pass
    over colour profiles see what a browser shows; ``browser``, where the picture is left as it is, or ``failure``
    says why there is none."""

    name: str
    receivers: tuple[str, ...]
    steps: tuple[str, ...]
    size: tuple[int, int] = (0, 0)
    format: str = ""
    bytes: int = 0
    cost: float | None = None
    browser: View | None = None
    loader: View | None = None
    note: str = ""
    failure: str = ""


class Original(NamedTuple):
    """The picture as its owner published it; ``image`` is its first frame, upright, in sRGB."""

    data: bytes
    image: Image.Image
    format: str

    def view(self) -> View:
        """Scaled down, as a JPEG."""
        return View(_jpeg(self.image), self.image.size)


def read(data: bytes, config: Config) -> Original:
    """The original in ``data``. Raises UnreadablePicture for what is no picture, or too large."""
    picture, kind = decode(data, None, bounds_of(config))
    return Original(data, picture.frames[0], _shown_name(kind.name))


def entries(original: Original, config: Config) -> Iterator[Entry]:
    """All variants of the configuration: first those that somebody gets."""
    recipes = compile_recipes(config)
    crew = new_crew(_WORK, 1, config)
    secrets = Secrets.of(load_keyring(config))
    try:
        for name in sorted(recipes, key=lambda name: not receivers(config, name)):
            yield _entry(original, recipes[name], config, crew, secrets)
    finally:
        crew.close()


def _entry(original: Original, recipe: Recipe, config: Config, crew: Crew, secrets: Secrets) -> Entry:
    entry = Entry(recipe.name, tuple(receivers(config, recipe.name)), tuple(steps_in_words(recipe)))
    if _has(recipe, Placeholder):
        return _card(entry, config)
    job = {"original": original.data, "content_type": "", "accept": _ACCEPT}
    try:
        header, body = crew.run(**job, recipe=recipe, secrets=secrets)
        variant = load(header, body, "", secrets.trace).copy(_NOBODY)
    except UNUSABLE as error:
        return entry._replace(failure=reason_of(error))
    entry = entry._replace(
        size=variant.size, format=_format(variant.body), bytes=len(variant.body), cost=float(header["cpu_ms"])
    )
    if leaves_picture(recipe):
        return entry._replace(size=original.image.size, note="Not a pixel is changed.")
    return _seen(entry, original, recipe, variant)


def _card(entry: Entry, config: Config) -> Entry:
    body = placeholder_png(choose(owner_words(config)))
    with Image.open(BytesIO(body)) as image:
        size = image.size
    view = View(_data_uri(body, "image/png"), size)
    return entry._replace(size=size, format=_format(body), bytes=len(body), browser=view)


def _seen(entry: Entry, original: Original, recipe: Recipe, variant: Variant) -> Entry:
    """With both views, and what must be said of the veil."""
    with Image.open(BytesIO(variant.body), formats=_OURS) as image:
        stored, shown = on_white(plain_mode(image)), on_white(unveil(image))
        veiled = bool(image.info.get("icc_profile"))
    alike = None if _has(recipe, Decoy) else original.image
    browser = _view(_data_uri(variant.body, variant.content_type), shown, alike)
    loader = _view(_jpeg(stored), stored, alike) if veiled else None
    note = _of_the_veil(stored, shown, veiled) if _has(recipe, Veil) else ""
    return entry._replace(browser=browser, loader=loader, note=note)


def _view(source: str, image: Image.Image, original: Image.Image | None) -> View:
    if original is None:
        return View(source, image.size)
    scaled = original.resize(image.size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return View(source, image.size, psnr(scaled, image), ssim(scaled, image))


def _of_the_veil(stored: Image.Image, shown: Image.Image, veiled: bool) -> str:
    if not veiled:
        return "Browsers lift no veil from a file like this, so it has the visible mark instead."
    small = [image.resize(_THUMBNAIL, Image.Resampling.BOX, reducing_gap=2.0) for image in (stored, shown)]
    if psnr(small[0], small[1]) > NONSENSE:
        return "No scramble of its colours makes nonsense of this picture, so it has the visible mark as well."
    return ""


def _jpeg(image: Image.Image) -> str:
    """A data URI: the picture without its profile, at most ``_SIDE`` pixels, as a JPEG."""
    small = on_white(image)
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    small.info = {}
    out = BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, subsampling="4:4:4")
    return _data_uri(out.getvalue(), "image/jpeg")


def _data_uri(body: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(body).decode('ascii')}"


def _format(body: bytes) -> str:
    kind = recognised(body[:ENOUGH])
    return _shown_name(kind.name) if kind else ""


def _shown_name(format: str) -> str:
    return _NAMES.get(format, format.upper())


def _has(recipe: Recipe, kind: type[Step]) -> bool:
    return any(isinstance(step, kind) for step in recipe.steps)
