"""What every store does, whatever it is made of (the semantics of guardware/store/protocol.py)."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from math import ceil, exp
from time import time

import pytest

from guardware.store import Rate, Store, Touch
from guardware.store.protocol import (
    ADDRESS_SHARE,
    COOKIE,
    DECAY,
    ERROR_LEAK,
    MOST_COOKIES,
    NEWCOMER,
    PROOF,
    RATE_SPAN,
    RECORD_TTL,
    RENDERED,
    ROBOTS,
    Record,
)

HOUR, DAY = 3600, 86400
NOW = 20_600.0 * DAY  # midnight, UTC
Key = Callable[[], str]


def picture(name: object) -> int:
    """A 64-bit hash, as the guard makes them."""
    return int.from_bytes(blake2b(str(name).encode(), digest_size=8).digest(), "big")


@pytest.fixture
def visit(key: Key) -> Touch:
    """A new client's visit from a new address; the tests replace what they are about."""
    return Touch(key(), key(), key(), "page")


async def settle(store: Store, visit: Touch, at: float = NOW) -> None:
    """Admit the address of ``visit`` so often, without limits, that it is a newcomer no more."""
    plain = Touch(visit.client, visit.network, visit.address, visit.kind)
    for _ in range(NEWCOMER + 1):
        await store.touch(plain, at)


async def test_a_first_visit(store: Store, visit: Touch) -> None:
    assert await store.touch(visit, NOW) == Record(rate=1 / RATE_SPAN)


async def test_visits_are_counted_for_an_address_whatever_its_clients(
    store: Store, visit: Touch, key: Key
) -> None:
    await store.touch(visit, NOW)
    await store.touch(visit._replace(client=key(), kind="image"), NOW)
    await store.touch(visit._replace(address=key()), NOW)
    assert (await store.touch(visit, NOW)).visits == 3


async def test_a_visit_that_is_not_admitted_is_not_counted(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(10**6, 1))
    visits = [(await store.touch(limited, NOW + s)).visits for s in (0, 0, 0.5, 1, 1)]
    assert visits == [1, 1, 1, 2, 2]


async def test_without_a_time_the_store_looks_at_its_clock(store: Store, visit: Touch) -> None:
    once = visit._replace(client_rate=Rate(3600 * 1_000_000, 1))
    assert not (await store.touch(once)).limited_by
    assert 3590 < (await store.touch(once)).retry_after <= 3600


# Scores ------------------------------------------------------------------------------------------------------


async def test_a_score_fades_and_keeps_its_maximum(store: Store, visit: Touch) -> None:
    assert (await store.touch(visit._replace(weights=(3.0, 0.5)), NOW)).scores == (3.0, 0.5)
    later = await store.touch(visit._replace(weights=(1.0, 1.0)), NOW + 3600)
    assert later.scores == pytest.approx((3 * exp(-3600 / DECAY), 1.0), abs=1e-12)


async def test_what_fades_keeps_every_digit(store: Store, visit: Touch) -> None:
    """A hundred steps of one second are one step of a hundred seconds."""
    await store.touch(visit._replace(weights=(5.0, 1 / 3)), NOW)
    for second in range(1, 101):
        record = await store.touch(visit, NOW + second)
    assert record.scores == pytest.approx((5 * exp(-100 / DECAY), exp(-100 / DECAY) / 3), rel=1e-12)


async def test_evidence_for_a_person_takes_no_score_below_nothing(store: Store, visit: Touch) -> None:
    assert (await store.touch(visit._replace(weights=(-2.0, 0.0)), NOW)).scores == (0.0, 0.0)


async def test_a_clock_set_back_fades_nothing(store: Store, visit: Touch) -> None:
    await store.touch(visit._replace(weights=(3.0, 0.0)), NOW)
    assert (await store.touch(visit, NOW - 500)).scores == (3.0, 0.0)


async def test_proof_stays(store: Store, visit: Touch) -> None:
    await store.touch(visit._replace(habits=PROOF), NOW)
    assert (await store.touch(visit, NOW + DAY - 1)).habits == PROOF


# Runs --------------------------------------------------------------------------------------------------------


