"""Web Bot Auth: when key directories are fetched, and what is remembered of them. Fetches are played."""

import asyncio
import json
import time
from collections import Counter

import pytest
from web_bot_auth_samples import AGENT, NOW, Signer

from guardware.crawlers.web_bot_auth.directories import (
    MAX_FETCHES,
    MAX_ORIGINS,
    STRANGERS_FETCHES,
    STRANGERS_PER_MINUTE,
    KeyDirectories,
)
from guardware.crawlers.web_bot_auth.directory import MEDIA_TYPE, Fetched
from guardware.crawlers.web_bot_auth.result import unverified

BOT, NEXT = Signer(), Signer(b"next")


class Web:
    """Origins that can be fetched: what each answers, and how often it was asked."""

    def __init__(self) -> None:
        self.signers: dict[str, list[Signer]] = {}
        self.everybody: list[Signer] = []
        self.failing = False
        self.open = asyncio.Event()
        self.open.set()
        self.max_age = 600
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self._begun = asyncio.Condition()

    async def until(self, at_once: int) -> None:
        """Returns when as many fetches are under way."""
        async with self._begun:
            await self._begun.wait_for(lambda: self.at_once == at_once)

    async def __call__(self, origin: str) -> Fetched:
        self.asked[origin] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        async with self._begun:
            self._begun.notify_all()
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        if self.failing:
            raise unverified("the key directory did not answer in time")
        keys = [signer.jwk() for signer in self.signers.get(origin, self.everybody)]
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"cache-control", b"max-age=%d" % self.max_age),
        ]
        return Fetched(200, headers, json.dumps({"keys": keys}).encode())


class Clock:
    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directories(web: Web, clock: Clock) -> KeyDirectories:
    web.signers[AGENT] = [BOT]
    return KeyDirectories(web, clock=clock)


async def has(directories: KeyDirectories, signer: Signer = BOT, origin: str = AGENT) -> bool:
    return (await directories.key(origin, signer.keyid)).key is not None


async def test_a_directory_is_fetched_once(directories: KeyDirectories, web: Web) -> None:
    assert [await has(directories) for _ in range(3)] == [True] * 3
    assert web.asked == {AGENT: 1}


async def test_visits_at_once_share_a_fetch(directories: KeyDirectories, web: Web) -> None:
    assert await asyncio.gather(*(has(directories) for _ in range(50))) == [True] * 50
    assert web.asked == {AGENT: 1}


async def test_a_key_belongs_to_its_origin(directories: KeyDirectories, web: Web) -> None:
    web.signers["https://other.example.org"] = [NEXT]
    assert await has(directories, NEXT, "https://other.example.org")
    assert await has(directories, BOT)
    assert not await has(directories, NEXT)
    assert not await has(directories, BOT, "https://other.example.org")


async def test_it_is_fetched_anew_when_its_time_is_up(directories: KeyDirectories, web: Web, clock: Clock) -> None:
    for now, asked in [(0, 1), (599, 1), (600, 2), (1199, 2), (1200, 3)]:
        clock.now = NOW + now
        assert await has(directories)
        assert web.asked[AGENT] == asked


async def test_a_key_that_is_taken_away_is_gone(directories: KeyDirectories, web: Web, clock: Clock) -> None:
    assert await has(directories)
    web.signers[AGENT] = [NEXT]
    clock.now += 600
    assert await directories.key(AGENT, BOT.keyid) == (None, "the key directory has no such key", True)
    assert await has(directories, NEXT)


async def test_a_failure_takes_no_key_away(directories: KeyDirectories, web: Web, clock: Clock) -> None:
    assert await has(directories)
    web.failing = True
    for hours in range(1, 100):
        clock.now = NOW + 3600 * hours
        assert await has(directories)
    assert web.asked[AGENT] == 100


async def test_a_failure_is_remembered_for_five_minutes(
    directories: KeyDirectories, web: Web, clock: Clock
) -> None:
    web.failing = True
    for now, asked in [(0, 1), (299, 1), (300, 2), (301, 2)]:
        clock.now = NOW + now
        found = await directories.key(AGENT, BOT.keyid)
        assert found == (None, "the key directory did not answer in time", True)
        assert web.asked[AGENT] == asked
    web.failing = False
    assert not await has(directories)
    clock.now += 300
    assert await has(directories)


