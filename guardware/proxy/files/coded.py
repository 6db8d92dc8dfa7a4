"""Precompressed files: ``style.css.br`` beside ``style.css``, for who accepts it (RFC 9110, section 12.5.3)."""

from typing import NamedTuple

from guardware.accept import media_ranges
from guardware.conditions import field_values
from guardware.http import RawHeaders


class Coding(NamedTuple):
    """``name``: as in Content-Encoding. ``suffix``: what stands behind the file's name."""

    name: bytes
    suffix: str


CODINGS = (Coding(b"br", ".br"), Coding(b"zstd", ".zst"), Coding(b"gzip", ".gz"))
"""The smallest first, for those who accept several alike. Their registry: IANA, HTTP Content Coding Registry."""

_ALIASES = {b"x-gzip": b"gzip"}
"""RFC 9110, section 8.4.1.3."""

_TEXTS = ("text/", "application/json", "application/xml", "application/manifest", "application/wasm")
_TEXT_ENDS = ("+json", "+xml")


def may_be_coded(kind: str) -> bool:
    """Whether files of the media type ``kind`` have compressed ones beside them. Pictures, SVG too, never have:
    the guard looks at what a picture is, and must not have to unpack it first."""
    kind = kind.partition(";")[0]
    return not kind.startswith("image/") and (kind.startswith(_TEXTS) or kind.endswith(_TEXT_ENDS))


def accepted(headers: RawHeaders) -> tuple[Coding, ...]:
    """The codings that Accept-Encoding allows and does not value less than the plain file, the best first."""
    values = field_values(headers, b"accept-encoding")
    if not values:
        return ()
    named = {_ALIASES.get(name, name): quality for name, quality in media_ranges(b",".join(values))}
    rest, plain = named.get(b"*", 0.0), named.get(b"identity", 0.0)
    worth = [(named.get(coding.name, rest), coding) for coding in CODINGS]
    worth.sort(key=lambda pair: -pair[0])
    return tuple(coding for quality, coding in worth if quality and quality >= plain)
