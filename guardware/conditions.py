"""What a request's conditions and its range mean: the fields of RFC 9110, sections 13.1 and 14.2, read."""

import re

from guardware.http import RawHeaders

_ENTITY_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
"""Section 8.8.3. The groups are the mark of a weak tag and the opaque tag."""

_RANGE = re.compile(rb"bytes=[ \t]*(\d{0,19})-(\d{0,19})[ \t]*", re.IGNORECASE)
"""One int-range or suffix-range (section 14.1.1), of up to 2^63 bytes. Lists of ranges do not match."""


def is_known(headers: RawHeaders, etag: bytes) -> bool:
    """Whether If-None-Match says that the visitor has what ``etag`` (strong, with its quotes) stands for."""
    known = field_values(headers, b"if-none-match")
    return bool(known) and _matches(known, etag, weak=True)


def is_wanted(headers: RawHeaders, etag: bytes) -> bool:
    """Whether If-Match, if there is any, allows an answer with what ``etag`` stands for."""
    wanted = field_values(headers, b"if-match")
    return not wanted or _matches(wanted, etag, weak=False)


def asked_range(headers: RawHeaders) -> tuple[int | None, int | None] | None:
    """The first and last byte that Range asks for, the last None if open; or None and how many at the end.

    None altogether if the field is absent or to be ignored: another unit, two lines, what breaks the grammar (a
    last byte before the first does, section 14.1.1), and lists of ranges, which no browser sends for pictures.
    """
    asked = field_values(headers, b"range")
    match = _RANGE.fullmatch(asked[0].strip(b" \t")) if len(asked) == 1 else None
    if match is None:
        return None
    first, last = (int(digits) if digits else None for digits in match.groups())
    if first is None:
        return None if last is None else (None, last)
    return None if last is not None and last < first else (first, last)


def field_values(headers: RawHeaders, name: bytes) -> list[bytes]:
    """The values of all lines named ``name`` (lower case)."""
    return [value for key, value in headers if key == name]


def _matches(values: list[bytes], etag: bytes, *, weak: bool) -> bool:
    """Whether ``*`` or a tag among ``values`` is ``etag``, by weak or strong comparison (section 8.8.3.2)."""
    if any(value.strip(b" \t") == b"*" for value in values):
        return True
    found = (match for value in values for match in _ENTITY_TAG.finditer(value))
    return any(match[2] == etag and (weak or not match[1]) for match in found)
