"""Answers with bytes that are whole in memory: conditional requests and ranges (RFC 9110, sections 13 and 14)."""

from collections.abc import Iterable
from enum import Enum
from typing import Final

from guardware.conditions import asked_range, field_values, is_known, is_wanted
from guardware.http import Answer, RawHeaders

_ACCEPTS: Final = (b"accept-ranges", b"bytes")


class _Part(Enum):
    WHOLE = 1
    NONE = 2


_Span = tuple[int, int] | _Part
"""First and last byte, or all, or none because the range cannot be satisfied."""


def answer_bytes(
    body: bytes,
    content_type: str,
    etag: bytes,
    request_headers: RawHeaders,
    *,
    method: str = "GET",
    status: int = 200,
    extra_headers: Iterable[tuple[bytes, bytes]] = (),
) -> Answer:
    """The answer with ``body``, or with the part, the 304, 412 or 416 that the request's headers call for.

    ``etag`` is a strong entity tag with its quotes. ``extra_headers`` go on every answer; they name neither
    content-type, content-length nor etag. Several ranges, and what cannot be read, get the whole body.
    With another ``status`` than 200 the request's conditions do not apply (sections 13.2.1 and 14.2).
    """
    kept = [*extra_headers, (b"etag", etag)]
    typed = [(b"content-type", content_type.encode("latin-1")), *kept]
    if status != 200:
        return Answer(status, typed, body)
    kept.append(_ACCEPTS)
    typed.append(_ACCEPTS)
    if (refused := _precondition(request_headers, etag)) is not None:
        return Answer(refused, kept, b"")
    span = _span(request_headers, etag, len(body)) if method == "GET" else _Part.WHOLE
    if span is _Part.WHOLE:
        return Answer(200, typed, body)
    if span is _Part.NONE:
        return Answer(416, [*kept, (b"content-range", b"bytes */%d" % len(body))], b"")
    first, last = span
    return Answer(
        206, [*typed, (b"content-range", b"bytes %d-%d/%d" % (first, last, len(body)))], body[first : last + 1]
    )


def _precondition(headers: RawHeaders, etag: bytes) -> int | None:
    """The status that ends the matter, in the order of section 13.2.2, or None.

    The fields with dates are passed over: there is no Last-Modified to compare them with.
    """
    if not is_wanted(headers, etag):
        return 412
    return 304 if is_known(headers, etag) else None


def _span(headers: RawHeaders, etag: bytes, length: int) -> _Span:
    """What the Range field asks of a body of ``length`` bytes."""
    asked = asked_range(headers)
    if asked is None or not _if_range_holds(headers, etag):
        return _Part.WHOLE
    first, last = asked
    if first is None:
        return _suffix(last or 0, length)
    return (first, min(length - 1 if last is None else last, length - 1)) if first < length else _Part.NONE


def _suffix(wanted: int, length: int) -> _Span:
    return (max(0, length - wanted), length - 1) if wanted and length else _Part.NONE


def _if_range_holds(headers: RawHeaders, etag: bytes) -> bool:
    """Section 13.1.5: no such field, or our tag by strong comparison. A date never holds: we give none."""
    values = field_values(headers, b"if-range")
    return not values or values == [etag]
