"""How often a sealed path opens."""

import pytest

from guardware.forward_auth.uses import Uses
from guardware.http import RawHeaders

PART: RawHeaders = [(b"range", b"bytes=0-9")]


@pytest.mark.parametrize(
    ("method", "headers", "times"),
    [("GET", [], 3), ("GET", PART, 24), ("HEAD", [], 24), ("HEAD", PART, 24), ("POST", [], 1), ("PUT", PART, 1)],
)
def test_opens_a_few_times(method: str, headers: RawHeaders, times: int) -> None:
    uses = Uses()
    assert [uses.take(b"one", method, headers) for _ in range(times + 2)] == [True] * times + [False] * 2
    assert uses.take(b"two", method, headers) is True


def test_parts_and_wholes_count_together() -> None:
    uses = Uses()
    assert all(uses.take(b"one", "GET", PART) for _ in range(10))
    assert uses.take(b"one", "GET", []) is True
    assert uses.take(b"one", "GET", []) is False
    assert uses.take(b"one", "HEAD", []) is True


def test_what_was_refused_takes_nothing() -> None:
    uses = Uses()
    assert [uses.take(b"one", method, []) for method in ("GET", "POST", "GET", "GET")] == [True, False, True, True]


def test_remembers_a_bounded_number() -> None:
    uses = Uses()
    for number in range(20_000):
        uses.take(b"%d" % number, "GET", [])
    assert len(uses._used) <= 2 * 4096
    assert uses.take(b"19999", "POST", []) is False
