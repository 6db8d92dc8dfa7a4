"""The table: what is to be reached, whether it was, and its place in the documentation."""

from pathlib import Path

import pytest

from benchmarks.leak.clients import CLIENTS
from benchmarks.leak.counting import Count
from benchmarks.leak.errand import REPOSITORY, Kind
from benchmarks.leak.figures import Row, allowed, as_json, reached
from benchmarks.leak.table import BEGIN, END, paste, tables

BUDGET = 300


def figures(originals: int = 0, usable: int = 0, **others: int) -> Count:
    nought = Count(*(0,) * len(Count._fields))
    return nought._replace(requests=1000, asked=1000, originals=originals, usable=usable, **others)


PERFECT = figures(125, shown=125, shown_whole=125)


@pytest.mark.parametrize(
    ("kind", "count", "good"),
    [
        (Kind.PLAIN, figures(0), True),
        (Kind.PLAIN, figures(1), False),
        (Kind.PLAIN, figures(0, usable=1), False),
        (Kind.POSING, figures(20), True),
        (Kind.POSING, figures(20, usable=1), False),
        (Kind.WALKER, figures(300), True),
        (Kind.WALKER, figures(301), False),
        (Kind.POOL, figures(1000), True),
        (Kind.PERSON, PERFECT, True),
        (Kind.PERSON, PERFECT._replace(denials=1), False),
        (Kind.PERSON, PERFECT._replace(shown_whole=124), False),
        (Kind.PERSON, PERFECT._replace(shown=0, shown_whole=0), False),
        # Who asked for nothing proves nothing; who was refused the very page, does.
        (Kind.PLAIN, figures(0)._replace(asked=0), False),
        (Kind.PLAIN, figures(0)._replace(asked=0, denials=1), True),
    ],
)
def test_what_is_reached(kind: Kind, count: Count, good: bool) -> None:
    assert reached(Row("x", kind, count), BUDGET) is good


def test_a_walk_over_the_full_hour_has_two_budgets() -> None:
    assert reached(Row("x", Kind.WALKER, figures(450), hours=2), BUDGET)
    assert allowed(Kind.WALKER, BUDGET, 2) == 600


@pytest.mark.parametrize(
    "row", [Row("x", Kind.POOL, None, "not here: x"), Row("x", Kind.POOL, figures(), "it fell")]
)
def test_a_client_that_did_not_run_has_reached_nothing(row: Row) -> None:
    assert not reached(row, BUDGET)


ROWS = (
    Row("curl", Kind.PLAIN, figures(0, protected=990, refused=10, first_protected=1)),
    Row("careful", Kind.POSING, figures(300, protected=700, first_protected=301)),
    Row("httrack", Kind.PLAIN, None, "not here: httrack"),
    Row("firefox", Kind.PERSON, PERFECT),
)


def test_the_table_names_every_client_and_what_is_wrong() -> None:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in tables(ROWS, BUDGET).splitlines()]
    assert ["curl", "1000", "0", "0", "990", "10", "0", "1", "0", "ok"] in cells
    assert ["careful", "1000", "300", "0", "700", "0", "0", "301", "20", "MISSED"] in cells
    assert ["httrack", *[""] * 8, "not here"] in cells
    assert ["firefox", "1000", "125", "125", "100.0 %", "0", "ok"] in cells
    assert tables(ROWS, BUDGET).endswith("\n- httrack: not here: httrack")


@pytest.mark.parametrize(("row", "state"), list(zip(ROWS, ("ok", "missed", "not here", "ok"), strict=True)))
def test_as_json(row: Row, state: str) -> None:
    written = as_json(row, BUDGET)
    assert (written["client"], written["state"]) == (row.name, state)
    assert (written["figures"] is None) is (row.figures is None)


def test_figures_are_pasted_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "leak.md"
    page.write_text(f"# Leaks\n\n{BEGIN}\nold\n{END}\n\nMore.\n")
    for _ in range(2):
        paste(page, "| new |")
    assert page.read_text() == f"# Leaks\n\n{BEGIN}\n\n| new |\n\n{END}\n\nMore.\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{BEGIN}{END}", f"{BEGIN}{END}{END}"])
def test_a_page_without_the_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "leak.md"
    page.write_text(text)
    with pytest.raises(ValueError, match=r"leak\.md: needs"):
        paste(page, "new")
    assert page.read_text() == text


def test_the_documentation_has_a_place_for_the_figures_and_names_every_client() -> None:
    page = (REPOSITORY / "docs" / "leak.md").read_text()
    assert (page.count(BEGIN), page.count(END)) == (1, 1)
    families = page.partition("## Who is who")[2]
    plain = [client.name for client in CLIENTS if client.kind is not Kind.PERSON]
    assert [name for name in plain if f"`{name}`" not in families] == []


def test_the_clients_have_names_of_their_own_and_every_kind_is_there() -> None:
    assert len({client.name for client in CLIENTS}) == len(CLIENTS)
    assert {client.kind for client in CLIENTS} == set(Kind)
    assert all(client.needs for client in CLIENTS)
