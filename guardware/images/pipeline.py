"""From an original's bytes to a variant's base: decode once, take the recipe's steps, encode once.

Runs in worker processes (``guardware.images.worker``), so it knows no configuration.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from PIL import Image

from guardware.images.decode import decode
from guardware.images.decoy import decoy
from guardware.images.degrade import degrade
from guardware.images.encode import encode
from guardware.images.formats import Format
from guardware.images.metadata import credit, exif_bytes, xmp_bytes
from guardware.images.negotiate import negotiate
from guardware.images.picture import Picture
from guardware.images.recipe import Decoy, Degrade, Metadata, Recipe, Resize, Trace, Veil, Watermark
from guardware.images.trace import blind, splice
from guardware.images.veil import (
    NONSENSE,
    Order,
    carries,
    choose,
    encoder_options,
    likeness,
    profile,
    restore,
    scramble,
)
from guardware.images.watermark import compile_mark, watermark
from guardware.keys import Keyring

SVG = "image/svg+xml"

_MARK_BYTES = 5
_CREDITED = frozenset(["jpeg", "png", "webp"])
"""Formats into which metadata is written afterwards, by segments and chunks."""


class Secrets(NamedTuple):
    """The keys of what is made: of the trace, the veil, and of what is drawn by chance."""

    trace: bytes
    veil: bytes
    seed: bytes

    @classmethod
    def of(cls, keyring: Keyring) -> "Secrets":
        return cls._make(keyring.newest(name) for name in cls._fields)

    def __repr__(self) -> str:
        """No key: tracebacks and reports of errors show the values of a call."""
        return f"Secrets({len(self)} keys)"


class _Canvas(NamedTuple):
    """A picture between two steps, and how its colours are scrambled so far."""

    picture: Picture
    order: Order | None = None


def make(
    original: bytes, content_type: str, recipe: Recipe, secrets: Secrets, accept: bytes
) -> tuple[dict[str, Any], bytes]:
    """The base of the variant, as a header for JSON and a body (``variant.load`` reads them).

    ``content_type`` only tells SVG, which has no signature. ``accept`` matters where the format is negotiated.
    Raises ValueError for what is no picture of ours or too large, MemoryError, and OSError from encoders.
    """
    if content_type == SVG:
        # Lazily: it needs an extra that few ask for.
        from guardware.images.svg import sanitise

        return _header(SVG, (0, 0)), sanitise(original)
    if all(isinstance(step, Metadata) for step in recipe.steps):
        return _credited(original, recipe)
    digest = hashlib.sha256(original).digest()
    resize = next((step for step in recipe.steps if isinstance(step, Resize)), None)
    picture, source = decode(original, resize.max_side if resize else None, recipe.bounds)
    alpha = picture.frames[0].mode == "RGBA"
    target = negotiate(source, alpha, picture.animated, recipe.save.format, accept)
    canvas = _Canvas(picture)
    for step in recipe.steps:
        canvas = _taken(step, canvas, target, digest, secrets)
    return _saved(canvas, target, recipe, digest, secrets)


def drawn(original: bytes, recipe: Recipe, secrets: Secrets) -> Image.Image | None:
    """What a copy shows before it is traced, in right colours: RGB, the first frame; None for the mere picture.

    For readers of a trace: against this a leak is compared, or a visible mark would count as damage. Raises as
    ``make``.
    """
    digest = hashlib.sha256(original).digest()
    resize = next((step for step in recipe.steps if isinstance(step, Resize)), None)
    picture, source = decode(original, resize.max_side if resize else None, recipe.bounds)
    target = negotiate(source, picture.frames[0].mode == "RGBA", picture.animated, "keep", b"")
    canvas = _Canvas(Picture(picture.frames[:1]))
    for step in recipe.steps:
        canvas = _taken(step, canvas, target, digest, secrets)
    shown = canvas.picture.frames[0] if canvas.order is None else restore(canvas.picture.frames[0], canvas.order)
    return None if shown.tobytes() == picture.frames[0].tobytes() else _opaque(shown).convert("RGB")


def _taken(step: object, canvas: _Canvas, target: Format, digest: bytes, secrets: Secrets) -> _Canvas:
    """The canvas after a step that draws; the others are taken when it is saved."""
    picture = canvas.picture
    match step:
        case Degrade():
            return canvas._replace(picture=picture.map(partial(degrade, step=step)))
        case Watermark():
            return canvas._replace(picture=_marked(picture, step, digest, secrets))
        case Decoy():
            return _Canvas(Picture((decoy(picture.size, _seed(secrets, digest)),)))
        case Veil() if carries(target.name, picture.animated):
            return _veiled(picture, step, digest, secrets)
        case Veil() if step.fallback is not None:
            return canvas._replace(picture=_marked(picture, step.fallback, digest, secrets))
    return canvas


def _marked(picture: Picture, step: Watermark, digest: bytes, secrets: Secrets) -> Picture:
    return picture.map(partial(watermark, mark=compile_mark(step), seed=_seed(secrets, digest)))


def _veiled(picture: Picture, step: Veil, digest: bytes, secrets: Secrets) -> _Canvas:
    """The picture scrambled; with a visible mark too if no order of the colours makes nonsense of it."""
    order = choose(picture.frames[0], secrets.veil, digest)
    if step.fallback is not None and likeness(picture.frames[0], order) > NONSENSE:
        picture = _marked(picture, step.fallback, digest, secrets)
    return _Canvas(picture.map(partial(scramble, order=order)), order)


def _saved(
    canvas: _Canvas, target: Format, recipe: Recipe, digest: bytes, secrets: Secrets
) -> tuple[dict[str, Any], bytes]:
    picture = canvas.picture
    icc = profile(canvas.order) if canvas.order is not None else None
    options = encoder_options(target.name, recipe.save.quality) if canvas.order is not None else {}
    trace = next((step for step in recipe.steps if isinstance(step, Trace)), None)
    meta = next((step for step in recipe.steps if isinstance(step, Metadata)), None)
    save = partial(_encoded, target=target, quality=recipe.save.quality, icc=icc)
    if trace is not None and target.name == "jpeg" and not picture.animated:
        subsampling = str(options.get("subsampling", "4:2:0"))
        if splice.fits(picture.size, subsampling):
            described = _described(meta, splice.FIELD.decode())
            made = splice.prepare(
                _opaque(picture.frames[0]),
                secrets.trace,
                amplitude=trace.amplitude,
                encode=lambda image, more: save(Picture((image,)), meta=described, options={**options, **more}),
                subsampling=subsampling,
            )
            header, body = made.pack()
            return {**_header("image/jpeg", picture.size), "kind": "splice", "splice": header}, body
    mark = None
    if trace is not None and blind.fits(picture.size):
        mark = _shared_mark(secrets, digest, recipe, target)
        picture = picture.map(partial(blind.embed, mark=mark, key=secrets.trace, delta=trace.delta))
        meta = _described(meta, f"guardware:{mark:010x}")
    return _header(target.media_type, picture.size, mark), save(picture, meta=meta, options=options)


def _encoded(
    picture: Picture,
    *,
    target: Format,
    quality: int,
    icc: bytes | None,
    meta: Metadata | None,
    options: Mapping[str, Any],
) -> bytes:
    if meta is None:
        return encode(picture, target, quality, icc=icc, options=options)
    if target.name in _CREDITED:
        return credit(encode(picture, target, quality, icc=icc, options=options), meta)
    exif, xmp = exif_bytes(meta), xmp_bytes(meta)
    return encode(picture, target, quality, icc=icc, exif=exif, xmp=xmp, options=options)


def _credited(original: bytes, recipe: Recipe) -> tuple[dict[str, Any], bytes]:
    """The original with other metadata, its pixels untouched."""
    body = original
    for step in recipe.steps:
        if isinstance(step, Metadata):
            body = credit(body, step)
    _, kind = decode(original, 16, recipe.bounds)
    return _header(kind.media_type, (0, 0)), body


def _header(media_type: str, size: tuple[int, int], mark: int | None = None) -> dict[str, Any]:
    return {"kind": "shared", "type": media_type, "size": list(size), "mark": mark}


def _described(meta: Metadata | None, words: str) -> Metadata | None:
    """``meta`` with the mark in the one field that loaders carry along."""
    return None if meta is None else meta._replace(description=f"{meta.description} {words}".strip())


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _shared_mark(secrets: Secrets, digest: bytes, recipe: Recipe, target: Format) -> int:
    """The number in a copy that all share: of this picture, this recipe and this key."""
    what = digest + recipe.digest() + target.name.encode()
    return int.from_bytes(hashlib.blake2b(what, key=secrets.trace, digest_size=_MARK_BYTES).digest())


def _seed(secrets: Secrets, digest: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(digest, key=secrets.seed, digest_size=4).digest())
