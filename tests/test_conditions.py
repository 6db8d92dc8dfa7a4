"""What a request's conditions and its range mean; truth tables from RFC 9110."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.conditions import asked_range, field_values, is_known, is_wanted

TAG = b'"gw-abc"'


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        ([], False),
        ([TAG], True),
        ([b"W/" + TAG], True),
        ([b'"x", W/"y,z" , ' + TAG], True),
        ([b'"x"', TAG], True),
        ([b" * "], True),
        ([b'"*"'], False),
        ([b"gw-abc"], False),
        ([b'"gw-abc'], False),
        ([b'"x"'], False),
        ([b""], False),
        ([b'"' * 50_000], False),
        ([b"W/" * 50_000], False),
    ],
)
def test_what_the_visitor_has(lines: list[bytes], known: bool) -> None:
    assert is_known([(b"if-none-match", line) for line in lines], TAG) is known


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([], True),
        ([TAG], True),
        ([b"*"], True),
        ([b'"x", ' + TAG], True),
        ([b"W/" + TAG], False),
        ([b'"x"'], False),
    ],
)
def test_what_the_visitor_insists_on(lines: list[bytes], wanted: bool) -> None:
    assert is_wanted([(b"if-match", line) for line in lines], TAG) is wanted


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([], None),
        ([b"bytes=0-4"], (0, 4)),
        ([b"BYTES= 7-7 "], (7, 7)),
        ([b"bytes=5-"], (5, None)),
        ([b"bytes=-3"], (None, 3)),
        ([b"bytes=-0"], (None, 0)),
        ([b"bytes=-"], None),
        ([b"bytes=5-2"], None),
        ([b"bytes=abc"], None),
        ([b"foo=0-1"], None),
        ([b"bytes=0-1,3-4"], None),
        ([b"bytes=0-1", b"bytes=0-1"], None),
        ([b"bytes=0-" + b"9" * 5000], None),
    ],
)
def test_the_range_that_is_asked_for(lines: list[bytes], asked: tuple[int | None, int | None] | None) -> None:
    assert asked_range([(b"range", line) for line in lines]) == asked


@given(st.lists(st.tuples(st.sampled_from([b"range", b"if-match", b"if-none-match"]), st.binary(max_size=40))))
def test_never_raises(headers: list[tuple[bytes, bytes]]) -> None:
    assert is_wanted(headers, TAG) or field_values(headers, b"if-match")
    assert not is_known(headers, TAG) or field_values(headers, b"if-none-match")
    first, last = asked_range(headers) or (0, 0)
    assert first is None or last is None or first <= last
