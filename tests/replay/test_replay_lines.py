"""The log's clock."""

import pytest

from guardware.replay.lines import EXAMPLES, Clock, Lines


@pytest.mark.parametrize(
    ("times", "now", "back"),
    [
        ([100, 101, 101, 150], 150, 0),
        ([100, 70, 90], 100, 0),  # written when the request ends, with the time it began
        ([100, 30], 100, 1),
        ([10_000, 6_500], 10_000, 1),
        ([10_000, 6_000, 6_001], 6_001, 1),  # another clock: followed
    ],
)
def test_the_clock_follows_the_log(times: list[float], now: float, back: int) -> None:
    clock = Clock(times[0])
    assert sum(clock.follow(time) for time in times) == back
    assert (clock(), clock.latest) == (now, max(times))


def test_the_first_lines_that_cannot_be_read_are_kept() -> None:
    lines = Lines()
    for number in range(20):
        lines.not_read("a.log", number, b"\xff" * 10_000)
    lines.not_read("a.log", 20, None)
    assert (lines.unparsable, lines.too_long, len(lines.examples)) == (20, 1, EXAMPLES)
    assert lines.examples[0] == ("a.log", 0, "\ufffd" * 200)
