"""Conditions and ranges of files: what goes in, what comes out."""

import os
from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.http import RawHeaders
from guardware.proxy.files.opening import Root
from guardware.proxy.files.reply import Reply, Request, precondition, reply_with

BODY = bytes(range(100))
CHANGED = 1_700_000_000
DATED = formatdate(CHANGED, usegmt=True).encode()
BEFORE, AFTER = (formatdate(CHANGED + shift, usegmt=True).encode() for shift in (-1, 1))
TAG = b'"%x-64"' % (CHANGED * 10**9)


def reply(tmp_path: Path, headers: RawHeaders, method: str = "GET", now: float = CHANGED + 60.0) -> Reply:
    """The reply with a file of 100 bytes."""
    (tmp_path / "a.jpg").write_bytes(BODY)
    os.utime(tmp_path / "a.jpg", (CHANGED, CHANGED))
    found = Root(str(tmp_path)).find("a.jpg")
    assert found is not None
    made = reply_with(found, "image/jpeg", Request(method, headers), extra=[], now=now)
    if made.found is not None:
        made.found.close()
    else:
        assert found.file is not None
        assert found.file.closed, "a reply without a body leaves nothing open"
    return made


def body(made: Reply) -> bytes:
    return BODY[made.start : made.start + made.length] if made.found is not None else b""


def value(made: Reply, name: bytes) -> bytes | None:
    values = [value for key, value in made.headers if key == name]
    assert len(values) < 2
    return values[0] if values else None


