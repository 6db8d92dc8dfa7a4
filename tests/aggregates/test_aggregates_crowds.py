"""Crowds of thousands, played through: who is lifted, and above all who is not."""

from random import Random

import pytest
from aggregate_crowds import (
    CHROME,
    FIREFOX,
    GALLERY,
    HOUR,
    MIDNIGHT,
    RARE,
    Person,
    Visit,
    honest,
    key,
    lift,
    play,
    pool,
    taught,
)

from guardware.aggregates import Aggregates


def together(*crowds: object) -> list[Visit]:
    visits: list[Visit] = [visit for crowd in crowds for visit in crowd]  # type: ignore[attr-defined]
    return sorted(visits, key=lambda visit: visit[0])


def peak(aggregates: Aggregates, visits: list[Visit], fingerprint: str) -> float:
    """Play ``visits``; the most by which a newcomer of the class was lifted meanwhile."""
    most = 0.0
    for at, seen in visits:
        aggregates.note(seen, at)
        most = max(most, lift(aggregates, fingerprint))
    return most


@pytest.mark.parametrize("each", [1, 5])
def test_a_pool_with_headers_nobody_else_has(each: int) -> None:
    """200 addresses share one list: after 64 pictures asked for without a page, and 30 addresses, it is known."""
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    people = [Person(random, RARE) for _ in range(200)]
    addresses: set[str] = set()
    for at, seen in together(pool(random, people, random.sample(GALLERY, 200 * each), MIDNIGHT, each=each)):
        addresses.add(seen.address)
        aggregates.note(seen, at)
        if lift(aggregates, RARE) == 2.0:
            break
    assert len(addresses) <= 65
    assert aggregates.lifted[0].reason.endswith("asked for pictures and opened no page; usual is 20%")


def test_a_pool_in_a_hurry() -> None:
    """1000 pictures within a second: no second goes by before it is known."""
    random, aggregates = Random(2), Aggregates(now=MIDNIGHT)
    people = [Person(random, RARE) for _ in range(200)]
    asked = 0
    for at, seen in together(pool(random, people, random.sample(GALLERY, 1000), MIDNIGHT, each=5, seconds=0.1)):
        if lift(aggregates, RARE) == 2.0:
            break
        aggregates.note(seen, MIDNIGHT + (at - MIDNIGHT) / 10)
        asked += 1
    assert asked <= 128


@pytest.mark.parametrize("seed", range(1, 3))
def test_five_thousand_honest_visitors(seed: int) -> None:
    """Of a popular class, from the first hour of the site on, and before anything is known to be usual."""
    random, aggregates = Random(seed), Aggregates(now=MIDNIGHT)
    crowd = together(
        honest(random, 5000, MIDNIGHT),
        honest(random, 300, MIDNIGHT, fingerprint=FIREFOX),
        honest(random, 40, MIDNIGHT, fingerprint=RARE),
    )
    assert [peak(aggregates, crowd, c) for c in (CHROME, FIREFOX, RARE)] == [0, 0, 0]
    assert aggregates.lifted == ()


def test_a_day_of_honest_visitors() -> None:
    """Quiet nights, busy evenings: no hour stands out against the others."""
    random, aggregates = Random(4), Aggregates(now=MIDNIGHT)
    most = 0.0
    for hour in range(36):
        visitors = 20 + 8 * (hour % 24)
        most = max(most, peak(aggregates, together(honest(random, visitors, MIDNIGHT + hour * HOUR)), CHROME))
    assert most == 0


def test_a_pool_hidden_in_a_popular_class() -> None:
    """200 addresses among 5000 honest visitors: 4 in 100, but what comes without a page is different each time."""
    random = Random(5)
    aggregates, now = taught(random, 150)
    people = [Person(random, CHROME) for _ in range(200)]
    crowd = together(honest(random, 5000, now), pool(random, people, random.sample(GALLERY, 1000), now, each=5))
    assert peak(aggregates, crowd, CHROME) > 0.5


def test_a_pool_that_opens_pages_is_not_seen_in_a_popular_class() -> None:
    """What this room cannot do: one page for each address, and 200 are nobody among 5000."""
    random = Random(6)
    aggregates, now = taught(random, 60)
    people = [Person(random, CHROME) for _ in range(200)]
    crowd = pool(random, people, random.sample(GALLERY, 1000), now, each=5, page=True)
    assert peak(aggregates, together(honest(random, 2000, now), crowd), CHROME) == 0


def gone_round(random: Random, count: int, pictures: list[int], start: float, *, page: bool) -> list[Visit]:
    """Everybody comes within half an hour for the same: a post with ``pictures``; no ``page``: for these alone."""
    visits: list[Visit] = []
    for _ in range(count):
        person, at = Person(random, CHROME), start + 1800 * random.random()
        if page:
            visits.append((at, person.visit()))
        visits += [(at + 0.1 * n, person.visit(picture)) for n, picture in enumerate(pictures, 1)]
    return visits


@pytest.mark.parametrize("known", [True, False], ids=["on a known site", "on the first day"])
@pytest.mark.parametrize(
    ("pictures", "page"),
    [
        pytest.param(GALLERY[300:312], True, id="a post that 3000 open"),
        pytest.param(GALLERY[300:300], True, id="a post without pictures"),
        pytest.param(GALLERY[300:301], False, id="one picture shown elsewhere"),
        pytest.param(GALLERY[300:340], False, id="a forum that shows forty"),
    ],
)
def test_what_goes_round_is_no_pool(known: bool, pictures: list[int], page: bool) -> None:
    """Many new addresses, all of a sudden. People flock to a few pictures; a referer could be forged, that not."""
    random = Random(7)
    aggregates, now = taught(random, 60) if known else (Aggregates(now=MIDNIGHT), MIDNIGHT)
    crowd = together(honest(random, 60, now), gone_round(random, 3000 if page else 1000, pictures, now, page=page))
    assert peak(aggregates, crowd, CHROME) == 0


