"""Conditional requests and ranges, by RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.http import Answer, RawHeaders, first_value
from guardware.images.ranges import answer_bytes

BODY = b"0123456789"
ETAG = b'"gw-abc"'


def answer(*headers: tuple[bytes, bytes], method: str = "GET", body: bytes = BODY) -> Answer:
    extra = [(b"cache-control", b"private"), (b"vary", b"accept")]
    return answer_bytes(body, "image/png", ETAG, list(headers), method=method, extra_headers=extra)


def test_an_ordinary_request_gets_everything() -> None:
    assert answer() == Answer(
        200,
        [
            (b"content-type", b"image/png"),
            (b"cache-control", b"private"),
            (b"vary", b"accept"),
            (b"etag", ETAG),
            (b"accept-ranges", b"bytes"),
        ],
        BODY,
    )


@pytest.mark.parametrize(
    ("asked", "part", "content_range"),
    [
        (b"bytes=0-0", b"0", b"bytes 0-0/10"),
        (b"bytes=0-4", b"01234", b"bytes 0-4/10"),
        (b"bytes=5-", b"56789", b"bytes 5-9/10"),
        (b"bytes=9-9", b"9", b"bytes 9-9/10"),
        (b"bytes=0-9", BODY, b"bytes 0-9/10"),
        (b"bytes=7-999", b"789", b"bytes 7-9/10"),
        (b"bytes=0-9999999999999999999", BODY, b"bytes 0-9/10"),
        (b"bytes=-3", b"789", b"bytes 7-9/10"),
        (b"bytes=-10", BODY, b"bytes 0-9/10"),
        (b"bytes=-999", BODY, b"bytes 0-9/10"),
        (b"BYTES=1-2", b"12", b"bytes 1-2/10"),
        (b"bytes= 1-2 ", b"12", b"bytes 1-2/10"),
    ],
)
def test_one_range_gets_its_part(asked: bytes, part: bytes, content_range: bytes) -> None:
    got = answer((b"range", asked))
    assert (got.status, got.body) == (206, part)
    assert first_value(got.headers, b"content-range") == content_range
    assert first_value(got.headers, b"etag") == ETAG
    assert first_value(got.headers, b"content-type") == b"image/png"
    assert first_value(got.headers, b"cache-control") == b"private"


@pytest.mark.parametrize("asked", [b"bytes=10-", b"bytes=10-20", b"bytes=9999999999-", b"bytes=-0"])
def test_a_range_that_cannot_be_satisfied(asked: bytes) -> None:
    got = answer((b"range", asked))
    assert (got.status, got.body) == (416, b"")
    assert first_value(got.headers, b"content-range") == b"bytes */10"
    assert first_value(got.headers, b"content-type") is None


@pytest.mark.parametrize("asked", [b"bytes=0-", b"bytes=-5"])
def test_nothing_of_an_empty_body_can_be_had(asked: bytes) -> None:
    assert answer((b"range", asked), body=b"").status == 416


@pytest.mark.parametrize(
    "asked",
    [
        b"bytes=0-1,3-4",
        b"bytes=0-1,",
        b"bytes=4-2",
        b"bytes=-",
        b"bytes=",
        b"bytes",
        b"bytes=a-b",
        b"bytes=0x1-2",
        b"bytes=--1",
        b"bytes=+1-2",
        b"bytes=1 - 2",
        b"bytes=\xb2-",
        b"items=0-4",
        b"bytes=0-" + b"9" * 5000,
        b"",
    ],
)
def test_several_or_malformed_ranges_get_everything(asked: bytes) -> None:
    got = answer((b"range", asked))
    assert (got.status, got.body) == (200, BODY)


def test_two_range_lines_get_everything() -> None:
    assert answer((b"range", b"bytes=0-1"), (b"range", b"bytes=0-1")).status == 200


def test_ranges_are_for_get_alone() -> None:
    assert answer((b"range", b"bytes=0-1"), method="HEAD").status == 200


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        (b"if-none-match", ETAG, 304),
        (b"if-none-match", b"W/" + ETAG, 304),
        (b"if-none-match", b'"x", W/"y,z" , ' + ETAG, 304),
        (b"if-none-match", b" * ", 304),
        (b"if-none-match", b'"gw-other"', 200),
        (b"if-none-match", b'"*"', 200),
        (b"if-none-match", b"gw-abc", 200),
        (b"if-none-match", b'"gw-abc', 200),
        (b"if-none-match", b"", 200),
        (b"if-match", ETAG, 200),
        (b"if-match", b"*", 200),
        (b"if-match", b'"x", ' + ETAG, 200),
        (b"if-match", b"W/" + ETAG, 412),
        (b"if-match", b'"the-original"', 412),
        (b"if-modified-since", b"Tue, 01 Jan 2030 00:00:00 GMT", 200),
        (b"if-unmodified-since", b"Tue, 01 Jan 2019 00:00:00 GMT", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(header: bytes, value: bytes, status: int, method: str) -> None:
    got = answer((header, value), method=method)
    assert (got.status, got.body) == (status, BODY if status == 200 else b"")


def test_a_304_says_what_the_200_would_but_the_type() -> None:
    assert answer((b"if-none-match", ETAG)).headers == answer().headers[1:]


def test_tags_may_come_on_several_lines() -> None:
    assert answer((b"if-none-match", b'"x"'), (b"if-none-match", ETAG)).status == 304


def test_a_304_goes_before_a_range_and_a_412_before_both() -> None:
    both = ((b"if-none-match", ETAG), (b"range", b"bytes=0-1"))
    assert answer(*both).status == 304
    assert answer(*both, (b"if-match", b'"the-original"')).status == 412


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        (ETAG, 206),
        (b"W/" + ETAG, 200),
        (b'"the-original"', 200),
        (b"Tue, 01 Jan 2030 00:00:00 GMT", 200),
        (b"", 200),
    ],
)
def test_if_range_holds_for_the_same_strong_tag_alone(validator: bytes, status: int) -> None:
    assert answer((b"range", b"bytes=0-1"), (b"if-range", validator)).status == status


def test_other_statuses_are_whole_and_unconditional() -> None:
    asked = [(b"range", b"bytes=0-1"), (b"if-none-match", ETAG), (b"if-match", b'"x"')]
    got = answer_bytes(BODY, "image/png", ETAG, asked, status=403)
    assert got == Answer(403, [(b"content-type", b"image/png"), (b"etag", ETAG)], BODY)


NAMES = st.sampled_from([b"range", b"if-range", b"if-match", b"if-none-match", b"x-other"])
VALUES = st.one_of(
    st.binary(max_size=40),
    st.from_regex(rb"bytes=\d{0,3}-\d{0,3}", fullmatch=True),
    st.sampled_from([ETAG, b"W/" + ETAG, b"*", b'"x", ' + ETAG]),
)


@given(st.binary(max_size=300), st.lists(st.tuples(NAMES, VALUES), max_size=6), st.sampled_from(["GET", "HEAD"]))
def test_whatever_is_asked_the_answer_is_consistent(body: bytes, headers: RawHeaders, method: str) -> None:
    status, got, part = answer_bytes(body, "image/png", ETAG, headers, method=method)
    assert status in {200, 206, 304, 412, 416}
    content_range = first_value(got, b"content-range")
    if status == 200:
        assert part == body
    elif status == 206:
        assert content_range is not None
        first, last, whole = map(int, content_range.removeprefix(b"bytes ").replace(b"/", b"-").split(b"-"))
        assert (part, whole) == (body[first : last + 1], len(body))
        assert 0 <= first <= last < whole
    else:
        assert part == b""
    assert (content_range is not None) == (status in {206, 416})


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_first_and_a_rest_make_the_whole(length: int, cut: int) -> None:
    body = bytes(range(256)) * 2
    body = body[: max(2, length)]
    cut = 1 + cut % (len(body) - 1)
    first = answer_bytes(body, "image/png", ETAG, [(b"range", b"bytes=0-%d" % (cut - 1))])
    rest = answer_bytes(body, "image/png", ETAG, [(b"range", b"bytes=%d-" % cut), (b"if-range", ETAG)])
    assert first.body + rest.body == body