async def test_a_page_ends_a_run_of_opened_pictures(store: Store, visit: Touch) -> None:
    opened, embedded, page = visit._replace(navigated=True), visit, visit._replace(page=True, leading=True)
    runs = [(await store.touch(v, NOW)).navigated for v in (opened, opened, embedded, page, opened)]
    assert runs == [1, 2, 2, 0, 1]


async def test_data_for_a_script_ends_no_run(store: Store, visit: Touch) -> None:
    opened, data = visit._replace(navigated=True), visit._replace(leading=True)
    assert [(await store.touch(v, NOW)).navigated for v in (opened, data, opened)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("numbers", "walk"),
    [
        ([7, 8, 9, 10], 3),
        ([10, 9, 8], 2),
        ([7, 8, 8, 9], 2),  # asked twice
        ([7, 8, 20, 21], 1),
        ([7, 10, 8, 9, 12, 20], 5),  # several connections
        ([7, -1, 8], 1),  # a picture without a number between
        ([40, 10, 30, 50], 0),
    ],
)
async def test_a_walk_along_the_numbers(store: Store, visit: Touch, numbers: list[int], walk: int) -> None:
    records = [await store.touch(visit._replace(number=n + 100 if n > 0 else n), NOW) for n in numbers]
    assert records[-1].walk == walk


async def test_habits_add_up(store: Store, visit: Touch) -> None:
    for habit in (ROBOTS, COOKIE, ROBOTS, 0):
        record = await store.touch(visit._replace(habits=habit), NOW)
    assert record.habits == ROBOTS | COOKIE
    assert (await store.touch(visit._replace(habits=RENDERED), NOW + HOUR)).habits == ROBOTS | COOKIE | RENDERED


async def test_what_leads_to_pictures_fades(store: Store, visit: Touch) -> None:
    leading = visit._replace(leading=True)
    assert [(await store.touch(leading, NOW)).pages for _ in range(3)] == [1, 2, 3]
    assert (await store.touch(visit, NOW + DECAY)).pages == pytest.approx(3 / 2.718281828, rel=1e-5)


async def test_errors_leak(store: Store, visit: Touch) -> None:
    await store.touch(visit._replace(errors=12), NOW)
    assert (await store.touch(visit._replace(errors=1), NOW + 3 * ERROR_LEAK)).errors == pytest.approx(10)
    assert (await store.touch(visit, NOW + 99 * ERROR_LEAK)).errors == 0


async def test_cookies_that_were_set_are_counted(store: Store, visit: Touch) -> None:
    assert [(await store.touch(visit._replace(cookies=n), NOW)).cookies for n in (1, 0, 2)] == [1, 1, 3]
    assert (await store.touch(visit._replace(cookies=999), NOW)).cookies == MOST_COOKIES


async def test_a_rate_is_averaged_over_a_minute(store: Store, visit: Touch) -> None:
    """One visit a second for five minutes: close to one a second. A minute's silence leaves 1/e of it."""
    for second in range(300):
        record = await store.touch(visit, NOW + second)
    assert record.rate == pytest.approx(1, rel=0.02)
    assert (await store.touch(visit, NOW + 299 + RATE_SPAN)).rate == pytest.approx(1 / 2.718 + 1 / 60, rel=0.02)


async def test_a_clock_set_back_leaks_nothing(store: Store, visit: Touch) -> None:
    before = await store.touch(visit._replace(errors=5, leading=True), NOW)
    after = await store.touch(visit, NOW - 500)
    assert (after.errors, after.pages) == (before.errors, before.pages)


# Limits ------------------------------------------------------------------------------------------------------


async def test_a_burst_then_the_rate(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(500_000, 3))
    waits = [(await store.touch(limited, NOW + s)).retry_after for s in (0, 0, 0, 0, 0.25, 0.5, 0.5)]
    assert waits == [0, 0, 0, 0.5, 0.25, 0, 0.5]


