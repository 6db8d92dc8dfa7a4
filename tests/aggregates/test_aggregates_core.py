"""What is known of one visit's crowds: accounts, clients, the site, and clocks that are wrong."""

from random import Random

import pytest
from aggregate_crowds import CHROME, GALLERY, HOUR, MIDNIGHT, RARE, Person, honest, key, lift, play, pool

from guardware.aggregates import Aggregates, Crowd, Site


def pooled(aggregates: Aggregates, now: float, fingerprint: str = RARE, seed: int = 1) -> None:
    random = Random(seed)
    people = [Person(random, fingerprint) for _ in range(100)]
    play(aggregates, pool(random, people, random.sample(GALLERY, 500), now, each=5, seconds=600))
    aggregates.roll(now + 700)


def test_nothing_is_said_of_nearly_every_visit() -> None:
    aggregates = Aggregates(now=MIDNIGHT)
    play(aggregates, honest(Random(1), 100, MIDNIGHT))
    assert aggregates.crowd_of(CHROME, "a" * 16, "", "c" * 16) is None
    assert aggregates.crowd_of(CHROME, "a" * 16, "never seen", "c" * 16) is None


# Accounts ----------------------------------------------------------------------------------------------------


def signed_in(account: str, *, fingerprint: str = CHROME) -> Person:
    return Person(Random(f"{account}{fingerprint}"), fingerprint, account=account)


def test_an_accounts_pictures_of_the_hour_and_the_day() -> None:
    """Whatever its address and its headers: 30 at nine with a computer, 20 others at ten with a telephone."""
    aggregates = Aggregates(now=MIDNIGHT)
    nine, ten = MIDNIGHT + 9 * HOUR, MIDNIGHT + 10 * HOUR
    play(aggregates, [(nine + n, signed_in("me").visit(picture)) for n, picture in enumerate(GALLERY[:30])])
    phone = signed_in("me", fingerprint=RARE)
    play(aggregates, [(ten + n, phone.visit(picture)) for n, picture in enumerate(GALLERY[30:50] * 2)])
    aggregates.roll(ten + 60)
    known = aggregates.crowd_of(CHROME, "", "me", "")
    assert known is not None
    assert known.hour == pytest.approx(20, abs=2)
    assert known.day == pytest.approx(50, abs=3)
    aggregates.note(phone.visit(), MIDNIGHT + 34 * HOUR)
    aggregates.roll(MIDNIGHT + 34 * HOUR + 2)
    assert aggregates.crowd_of(CHROME, "", "me", "") == Crowd()


@pytest.mark.parametrize(("classes", "said"), [(1, 0), (3, 0), (4, 4), (9, 9), (40, 16)])
def test_an_account_under_many_classes(classes: int, said: int) -> None:
    aggregates = Aggregates(now=MIDNIGHT)
    for n in range(classes):
        aggregates.note(signed_in("me", fingerprint=f"chromium{n}").visit(), MIDNIGHT + n)
    for minutes, expected in ((30, said), (90, said), (150, 0)):  # this hour, the next one, and the one after that
        aggregates.note(signed_in("me", fingerprint="chromium0").visit(), MIDNIGHT + minutes * 60)
        aggregates.roll(MIDNIGHT + minutes * 60 + 2)
        known = aggregates.crowd_of("", "", "me", "")
        assert known is not None
        assert known.classes == expected


@pytest.mark.parametrize(("accounts", "said"), [(1, 0), (10, 0), (11, 11), (100, 32)])
def test_a_client_with_many_accounts(accounts: int, said: int) -> None:
    aggregates = Aggregates(now=MIDNIGHT)
    person = Person(Random(1), CHROME)
    for n in range(accounts):
        person.account = f"account {n}"
        aggregates.note(person.visit(), MIDNIGHT + n)
    for minutes, expected in ((30, said), (90, said), (150, 0)):
        aggregates.roll(MIDNIGHT + minutes * 60)
        known = aggregates.crowd_of("", "", "", person.client) or Crowd()
        assert known.accounts == expected


# The site ----------------------------------------------------------------------------------------------------


def test_the_status_says_what_stands_out() -> None:
    aggregates = Aggregates(now=MIDNIGHT)
    assert aggregates.status == (0, 0.0, True, 0)
    random = Random(1)
    people = [Person(random, RARE) for _ in range(60)]
    play(aggregates, list(pool(random, people, random.sample(GALLERY, 600), MIDNIGHT, each=10)))
    assert (len(aggregates.lifted), aggregates.lifted[0].value) == (1, 2.0)
    assert aggregates.status == (1, 2.0, True, 0)


