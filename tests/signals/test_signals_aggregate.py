"""What a crowd weighs for one of its members."""

import pytest

from guardware.aggregates.words import Crowd
from guardware.config.schema import Signals
from guardware.signals import SignalTable
from guardware.signals.aggregate import WEIGHTS, of_crowd
from guardware.verdict import Group

POOL = Crowd(2.0, "class", "90% of 80 addresses asked for pictures and opened no page; usual is 20%")


@pytest.mark.parametrize(
    ("lift", "pages", "rendered", "weight"),
    [
        (2.0, 0.0, False, 2.0),
        (2.0, 0.3, False, 2.0),  # a page, hours ago
        (2.0, 1.0, False, 1.0),
        (0.7, 1.0, False, 0.7),
        (2.0, 1.0, True, 0),
        (2.0, 0.0, True, 0),
        (0.0, 0.0, False, 0),
    ],
)
def test_who_shows_a_browser_is_left_out(lift: float, pages: float, rendered: bool, weight: float) -> None:
    found = of_crowd(POOL._replace(lift=lift), pages=pages, rendered=rendered)
    assert sum(e.weight for e in found) == weight


@pytest.mark.parametrize(("lift", "weight"), [(2.0, 1.0), (1.0, 0.5), (0.2, 0.1)])
def test_the_owners_weight_is_the_most_that_a_crowd_weighs(lift: float, weight: float) -> None:
    """And a crowd that hardly stands out still weighs hardly anything."""
    table = SignalTable(Signals(weights={"class-lift": 1.0}))
    (found,) = table.tuned(of_crowd(POOL._replace(lift=lift), pages=0.0, rendered=False))
    assert found.weight == pytest.approx(weight)


def test_the_reason_is_in_words() -> None:
    (found,) = of_crowd(POOL, pages=0.0, rendered=False)
    assert (found.name, found.group, found.proof) == ("class-lift", Group.AGGREGATE, False)
    assert found.reason.startswith("with these headers: 90% of 80 addresses")
    (found,) = of_crowd(POOL._replace(sort="network"), pages=0.0, rendered=False)
    assert found.name == "network-lift"
    assert found.reason.startswith("with this network: ")


def test_accounts() -> None:
    """Whatever was rendered: a farm of accounts may well use browsers."""
    found = of_crowd(Crowd(classes=5, accounts=12), pages=3.0, rendered=True)
    assert [(e.name, e.weight) for e in found] == [("account-many-classes", 2.0), ("many-accounts", 1.0)]
    assert "5 kinds of browsers" in found[0].reason
    assert "12 accounts" in found[1].reason


def test_an_ordinary_account_says_nothing() -> None:
    assert of_crowd(Crowd(hour=10, day=20), pages=0.0, rendered=False) == ()


def test_every_name_is_listed() -> None:
    everything = Crowd(2.0, "class", "", 0, 0, 4, 11)
    names = {
        e.name
        for s in ("class", "network")
        for e in of_crowd(everything._replace(sort=s), pages=0, rendered=False)
    }
    assert names == set(WEIGHTS)