async def test_retry_after_is_exact(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(7_300_000, 1))
    await store.touch(limited, NOW + 0.123456)
    wait = (await store.touch(limited, NOW + 0.2)).retry_after
    assert wait == pytest.approx(7.223456, abs=2e-6)
    assert (await store.touch(limited, NOW + 0.2 + ceil(wait) - 1)).limited_by == "client"
    assert (await store.touch(limited, NOW + 0.2 + ceil(wait))).limited_by == ""


async def test_each_kind_has_its_own_limit(store: Store, visit: Touch) -> None:
    page = visit._replace(client_rate=Rate(10**6, 1), network_rate=Rate(10**6, 1))
    image = page._replace(kind="image")
    assert [(await store.touch(v, NOW)).limited_by for v in (page, image, page, image)] == [
        "",
        "",
        "client",
        "client",
    ]


async def test_the_clients_of_an_address_share_its_limit(store: Store, visit: Touch, key: Key) -> None:
    """Another Accept-Language makes another client, and no other limit."""
    limited = visit._replace(client_rate=Rate(10**6, 3))
    records = [await store.touch(limited._replace(client=key()), NOW) for _ in range(5)]
    assert [r.limited_by for r in records] == ["", "", "", "client", "client"]
    assert (await store.touch(limited._replace(address=key()), NOW)).limited_by == ""


async def test_equal_waits_are_the_clients(store: Store, visit: Touch) -> None:
    both = visit._replace(client_rate=Rate(10**6, 1), network_rate=Rate(10**6, 1))
    await store.touch(both, NOW)
    assert (await store.touch(both, NOW)).limited_by == "client"


async def test_no_interval_is_no_limit(store: Store, visit: Touch) -> None:
    free = visit._replace(client_rate=Rate(0, 1), network_rate=Rate(0, 1))
    assert {(await store.touch(free, NOW))[6:8] for _ in range(NEWCOMER + 5)} == {("", False)}


async def test_a_network_is_limited_as_one(store: Store, visit: Touch, key: Key) -> None:
    crowd = [visit._replace(client=key(), address=key(), network_rate=Rate(10**6, 3)) for _ in range(5)]
    for one in crowd:
        await settle(store, one)
    records = [await store.touch(v, NOW) for v in crowd]
    assert [r.limited_by for r in records] == ["", "", "", "network", "network"]
    assert records[-1].retry_after == 1.0


async def test_the_longer_wait_counts(store: Store, visit: Touch) -> None:
    both = visit._replace(client_rate=Rate(2 * 10**6, 1), network_rate=Rate(5 * 10**6, 1))
    await store.touch(both, NOW)
    assert (await store.touch(both, NOW))[5:8] == (5.0, "network", False)


async def test_denied_by_the_network_charges_no_client(store: Store, visit: Touch, key: Key) -> None:
    both = visit._replace(client_rate=Rate(60 * 10**6, 1), network_rate=Rate(10**6, 1))
    await settle(store, visit)
    await store.touch(both._replace(client=key(), address=key()), NOW)  # a neighbour takes the network's place
    assert [(await store.touch(both, NOW)).limited_by for _ in range(5)] == ["network"] * 5
    assert (await store.touch(both, NOW + 1)).limited_by == ""


async def test_denied_by_the_client_charges_no_network(store: Store, visit: Touch, key: Key) -> None:
    both = visit._replace(client_rate=Rate(60 * 10**6, 1), network_rate=Rate(10**6, 2))
    assert [(await store.touch(both, NOW)).limited_by for _ in range(5)] == ["", *["client"] * 4]
    assert (await store.touch(both._replace(client=key(), address=key()), NOW))[6:8] == ("", False)


async def test_a_limit_that_was_relaxed_locks_nobody_out(store: Store, visit: Touch) -> None:
    """A tat left by "10 at once, one an hour" counts no further than the new limit reaches."""
    for _ in range(10):
        await store.touch(visit._replace(client_rate=Rate(3600 * 10**6, 10)), NOW)
    relaxed = visit._replace(client_rate=Rate(10**6, 5))
    assert [(await store.touch(relaxed, NOW)).retry_after for _ in range(2)] == [0, 1.0]


