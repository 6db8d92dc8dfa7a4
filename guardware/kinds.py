"""Kind: what a visit asks for, told by its path, or where that says nothing by its headers."""

from enum import StrEnum

from guardware.facts import Facts


class Kind(StrEnum):
    """What a visit asks for."""

    PAGE = "page"
    IMAGE = "image"
    ASSET = "asset"
    FEED = "feed"
    API = "api"
    NOTICE = "notice"
    OWN = "own"

    # Enum's own __hash__ is a Python call; members are dictionary keys on the way of every request.
    __hash__ = str.__hash__


_EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys(
        "jpg jpeg jpe jfif png apng webp gif avif avifs heic heif jxl bmp tif tiff svg ico jp2".split(), Kind.IMAGE
    ),
    **dict.fromkeys("css js mjs map woff woff2 ttf otf eot wasm webmanifest".split(), Kind.ASSET),
    **dict.fromkeys("rss atom".split(), Kind.FEED),
    "json": Kind.API,
}

_DESTINATIONS: dict[bytes, Kind] = {
    b"image": Kind.IMAGE,
    **dict.fromkeys([b"document", b"iframe", b"frame", b"embed", b"object"], Kind.PAGE),
    **dict.fromkeys([b"style", b"script", b"font", b"manifest", b"worker", b"sharedworker"], Kind.API),
    **dict.fromkeys([b"serviceworker", b"audio", b"video", b"track", b"report"], Kind.API),
}
"""Values of Sec-Fetch-Dest (Fetch standard, section 2.2.7 "destination"). None makes an asset: those have no
limit, and only a path may say that it is one."""

_FEED_NAMES = frozenset(
    ["/feed", "/feed/", "/rss", "/rss/", "/atom", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml"]
)


def extensions_of(kind: Kind) -> tuple[str, ...]:
    """The file name endings, without dot, that say ``kind``; sorted."""
    return tuple(sorted(ending for ending, said in _EXTENSIONS.items() if said is kind))


def feed_paths() -> tuple[str, ...]:
    """The paths under which feeds are without an ending that says so; sorted."""
    return tuple(sorted(_FEED_NAMES))


def kind_of_path(path: str, extension: str) -> Kind | None:
    """What the owner's files at ``path`` (normal form) are; None where only the headers can tell."""
    return _EXTENSIONS.get(extension) or (Kind.FEED if path in _FEED_NAMES else None)


def kind_of_headers(facts: Facts, requested_by_script: bool) -> Kind:
    """For paths that say nothing: what the client, who may lie, says it wants."""
    kind = _DESTINATIONS.get(facts.fetch_dest) if facts.fetch_dest is not None else None
    if kind is not None:
        return kind
    accept = facts.accept
    if accept is not None:
        if accept.startswith(b"image/"):
            return Kind.IMAGE
        if requested_by_script or (b"json" in accept and b"html" not in accept):
            return Kind.API
    return Kind.PAGE


_ICONS = ("favicon", "apple-touch-icon", "android-chrome", "mstile", "safari-pinned-tab")


def is_icon(path: str) -> bool:
    """Whether ``path`` has a name under which browsers look for a site's icon, and icon generators write it."""
    return path.rpartition("/")[2].startswith(_ICONS)
