"""The judgement by itself: counts and what is usual in, a lift out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.aggregates.baseline import Baseline
from guardware.aggregates.judgement import NOTHING, Usage, judge, louder, usage
from guardware.aggregates.measures import BARE_BLOCK, BLOCK, MEASURES, Counts
from guardware.aggregates.words import Lift

NOBODY = Baseline()
NEW = Usage(NOBODY)
"""A site of which nothing is known yet."""
HONEST = Counts(*(1000, 800, 850, 500, 40 * BLOCK, 40, round(40 * BLOCK * 0.6), 20, round(20 * BARE_BLOCK * 0.45)))


def taught(counts: Counts = HONEST, hours: int = 24) -> Baseline:
    baseline = Baseline()
    for hour in range(hours):
        baseline.learn(1000 + hour, counts)
    return baseline


SWEEP = {"bare_blocks": 20, "bare_different": 20 * BARE_BLOCK}
"""What was asked without a page differs each time."""


@pytest.mark.parametrize(
    ("addresses", "opened", "expected"),
    [
        (29, 0, 0.0),  # too few to say
        (30, 0, 2.0),
        (60, 0, 2.0),
        (60, 30, 0.0),  # half of them: classes differ as much
        (600, 240, 0.63),
        (600, 200, 1.07),
        (600, 600, 0.0),
    ],
)
def test_how_many_opened_no_page_in_a_class_nobody_knows(addresses: int, opened: int, expected: float) -> None:
    counts = Counts(addresses=addresses, opened=opened, settled=addresses, **SWEEP)
    assert judge(counts, NOBODY, NEW).value == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(("addresses", "expected"), [(9, 0.0), (10, 1.31), (20, 1.98), (30, 2.0)])
def test_networks_are_judged_by_fewer(addresses: int, expected: float) -> None:
    counts = Counts(addresses=addresses, **SWEEP)
    assert judge(counts, None, NEW).value == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("different", "expected"), [(0.02, 0.0), (0.45, 0.0), (0.6, 0.0), (0.725, 1.0), (0.85, 2.0), (1.0, 2.0)]
)
def test_who_flocks_to_a_few_pictures_is_no_pool(different: float, expected: float) -> None:
    counts = Counts(addresses=500, bare_blocks=20, bare_different=round(20 * BARE_BLOCK * different))
    assert judge(counts, NOBODY, NEW).value == pytest.approx(expected, abs=0.01)


def test_nothing_is_said_before_a_block_is_full() -> None:
    assert judge(Counts(addresses=500), NOBODY, NEW) == NOTHING


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"opened": 300, "settled": 900, **SWEEP}, id="bare"),
        pytest.param({"settled": 300, **SWEEP}, id="single"),
        pytest.param({"different": 39 * BLOCK}, id="spread"),
        pytest.param({"bare_different": 19 * BARE_BLOCK}, id="bare-spread"),
        pytest.param({"accounts": 2500}, id="accounts"),
    ],
)
def test_each_measure_stands_out_by_itself(changed: dict[str, int]) -> None:
    """Against a day of the class's own."""
    known = taught()
    assert judge(HONEST, known, NEW) == NOTHING
    assert judge(HONEST._replace(**changed), known, NEW).value > 1


def test_without_a_day_of_its_own_only_what_has_a_prior_is_judged() -> None:
    counts = HONEST._replace(different=40 * BLOCK, accounts=2500)
    assert judge(counts, taught(hours=23), NEW) == NOTHING


def test_the_site_stands_in_for_a_class_that_is_new() -> None:
    """Where half of all visitors come for a picture alone, a class that does is like all others."""
    half = HONEST._replace(opened=500, settled=500)
    counts = Counts(addresses=300, opened=105, settled=150, **SWEEP)
    assert judge(counts, NOBODY, NEW).value > 0.8
    assert judge(counts, NOBODY, usage([taught(half), taught(hours=5)], NOBODY)) == NOTHING


def test_where_nobody_opens_pages_having_opened_none_means_nothing() -> None:
    everybody = HONEST._replace(opened=0, settled=800)
    counts = Counts(addresses=300, settled=300, **SWEEP)
    assert judge(counts, NOBODY, NEW).value == 2.0
    assert judge(counts, NOBODY, usage([], taught(everybody))) == NOTHING