def test_the_whole_file(tmp_path: Path) -> None:
    made = reply(tmp_path, [])
    assert (made.status, body(made)) == (200, BODY)
    assert dict(made.headers) == {
        b"content-type": b"image/jpeg",
        b"content-length": b"100",
        b"last-modified": DATED,
        b"accept-ranges": b"bytes",
        b"etag": TAG,
        b"x-content-type-options": b"nosniff",
    }


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # RFC 9110, section 13.2.2, in its order.
        ([(b"if-match", TAG)], None),
        ([(b"if-match", b"*")], None),
        ([(b"if-match", b'"x", ' + TAG)], None),
        ([(b"if-match", b'"x"'), (b"if-match", TAG)], None),
        ([(b"if-match", b'"x"')], 412),
        ([(b"if-match", b"W/" + TAG)], 412),
        ([(b"if-match", b"")], 412),
        ([(b"if-unmodified-since", DATED)], None),
        ([(b"if-unmodified-since", AFTER)], None),
        ([(b"if-unmodified-since", BEFORE)], 412),
        ([(b"if-unmodified-since", b"yesterday")], None),
        ([(b"if-match", TAG), (b"if-unmodified-since", BEFORE)], None),
        ([(b"if-none-match", TAG)], 304),
        ([(b"if-none-match", b"W/" + TAG)], 304),
        ([(b"if-none-match", b"*")], 304),
        ([(b"if-none-match", b' "x" , W/"y",' + TAG)], 304),
        ([(b"if-none-match", b'"x"'), (b"if-none-match", TAG)], 304),
        ([(b"if-none-match", b'"x"')], None),
        ([(b"if-none-match", TAG.strip(b'"'))], None),
        ([(b"if-modified-since", DATED)], 304),
        ([(b"if-modified-since", AFTER)], 304),
        ([(b"if-modified-since", BEFORE)], None),
        ([(b"if-modified-since", b"Tuesday, 14-Nov-23 22:13:20 GMT")], 304),
        ([(b"if-modified-since", b"Tue Nov 14 22:13:20 2023")], 304),
        ([(b"if-modified-since", b"Tue Nov 14 22:13:19 2023")], None),
        ([(b"if-modified-since", b"1700000000")], None),
        ([(b"if-modified-since", b"")], None),
        ([(b"if-modified-since", b"\xff\xfe")], None),
        ([(b"if-modified-since", DATED), (b"if-modified-since", DATED)], None),
        ([(b"if-modified-since", b"Tue, 14 Nov 99999999999999 22:13:20 GMT")], None),
        ([(b"if-modified-since", b"Tue, 99 Nov 2023 99:99:99 GMT" + b" " * 100)], None),
        ([(b"if-none-match", b'"x"'), (b"if-modified-since", AFTER)], None),
        ([(b"if-match", b'"x"'), (b"if-none-match", TAG)], 412),
        ([(b"if-match", TAG), (b"if-none-match", TAG)], 304),
        ([(b"if-unmodified-since", BEFORE), (b"if-modified-since", DATED)], 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(tmp_path: Path, headers: RawHeaders, status: int | None, method: str) -> None:
    assert precondition(Request(method, headers), TAG, CHANGED) == status
    made = reply(tmp_path, headers, method)
    assert (made.status, value(made, b"etag")) == (status or 200, TAG)
    assert value(made, b"content-length") == {304: None, 412: b"0", None: b"100"}[status]


@pytest.mark.parametrize(
    ("asked", "status", "span", "content_range"),
    [
        (b"bytes=0-9", 206, BODY[:10], b"bytes 0-9/100"),
        (b"bytes=90-", 206, BODY[90:], b"bytes 90-99/100"),
        (b"bytes=-10", 206, BODY[90:], b"bytes 90-99/100"),
        (b"bytes=-1000", 206, BODY, b"bytes 0-99/100"),
        (b"bytes=99-99", 206, BODY[99:], b"bytes 99-99/100"),
        (b"bytes=0-1000", 206, BODY, b"bytes 0-99/100"),
        (b"BYTES=0-0", 206, BODY[:1], b"bytes 0-0/100"),
        (b"bytes=100-", 416, b"", b"bytes */100"),
        (b"bytes=-0", 416, b"", b"bytes */100"),
        (b"bytes=0-1,5-6", 200, BODY, None),
        (b"bytes=0-0,-1", 200, BODY, None),
        (b"bytes=9-1", 200, BODY, None),
        (b"lines=0-9", 200, BODY, None),
        (b"bytes=x", 200, BODY, None),
        (b"bytes=" + b"0-1," * 5000, 200, BODY, None),
    ],
)
def test_ranges(tmp_path: Path, asked: bytes, status: int, span: bytes, content_range: bytes | None) -> None:
    made = reply(tmp_path, [(b"range", asked)])
    assert (made.status, body(made), value(made, b"content-range")) == (status, span, content_range)
    assert value(made, b"content-length") == b"%d" % len(span)
    head = reply(tmp_path, [(b"range", asked)], "HEAD")
    assert (head.status, head.found, value(head, b"content-length")) == (200, None, b"100"), "ranges are for GET"


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (TAG, 206),
        (b"W/" + TAG, 200),
        (b'"x"', 200),
        (b"*", 200),
        (DATED, 206),
        (BEFORE, 200),
        (AFTER, 200),
        (b"", 200),
    ],
)
def test_a_range_on_condition(tmp_path: Path, condition: bytes, status: int) -> None:
    assert reply(tmp_path, [(b"range", b"bytes=0-9"), (b"if-range", condition)]).status == status


def test_a_date_that_another_change_may_bear_too_is_no_condition_for_a_range(tmp_path: Path) -> None:
    headers = [(b"range", b"bytes=0-9"), (b"if-range", DATED)]
    assert reply(tmp_path, headers, now=CHANGED + 1.0).status == 200
    assert reply(tmp_path, headers, now=CHANGED + 3.0).status == 206


@pytest.mark.parametrize(
    ("condition", "status"), [((b"if-none-match", TAG), 304), ((b"if-match", b'"x"'), 412), ((b"x", b"x"), 206)]
)
def test_conditions_come_before_ranges(tmp_path: Path, condition: tuple[bytes, bytes], status: int) -> None:
    assert reply(tmp_path, [(b"range", b"bytes=0-9"), condition]).status == status


def test_a_file_before_1970(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x")
    os.utime(tmp_path / "a.txt", (-1000, -1000))
    found = Root(str(tmp_path)).find("a.txt")
    assert found is not None
    made = reply_with(found, "text/plain", Request("HEAD", []), extra=[])
    assert value(made, b"last-modified") == b"Wed, 31 Dec 1969 23:43:20 GMT"


@given(st.binary(max_size=60), st.sampled_from([b"if-modified-since", b"if-unmodified-since", b"if-range"]))
def test_any_date_gets_an_answer(text: bytes, name: bytes) -> None:
    assert precondition(Request("GET", [(name, text)]), TAG, CHANGED) in (None, 304, 412)
