"""The verifier under floods of made-up claims, and when it is closed in the middle of them."""

import asyncio
import time

from verify_fakes import LIST, ORIGIN, SUFFIX, Clock, FakeChecker, FakeNames, FakeRanges, crawler, visit

from guardware.crawlers.backlog import AT_ONCE, PER_CLIENT, SIZE
from guardware.crawlers.claims import SIZE as REMEMBERED
from guardware.crawlers.proof import Outcome, Standing
from guardware.crawlers.verify import Verifier
from guardware.visit import Visit

NAMED = crawler("NamedBot", rdns=(SUFFIX,))
LISTED = crawler("ListedBot", ranges=(LIST,))


def crowd(number: int) -> list[Visit]:
    """Visits from as many addresses, each with a claim to make."""
    one = visit()
    source = one.source
    addresses = [f"45.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(number)]
    return [one._replace(source=source._replace(address=text, client=text)) for text in addresses]


async def test_a_hundred_thousand_claims_at_once() -> None:
    names = FakeNames(Outcome.REFUTED)
    names.gate = asyncio.Event()
    verifier = Verifier([NAMED], names=names, clock=Clock())
    await verifier.start()
    visits = crowd(100_000)
    begun = time.process_time()
    standings = {verifier.standing(each, NAMED, 0.0).standing for each in visits}
    spent = time.process_time() - begun
    assert standings == {Standing.UNVERIFIED}
    assert spent < 5.0  # some 10 µs each; ten times that on a slow machine still passes
    assert verifier.stats.waiting == SIZE
    assert verifier.stats.dropped == 100_000 - SIZE
    await asyncio.sleep(0)
    assert names.at_once == AT_ONCE
    await verifier.close()
    assert verifier.stats.waiting == names.at_once == 0


async def test_memory_is_bounded_when_every_claim_is_checked() -> None:
    names = FakeNames(Outcome.REFUTED)
    verifier = Verifier([NAMED], names=names, clock=Clock())
    await verifier.start()
    visits = crowd(REMEMBERED + 2000)
    for start in range(0, len(visits), SIZE):
        for each in visits[start : start + SIZE]:
            verifier.standing(each, NAMED, 0.0)
        await verifier.idle()
    assert len(names.asked) == len(visits)
    assert verifier.remembered == REMEMBERED
    await verifier.close()


async def test_a_flood_of_liars_does_not_push_out_the_verified() -> None:
    names, clock = FakeNames(Outcome.CONFIRMED), Clock()
    verifier = Verifier([NAMED], names=names, clock=clock)
    await verifier.start()
    verifier.standing(visit(), NAMED, clock.now)
    await verifier.idle()
    names.outcome = Outcome.REFUTED
    visits = crowd(REMEMBERED + 2000)
    for start in range(0, len(visits), SIZE):
        for each in visits[start : start + SIZE]:
            verifier.standing(each, NAMED, clock.now)
        await verifier.idle()
    assert verifier.standing(visit(), NAMED, clock.now).standing is Standing.VERIFIED
    await verifier.close()


async def test_ranges_answer_even_when_there_is_no_room() -> None:
    """Nobody keeps Googlebot out by making up claims."""
    names = FakeNames(Outcome.REFUTED)
    names.gate = asyncio.Event()
    verifier = Verifier([NAMED, LISTED], ranges=FakeRanges({LIST: True}), names=names, clock=Clock())
    await verifier.start()
    for each in crowd(2 * SIZE):
        verifier.standing(each, NAMED, 0.0)
    assert verifier.standing(visit(), NAMED, 0.0).how == "too many claims wait to be checked"
    assert verifier.standing(visit(), LISTED, 0.0).standing is Standing.VERIFIED
    await verifier.close()


async def test_one_client_that_signs_everything_leaves_room_for_others() -> None:
    checker = FakeChecker("unverified")
    verifier = Verifier([], checker=checker, clock=Clock())
    await verifier.start()
    for number in range(2000):
        verifier.standing(visit(agent=f"https://a{number}.example.net"), None, 0.0)
    assert verifier.stats.waiting == PER_CLIENT
    other = verifier.standing(visit("8.8.8.8", agent=ORIGIN), None, 0.0)
    assert other.how == "its signature has not been checked yet"
    await verifier.idle()
    assert len(checker.checked) == PER_CLIENT + 1
    await verifier.close()


async def test_closed_in_the_middle_and_started_again() -> None:
    names, clock = FakeNames(Outcome.CONFIRMED), Clock()
    names.gate = asyncio.Event()
    verifier = Verifier([NAMED], names=names, clock=clock)
    await verifier.start()
    await verifier.start()
    verifier.standing(visit(), NAMED, clock.now)
    await asyncio.sleep(0)
    await verifier.close()
    await verifier.close()
    assert verifier.standing(visit("8.8.8.8"), NAMED, clock.now).how == "it was not checked"
    names.gate.set()
    clock.now += 300
    await verifier.start()
    verifier.standing(visit(), NAMED, clock.now)
    await verifier.idle()
    assert verifier.standing(visit(), NAMED, clock.now).standing is Standing.VERIFIED
    await verifier.close()


async def test_expired_addresses_are_swept_out() -> None:
    verifier = Verifier([NAMED], names=FakeNames(Outcome.REFUTED), checker=FakeChecker("verified"), clock=Clock())
    await verifier.start()
    now = Clock().now
    verifier.standing(visit(agent=ORIGIN), NAMED, now)
    await verifier.idle()
    assert verifier.remembered == 2
    verifier.sweep(now + 3600.0)
    assert verifier.remembered == 0
    await verifier.close()