numbers = st.integers(0, 10**6)


@given(st.builds(Counts, *[numbers] * len(Counts._fields)), st.booleans())
def test_whatever_was_counted_a_lift_is_between_nothing_and_two(counts: Counts, known: bool) -> None:
    """Also what cannot be, such as more that opened a page than came: Redis may tell anything."""
    own = taught() if known else NOBODY
    for baseline in (own, None):
        lift = judge(counts, baseline, usage([own], own))
        assert 0 <= lift.value <= 2
        assert bool(lift.reason) == (lift.value > 0)


@pytest.mark.parametrize(
    ("now", "before", "elapsed", "expected"), [(0.0, 2.0, 0.25, 1.5), (1.0, 2.0, 0.9, 1.0), (0.0, 2.0, 1.0, 0.0)]
)
def test_the_last_hour_fades(now: float, before: float, elapsed: float, expected: float) -> None:
    assert louder(Lift(now, "now"), Lift(before, "before"), elapsed).value == expected


# What is usual -----------------------------------------------------------------------------------------------


def test_a_day_is_learned_hour_by_hour() -> None:
    assert taught(hours=23).usual(0) is None
    usual = taught().usual(0)
    assert usual is not None
    assert usual.share == pytest.approx(0.2)
    assert 0.02 <= usual.varies < 0.05


def test_a_week_later_the_old_is_a_third() -> None:
    """Two days of 20 %, then a week of 50 %: e^-1 of the weight is left to the old."""
    baseline = taught(hours=48)
    for hour in range(1048, 1048 + 168):
        baseline.learn(hour, HONEST._replace(opened=500))
    assert baseline.share(0) == pytest.approx(0.5 - 0.3 * 0.14, abs=0.02)


def test_one_great_hour_does_not_decide() -> None:
    """A hundred times the visitors count as one hour."""
    baseline = taught()
    baseline.learn(1024, HONEST._replace(addresses=100_000, opened=0))
    assert baseline.share(0) < 0.25


@pytest.mark.parametrize(("opened", "share"), [(0, 0.6), (1000, 0.05)])
def test_what_may_pass_for_usual_is_bounded(opened: int, share: float) -> None:
    usual = taught(HONEST._replace(opened=opened)).usual(0)
    assert usual is not None
    assert usual.share == share


def test_hours_that_differ_much_stand_out_less() -> None:
    steady, moody = taught(hours=100), Baseline()
    for hour in range(100):
        moody.learn(hour, HONEST._replace(opened=(700, 900)[hour % 2]))
    usual, varying = steady.usual(0), moody.usual(0)
    assert usual is not None
    assert varying is not None
    assert varying.varies == pytest.approx(0.1, abs=0.02)
    assert varying.varies > 2 * usual.varies


def test_an_hour_is_learned_once() -> None:
    baseline = taught()
    before = baseline.fields()
    baseline.learn(1023, HONEST._replace(opened=0))
    baseline.learn(7, HONEST._replace(opened=0))
    assert baseline.fields() == before


def as_redis_says(fields: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): text.encode() for name, text in fields.items()}


def test_what_is_usual_survives_a_store() -> None:
    fields = taught().fields()
    read = Baseline.parse(as_redis_says(fields))
    assert read is not None
    assert read.fields() == fields


@pytest.mark.parametrize(
    "damage",
    [
        {"hour": "soon"},
        {"hour": "-1"},
        {"hours": ""},
        {"bare": "1 2 3"},
        {"bare": "nan 1 0 0"},
        {"bare": "5 inf 0 0"},
        {"bare": "5 1 0 0"},
        {"bare": "1 5 -1 0"},
        {"bare": "a b c d"},
    ],
)
def test_a_damaged_baseline_is_none(damage: dict[str, str]) -> None:
    assert Baseline.parse(as_redis_says({**taught().fields(), **damage})) is None


@given(st.dictionaries(st.sampled_from([b"hour", b"hours", *(m.name.encode() for m in MEASURES)]), st.binary()))
def test_whatever_stands_in_redis(fields: dict[bytes, bytes]) -> None:
    read = Baseline.parse(fields)
    assert read is None or 0 <= judge(HONEST, read, usage([read], read)).value <= 2
