"""SVG for doubtful clients: the drawing alone, without scripts, references to elsewhere and embedded pictures."""

import re
import zlib
from xml.parsers import expat

from guardware.errors import MissingExtraError

try:
    from py_svg_hush import filter_svg
except ImportError as _error:
    raise MissingExtraError("py-svg-hush", "svg") from _error

MAX_BYTES = 5 * 1024 * 1024
"""Bytes of an SVG, inflated if it came compressed."""

_MAX_DEPTH, _MAX_ELEMENTS = 100, 100_000
"""The library indents each line by its depth: 200 000 nested groups (1.4 MB) made it ask for 8 GB and abort."""

_MAX_ENTITY = 1_000
"""Characters that all of a document's entities may have together; Illustrator's namespaces take about 500."""

_ELSEWHERE = (
    # What the library leaves of references that do not point into the same drawing, in the form that it writes.
    (re.compile(rb'\s(?:[\w-]+:)?href="(?!#)[^"]*"'), b""),
    (re.compile(rb"url\(\s*(?!#)[^)]*\)", re.IGNORECASE), b"url(#)"),
    # Left by broken style sheets, and in ids, classes and texts: no viewer shows it, but the bytes would be there.
    (re.compile(rb"""data:\s*[\w.+-]+/[^"'<>)]*""", re.IGNORECASE), b""),
)


def sanitise(data: bytes) -> bytes:
    """The SVG (plain or gzipped, as in .svgz) as plain SVG in UTF-8 that holds shapes, text and styles alone.

    Scripts, event handlers, foreign content, comments, metadata, every reference but ``#…``, and every embedded
    picture are gone: a raster picture within an SVG would be an original. Raises ValueError for what is no SVG,
    for more than ``MAX_BYTES``, and for entities, nesting or elements beyond reason.
    """
    text = _inflated(data) if data.startswith(b"\x1f\x8b") else data
    if len(text) > MAX_BYTES:
        raise ValueError(f"an SVG of more than {MAX_BYTES} bytes")
    _Survey().read(text)
    clean: bytes = filter_svg(text)
    for pattern, replacement in _ELSEWHERE:
        clean = pattern.sub(replacement, clean)
    return clean


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=31)  # 31: gzip
    try:
        text = inflater.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"a damaged gzip file: {error}") from error
    if len(text) <= MAX_BYTES and not inflater.eof:
        raise ValueError("a gzip file that breaks off")
    return text


class _Survey:
    """Reads a document once, to refuse what the library would choke on."""

    def __init__(self) -> None:
        self._depth = self._elements = self._declared = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.EntityDeclHandler = self._declare

    def read(self, text: bytes) -> None:
        """Raises ValueError for what is no well-formed SVG within the limits."""
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            raise ValueError(f"no SVG: {error}") from error
        if self._declared * text.count(b"&") > MAX_BYTES:
            raise ValueError("an SVG whose entities would grow beyond all bounds")

    def _open(self, name: str, _: dict[str, str]) -> None:
        if not self._elements and name != "http://www.w3.org/2000/svg svg":
            raise ValueError(f"no SVG: the outermost element is {name}")
        self._elements += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise ValueError(f"an SVG of more than {_MAX_ELEMENTS} elements, or more than {_MAX_DEPTH} deep")

    def _close(self, _: str) -> None:
        self._depth -= 1

    def _declare(self, name: str, is_parameter: bool, value: str | None, *_: str | None) -> None:
        self._declared += len(value or "")
        if value is None or is_parameter or "&" in value or self._declared > _MAX_ENTITY:
            raise ValueError(f"an SVG with the entity {name}, which is too long or refers elsewhere")
