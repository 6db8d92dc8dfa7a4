"""The verifier on signed visits (Web Bot Auth), alone and together with what the user-agent claims."""

import pytest
from verify_fakes import (
    ADDRESS,
    AGENT,
    LIST,
    ORIGIN,
    SUFFIX,
    Clock,
    FakeChecker,
    FakeNames,
    FakeRanges,
    crawler,
    visit,
)

from guardware.crawlers import Crawler, Purpose
from guardware.crawlers.proof import NOTHING_CLAIMED, Outcome, Proof, Standing
from guardware.crawlers.verify import Verifier
from guardware.crawlers.web_bot_auth.result import Validity

VERIFIED, LYING, UNVERIFIED = Standing.VERIFIED, Standing.LYING, Standing.UNVERIFIED
NOW = Clock().now

AGENT_ONLY = crawler("AgentBot", web_bot_auth=AGENT, purpose=Purpose.USER_FETCH)
LISTED_AGENT = crawler("ListedAgentBot", ranges=(LIST,), web_bot_auth=AGENT)
STRANGER = crawler("StrangerBot", ranges=(LIST,), rdns=(SUFFIX,))
TOOL = crawler("tool", purpose=Purpose.TOOL)


async def settled(
    claimed: Crawler | None,
    outcome: Validity,
    *,
    in_list: bool | None = None,
    crawlers: tuple[Crawler, ...] = (AGENT_ONLY, LISTED_AGENT, STRANGER, TOOL),
    agent: str = ORIGIN,
) -> Proof:
    names = FakeNames(Outcome.REFUTED if in_list is False else Outcome.UNKNOWN)
    verifier = Verifier(
        crawlers,
        ranges=FakeRanges({LIST: in_list}),
        names=names,
        checker=FakeChecker(outcome, agent),
        clock=Clock(),
    )
    await verifier.start()
    verifier.standing(visit(agent=agent), claimed, NOW)
    await verifier.idle()
    proof = verifier.standing(visit(agent=agent), claimed, NOW)
    await verifier.close()
    return proof


@pytest.mark.parametrize(
    ("claimed", "in_list", "outcome", "standing", "agent"),
    [
        # Nothing but the signature.
        (None, None, "verified", VERIFIED, ORIGIN),
        (None, None, "invalid", LYING, ""),
        (None, None, "unverified", UNVERIFIED, ""),
        # The crawler that signs so, and offers no other way.
        (AGENT_ONLY, None, "verified", VERIFIED, ORIGIN),
        (AGENT_ONLY, None, "invalid", LYING, ""),
        (AGENT_ONLY, None, "unverified", UNVERIFIED, ""),
        # The crawler that signs so, and has published ranges too.
        (LISTED_AGENT, False, "verified", VERIFIED, ORIGIN),
        (LISTED_AGENT, True, "verified", VERIFIED, ORIGIN),
        (LISTED_AGENT, True, "invalid", VERIFIED, ""),
        (LISTED_AGENT, None, "invalid", UNVERIFIED, ""),
        (LISTED_AGENT, False, "invalid", LYING, ""),
        (LISTED_AGENT, False, "unverified", LYING, ""),
        (LISTED_AGENT, None, "unverified", UNVERIFIED, ""),
        # A crawler that does not sign so: another's signature does not prove it.
        (STRANGER, None, "verified", UNVERIFIED, ORIGIN),
        (STRANGER, False, "verified", LYING, ORIGIN),
        (STRANGER, True, "verified", VERIFIED, ORIGIN),
        (STRANGER, True, "invalid", VERIFIED, ""),
        (STRANGER, None, "invalid", LYING, ""),
        (TOOL, None, "verified", UNVERIFIED, ORIGIN),
        (TOOL, None, "invalid", LYING, ""),
    ],
)
async def test_signature_and_claim(
    claimed: Crawler | None, in_list: bool | None, outcome: Validity, standing: Standing, agent: str
) -> None:
    proof = await settled(claimed, outcome, in_list=in_list)
    assert (proof.standing, proof.agent) == (standing, agent)
    assert ADDRESS not in proof.how
    assert proof.crawler == claimed or claimed is None


async def test_a_signature_alone_names_the_strictest_crawler_that_signs_so() -> None:
    assert (await settled(None, "verified")).crawler == AGENT_ONLY
    assert (await settled(None, "verified", crawlers=(LISTED_AGENT,))).crawler == LISTED_AGENT


async def test_an_agent_that_the_catalogue_does_not_have() -> None:
    proof = await settled(None, "verified", agent="https://new.example.net")
    assert proof == Proof(VERIFIED, "its visits are signed by https://new.example.net", "https://new.example.net")


@pytest.mark.parametrize("agent", ["", "https://[", "agent.example.com", "https://agent.example.com.evil.net"])
async def test_an_odd_agent_is_no_crawler_of_the_catalogue(agent: str) -> None:
    assert (await settled(None, "verified", agent=agent)).crawler is None


async def test_reasons_in_words() -> None:
    assert (await settled(None, "invalid")).how == "its signature is false: the signature is invalid"
    assert (await settled(None, "unverified")).how == "the signature is unverified"
    by_address = await settled(LISTED_AGENT, "verified", in_list=True)
    assert by_address.how == "its address is in Example's published ranges"
    by_signature = await settled(LISTED_AGENT, "verified", in_list=False)
    assert by_signature.how == f"its visits are signed by {ORIGIN}"


