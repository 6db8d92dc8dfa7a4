"""What every store does, whatever it is made of (the semantics of guardware/store/protocol.py)."""

import asyncio
from collections.abc import Callable
from hashlib import blake2b
from math import ceil, exp

import pytest

from guardware.store import Rate, Store, Touch
from guardware.store.protocol import DECAY, RECORD_TTL

HOUR, DAY = 3600, 86400
NOW = 20_600.0 * DAY  # midnight, UTC
Key = Callable[[], str]


def picture(name: object) -> int:
    """A 64-bit hash, as the guard makes them."""
    return int.from_bytes(blake2b(str(name).encode(), digest_size=8).digest(), "big")


@pytest.fixture
def visit(key: Key) -> Touch:
    """A new client's visit; the tests replace what they are about."""
    return Touch(key(), key(), "page")


async def test_a_first_visit(store: Store, visit: Touch) -> None:
    assert await store.touch(visit, NOW) == ((0.0, 0.0), False, 1, 0, 0, 0, 0.0, "")


async def test_visits_are_counted_for_each_client_alone(store: Store, visit: Touch, key: Key) -> None:
    await store.touch(visit, NOW)
    await store.touch(visit._replace(client=key()), NOW)
    assert (await store.touch(visit, NOW)).visits == 2


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
    await store.touch(visit._replace(proof=True), NOW)
    assert (await store.touch(visit, NOW + DAY - 1)).proof is True


# Runs --------------------------------------------------------------------------------------------------------


async def test_a_page_ends_a_run_of_opened_pictures(store: Store, visit: Touch) -> None:
    opened, embedded, page = visit._replace(navigated=True), visit, visit._replace(page=True)
    runs = [(await store.touch(v, NOW)).navigated for v in (opened, opened, embedded, page, opened)]
    assert runs == [1, 2, 2, 0, 1]


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


async def test_a_network_is_limited_as_one(store: Store, visit: Touch, key: Key) -> None:
    crowd = [visit._replace(client=key(), network_rate=Rate(10**6, 3)) for _ in range(5)]
    records = [await store.touch(v, NOW) for v in crowd]
    assert [r.limited_by for r in records] == ["", "", "", "network", "network"]
    assert records[-1].retry_after == 1.0


async def test_the_longer_wait_counts(store: Store, visit: Touch) -> None:
    both = visit._replace(client_rate=Rate(2 * 10**6, 1), network_rate=Rate(5 * 10**6, 1))
    await store.touch(both, NOW)
    assert (await store.touch(both, NOW))[-2:] == (5.0, "network")


async def test_denied_by_the_network_charges_no_client(store: Store, visit: Touch, key: Key) -> None:
    both = visit._replace(client_rate=Rate(60 * 10**6, 1), network_rate=Rate(10**6, 1))
    await store.touch(both._replace(client=key()), NOW)  # a neighbour takes the network's place
    assert [(await store.touch(both, NOW)).limited_by for _ in range(5)] == ["network"] * 5
    assert (await store.touch(both, NOW + 1)).limited_by == ""


async def test_denied_by_the_client_charges_no_network(store: Store, visit: Touch, key: Key) -> None:
    both = visit._replace(client_rate=Rate(60 * 10**6, 1), network_rate=Rate(10**6, 2))
    assert [(await store.touch(both, NOW)).limited_by for _ in range(5)] == ["", *["client"] * 4]
    assert (await store.touch(both._replace(client=key()), NOW)).limited_by == ""


async def test_a_limit_that_was_relaxed_locks_nobody_out(store: Store, visit: Touch) -> None:
    """A tat left by "10 at once, one an hour" counts no further than the new limit reaches."""
    for _ in range(10):
        await store.touch(visit._replace(client_rate=Rate(3600 * 10**6, 10)), NOW)
    assert (await store.touch(visit._replace(client_rate=Rate(10**6, 5)), NOW)).retry_after == 1.0


async def test_fifty_at_the_same_time(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(3600 * 10**6, 10))
    records = await asyncio.gather(*(store.touch(limited) for _ in range(50)))
    assert sum(not r.limited_by for r in records) == 10
    assert sorted(r.visits for r in records) == list(range(1, 51))


