"""Times in all the ways that logs write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.replay.times import TimeReader

MOMENT = 1431857103.0  # 17 May 2015, 10:05:03 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17/May/2015:10:05:03 +0000", MOMENT),
        ("17/May/2015:12:05:03 +0200", MOMENT),
        ("17/May/2015:05:35:03 -0430", MOMENT),
        ("[17/May/2015:10:05:03 +0000]", MOMENT),
        ("2015-05-17T10:05:03+00:00", MOMENT),
        ("2015-05-17T10:05:03.500Z", MOMENT + 0.5),
        ("2015-05-17 10:05:03", MOMENT),
        ("1431857103.250", MOMENT + 0.25),
        (1431857103, MOMENT),
        (1431857103.25, MOMENT + 0.25),
        (1431857103000, MOMENT),  # milliseconds
        (1431857103000000, MOMENT),  # microseconds
        (1431857103000000000, MOMENT),  # nanoseconds
        ("17/Mai/2015:10:05:03 +0000", None),
        ("99/May/2015:10:05:03 +0000", None),
        ("17/May/2015:25:05:03 +0000", None),
        ("17/May/0015:10:05:03 +0000", None),
        ("yesterday", None),
        ("", None),
        ("9" * 65, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (-1, None),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_times(text: object, seconds: float | None) -> None:
    assert TimeReader().any(text) == seconds


def test_the_minute_is_remembered_and_the_second_counts() -> None:
    reader = TimeReader()
    times = [reader.common(b"17/May/2015:10:05", second, b"+0000") for second in (b"03", b"04", b"59")]
    assert times == [MOMENT, MOMENT + 1, MOMENT + 56]


@given(st.one_of(st.text(max_size=70), st.integers(), st.floats(), st.booleans(), st.none()))
def test_anything_is_a_time_or_none(value: object) -> None:
    seconds = TimeReader().any(value)
    assert seconds is None or 0 <= seconds < 32_503_680_000