async def test_a_clock_set_back_locks_nobody_out(store: Store, visit: Touch) -> None:
    """A visit a second, within its rate, for a while before and after the clock goes back by an hour."""
    limited = visit._replace(client_rate=Rate(10**6, 5), network_rate=Rate(10**6, 9))
    for second in range(60):
        await store.touch(limited, NOW + second)
    waits = [(await store.touch(limited, NOW - 3600 + second)).retry_after for second in range(60)]
    assert waits == [0] * 60


async def test_fifty_at_the_same_time(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(3600 * 10**6, 10))
    records = await asyncio.gather(*(store.touch(limited) for _ in range(50)))
    assert sum(not r.limited_by for r in records) == 10
    assert sorted(r.visits for r in records) == [*range(1, 10), *[10] * 41]


async def test_fifty_clients_of_one_network_at_the_same_time(store: Store, visit: Touch, key: Key) -> None:
    limited = visit._replace(network_rate=Rate(3600 * 10**6, 10))
    await settle(store, visit, at=time())
    records = await asyncio.gather(*(store.touch(limited._replace(client=key())) for _ in range(50)))
    assert sum(not r.limited_by for r in records) == 10


# Newcomers ---------------------------------------------------------------------------------------------------


async def fill(store: Store, visit: Touch, key: Key, at: float = NOW) -> None:
    """A neighbour takes every place that the network of ``visit`` has."""
    assert visit.network_rate is not None
    for _ in range(visit.network_rate.burst):
        await store.touch(visit._replace(client=key(), address=key()), at)


async def test_a_full_network_takes_newcomers_all_the_same(store: Store, visit: Touch, key: Key) -> None:
    late = visit._replace(network_rate=Rate(10**6, 3))
    await fill(store, late, key)
    assert await store.touch(late, NOW) == Record(crowded=True, rate=1 / RATE_SPAN)


async def test_newcomers_are_no_longer_so_after_twenty_visits(store: Store, visit: Touch, key: Key) -> None:
    late = visit._replace(network_rate=Rate(3600 * 10**6, 1))
    await fill(store, late, key)
    records = [await store.touch(late._replace(client=key()), NOW) for _ in range(NEWCOMER + 3)]
    assert [r.crowded for r in records] == [*[True] * (NEWCOMER + 1), False, False]
    assert [r.visits for r in records] == [*range(1, NEWCOMER + 2), NEWCOMER + 1, NEWCOMER + 1]
    assert records[-1][5:8] == (3600.0, "network", False)


async def test_who_filled_the_network_is_limited(store: Store, visit: Touch, key: Key) -> None:
    """One address that takes all it can leaves its neighbours their pages."""
    greedy = visit._replace(network_rate=Rate(10**6, 60))
    records = [await store.touch(greedy._replace(client=key()), NOW) for _ in range(62)]
    assert [r.limited_by for r in records] == [*[""] * 60, "network", "network"]
    assert not any(r.crowded for r in records)
    assert (await store.touch(greedy._replace(client=key(), address=key()), NOW)).crowded


async def test_a_crowded_visit_does_not_charge_the_network(store: Store, visit: Touch, key: Key) -> None:
    late = visit._replace(network_rate=Rate(10**6, 1))
    await fill(store, late, key)
    for _ in range(10):
        assert (await store.touch(late, NOW)).crowded
    assert (await store.touch(late, NOW + 1))[6:8] == ("", False)


async def test_a_crowded_visit_charges_its_address(store: Store, visit: Touch, key: Key) -> None:
    late = visit._replace(client_rate=Rate(60 * 10**6, 2), network_rate=Rate(3600 * 10**6, 1))
    await fill(store, late, key)
    assert [(await store.touch(late, NOW))[6:8] for _ in range(3)] == [("", True), ("", True), ("network", False)]


async def test_a_crowded_visit_takes_nothing_from_the_budget(store: Store, visit: Touch, key: Key) -> None:
    late = visit._replace(network_rate=Rate(10**6, 1), original=picture("a"), count_below=2.0)
    await fill(store, late, key)
    assert (await store.touch(late, NOW))[3:5] == (0, 0)
    assert (await store.touch(late, NOW + 1))[3:5] == (1, 1)


# Budgets -----------------------------------------------------------------------------------------------------