async def test_fifty_clients_of_one_network_at_the_same_time(store: Store, visit: Touch, key: Key) -> None:
    limited = visit._replace(network_rate=Rate(3600 * 10**6, 10))
    records = await asyncio.gather(*(store.touch(limited._replace(client=key())) for _ in range(50)))
    assert sum(not r.limited_by for r in records) == 10


# Budgets -----------------------------------------------------------------------------------------------------


async def test_distinct_originals_of_the_hour_and_the_day(store: Store, visit: Touch) -> None:
    image = visit._replace(kind="image", count_below=2.0)
    seen = [("a", 0), ("b", 1), ("a", 2), ("c", HOUR), ("a", HOUR + 1), ("d", DAY - 1), ("a", DAY)]
    counts = []
    for name, at in seen:
        counts.append((await store.touch(image._replace(original=picture(name)), NOW + at))[4:6])
    assert counts == [(1, 1), (2, 2), (2, 2), (1, 3), (2, 3), (1, 4), (1, 1)]


async def test_a_page_reads_the_counts(store: Store, visit: Touch) -> None:
    await store.touch(visit._replace(original=picture("a"), count_below=2.0), NOW)
    assert (await store.touch(visit, NOW + 1))[4:6] == (1, 1)
    assert (await store.touch(visit, NOW + HOUR))[4:6] == (0, 1)
    assert (await store.touch(visit, NOW + DAY))[4:6] == (0, 0)


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
async def test_only_originals_for_the_undoubtful_count(
    store: Store, visit: Touch, weights: tuple[float, ...], below: float, counted: int
) -> None:
    doubtful = visit._replace(weights=weights, original=picture("a"), count_below=below)
    assert (await store.touch(doubtful, NOW)).hour == counted


async def test_a_limited_visit_takes_nothing_from_the_budget(store: Store, visit: Touch) -> None:
    limited = visit._replace(client_rate=Rate(10**6, 1), count_below=2.0)
    await store.touch(limited._replace(original=picture("a")), NOW)
    assert (await store.touch(limited._replace(original=picture("b")), NOW))[4:] == (1, 1, 1.0, "client")


async def test_an_answer_that_turns_out_to_be_a_picture(store: Store, visit: Touch) -> None:
    await store.touch(visit, NOW)
    for name in ("a", "b", "a"):
        await store.count_original(visit.client, visit.network, picture(name), NOW + 1)
    assert (await store.touch(visit, NOW + 2))[2:6] == (2, 0, 2, 2)


async def test_a_picture_of_a_client_not_seen_before(store: Store, visit: Touch) -> None:
    await store.count_original(visit.client, visit.network, picture("a"), NOW)
    assert (await store.touch(visit, NOW))[2:6] == (1, 0, 1, 1)


async def test_a_picture_counts_now_when_no_time_is_given(store: Store, visit: Touch) -> None:
    await store.count_original(visit.client, visit.network, picture("a"))
    assert (await store.touch(visit)).day == 1


async def test_a_thousand_pictures_within_a_few_per_cent(store: Store, visit: Touch) -> None:
    for i in range(1000):
        record = await store.touch(visit._replace(original=picture(i), count_below=1.0), NOW)
    assert record.hour == pytest.approx(1000, rel=0.1)
    assert record.day == pytest.approx(1000, rel=0.1)


# Expiry and secret -------------------------------------------------------------------------------------------


async def test_a_record_is_forgotten_after_its_time(store: Store, visit: Touch) -> None:
    condemned = visit._replace(weights=(9.0, 1.0), proof=True, navigated=True, client_rate=Rate(10**6, 1))
    await store.touch(condemned, NOW)
    alive = await store.touch(visit, NOW + RECORD_TTL - 0.001)
    assert (alive.proof, alive.visits, alive.navigated) == (True, 2, 1)
    assert await store.touch(visit, NOW + 2 * RECORD_TTL) == ((0.0, 0.0), False, 1, 0, 0, 0, 0.0, "")


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
