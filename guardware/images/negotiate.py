"""Which format a variant is written in: by the recipe, the original, and what the client says it understands."""

from guardware.accept import media_ranges
from guardware.images.formats import Format, named

AUTO = ("avif", "webp")
"""What ``auto`` tries, smallest files first."""

_AUTO_ANIMATED = ("webp",)
"""The same for animations: browsers name image/avif years before they play it (Firefox 93 and 113)."""


def negotiate(source: Format, has_alpha: bool, animated: bool, wanted: str, accept: bytes | None) -> Format:
    """The format to write.

    ``wanted``: a format's name; ``keep``: the original's, or the nearest that is written (TIFF: JPEG, or PNG
    with transparency; still GIF and BMP: PNG; animated GIF: WebP); ``auto``: the best that the Accept header
    names, else as ``keep``. A wildcard names nothing (image loaders send ``*/*`` for formats they cannot read),
    and ``q=0`` refuses. An animation is never given a format that would stop it: WebP stands in.

    Raises ValueError for a ``wanted`` that is not one of these, or is not written.
    """
    if wanted == "auto":
        target = _best(animated, accept) or _kept(source, has_alpha, animated)
    elif wanted == "keep":
        target = _kept(source, has_alpha, animated)
    else:
        target = named(wanted)
    if target.writing is None:
        raise ValueError(f"{target.name} is not written")
    return target if target.writing.animated or not animated else named("webp")


def _best(animated: bool, accept: bytes | None) -> Format | None:
    named_ones = {media for media, quality in media_ranges(accept) if quality > 0}
    candidates = map(named, _AUTO_ANIMATED if animated else AUTO)
    return next((kind for kind in candidates if kind.media_type.encode() in named_ones), None)


def _kept(source: Format, has_alpha: bool, animated: bool) -> Format:
    target = named(source.keeps or "jpeg")
    if animated and source.name == "gif":
        return named("webp")
    loses_alpha = has_alpha and target.writing is not None and not target.writing.alpha
    return named("png") if loses_alpha else target