async def test_distinct_originals_of_the_hour_and_the_day(store: Store, visit: Touch) -> None:
    image = visit._replace(kind="image", count_below=2.0)
    seen = [("a", 0), ("b", 1), ("a", 2), ("c", HOUR), ("a", HOUR + 1), ("d", DAY - 1), ("a", DAY)]
    counts = []
    for name, at in seen:
        counts.append((await store.touch(image._replace(original=picture(name)), NOW + at))[3:5])
    assert counts == [(1, 1), (2, 2), (2, 2), (1, 3), (2, 3), (1, 4), (1, 1)]


async def test_a_page_reads_the_counts(store: Store, visit: Touch) -> None:
    await store.touch(visit._replace(original=picture("a"), count_below=2.0), NOW)
    assert (await store.touch(visit, NOW + 1))[3:5] == (1, 1)
    assert (await store.touch(visit, NOW + HOUR))[3:5] == (0, 1)
    assert (await store.touch(visit, NOW + DAY))[3:5] == (0, 0)


@pytest.mark.parametrize(
    ("weights", "below", "counted"),
    [
        ((0.0, 0.0), 2.0, 1),
        ((1.5, 0.0), 2.0, 1),
        ((1.0, 1.0), 2.0, 0),  # the sum counts, and "below" is strict
        ((9.0, 0.0), 2.0, 0),
        ((0.0, 0.0), 0.0, 0),  # the default counts nothing
    ],
)
async def test_only_originals_for_the_undoubtful_count_for_the_address(
    store: Store, visit: Touch, weights: tuple[float, ...], below: float, counted: int
) -> None:
    """Its client's count is of all pictures asked."""
    doubtful = visit._replace(weights=weights, count_below=below)
    for i in range(2 * ADDRESS_SHARE):
        record = await store.touch(doubtful._replace(original=picture(i)), NOW)
    assert (record.asked_hour, record.asked_day) == (2 * ADDRESS_SHARE, 2 * ADDRESS_SHARE)
    assert (await store.touch(visit._replace(client="another"), NOW)).hour == 2 * counted


async def test_a_limited_visit_takes_nothing_from_the_budget(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(10**6, 1), count_below=2.0)
    await store.touch(limited._replace(original=picture("a")), NOW)
    assert (await store.touch(limited._replace(original=picture("b")), NOW))[3:8] == (1, 1, 1.0, "client", False)


async def test_an_answer_that_turns_out_to_be_a_picture(store: Store, visit: Touch) -> None:
    await store.touch(visit, NOW)
    for name in ("a", "b", "a"):
        await store.count_original(*visit[:3], picture(name), NOW + 1)
    assert (await store.touch(visit, NOW + 2))[2:5] == (2, 2, 2)


async def test_a_picture_of_a_client_not_seen_before(store: Store, visit: Touch) -> None:
    await store.count_original(*visit[:3], picture("a"), NOW)
    assert (await store.touch(visit, NOW))[2:5] == (1, 1, 1)


async def test_a_picture_counts_now_when_no_time_is_given(store: Store, visit: Touch) -> None:
    await store.count_original(*visit[:3], picture("a"))
    assert (await store.touch(visit)).day == 1


async def test_a_thousand_pictures_within_a_few_per_cent(store: Store, visit: Touch) -> None:
    for i in range(1000):
        record = await store.touch(visit._replace(original=picture(i), count_below=1.0), NOW)
    assert record.hour == pytest.approx(1000, rel=0.1)
    assert record.day == pytest.approx(1000, rel=0.1)


