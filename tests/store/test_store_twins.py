"""touch.lua and its twin in Python: whatever sequence of visits comes, both say the same."""

from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardware.store import MemoryStore, Rate, Record, Touch
from guardware.store.protocol import NEWCOMER, RECORD_TTL
from guardware.store.redis import RedisStore
from guardware.verdict import LASTING

NOW = 1_780_000_000.0
PICTURES = [int.from_bytes(blake2b(bytes([i]), digest_size=8).digest(), "big") for i in range(40)]


COUNTS = ("hour", "day", "asked_hour", "asked_day", "home_asked")
FADING = attrgetter("pages", "errors", "rate", "home_pages")
ABOUT: Any = {"scores": (), "pages": 0, "errors": 0, "rate": 0, "home_pages": 0, **dict.fromkeys(COUNTS, 0)}


class Step(NamedTuple):
    """Some time, then one visit; ``counted`` is a picture found in the answer, after the visit."""

    pause: float
    touch: Touch
    counted: int | None


# Pauses in whole milliseconds, crowded (limits bite), spread (scores fade, hours pass) and beyond a record's life.
pauses = st.sampled_from([0, 0, 1, 250, 999]) | st.integers(0, 3_600_000) | st.integers(0, 2_000 * RECORD_TTL)
rates = st.none() | st.builds(
    Rate, interval=st.sampled_from([0, 1, 1000, 333_333, 10**9, 10**11]), burst=st.integers(1, 4)
)
weights = st.tuples(*[st.sampled_from([0.0, 0.0, 1.5, -1.0]) | st.floats(-6, 14, width=32) for _ in LASTING])
touches = st.builds(
    Touch,
    client=st.sampled_from("abc"),
    network=st.just("n"),
    address=st.sampled_from("xy"),
    kind=st.sampled_from(["page", "image"]),
    weights=weights,
    client_rate=rates,
    network_rate=rates,
    original=st.none() | st.sampled_from(PICTURES),
    count_below=st.sampled_from([0.0, 2.0, 100.0]),
    number=st.sampled_from([-1, 0, 1, 2, 3, 4, 2**53]),
    navigated=st.booleans(),
    page=st.booleans(),
    leading=st.booleans(),
    habits=st.integers(0, 15),
    cookies=st.sampled_from([0, 0, 1, 300]),
    errors=st.sampled_from([0, 0, 1, 40]),
)
pictures = st.none() | st.sampled_from(PICTURES)
steps = st.builds(Step, pause=pauses.map(lambda ms: ms / 1000), touch=touches, counted=pictures)


def same(record: Record, twin: Record) -> bool:
    """Alike but for rounding in the scores, and for the counts, which are two ways of estimating."""
    exact = record._replace(**ABOUT) == twin._replace(**ABOUT)
    counts = all(abs(getattr(record, name) - getattr(twin, name)) <= 3 for name in COUNTS)
    faded = FADING(record) == pytest.approx(FADING(twin), 1e-5)
    return exact and counts and faded and record.scores == pytest.approx(twin.scores, abs=1e-6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.sampled_from([0, 0, NEWCOMER - 1, NEWCOMER + 1]), visits=st.lists(steps, min_size=1, max_size=25))
async def test_the_same_visits_leave_the_same_records(
    before: int, visits: list[Step], redis_store: RedisStore, key: Callable[[], str]
) -> None:
    """``before``: visits of address x that had no limits."""
    memory, fresh, network, now = MemoryStore(), {c: key() for c in "abcxy"}, key(), NOW
    earlier = [Step(0.0, Touch("a", "n", "x", "page"), None)] * before
    for pause, touch, counted in earlier + visits:
        now += pause
        own = touch._replace(client=fresh[touch.client], network=network, address=fresh[touch.address])
        record, twin = await redis_store.touch(own, now), memory.touch_now(own, now)
        assert same(record, twin), (record, twin)
        if counted is not None:
            await redis_store.count_original(*own[:3], counted, now)
            memory.count_original_now(*own[:3], counted, now)


@settings(max_examples=200, deadline=None)
@given(visits=st.lists(steps, min_size=1, max_size=40))
def test_a_crowded_visit_never_counts_an_original(visits: list[Step]) -> None:
    """A store that is asked the same of pages, and never of a picture when the visit is crowded, says the same."""
    store, pages, now = MemoryStore(), MemoryStore(), NOW
    for pause, touch, _ in visits:
        now += pause
        record = store.touch_now(touch, now)
        asked = touch._replace(original=None) if record.crowded else touch
        assert pages.touch_now(asked, now) == record