async def test_an_unsigned_visit_is_not_a_lie() -> None:
    verifier = Verifier([AGENT_ONLY], checker=FakeChecker("invalid"), clock=Clock())
    await verifier.start()
    assert verifier.standing(visit(), AGENT_ONLY, NOW).how == "only a signature can verify it"
    assert verifier.standing(visit(), None, NOW) is NOTHING_CLAIMED
    assert verifier.stats.waiting == 0
    await verifier.close()


async def test_a_signature_where_that_way_is_switched_off() -> None:
    verifier = Verifier([AGENT_ONLY], clock=Clock())
    await verifier.start()
    assert verifier.standing(visit(agent=ORIGIN), None, NOW) is NOTHING_CLAIMED
    assert verifier.standing(visit(agent=ORIGIN), AGENT_ONLY, NOW).standing is UNVERIFIED
    await verifier.close()


def test_without_an_event_loop_nothing_is_checked() -> None:
    checker = FakeChecker("verified")
    proof = Verifier([AGENT_ONLY], checker=checker, clock=Clock()).standing(visit(agent=ORIGIN), None, NOW)
    assert (proof.standing, proof.how) == (UNVERIFIED, "its signature was not checked")
    assert checker.checked == []


class TestOneClient:
    """What becomes of one client's visits over time."""

    async def _start(self, outcome: Validity) -> tuple[Verifier, FakeChecker, Clock]:
        checker, clock = FakeChecker(outcome), Clock()
        verifier = Verifier([AGENT_ONLY], checker=checker, closing=[checker.close], clock=clock)
        await verifier.start()
        return verifier, checker, clock

    async def _visit(
        self, verifier: Verifier, clock: Clock, agent: str = ORIGIN, address: str = ADDRESS
    ) -> Standing:
        standing = verifier.standing(visit(address, agent=agent), None, clock.now).standing
        await verifier.idle()
        return standing

    async def test_the_first_visit_is_unverified_and_every_visit_is_checked(self) -> None:
        verifier, checker, clock = await self._start("verified")
        assert [await self._visit(verifier, clock) for _ in range(4)] == [UNVERIFIED, VERIFIED, VERIFIED, VERIFIED]
        assert len(checker.checked) == 4
        assert checker.checked[0][1] == clock.now
        await verifier.close()
        assert checker.closed

    async def test_a_bad_signature_outweighs_good_ones_for_ten_minutes(self) -> None:
        verifier, checker, clock = await self._start("verified")
        await self._visit(verifier, clock)
        checker.outcome = "invalid"
        assert await self._visit(verifier, clock) is VERIFIED  # checked after it was answered
        checker.outcome = "verified"
        assert await self._visit(verifier, clock) is LYING
        clock.now += 599
        assert await self._visit(verifier, clock) is LYING
        assert len(checker.checked) == 2  # what stands as a lie is not checked again
        clock.now += 1
        assert await self._visit(verifier, clock) is UNVERIFIED
        assert await self._visit(verifier, clock) is VERIFIED
        await verifier.close()

    async def test_what_cannot_be_checked_leaves_the_good_one_standing_for_its_hour(self) -> None:
        verifier, checker, clock = await self._start("verified")
        await self._visit(verifier, clock)
        checker.outcome = "unverified"
        clock.now += 3599
        assert await self._visit(verifier, clock) is VERIFIED
        clock.now += 1
        assert await self._visit(verifier, clock) is UNVERIFIED
        await verifier.close()

    async def test_good_ones_keep_it_verified(self) -> None:
        verifier, _, clock = await self._start("verified")
        await self._visit(verifier, clock)
        for _ in range(5):
            clock.now += 3000
            assert await self._visit(verifier, clock) is VERIFIED
        await verifier.close()

    async def test_other_agents_and_addresses_stand_for_themselves(self) -> None:
        verifier, _, clock = await self._start("verified")
        await self._visit(verifier, clock)
        assert await self._visit(verifier, clock, agent="https://other.example.com") is UNVERIFIED
        assert await self._visit(verifier, clock, address="8.8.8.8") is UNVERIFIED
        assert await self._visit(verifier, clock) is VERIFIED
        await verifier.close()

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", ""])
    async def test_private_addresses_share_nothing(self, address: str) -> None:
        verifier, checker, clock = await self._start("verified")
        assert await self._visit(verifier, clock, address=address) is UNVERIFIED
        assert await self._visit(verifier, clock, address=address) is UNVERIFIED
        assert checker.checked == []
        await verifier.close()

    async def test_headers_without_end_are_not_kept_waiting(self) -> None:
        verifier, checker, clock = await self._start("verified")
        long = visit(agent=ORIGIN, headers=[(b"cookie", b"c" * 20_000)])
        name = visit(agent="https://" + "a" * 600)
        longer = visit(agent="https://" + "a" * 1_000_000)
        for each in (long, name, longer):
            assert "too long" in verifier.standing(each, None, clock.now).how
        await verifier.idle()
        assert checker.checked == []
        await verifier.close()
