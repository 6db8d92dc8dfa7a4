"""What tables and reports in a terminal are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.layout import aligned, bar_of, column_widths, cut, in_parts, line_width, underlined, wrap_whole

CELLS = st.text("ab -é", max_size=30)


def test_names_stand_to_the_left_and_numbers_to_the_right() -> None:
    lines = [["", "visits", "verdict"], ["GPTBot", "1,024", "deny"], ["CCBot", "7", ""]]
    widths = column_widths(lines)
    assert widths == [6, 6, 7]
    assert [aligned(line, widths, (0, 2)) for line in lines] == [
        "        visits  verdict",
        "GPTBot   1,024  deny",
        "CCBot        7",
    ]


def test_names_are_cut_and_numbers_are_not() -> None:
    assert aligned(["meta-externalagent", "123,456"], [8, 3], (0,)) == "meta-ex…  123,456"


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1), st.sets(st.integers(0, 2)))
def test_a_line_is_as_wide_as_its_columns_at_most(lines: list[tuple[str, str, str]], lefts: set[int]) -> None:
    widths = column_widths(lines)
    assert all(len(aligned(line, widths, lefts)) <= line_width(widths) for line in lines)


@pytest.mark.parametrize(
    ("words", "width", "left"),
    [("GPTBot", 6, "GPTBot"), ("GPTBot", 5, "GPTB…"), ("GPTBot", 1, "…"), ("", 1, "")],
)
def test_what_is_cut_says_so(words: str, width: int, left: str) -> None:
    assert cut(words, width) == left


@pytest.mark.parametrize(
    ("count", "most", "bar"), [(0, 0, ""), (0, 9, ""), (1, 1000, "#"), (5, 10, "#####"), (10, 10, "##########")]
)
def test_a_bar_shows_even_one(count: int, most: int, bar: str) -> None:
    assert bar_of(count, most, 10) == bar


def test_parts_without_lines_are_left_out() -> None:
    assert (
        in_parts([[*underlined("Networks"), "none"], [], ["The end."]]) == "Networks\n--------\nnone\n\nThe end."
    )


def test_names_with_hyphens_stay_whole() -> None:
    assert wrap_whole("sent no accept-language", 16) == ["sent no", "accept-language"]
