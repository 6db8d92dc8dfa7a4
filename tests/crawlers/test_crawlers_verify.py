"""The verifier on claims by user-agent: truth tables, what is remembered for how long, and what is never asked."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from verify_fakes import ADDRESS, AGENT, LIST, OTHER_LIST, SUFFIX, Clock, FakeNames, FakeRanges, crawler, visit

from guardware.crawlers import Catalogue, Crawler
from guardware.crawlers.proof import NOTHING_CLAIMED, Outcome, Proof, Standing
from guardware.crawlers.reverse_dns import Confirmation
from guardware.crawlers.verify import Verifier

DAY, HOUR = 86400.0, 3600.0
CONFIRMED, REFUTED, UNKNOWN = Outcome.CONFIRMED, Outcome.REFUTED, Outcome.UNKNOWN
VERIFIED, LYING, UNVERIFIED = Standing.VERIFIED, Standing.LYING, Standing.UNVERIFIED

BOTH = crawler(ranges=(LIST,), rdns=(SUFFIX,))
LISTED = crawler("ListedBot", ranges=(LIST,))
NAMED = crawler("NamedBot", rdns=(SUFFIX,))
TWICE_LISTED = crawler("TwiceListedBot", ranges=(LIST, OTHER_LIST))
SIGNING = crawler("SigningBot", ranges=(LIST,), web_bot_auth=AGENT)


@asynccontextmanager
async def running(verifier: Verifier) -> AsyncIterator[Verifier]:
    await verifier.start()
    try:
        yield verifier
    finally:
        await verifier.close()


def made(
    *crawlers: Crawler,
    ranges: FakeRanges | None = None,
    names: FakeNames | None = None,
    clock: Clock | None = None,
) -> Verifier:
    return Verifier(crawlers, ranges=ranges, names=names, clock=clock or Clock())


async def settled(verifier: Verifier, claimed: Crawler, now: float = Clock().now) -> Proof:
    """What is said once the background has done its work."""
    verifier.standing(visit(), claimed, now)
    await verifier.idle()
    return verifier.standing(visit(), claimed, now)


@pytest.mark.parametrize(
    ("claimed", "in_list", "in_other", "by_name", "expected"),
    [
        (BOTH, True, None, REFUTED, VERIFIED),
        (BOTH, True, None, UNKNOWN, VERIFIED),
        (BOTH, False, None, CONFIRMED, VERIFIED),
        (BOTH, None, None, CONFIRMED, VERIFIED),
        (BOTH, False, None, REFUTED, LYING),
        (BOTH, False, None, UNKNOWN, UNVERIFIED),
        (BOTH, None, None, REFUTED, UNVERIFIED),
        (BOTH, None, None, UNKNOWN, UNVERIFIED),
        (LISTED, True, None, REFUTED, VERIFIED),
        (LISTED, False, None, CONFIRMED, LYING),  # names are not a way that its operator offers
        (LISTED, None, None, CONFIRMED, UNVERIFIED),
        (NAMED, True, None, REFUTED, LYING),
        (NAMED, False, None, CONFIRMED, VERIFIED),
        (NAMED, True, None, UNKNOWN, UNVERIFIED),
        (TWICE_LISTED, False, True, REFUTED, VERIFIED),
        (TWICE_LISTED, None, True, REFUTED, VERIFIED),
        (TWICE_LISTED, False, False, REFUTED, LYING),
        (TWICE_LISTED, False, None, REFUTED, UNVERIFIED),
        (SIGNING, True, None, REFUTED, VERIFIED),
        (SIGNING, False, None, REFUTED, LYING),  # it need not sign, but then it must come from its ranges
    ],
)
async def test_what_the_ways_together_say(
    claimed: Crawler, in_list: bool | None, in_other: bool | None, by_name: Outcome, expected: Standing
) -> None:
    ranges, names = FakeRanges({LIST: in_list, OTHER_LIST: in_other}), FakeNames(by_name)
    async with running(made(claimed, ranges=ranges, names=names)) as verifier:
        proof = await settled(verifier, claimed)
    assert (proof.standing, proof.crawler, proof.agent) == (expected, claimed, "")
    assert ADDRESS not in proof.how
    assert ADDRESS.replace(".", "-") not in proof.how


@pytest.mark.parametrize(
    ("claimed", "ranges", "names", "expected"),
    [
        pytest.param(BOTH, FakeRanges({LIST: False}), None, UNVERIFIED, id="the names, which might confirm"),
        pytest.param(BOTH, None, FakeNames(REFUTED), UNVERIFIED, id="the lists, which might confirm"),
        pytest.param(BOTH, FakeRanges({LIST: True}), None, VERIFIED, id="the names, but the list confirms"),
        pytest.param(BOTH, None, FakeNames(CONFIRMED), VERIFIED, id="the lists, but a name confirms"),
        pytest.param(LISTED, None, FakeNames(CONFIRMED), UNVERIFIED, id="its only way"),
    ],
)
async def test_a_way_that_is_switched_off_condemns_nobody(
    claimed: Crawler, ranges: FakeRanges | None, names: FakeNames | None, expected: Standing
) -> None:
    async with running(made(claimed, ranges=ranges, names=names)) as verifier:
        assert (await settled(verifier, claimed)).standing is expected


@pytest.mark.parametrize(
    ("claimed", "how"),
    [
        (crawler(), "nobody can verify it"),
        (crawler(web_bot_auth=AGENT), "only a signature can verify it"),
        (crawler(ranges=(LIST,), rdns=(SUFFIX,), robots_only=True), "its operator never sends that name"),
    ],
)
async def test_whoever_cannot_be_verified_is_not_asked_for(claimed: Crawler, how: str) -> None:
    ranges, names = FakeRanges({LIST: False}), FakeNames(REFUTED)
    async with running(made(claimed, ranges=ranges, names=names)) as verifier:
        assert await settled(verifier, claimed) == Proof(UNVERIFIED, how, crawler=claimed)
    assert ranges.refreshed == names.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.7", "192.168.1.1", "100.64.0.1", "169.254.1.1", "224.0.0.1", "198.51.100.7"),
        *("::1", "fd00::1", "fe80::1", "2001:db8::1", "::ffff:10.0.0.7", "", "unix:"),
    ],
)
async def test_nobody_is_asked_about_private_and_unknown_addresses(address: str) -> None:
    ranges, names = FakeRanges({LIST: False}), FakeNames(REFUTED)
    async with running(made(BOTH, ranges=ranges, names=names)) as verifier:
        proof = verifier.standing(visit(address), BOTH, 0.0)
        await verifier.idle()
        assert verifier.standing(visit(address), BOTH, 0.0) == proof
    assert proof.standing is UNVERIFIED
    assert "private" in proof.how
    assert ranges.refreshed == names.asked == []


def test_nothing_claimed_costs_nothing() -> None:
    assert made(BOTH).standing(visit(), None, 0.0) is NOTHING_CLAIMED


@pytest.mark.parametrize(
    ("claimed", "in_list", "expected"),
    [
        (LISTED, True, VERIFIED),
        (LISTED, False, LYING),
        (LISTED, None, UNVERIFIED),
        (BOTH, True, VERIFIED),
        (BOTH, False, UNVERIFIED),
        (NAMED, None, UNVERIFIED),
        (SIGNING, False, LYING),
    ],
)
def test_without_an_event_loop_only_what_is_known_is_said(
    claimed: Crawler, in_list: bool | None, expected: Standing
) -> None:
    """As in explain and replay."""
    names = FakeNames(CONFIRMED)
    verifier = made(claimed, ranges=FakeRanges({LIST: in_list}), names=names)
    assert verifier.standing(visit(), claimed, 0.0).standing is expected
    assert names.asked == []
    assert verifier.remembered == 0


async def test_an_address_in_the_ranges_is_verified_at_once() -> None:
    ranges = FakeRanges({LIST: True})
    async with running(made(BOTH, ranges=ranges, names=FakeNames(REFUTED))) as verifier:
        proof = verifier.standing(visit(), BOTH, 0.0)
    assert proof == Proof(VERIFIED, "its address is in Example's published ranges", crawler=BOTH)
    assert ranges.refreshed == []


async def test_a_list_is_fetched_anew_before_it_makes_a_liar() -> None:
    """The address was added after our copy was made."""
    ranges = FakeRanges({LIST: False}, fetched={LIST: True})
    async with running(made(LISTED, ranges=ranges)) as verifier:
        assert verifier.standing(visit(), LISTED, 0.0).standing is UNVERIFIED
        await verifier.idle()
        assert verifier.standing(visit(), LISTED, 0.0).standing is VERIFIED
    assert ranges.refreshed == [LIST]


@pytest.mark.parametrize(
    ("in_list", "by_name", "words"),
    [
        (True, REFUTED, "its address is in Example's published ranges"),
        (False, CONFIRMED, f"its address has a name under {SUFFIX} that leads back to it"),
        (
            *(False, REFUTED),
            "its address is not in Example's published ranges "
            f"and has no name under {SUFFIX} that leads back to it",
        ),
        (None, UNKNOWN, "it could not be checked: not everybody who had to be asked gave an answer"),
    ],
)
async def test_the_reason_in_words(in_list: bool | None, by_name: Outcome, words: str) -> None:
    async with running(made(BOTH, ranges=FakeRanges({LIST: in_list}), names=FakeNames(by_name))) as verifier:
        assert (await settled(verifier, BOTH)).how == words


async def test_an_operator_without_a_name() -> None:
    nameless = crawler(ranges=(LIST,), operator="unknown")
    async with running(made(nameless, ranges=FakeRanges({LIST: True}))) as verifier:
        assert verifier.standing(visit(), nameless, 0.0).how == "its address is in its operator's published ranges"


async def test_many_visits_make_one_question() -> None:
    names = FakeNames(REFUTED)
    async with running(made(NAMED, names=names)) as verifier:
        for _ in range(50):
            assert verifier.standing(visit(), NAMED, 0.0).how == "it has not been checked yet"
        assert verifier.stats.waiting == 1
        await verifier.idle()
    assert names.asked == [ADDRESS]


@pytest.mark.parametrize(("by_name", "lasts"), [(REFUTED, HOUR), (UNKNOWN, 300.0)])
async def test_how_long_an_answer_stands(by_name: Outcome, lasts: float) -> None:
    names, clock = FakeNames(by_name), Clock()
    async with running(made(NAMED, names=names, clock=clock)) as verifier:
        first = await settled(verifier, NAMED, clock.now)
        assert verifier.standing(visit(), NAMED, clock.now + lasts - 1) == first
        await verifier.idle()
        assert len(names.asked) == 1
        assert verifier.standing(visit(), NAMED, clock.now + lasts).how == "it has not been checked yet"
        await verifier.idle()
        assert len(names.asked) == 2


async def test_a_verified_crawler_is_asked_for_again_while_it_stays_verified() -> None:
    names, clock = FakeNames(CONFIRMED), Clock()
    async with running(made(NAMED, names=names, clock=clock)) as verifier:
        await settled(verifier, NAMED, clock.now)
        clock.now += DAY - 1
        assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED
        assert len(names.asked) == 1
        clock.now += 1
        assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED
        assert len(names.asked) == 2
        clock.now += DAY - 1
        assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED
        assert len(names.asked) == 2


async def test_an_outage_does_not_turn_a_verified_crawler_away_for_a_second_day() -> None:
    names, clock = FakeNames(CONFIRMED), Clock()
    async with running(made(NAMED, names=names, clock=clock)) as verifier:
        await settled(verifier, NAMED, clock.now)
        names.outcome = UNKNOWN
        clock.now += DAY
        for _ in range(5):
            assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED
        assert len(names.asked) == 2  # and not with each visit
        clock.now += 300
        assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED
        assert len(names.asked) == 3
        clock.now += DAY - 300
        assert (await settled(verifier, NAMED, clock.now)).standing is UNVERIFIED


async def test_an_address_that_changed_hands() -> None:
    names, clock = FakeNames(CONFIRMED), Clock()
    async with running(made(NAMED, names=names, clock=clock)) as verifier:
        await settled(verifier, NAMED, clock.now)
        names.outcome = REFUTED
        clock.now += DAY
        assert verifier.standing(visit(), NAMED, clock.now).standing is VERIFIED
        await verifier.idle()
        assert verifier.standing(visit(), NAMED, clock.now).standing is LYING
        names.outcome = CONFIRMED
        clock.now += HOUR
        assert (await settled(verifier, NAMED, clock.now)).standing is VERIFIED


async def test_a_clock_that_jumps_back() -> None:
    names, clock = FakeNames(CONFIRMED), Clock()
    async with running(made(NAMED, names=names, clock=clock)) as verifier:
        await settled(verifier, NAMED, clock.now)
        clock.now -= 30  # as time servers do
        assert verifier.standing(visit(), NAMED, clock.now).standing is VERIFIED
        clock.now -= 365 * DAY
        assert verifier.standing(visit(), NAMED, clock.now).standing is UNVERIFIED
        await verifier.idle()
        assert verifier.standing(visit(), NAMED, clock.now).standing is VERIFIED
    assert len(names.asked) == 2


async def test_a_way_that_breaks_leaves_the_claim_unverified_and_is_not_asked_with_each_visit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ranges = FakeRanges({LIST: False})
    ranges.error = RuntimeError("out of order")
    async with running(made(LISTED, ranges=ranges)) as verifier:
        for _ in range(5):
            assert (await settled(verifier, LISTED)).standing is UNVERIFIED
    assert ranges.refreshed == [LIST]
    assert "out of order" in caplog.text


async def test_each_address_and_each_name_stands_for_itself() -> None:
    other = crawler("OtherBot", rdns=(SUFFIX,))
    names = FakeNames(REFUTED)
    async with running(made(NAMED, other, names=names)) as verifier:
        assert (await settled(verifier, NAMED)).standing is LYING
        assert verifier.standing(visit("8.8.8.8"), NAMED, 0.0).standing is UNVERIFIED
        assert verifier.standing(visit(), other, 0.0).standing is UNVERIFIED


async def test_a_crawler_that_the_catalogue_does_not_have() -> None:
    """A rule may make one up, and a catalogue may be exchanged while visits are judged."""
    async with running(made(names=FakeNames(CONFIRMED))) as verifier:
        assert (await settled(verifier, NAMED)).standing is VERIFIED


async def test_stats() -> None:
    names = FakeNames(CONFIRMED)
    async with running(made(NAMED, LISTED, ranges=FakeRanges({LIST: False}), names=names)) as verifier:
        verifier.standing(visit(), NAMED, 0.0)
        verifier.standing(visit(), LISTED, 0.0)
        assert verifier.stats == (2, 0, 0, 0, 0, 0)
        await verifier.idle()
        names.outcome = UNKNOWN
        verifier.standing(visit("8.8.8.8"), NAMED, 0.0)
        await verifier.idle()
        assert verifier.stats == (0, 1, 1, 1, 0, 0)


async def test_checks_that_break_are_counted() -> None:
    class Broken(FakeNames):
        async def confirm(self, address: str, suffixes: tuple[str, ...]) -> Confirmation:
            raise RuntimeError("out of order")

    async with running(made(NAMED, names=Broken(CONFIRMED))) as verifier:
        assert verifier.standing(visit(), NAMED, 0.0).standing is UNVERIFIED
        await verifier.idle()
        assert (verifier.stats.failed, verifier.stats.waiting) == (1, 0)


async def test_every_shipped_crawler_has_a_standing(catalogue: Catalogue) -> None:
    """Whatever nobody has published ways for stays unverified, and no combination of ways is an error."""
    urls = {url for each in catalogue for url in each.verification.ranges}
    ranges, names = FakeRanges(dict.fromkeys(urls, False)), FakeNames(REFUTED)
    async with running(Verifier(catalogue, ranges=ranges, names=names, clock=Clock())) as verifier:
        for each in catalogue:
            proof = await settled(verifier, each)
            ways = each.verification
            lying = (ways.ranges or ways.rdns) and not each.robots_only
            assert (each.token, proof.standing) == (each.token, LYING if lying else UNVERIFIED)
