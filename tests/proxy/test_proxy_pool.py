"""Several addresses: who is asked next, who is left alone, and how one comes back. Time stands in a list."""

import asyncio

import pytest

from guardware.config.proxy import Health
from guardware.config.upstreams import parse_address
from guardware.proxy.health import HealthChecks
from guardware.proxy.pool import Group, Member
from guardware.proxy.sessions import open_session

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, ask, replies


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def members(count: int, clock: Clock) -> list[Member]:
    def opener(_: object) -> object:
        raise AssertionError("nothing is asked here")

    return [Member(parse_address(f"http://10.0.0.{n}"), 2, opener, clock) for n in range(count)]  # type: ignore[arg-type]


def test_equals_take_turns() -> None:
    group = Group(members(3, Clock()))
    assert len({group.choose() for _ in range(3)}) == 3
    chosen = [group.choose() for _ in range(30)]
    assert all(chosen.count(member) == 10 for member in group.members)


def test_who_has_least_to_do_is_asked() -> None:
    group = Group(members(3, Clock()))
    group.members[0].pending, group.members[1].pending, group.members[2].pending = 2, 1, 3
    assert {group.choose() for _ in range(5)} == {group.members[1]}


def test_not_one_that_was_tried_if_there_is_another() -> None:
    group = Group(members(2, Clock()))
    first, second = group.members
    assert {group.choose([first]) for _ in range(4)} == {second}
    assert {group.choose([first, second]) for _ in range(4)} == {first, second}


def test_one_that_failed_is_left_alone_then_tried_by_one_request() -> None:
    clock = Clock()
    group = Group(members(2, clock))
    bad, good = group.members
    bad.failed()
    assert {group.choose() for _ in range(4)} == {good}
    clock.now += 2.0
    assert [group.choose() for _ in range(6)].count(bad) == 1
    bad.worked()
    assert [group.choose() for _ in range(6)].count(bad) == 3


def test_each_failure_in_a_row_doubles_the_pause() -> None:
    clock = Clock()
    bad = members(1, clock)[0]
    pauses = []
    for _ in range(8):
        bad.failed()
        pauses.append(bad.paused_until - clock.now)
        clock.now = bad.paused_until
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]
    bad.worked()
    assert (bad.is_ready(), bad.paused_until) == (True, 0.0)


def test_requests_that_fail_together_count_once() -> None:
    clock = Clock()
    bad = members(1, clock)[0]
    for _ in range(50):
        bad.failed()
    assert bad.paused_until == clock.now + 2.0


def test_if_none_is_well_the_one_that_is_back_soonest_is_tried() -> None:
    clock = Clock()
    group = Group(members(3, clock))
    sick, longer, sooner = group.members
    sick.sick = True
    longer.failed()
    clock.now += 2.0
    longer.failed()
    sooner.failed()
    assert group.choose() is sooner


async def test_a_place_that_is_given_back_goes_to_who_waits() -> None:
    member = members(1, Clock())[0]
    assert [await member.enter(1.0), await member.enter(1.0)] == [True, True]
    waiting = asyncio.create_task(member.enter(5.0))
    await asyncio.sleep(0)
    assert (member.pending, waiting.done()) == (3, False)
    member.leave()
    assert await waiting
    assert not await member.enter(0.01)
    assert member.pending == 2


async def test_who_leaves_while_waiting_leaves_no_trace() -> None:
    member = members(1, Clock())[0]
    await member.enter(1.0), await member.enter(1.0)
    waiting = asyncio.create_task(member.enter(5.0))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert member.pending == 2


# Health checks


@pytest.mark.parametrize(
    ("answer", "sick"),
    [
        (OK, False),
        (b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", True),
        (b"nonsense\r\n\r\n", True),
    ],
)
async def test_what_counts_as_well(peer: PeerFactory, answer: bytes, sick: bool) -> None:
    site = await peer(replies(answer))
    member = Member(parse_address(f"{site.url}/site"), 1, lambda address: open_session(address, 1.0, None))
    member.sick = not sick
    checks = HealthChecks([member], Health(path="/ping", host="art.example"))
    await checks.check(member)
    await member.close()
    assert member.sick is sick
    assert site.request_line() == b"GET /site/ping HTTP/1.1"
    assert b"Host: art.example" in site.lines()


async def test_one_that_does_not_answer_in_time_is_sick(peer: PeerFactory) -> None:
    async def think(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    site = await peer(think)
    member = Member(parse_address(site.url), 1, lambda address: open_session(address, 1.0, None))
    await HealthChecks([member], Health(timeout=0.05)).check(member)
    await member.close()
    assert member.sick


async def test_an_old_connection_that_has_ended_says_nothing(peer: PeerFactory) -> None:
    async def forgetful(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(site.heads) == 2:
            writer.transport.abort()
        else:
            writer.write(OK)

    site = await peer(forgetful)
    member = Member(parse_address(site.url), 1, lambda address: open_session(address, 1.0, None))
    checks = HealthChecks([member], Health())
    await checks.check(member)
    await checks.check(member)
    await member.close()
    assert (member.sick, len(site.heads), site.connections) == (False, 3, 2)


async def test_sick_ones_get_no_visitors_until_they_are_well(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    well = False

    async def moody(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK if well else b"HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n")

    ill, good = await peer(moody), await peer(replies(OK))
    app = upstream([ill.url, good.url], health={"path": "/", "interval": "10ms"})
    await app.open()
    await ill.heard(2)
    assert [(await ask(app)).status for _ in range(6)] == [200] * 6
    well = True
    async with asyncio.timeout(5):
        while not any(b"x-forwarded-for" in head for head in ill.heads):
            assert (await ask(app)).status == 200
            await asyncio.sleep(0.005)
    await app.close()
    seen = len(good.heads)
    await asyncio.sleep(0.05)
    assert len(good.heads) == seen, "no checks after the end"


async def test_an_address_that_refuses_is_not_the_visitors_problem(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    down, good = await peer(replies(OK)), await peer(replies(OK))
    await down.stop()
    app = upstream([down.url, good.url], retries=1)
    assert [(await ask(app)).status for _ in range(6)] == [200] * 6
    assert len(good.heads) == 6