def test_the_pictures_are_those_of_the_fullest_day_of_the_last_six() -> None:
    """Today's does not count: whoever is asked about may have asked for most of it."""
    aggregates = Aggregates(now=MIDNIGHT)
    person, sizes = Person(Random(1), CHROME), []
    for day, pictures in enumerate((300, 1000, 10, 10, 10, 10, 10, 10, 10)):
        now = MIDNIGHT + day * 86_400
        for picture in GALLERY[:pictures]:
            aggregates.note(person.visit(picture), now)
        aggregates.roll(now + 2)
        sizes.append(round(aggregates.site.pictures, -2))
    assert sizes == [0, 300, 1000, 1000, 1000, 1000, 1000, 1000, 0]


def test_how_fast_one_visitor_in_a_thousand_is() -> None:
    """Two of a thousand make six visits a second, the others up to one. Bins are 19 % wide."""
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    for n in range(1000):
        person = Person(random, CHROME)
        for rate in (0.02, 6.0) if n in (100, 200) else (0.02, random.random()):
            aggregates.note(person.visit(rate=rate), MIDNIGHT + n)
        if n == 998:
            aggregates.roll(MIDNIGHT + n + 2)
            assert aggregates.site.fast is None
    aggregates.roll(MIDNIGHT + 1002)
    assert aggregates.site.fast == pytest.approx(6.0, rel=0.19)


def test_a_pool_without_pages_does_not_make_the_site_fast() -> None:
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    for n in range(1100):
        aggregates.note(Person(random, CHROME).visit(rate=0.1), MIDNIGHT + n)
        aggregates.note(Person(random, CHROME).visit(GALLERY[n % 1000], rate=50.0), MIDNIGHT + n)
    aggregates.roll(MIDNIGHT + 1102)
    assert aggregates.site.fast == pytest.approx(0.125)


# Clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [1, 600, 3000, HOUR, 2 * HOUR, 30 * 86_400])
def test_a_clock_that_jumps_back(back: float) -> None:
    """By an hour or less the hour goes on; by more it begins anew. Either way pools are seen, and nobody else."""
    aggregates = Aggregates(now=MIDNIGHT + HOUR)
    pooled(aggregates, MIDNIGHT + HOUR)
    now = MIDNIGHT + HOUR + 700 - back
    play(aggregates, (visit for visit in honest(Random(2), 500, now - 10) if visit[0] < now))
    assert lift(aggregates, CHROME) == 0
    assert lift(aggregates, RARE) in ((2.0,) if back <= HOUR else (0.0, 2.0))
    pooled(aggregates, now, seed=3)
    assert lift(aggregates, RARE) == 2.0
    aggregates.roll(now + 3 * HOUR)
    assert lift(aggregates, RARE) == 0


def test_a_year_in_the_future_and_back() -> None:
    """What was learned stays, and learning goes on."""
    aggregates = Aggregates(now=MIDNIGHT)
    random = Random(1)
    hours = [*range(5), 8760, 8761, *range(5, 30)]
    for hour in hours:
        play(aggregates, honest(random, 40, MIDNIGHT + hour * HOUR))
    baseline = aggregates.counting.whole.baseline
    assert baseline is not None
    assert baseline.hours >= 28
    assert baseline.hour < MIDNIGHT / HOUR + 30


# Bounds ------------------------------------------------------------------------------------------------------


def test_a_flood_of_made_up_headers_pushes_out_nobody_of_weight() -> None:
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    pooled(aggregates, MIDNIGHT)
    for n in range(5000):
        aggregates.note(Person(random, f"chromium{n}/xx//").visit(GALLERY[n % 1000]), MIDNIGHT + 700)
    cohorts = aggregates.counting.cohorts()
    assert len(cohorts) <= 2 * 2048
    assert max(cohort.now.addresses for cohort in cohorts if cohort.key == RARE) == 100


def test_accounts_are_bounded_and_who_took_most_is_kept() -> None:
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    for picture in GALLERY[:100]:
        aggregates.note(signed_in("greedy").visit(picture), MIDNIGHT)
    for _ in range(9000):
        aggregates.note(Person(random, CHROME, account=key(random)).visit(GALLERY[0]), MIDNIGHT + 1)
    aggregates.roll(MIDNIGHT + 3)
    assert len(aggregates.counting.accounts) <= 8192
    known = aggregates.crowd_of("", "", "greedy", "")
    assert known is not None
    assert known.day == pytest.approx(100, rel=0.06)


def test_what_scripts_ask_for_is_not_counted() -> None:
    random, aggregates = Random(1), Aggregates(now=MIDNIGHT)
    for _ in range(100):
        aggregates.note(Person(random, RARE).visit()._replace(kind="api"), MIDNIGHT)
    aggregates.roll(MIDNIGHT + 2)
    assert aggregates.counting.cohorts() == []
    assert aggregates.site == Site(0, None)