async def test_clients_of_an_address_share_its_budget_in_the_end(store: Store, visit: Touch, key: Key) -> None:
    """Twelve classes of headers take 50 pictures each: a client has its 50, its address 600 for four."""
    image = visit._replace(kind="image", count_below=1.0)
    for client in [key() for _ in range(12)]:
        for i in range(50):
            taken = image._replace(client=client, original=picture((client, i)))
            record = await store.touch(taken, NOW)
    assert record[3:5] == pytest.approx((600 // ADDRESS_SHARE, 600 // ADDRESS_SHARE), rel=0.05)
    page = visit._replace(client=key())  # the next class starts with it
    assert (await store.touch(page, NOW))[3:5] == record[3:5]
    assert (await store.touch(page, NOW + HOUR))[3:5] == (0, record.day)
    assert (await store.touch(page, NOW + DAY))[3:5] == (0, 0)
    assert (await store.touch(taken, NOW + DAY))[3:5] == (1, 1)


async def test_up_to_four_clients_budgets_an_address_changes_nothing(store: Store, visit: Touch, key: Key) -> None:
    """A household: each has its own count."""
    for client in [key() for _ in range(ADDRESS_SHARE)]:
        for i in range(20):
            await store.touch(visit._replace(client=client, original=picture(i), count_below=1.0), NOW)
        assert (await store.touch(visit._replace(client=client), NOW))[3:5] == pytest.approx((20, 20), abs=1)


async def test_the_same_picture_again_adds_nothing_to_the_address(store: Store, visit: Touch) -> None:
    for _ in range(40):
        await store.touch(visit._replace(original=picture("a"), count_below=1.0), NOW)
        await store.count_original(*visit[:3], picture("a"), NOW)
    assert (await store.touch(visit._replace(client="another"), NOW))[3:5] == (0, 0)


async def test_pictures_found_in_answers_count_for_the_address(store: Store, visit: Touch, key: Key) -> None:
    for i in range(10 * ADDRESS_SHARE):
        await store.count_original(key(), visit.network, visit.address, picture(i), NOW)
    assert (await store.touch(visit, NOW))[3:5] == (10, 10)


async def test_the_address_counts_a_thousand_pictures_within_a_few_per_cent(
    store: Store, visit: Touch, key: Key
) -> None:
    image = visit._replace(count_below=1.0)
    for i in range(1000):
        await store.touch(image._replace(original=picture(i)), NOW)
    record = await store.touch(image._replace(client=key()), NOW)
    assert record[3:5] == pytest.approx((1000 // ADDRESS_SHARE, 1000 // ADDRESS_SHARE), rel=0.1)


# Expiry and secret -------------------------------------------------------------------------------------------


async def test_a_record_is_forgotten_after_its_time(store: Store, visit: Touch) -> None:
    condemned = visit._replace(weights=(9.0, 1.0), habits=PROOF, navigated=True, client_rate=Rate(10**6, 1))
    await store.touch(condemned, NOW)
    alive = await store.touch(visit, NOW + RECORD_TTL - 0.001)
    assert (alive.habits, alive.visits, alive.navigated) == (PROOF, 2, 1)
    assert await store.touch(visit, NOW + 2 * RECORD_TTL) == Record(rate=1 / RATE_SPAN)


async def test_an_address_is_forgotten_after_its_last_admitted_visit(store: Store, visit: Touch) -> None:
    """Visits that were denied keep the client's record alive, and not the address's."""
    once = visit._replace(client_rate=Rate(2 * RECORD_TTL * 10**6, 1), weights=(9.0, 0.0))
    seen = [await store.touch(once, NOW + at) for at in (0, 1, RECORD_TTL - 1, RECORD_TTL)]
    assert [(r.visits, r.limited_by) for r in seen] == [(1, ""), (1, "client"), (1, "client"), (1, "")]
    assert (await store.touch(visit, NOW + RECORD_TTL)).scores[0] == 9.0


async def test_limits_are_forgotten_with_the_record(store: Store, visit: Touch) -> None:
    both = visit._replace(client_rate=Rate(23 * HOUR * 10**6, 9), network_rate=Rate(23 * HOUR * 10**6, 9))
    for _ in range(9):
        await store.touch(both, NOW)
    assert (await store.touch(both, NOW + RECORD_TTL - 0.001)).limited_by == ""
    assert (await store.touch(both, NOW + RECORD_TTL - 0.001)).limited_by == "client"
    assert [(await store.touch(both, NOW + 3 * RECORD_TTL)).limited_by for _ in range(9)] == [""] * 9


async def test_the_first_secret_stays(store: Store) -> None:
    assert await store.secret(b"first \x00\xff") == b"first \x00\xff"
    assert await store.secret(b"second") == b"first \x00\xff"
