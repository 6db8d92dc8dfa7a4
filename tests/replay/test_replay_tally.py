"""Sums over clients, in tables that do not grow with the log."""

import pytest

from guardware.crawlers.catalogue import Catalogue
from guardware.replay import tally as tallying
from guardware.replay.clients import (
    ASSET,
    FAVICON,
    OWN_REFERER,
    PERSON,
    Client,
    ClientTable,
    Manner,
    Treatment,
    manner_of,
)
from guardware.replay.tally import MOST, Tally, network_of, score_bin
from guardware.replay.timeline import MAX_BINS, Timeline
from guardware.verdict import Action

BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:157.0) Gecko/20100101 Firefox/157.0"
ALLOWED = Treatment(Action.ALLOW, "default")
PROTECTED = Treatment(Action.PROTECT, "thresholds.protect")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def client(
    address: str = "203.0.113.9", agent: bytes | None = BROWSER, crawler: str | None = None, **visits: int
) -> Client:
    """A client with so many visits, all for pictures, ``allowed`` and ``protected``."""
    made = Client(address, agent, crawler, 0.0)
    made.top = 0.0
    for treatment, name in ((ALLOWED, "allowed"), (PROTECTED, "protected")):
        if name in visits:
            made.treatments[treatment] = made.pictures[treatment] = visits[name]
    return made


@pytest.mark.parametrize(
    ("agent", "crawler", "habits", "manner"),
    [
        (BROWSER, None, FAVICON | OWN_REFERER, Manner.PEOPLE),
        (BROWSER, None, ASSET | OWN_REFERER, Manner.PEOPLE),
        (BROWSER, None, ASSET, Manner.UNKNOWN),
        (b"Opera/9.80 (X11)", None, PERSON, Manner.PEOPLE),
        (b"Something/1.0", None, PERSON, Manner.UNKNOWN),
        (b"Googlebot", "Googlebot", PERSON, Manner.CRAWLER),
        (b"curl/8", "curl", 0, Manner.TOOL),
        (None, None, 0, Manner.TOOL),
    ],
)
def test_what_clients_are_like(
    catalogue: Catalogue, agent: bytes | None, crawler: str | None, habits: int, manner: Manner
) -> None:
    made = client(agent=agent, crawler=crawler)
    made.habits = habits
    assert manner_of(made, catalogue, agents_seen=True) is manner


def test_a_log_without_user_agents_makes_nobody_a_tool(catalogue: Catalogue) -> None:
    assert manner_of(client(agent=None), catalogue, agents_seen=False) is Manner.UNKNOWN


def test_sums(catalogue: Catalogue) -> None:
    tally = Tally(catalogue)
    tally.fold(client(allowed=3, protected=2))
    tally.fold(client("203.0.113.77", b"Googlebot", "Googlebot", protected=4))
    assert (tally.total.clients, tally.total.visits, tally.total.pictures) == (2, 9, 9)
    assert tally.treatments[PROTECTED].actions == {Action.PROTECT: 6}
    assert tally.treatments[ALLOWED].clients == 1
    assert tally.crawlers["Googlebot"].visits == 4
    assert tally.networks["203.0.113.0/24"].clients == 2


def test_mistakes_are_people_who_were_touched(catalogue: Catalogue) -> None:
    tally = Tally(catalogue)
    for habits, protected in ((PERSON, 2), (PERSON, 0), (PERSON & ~FAVICON, 5)):
        one = client(allowed=1, protected=protected) if protected else client(allowed=1)
        one.habits = habits
        tally.fold(one)
    assert (tally.people.clients, tally.people.visits, tally.mistakes.offered) == (2, 4, 1)
    assert [c.touched for c in tally.mistakes.sorted()] == [2]


def test_the_longest_list_keeps_those_with_most(catalogue: Catalogue) -> None:
    tally = Tally(catalogue)
    for number in range(3 * MOST):
        tally.fold(client(allowed=number + 1))
    listed = [c.visits for c in tally.largest.sorted()]
    assert listed == list(range(3 * MOST, 2 * MOST, -1))


def test_networks_are_bounded(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallying, "MAX_NETWORKS", 10)
    tally = Tally(catalogue)
    for number in range(11):
        tally.fold(client(f"192.0.{number}.1", allowed=number + 1))
    assert list(tally.networks) == [f"192.0.{number}.0/24" for number in (10, 9, 8, 7, 6)]
    assert tally.networks_dropped == 6


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2::9", "2001:db8:1::/48"),
        ("pc7.lab.example.org", "*.example.org"),
        ("a\x1b[31m.b\x07", "*.a\\x1b[31m.b\\x07"),
        ("unknown", "unknown"),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("score", "bin_"), [(-99, 0), (-6, 0), (0, 12), (0.49, 12), (0.5, 13), (14, 39), (99, 39)]
)
def test_bins_of_scores(score: float, bin_: int) -> None:
    assert score_bin(score) == bin_


def test_a_table_of_clients_lets_go_of_the_oldest() -> None:
    gone: list[str] = []
    table = ClientTable(2, lambda c: gone.append(c.address))
    for address in "abcdef":
        table.put((address, None), client(address))
    assert gone == ["a", "b"]
    assert table.let_go == 2
    kept = table.find(("c", None))
    assert kept is not None
    assert table.get(("c", None)) is kept
    assert table.find(("a", None)) is None
    table.close()
    assert sorted(gone) == list("abcdef")


def test_a_time_line_widens_its_bins_rather_than_grow() -> None:
    timeline = Timeline()
    for hour in range(0, 5 * MAX_BINS, 3):
        timeline.add(hour, Manner.PEOPLE, 0, 2)
    assert timeline.width == 8
    assert len(timeline.starts) <= MAX_BINS
    assert sum(timeline.count(start, Manner.PEOPLE, 0) for start in timeline.starts) == 2 * len(
        range(0, 5 * MAX_BINS, 3)
    )


def test_a_time_line_takes_hours_in_any_order() -> None:
    timeline = Timeline()
    for hour in (500_000, 3, 499_999):
        timeline.add(hour, Manner.TOOL, 2, 1)
    assert len(timeline.starts) <= MAX_BINS
    assert sum(timeline.count(start, Manner.TOOL, 2) for start in timeline.starts) == 3
    assert list(Timeline().starts) == []
