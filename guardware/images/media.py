"""Which media types are pictures that the guard protects."""

import re

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",
}
"""Names that browsers take for a registered one (WHATWG MIME Sniffing and years of misconfigured servers)."""

PROTECTED_TYPES: frozenset[str] = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", *_ALIASES}
)
"""Media types, lower case and without parameters, that get a variant."""

_END_OF_TYPE = re.compile(rb"[;,]")


def picture_type(content_type: bytes | None) -> str | None:
    """The media type of a protected picture in its registered name, or None for everything else.

    >>> picture_type(b"Image/JPG; name=cat")
    'image/jpeg'
    """
    if content_type is None:
        return None
    name = _END_OF_TYPE.split(content_type, maxsplit=1)[0].strip().lower().decode("latin-1")
    return _ALIASES.get(name, name) if name in PROTECTED_TYPES else None