async def test_a_key_that_was_missing_is_asked_for_again_after_five_minutes(
    directories: KeyDirectories, web: Web, clock: Clock
) -> None:
    """Made-up key IDs cost one fetch in five minutes; a new key is found before the copy's time is up."""
    web.max_age = 86400
    for name in range(50):
        assert not await has(directories, Signer(b"%d" % name))
    assert web.asked[AGENT] == 1
    web.signers[AGENT] = [BOT, NEXT]
    assert not await has(directories, NEXT)
    clock.now += 300
    assert await has(directories, NEXT)
    assert web.asked[AGENT] == 2


@pytest.mark.parametrize("jump", [-1e9, -3600, 1e9])
async def test_a_clock_that_jumps_costs_a_fetch_and_no_more(
    directories: KeyDirectories, web: Web, clock: Clock, jump: float
) -> None:
    assert await has(directories)
    clock.now += jump
    assert [await has(directories) for _ in range(3)] == [True] * 3
    assert web.asked[AGENT] == 2


async def test_so_many_fetches_at_once(web: Web, clock: Clock) -> None:
    known = [f"https://known{n}.example" for n in range(12)]
    directories = KeyDirectories(web, clock=clock, familiar=frozenset(known))
    web.everybody = [BOT]
    web.open.clear()
    origins = [f"https://stranger{n}.example" for n in range(20)] + known
    lookups = asyncio.gather(*(directories.key(origin, BOT.keyid) for origin in origins))
    await web.until(MAX_FETCHES)
    web.open.set()
    found = await lookups
    assert web.most_at_once == MAX_FETCHES
    assert [bool(lookup.key) for lookup in found[:20]] == [True] * STRANGERS_FETCHES + [False] * 14
    assert [bool(lookup.key) for lookup in found[20:]] == [True] * (MAX_FETCHES - STRANGERS_FETCHES) + [False] * 10
    assert found[19] == (None, "too many key directories are being fetched", True)
    assert await has(directories, BOT, known[11]), "those that were turned away may ask again"


async def test_a_flood_of_made_up_origins_is_bounded_and_cheap(web: Web, clock: Clock) -> None:
    directories = KeyDirectories(web, clock=clock, familiar=frozenset([AGENT]))
    web.signers[AGENT] = [BOT]
    assert await has(directories)
    web.failing = True
    began = time.process_time()
    for number in range(20_000):
        clock.now += 0.01
        await directories.key(f"https://a{number}.example", BOT.keyid)
    spent = time.process_time() - began
    assert sum(web.asked.values()) <= 1 + 5 * STRANGERS_PER_MINUTE
    assert len(directories) <= 3 * MAX_ORIGINS
    assert spent / 20_000 < 200e-6
    assert await has(directories)
    assert web.asked[AGENT] == 1


async def test_strangers_directories_are_bounded_and_spare_the_known(web: Web, clock: Clock) -> None:
    directories = KeyDirectories(web, clock=clock, familiar=frozenset([AGENT]))
    web.everybody = [BOT]
    web.max_age = 86400
    assert await has(directories)
    for number in range(2000):
        clock.now += 2
        assert await has(directories, BOT, f"https://a{number}.example")
    assert len(directories) <= 1 + MAX_ORIGINS
    assert await has(directories)
    assert web.asked[AGENT] == 1


async def test_whoever_stops_waiting_does_not_end_the_fetch(directories: KeyDirectories, web: Web) -> None:
    web.open.clear()
    impatient = asyncio.create_task(directories.key(AGENT, BOT.keyid))
    patient = asyncio.create_task(directories.key(AGENT, BOT.keyid))
    await web.until(1)
    impatient.cancel()
    await asyncio.sleep(0)
    web.open.set()
    assert (await patient).key is not None
    assert impatient.cancelled()
    assert web.asked[AGENT] == 1


async def test_closing_ends_fetches(directories: KeyDirectories, web: Web) -> None:
    web.open.clear()
    waiting = asyncio.create_task(directories.key(AGENT, BOT.keyid))
    await web.until(1)
    await directories.close()
    assert (await waiting).key is None
    assert web.at_once == 0


async def test_a_fetch_that_breaks_is_a_failure(web: Web, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(origin: str) -> Fetched:
        web.asked[origin] += 1
        raise ZeroDivisionError

    directories = KeyDirectories(broken, clock=clock)
    for _ in range(3):
        assert (await directories.key(AGENT, BOT.keyid)).reason == "the key directory cannot be fetched"
    assert web.asked[AGENT] == 1
    assert "ZeroDivisionError" in caplog.text
