"""Which media types are pictures that the guard protects."""

import re

from guardware.images.formats import FORMATS

_REGISTERED = {name: row.media_type for row in FORMATS if row.protected for name in row.media_types}

PROTECTED_TYPES: frozenset[str] = frozenset(_REGISTERED)
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
    return _REGISTERED.get(name)
