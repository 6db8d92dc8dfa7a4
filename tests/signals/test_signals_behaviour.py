"""Each deed: the record that yields it, and its nearest honest neighbour that does not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config.schema import Signals
from guardware.policy.score import group_weights
from guardware.signals import Conduct, SignalTable
from guardware.signals.behaviour import BEHAVIOUR, FAST, quiet
from guardware.store.protocol import COOKIE, ROBOTS, Record
from guardware.verdict import GROUPS, Group

PLAIN = Conduct(Record(), engine=True, disallowed=False, budget=300, pictures=1000, fast=FAST)


def found(record: Record, config: Signals | None = None, **around: Any) -> dict[str, float]:
    table = SignalTable(config or Signals())
    return {e.name: round(e.weight, 2) for e in table.of_deeds(PLAIN._replace(record=record, **around))}


@pytest.mark.parametrize(("run", "weight"), [(0, None), (2, None), (3, 1.0), (5, 3.0), (40, 5.0)])
def test_two_pictures_opened_in_tabs_are_free(run: int, weight: float | None) -> None:
    expected = {} if weight is None else {"navigated-pictures": weight}
    assert found(Record(navigated=run)) == expected


@pytest.mark.parametrize(
    ("asked", "budget", "weight"),
    [
        (60, 300, None),
        (120, 300, 0.86),
        (300, 300, 2.0),  # where the budget ends
        (1000, 300, 3.5),
        (9000, 300, 4.0),
        (300, 1500, None),  # who sets a higher budget means it
        (2, 0, 0.86),  # no budget at all
    ],
)
def test_many_pictures_by_the_budget(asked: int, budget: int, weight: float | None) -> None:
    yielded = found(Record(asked_hour=asked, pages=1000), budget=budget)
    assert yielded.get("many-pictures") == weight


@pytest.mark.parametrize(
    ("asked", "pages", "hit"),
    [
        (14, 0, False),
        (15, 0, True),
        (150, 1, False),
        (201, 1, True),
        (500, 4.0, False),
        (15, 0.6, False),  # a page opened three hours ago
    ],
)
def test_pictures_that_no_page_explains(asked: int, pages: float, hit: bool) -> None:
    assert ("pictures-without-pages" in found(Record(asked_hour=asked, pages=pages))) is hit


@pytest.mark.parametrize(
    ("asked", "pictures", "hit"), [(499, 1000, False), (500, 1000, True), (150, 150, False), (100, 0, False)]
)
def test_a_sweep_through_the_gallery(asked: int, pictures: int, hit: bool) -> None:
    """Who sees all of a small portfolio sweeps nothing."""
    assert ("gallery-sweep" in found(Record(asked_day=asked), pictures=pictures)) is hit


@pytest.mark.parametrize(("walk", "pages", "hit"), [(14, 0, False), (15, 0, True), (500, 1, False)])
def test_a_walk_along_the_numbers(walk: int, pages: float, hit: bool) -> None:
    """One page may show hundreds of pictures in order."""
    assert ("numbered-walk" in found(Record(walk=walk, pages=pages))) is hit


@pytest.mark.parametrize(
    ("cookies", "habits", "engine", "hit"),
    [(2, 0, True, False), (3, 0, True, True), (3, COOKIE, True, False), (3, 0, False, False)],
)
def test_cookies_that_never_come_back(cookies: int, habits: int, engine: bool, hit: bool) -> None:
    yielded = found(Record(cookies=cookies, habits=habits), engine=engine)
    assert ("cookies-never-returned" in yielded) is hit


@pytest.mark.parametrize(
    ("habits", "disallowed", "engine", "weight"),
    [
        (ROBOTS, False, True, 0.5),  # good manners
        (ROBOTS, True, True, 2.0),
        (ROBOTS, True, False, 2.0),
        (ROBOTS, False, False, None),
        (0, True, True, None),  # people know nothing of robots.txt
    ],
)
def test_robots_txt(habits: int, disallowed: bool, engine: bool, weight: float | None) -> None:
    yielded = found(Record(habits=habits), disallowed=disallowed, engine=engine)
    assert yielded.get("robots-read") == weight


@pytest.mark.parametrize(("errors", "hit"), [(10.0, False), (10.1, True)])
def test_probing(errors: float, hit: bool) -> None:
    assert ("many-errors" in found(Record(errors=errors))) is hit


@pytest.mark.parametrize(
    ("rate", "fast", "weight"),
    [(5.0, 5.0, None), (10, 5.0, 2.0), (99, 5.0, 3.0), (10, 20.0, None), (40, 20.0, 2.0)],
)
def test_a_rate_above_the_sites_own(rate: float, fast: float, weight: float | None) -> None:
    assert found(Record(rate=rate), fast=fast).get("high-rate") == weight


def test_the_owner_switches_off_and_weighs() -> None:
    record = Record(walk=99, errors=99)
    config = Signals(off=("many-errors",), weights={"numbered-walk": 0.5})
    assert found(record, config) == {"numbered-walk": 0.5}


@pytest.mark.parametrize(
    ("name", "owners", "record", "shipped"),
    [
        ("high-rate", 1.5, Record(rate=10), 2.0),  # of 3 at most
        ("high-rate", 1.5, Record(rate=99), 3.0),
        ("navigated-pictures", 1.0, Record(navigated=3), 1.0),  # of 5
        ("robots-read", 4.0, Record(habits=ROBOTS), 0.5),  # of 2
        ("many-pictures", 0.0, Record(asked_hour=300), 2.0),
    ],
)
def test_a_weight_that_grows_grows_up_to_the_owners(
    name: str, owners: float, record: Record, shipped: float
) -> None:
    most = next(deed.weight for deed in BEHAVIOUR if deed.name == name)
    assert found(record)[name] == pytest.approx(shipped)
    assert found(record, Signals(weights={name: owners}))[name] == pytest.approx(owners * shipped / most)


def test_deeds_alone_make_a_suspect_and_condemn_nobody() -> None:
    worst = Record(
        asked_hour=9999, asked_day=9999, navigated=99, walk=99, errors=99, rate=99, cookies=99, habits=ROBOTS
    )
    evidence = SignalTable(Signals()).of_deeds(PLAIN._replace(record=worst, disallowed=True))
    assert {e.name for e in evidence} == {deed.name for deed in BEHAVIOUR}
    assert group_weights(evidence)[GROUPS.index(Group.BEHAVIOUR)] == 6.0


@given(
    st.builds(
        Record,
        asked_hour=st.integers(0, 130),
        asked_day=st.integers(0, 130),
        navigated=st.integers(0, 4),
        walk=st.integers(0, 14),
        pages=st.floats(0, 3),
        cookies=st.integers(0, 4),
        errors=st.floats(0, 12),
        habits=st.integers(0, 15),
        rate=st.floats(0, 6),
        home_asked=st.integers(0, 40),
        home_pages=st.floats(0, 3),
        home_walk=st.integers(0, 14),
    )
)
def test_the_quiet_have_nothing_to_answer_for(record: Record) -> None:
    if quiet(record, FAST, PLAIN.budget):
        assert found(record) == {}
