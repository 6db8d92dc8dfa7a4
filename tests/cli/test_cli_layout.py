"""Tables that fit the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.cli.layout import table, terminal_width
from guardware.layout import PIPED


def test_what_is_too_wide_goes_on_below() -> None:
    rows = [("GPTBot", "training", "a company of a very long name"), ("x", "tool", "y")]
    assert list(table(rows, 34)) == [
        "GPTBot  training  a company of a",
        "                  very long name",
        "x       tool      y",
    ]


def test_numbers_stand_to_the_right() -> None:
    assert list(table([("+7.0", "a"), ("to +10.0", "b")], 80, rights=1)) == ["    +7.0  a", "to +10.0  b"]


@given(st.lists(st.tuples(*[st.text("ab -", max_size=60)] * 3), min_size=1), st.integers(60, 120))
def test_no_line_is_wider_and_nothing_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = list(table(rows, width))
    assert max(map(len, lines)) <= width
    for letter in "ab-":
        assert sum(line.count(letter) for line in lines) == sum(cell.count(letter) for row in rows for cell in row)


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("300", 300), ("20", 60)])
def test_the_width_is_the_terminals(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert terminal_width() == width


def test_where_there_is_no_terminal_it_is_a_fixed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.__stdout__", None)
    assert terminal_width() == PIPED
