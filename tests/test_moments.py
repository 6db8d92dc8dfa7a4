"""Points in time as programs and as people read them."""

import pytest

from guardware.moments import iso, when


@pytest.mark.parametrize(
    ("time", "program", "people"),
    [
        (0, "1970-01-01T00:00:00Z", "1970-01-01 00:00"),
        (1_793_700_303.9, "2026-11-03T10:05:03Z", "2026-11-03 10:05"),
    ],
)
def test_both(time: float, program: str, people: str) -> None:
    assert (iso(time), when(program)) == (program, people)
