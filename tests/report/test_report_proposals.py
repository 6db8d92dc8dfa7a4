"""Which thresholds are proposed for made-up weeks with known answers."""

from typing import Any

import pytest
from summaries_made_up import MONDAY, an_hour

from guardware.config import Config, from_mapping
from guardware.report.proposals import Proposal, propose, surely
from guardware.report.totals import add_up

MANY = {10: 5000}
"""Hours of people-like clients: enough to go below the shipped values, but for deny."""


def proposals(config: Config | None = None, **week: Any) -> dict[str, Proposal]:
    totals = add_up([an_hour(**week)], 7, MONDAY + 3600)
    assert totals is not None
    return {p.key.partition(".")[2]: p for p in propose(totals, config or Config())}


def test_people_at_two_and_a_quarter_have_protect_raised_to_two_and_a_half() -> None:
    found = proposals(people={0.0: 9_800, 2.25: 200}, asked=MANY)["protect"]
    assert (found.proposed, found.people, found.touched_now, found.touched) == (2.5, 10_000, 200, 0)
    assert found.why == "2 touches 2.00% of them"


@pytest.mark.parametrize(
    ("people", "protect", "suspect"),
    [
        ({0.0: 10_000}, 2.0, 4.0),
        ({0.0: 9_950, 2.25: 50}, 2.0, 4.0),  # half a per cent: as many as may be
        ({0.0: 9_949, 2.25: 51}, 2.5, 4.0),
        ({0.0: 9_000, 1.5: 1000}, 2.0, 4.0),
        ({0.0: 9_990, 4.5: 10}, 2.0, 4.0),
        ({0.0: 9_989, 4.5: 11}, 2.0, 4.75),
        ({0.0: 9_900, 3.0: 60, 5.0: 40}, 3.25, 5.25),
        ({0.0: 9_000, 13.9: 1_000}, 13.75, 13.75),  # the last bin: nothing more can be done
    ],
)
def test_the_least_that_spares_people(people: dict[float, int], protect: float, suspect: float) -> None:
    found = proposals(people=people, asked=MANY)
    assert (found["protect"].proposed, found["suspect"].proposed) == (protect, suspect)


def test_lower_only_where_it_catches_others_and_no_lower_than_that_takes() -> None:
    clean = {0.0: 10_000}
    assert proposals(people=clean, asked=MANY)["protect"].why == "fits; nothing lower catches others"
    found = proposals(people=clean, asked=MANY, others={0.0: 500, 1.5: 300, 5.0: 100})["protect"]
    assert (found.proposed, found.others_now, found.others_touched) == (1.5, 100, 400)


@pytest.mark.parametrize(("hours", "proposed"), [(597, 2.0), (598, 1.5)])
def test_lower_takes_so_many_hours_of_clients_and_not_visits(hours: int, proposed: float) -> None:
    """(1 - 0.005)^598 < 0.05: then one chance in twenty is left that more than half a per cent are touched."""
    found = proposals(people={0.0: 100_000}, others={1.5: 300}, asked={10: hours})["protect"]
    assert found.proposed == proposed


def test_people_below_stop_the_descent() -> None:
    week: dict[str, Any] = {"others": {0.5: 300, 1.5: 300}, "asked": MANY}
    assert proposals(people={0.0: 9_900, 0.75: 100}, **week)["protect"].proposed == 1.5
    assert proposals(people={0.0: 9_900, 1.75: 100}, **week)["protect"].proposed == 2.0


def test_too_few_to_say() -> None:
    found = proposals(people={0.0: 500, 2.25: 499}, asked={10: 999})
    assert [(p.proposed, p.why) for p in found.values()] == [
        (2.0, "too few to say"),
        (4.0, "too few to say"),
        (6.86, "too few to say"),
        (300, "too few to say"),
    ]


def test_deny_looks_at_pages_too_and_only_at_who_was_refused() -> None:
    week: dict[str, Any] = {"people": {0.0: 10_000}, "asked": MANY}
    assert proposals(pages={0.0: 9_990, 8.0: 10}, **week)["deny"].proposed == 6.86, "one kind of evidence alone"
    assert proposals(pages={0.0: 9_990}, denied={8.0: 10}, **week)["deny"].proposed == 8.25
    assert proposals(pages={0.0: 9_999}, denied={6.9: 1}, **week)["deny"].proposed == 6.86, "one in 20 000"


def test_a_stricter_owner_keeps_his_threshold_as_long_as_it_spares_people() -> None:
    strict = from_mapping({"thresholds": {"protect": 1.0, "suspect": 3.0}})
    assert proposals(strict, people={0.0: 10_000}, asked={10: 10})["protect"].proposed == 1.0
    assert proposals(strict, people={0.0: 9_000, 1.5: 1000}, asked=MANY)["protect"].proposed == 2.0


def test_a_laxer_owner_is_shown_the_shipped_one() -> None:
    lax = from_mapping({"thresholds": {"protect": 3.5, "suspect": 5.0}})
    found = proposals(lax, people={0.0: 10_000}, others={3.0: 5}, asked=MANY)
    assert (found["protect"].now, found["protect"].proposed, found["protect"].others_touched) == (3.5, 2.0, 5)


def test_no_threshold_is_below_the_one_before() -> None:
    week: dict[str, Any] = {"people": {0.0: 9_800, 5.0: 200}, "asked": MANY}
    found = proposals(**week)
    assert found["protect"].proposed == found["suspect"].proposed == 5.25
    config = from_mapping({"thresholds": {"deny": 4.0}})
    found = proposals(config, people={0.0: 9_800, 5.0: 200}, asked=MANY)
    assert found["deny"].proposed >= found["suspect"].proposed


@pytest.mark.parametrize(
    ("asked", "others", "budget"),
    [
        ({20: 9_990, 400: 10}, {}, 300),  # one in a thousand may have more
        ({20: 9_989, 400: 11}, {}, 400),
        ({20: 9_000, 500: 991, 2000: 9}, {}, 500),
        ({20: 10_000}, {250: 7}, 200),
        ({20: 10_000}, {200: 7}, 150),
        ({20: 10_000}, {}, 300),
        ({20: 2_000}, {250: 7}, 300),  # too few to go lower
        ({20: 9_000, 100_000: 1_000}, {}, 100_000),
    ],
)
def test_the_hourly_budget(asked: dict[float, int], others: dict[float, int], budget: int) -> None:
    assert proposals(people={0.0: 10_000}, asked=asked, asked_by_others=others)["per_hour"].proposed == budget


@pytest.mark.parametrize(
    ("seen", "witnesses", "share", "sure"),
    [
        (0.0, 598, 0.005, True),
        (0.0, 597, 0.005, False),
        (0.0, 29_955, 0.0001, False),
        (0.0, 29_956, 0.0001, True),
        (0.004, 598, 0.005, False),
        (0.004, 50_000, 0.005, True),
        (0.005, 10**9, 0.005, False),
        (0.5, 10**9, 0.005, False),
        (0.0, 0, 0.005, False),
    ],
)
def test_when_a_share_is_sure(seen: float, witnesses: int, share: float, sure: bool) -> None:
    assert surely(seen, witnesses, share) is sure
