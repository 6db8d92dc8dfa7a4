"""Reply: what a request for a file is answered with: status, headers, and which of the file's bytes.

Conditions and ranges are those of RFC 9110, sections 13 and 14; lists of ranges get the whole file.
"""

import time
from email.utils import formatdate, mktime_tz, parsedate_tz
from typing import NamedTuple

from guardware.conditions import asked_range, field_values, is_known, is_wanted
from guardware.http import RawHeaders
from guardware.proxy.files.opening import Found

_SETTLED = 2.0
"""Seconds after a change in which another one may bear the same date (HTTP's have seconds; FAT's have two)."""

_LONGEST_DATE = 64
"""Bytes; the longest of the three forms that a date can have takes 33 (RFC 9110, section 5.6.7)."""

_NOSNIFF = (b"x-content-type-options", b"nosniff")


class Request(NamedTuple):
    """What of a request matters for a file. ``headers``: names in lower case."""

    method: str
    headers: RawHeaders


class Reply(NamedTuple):
    """``found``: the open file of which ``length`` bytes from ``start`` on are the body; None if it has none."""

    status: int
    headers: RawHeaders
    found: Found | None = None
    start: int = 0
    length: int = 0


def reply_with(
    found: Found,
    kind: str,
    request: Request,
    *,
    extra: RawHeaders,
    coding: bytes = b"",
    now: float | None = None,
) -> Reply:
    """The reply with the file ``found`` of media type ``kind``, coded by ``coding``.

    The file is closed if the reply has no body. ``extra``: Cache-Control and Vary. ``now``: seconds of the clock.
    """
    size, changed = found.status.st_size, int(found.status.st_mtime)
    tag = b'"%x-%x%s"' % (found.status.st_mtime_ns, size, b"-" + coding if coding else b"")
    dated = formatdate(changed, usegmt=True).encode()
    kept = [(b"etag", tag), *extra, _NOSNIFF]
    if (ended := precondition(request, tag, changed)) is not None:
        found.close()
        return Reply(ended, kept if ended == 304 else [*kept, (b"content-length", b"0")])
    typed = [(b"content-type", kind.encode("latin-1")), (b"last-modified", dated), (b"accept-ranges", b"bytes")]
    typed += kept
    if coding:
        typed.append((b"content-encoding", coding))
    settled = found.status.st_mtime + _SETTLED < (time.time() if now is None else now)
    status, start, length = 200, 0, size
    if request.method == "GET" and _if_range_holds(request.headers, tag, dated if settled else b""):
        asked = asked_range(request.headers)
        if asked is not None:
            span = _span(asked, size)
            if span is None:
                found.close()
                return Reply(416, [*kept, (b"content-range", b"bytes */%d" % size), (b"content-length", b"0")])
            status, (start, length) = 206, span
            typed.append((b"content-range", b"bytes %d-%d/%d" % (start, start + length - 1, size)))
    return _whole(Reply(status, typed, found, start, length), request)


def missing_with(found: Found, kind: str, request: Request) -> Reply:
    """The 404 whose body is the file ``found``: neither conditions nor ranges apply to it (section 13.2.1)."""
    headers = [(b"content-type", kind.encode("latin-1")), (b"cache-control", b"no-store"), _NOSNIFF]
    return _whole(Reply(404, headers, found, 0, found.status.st_size), request)


def precondition(request: Request, tag: bytes, changed: int) -> int | None:
    """The status that ends the matter, in the order of section 13.2.2, or None.

    ``tag``: the strong entity tag. ``changed``: seconds since the epoch.
    """
    headers = request.headers
    if field_values(headers, b"if-match"):
        if not is_wanted(headers, tag):
            return 412
    elif (since := _date(headers, b"if-unmodified-since")) is not None and changed > since:
        return 412
    if field_values(headers, b"if-none-match"):
        return 304 if is_known(headers, tag) else None
    since = _date(headers, b"if-modified-since")
    return 304 if since is not None and changed <= since else None


def _whole(reply: Reply, request: Request) -> Reply:
    """The reply with its length; without its body for HEAD, or if there are no bytes."""
    headers = [*reply.headers, (b"content-length", b"%d" % reply.length)]
    if reply.found is not None and (request.method == "HEAD" or not reply.length):
        reply.found.close()
        return Reply(reply.status, headers)
    return reply._replace(headers=headers)


def _span(asked: tuple[int | None, int | None], size: int) -> tuple[int, int] | None:
    """Where the bytes ``asked`` for begin, and how many they are; None if there are none."""
    first, last = asked
    if first is None:
        length = min(last or 0, size)
        return (size - length, length) if length else None
    return (first, min(size if last is None else last + 1, size) - first) if first < size else None


def _if_range_holds(headers: RawHeaders, tag: bytes, dated: bytes) -> bool:
    """Section 13.1.5: no such field, or the very tag, or the very date where it tells two versions apart."""
    values = field_values(headers, b"if-range")
    return not values or values == [tag] or (bool(dated) and values == [dated])


def _date(headers: RawHeaders, name: bytes) -> int | None:
    """The one date of the field ``name``, in seconds; None if there is none, or it is to be ignored."""
    values = field_values(headers, name)
    if len(values) != 1 or len(values[0]) > _LONGEST_DATE:
        return None
    parsed = parsedate_tz(values[0].decode("latin-1"))
    try:
        return None if parsed is None else int(mktime_tz(parsed))
    except (ValueError, OverflowError):
        return None