def test_a_site_where_nobody_opens_pages() -> None:
    """A host for pictures alone: within a day it is known that no pages here mean nothing."""
    random, aggregates = Random(8), Aggregates(now=MIDNIGHT)
    for hour in range(26):
        people = [Person(random, CHROME) for _ in range(50)]
        pictures = random.choices(GALLERY, k=500)
        play(aggregates, pool(random, people, pictures, MIDNIGHT + hour * HOUR, each=10))
    assert aggregates.lifted == ()


def test_a_pool_does_not_teach_that_it_is_usual() -> None:
    """It comes hour after hour, for a day and a half: hours that stand out are not learned."""
    random, aggregates = Random(9), Aggregates(now=MIDNIGHT)
    lifts = []
    for hour in range(36):
        now = MIDNIGHT + hour * HOUR
        people = [Person(random, RARE) for _ in range(60)]
        play(aggregates, honest(random, 60, now), pool(random, people, random.sample(GALLERY, 300), now, each=5))
        lifts.append(lift(aggregates, RARE))
    assert min(lifts) == 2.0
    assert lift(aggregates, CHROME) == 0


def test_the_same_addresses_the_next_hour() -> None:
    """A pool of few addresses that come again and again: none is new any more, and still nobody opens a page."""
    random, aggregates = Random(10), Aggregates(now=MIDNIGHT)
    people = [Person(random, RARE) for _ in range(60)]
    for hour in range(3):
        play(aggregates, pool(random, people, random.sample(GALLERY, 300), MIDNIGHT + hour * HOUR, each=5))
        assert lift(aggregates, RARE) == 2.0


def test_a_lift_fades_within_the_next_hour() -> None:
    random, aggregates = Random(11), Aggregates(now=MIDNIGHT)
    people = [Person(random, RARE) for _ in range(200)]
    play(aggregates, pool(random, people, random.sample(GALLERY, 1000), MIDNIGHT, each=5))
    lifts = []
    for minutes in (61, 90, 119, 121):
        aggregates.roll(MIDNIGHT + 60 * minutes)
        lifts.append(round(lift(aggregates, RARE), 2))
    assert lifts == [1.97, 1.0, 0.03, 0]


@pytest.mark.parametrize(("addresses", "expected"), [(9, 0.0), (14, 1.6), (30, 2.0)])
def test_a_data_centre(addresses: int, expected: float) -> None:
    """One /24, with all kinds of headers: seen once ten addresses asked for 64 pictures."""
    random, aggregates, network = Random(12), Aggregates(now=MIDNIGHT), "a" * 16
    people = [
        Person(random, f"chromium{random.randint(120, 156)}/en/gdbz/cf", network=network) for _ in range(addresses)
    ]
    play(aggregates, pool(random, people, random.sample(GALLERY, 8 * addresses), MIDNIGHT, each=8))
    assert lift(aggregates, FIREFOX, network) == pytest.approx(expected, abs=0.05)
    assert lift(aggregates, FIREFOX, "b" * 16) == 0


def test_one_address_with_many_headers_is_one_address() -> None:
    """Else whoever changes his headers would lift his neighbours."""
    random, aggregates, network = Random(13), Aggregates(now=MIDNIGHT), "a" * 16
    people = [Person(random, f"chromium{n}/en//", network=network, address="b" * 16) for n in range(60)]
    play(aggregates, pool(random, people, random.sample(GALLERY, 600), MIDNIGHT, each=10))
    assert lift(aggregates, FIREFOX, network) == 0


# Accounts ----------------------------------------------------------------------------------------------------


def sweep(random: Random, people: list[Person], start: float) -> list[Visit]:
    """3000 accounts in turn, each with 16 pictures, shared out over ``people``."""
    visits: list[Visit] = []
    for n in range(3000):
        person, at = people[n % len(people)], start + 3000 * random.random()
        person.account = key(random)
        visits.append((at, person.visit()))
        visits += [(at + m, person.visit(GALLERY[(n * 16 + m) % 1000])) for m in range(1, 17)]
    return visits


def test_three_thousand_accounts_over_few_addresses() -> None:
    """Beside 3000 honest ones: there is more than one account to an address, which there never was."""
    random = Random(14)
    aggregates, now = taught(random, 80, signed_in=True)
    farm = sweep(random, [Person(random, CHROME) for _ in range(400)], now)
    play(aggregates, honest(random, 3000, now, signed_in=True), farm)
    assert 0.3 < lift(aggregates, CHROME) < 1.0
    assert "are accounts; usual is 50%" in aggregates.lifted[0].reason


def test_three_thousand_accounts_with_an_address_each() -> None:
    """What this room cannot see: the same from 3000 addresses, with a page each, looks like 3000 visitors."""
    random = Random(15)
    aggregates, now = taught(random, 80, signed_in=True)
    farm = sweep(random, [Person(random, CHROME) for _ in range(3000)], now)
    play(aggregates, honest(random, 3000, now, signed_in=True), farm)
    assert lift(aggregates, CHROME) == 0


def test_three_thousand_honest_accounts() -> None:
    random = Random(16)
    aggregates, now = taught(random, 80, signed_in=True)
    crowd = together(honest(random, 3000, now, signed_in=True))
    assert peak(aggregates, crowd, CHROME) == 0
    accounts = {seen.account: seen.client for _, seen in crowd}
    crowds = [aggregates.crowd_of(CHROME, "", account, client) for account, client in accounts.items()]
    assert not any(s.classes or s.accounts for s in crowds if s is not None)
