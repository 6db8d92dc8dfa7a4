"""Several processes and one Redis: all see the same crowds; and what becomes of them when it is away."""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aggregate_crowds import CHROME, GALLERY, HOUR, MIDNIGHT, RARE, Person, Visit, honest, lift, play, pool
from redis.asyncio import Redis
from redis_server import RedisServer, free_port

from guardware.aggregates import Aggregates, Crowd, share
from guardware.aggregates.cohorts import Cohort
from guardware.aggregates.share import Sharing
from guardware.errors import ConfigError


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    folder = Path(tempfile.mkdtemp(prefix="gw-"))  # not tmp_path: a unix socket's path has room for 107 characters
    server = RedisServer(folder).start()
    yield server
    server.kill()
    shutil.rmtree(folder)


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Any]:
    """To look at what stands in Redis, which is empty before."""
    client: Any = Redis.from_url(server.url)
    await client.flushall()
    yield client
    await client.aclose()


class Process:
    """One of several that serve a site. Its clock stands where its last visit was, or a second later."""

    def __init__(self, url: str, now: float = MIDNIGHT) -> None:
        self.now = now
        self.aggregates = Aggregates(now=now, shared=True)
        self.sharing = Sharing(self.aggregates, url, clock=lambda: self.now)

    def play(self, visits: list[Visit]) -> None:
        play(self.aggregates, visits)
        self.now = max([self.now, *(at for at, _ in visits)])

    async def second(self) -> bool:
        self.now += 1
        return await self.sharing.exchange()


@asynccontextmanager
async def processes(url: str, count: int = 2) -> AsyncIterator[list[Process]]:
    made = [Process(url) for _ in range(count)]
    try:
        yield made
    finally:
        for process in made:
            await process.sharing.close()


def cohort(process: Process, fingerprint: str) -> Cohort:
    return next(c for c in process.aggregates.counting.cohorts() if c.key == fingerprint)


async def test_two_processes_see_the_same_pool(server: RedisServer, client: Any) -> None:
    """Each has half of 50 addresses, so neither has enough to say anything by itself."""
    random = Random(1)
    people = [Person(random, RARE) for _ in range(50)]
    visits = sorted(pool(random, people, random.sample(GALLERY, 500), MIDNIGHT, each=10), key=lambda v: v[0])
    halves = [[v for v in visits if int(v[1].address, 16) % 2 == n] for n in (0, 1)]
    async with processes(server.url) as both:
        for process, half in zip(both, halves, strict=True):
            process.play(half)
        assert max(cohort(p, RARE).now.addresses for p in both) < 30
        assert [lift(p.aggregates, RARE) for p in both] == [0, 0]
        for _ in range(2):
            assert all([await p.second() for p in both])
        assert [lift(p.aggregates, RARE) for p in both] == [2.0, 2.0]
        assert {cohort(p, RARE).now.counts().addresses for p in both} == {50}


async def test_an_address_that_comes_to_both_is_one(server: RedisServer, client: Any) -> None:
    """It opened its page here and asks for pictures there."""
    random = Random(2)
    people = [Person(random, CHROME) for _ in range(60)]
    pages: list[Visit] = [(MIDNIGHT + n, person.visit()) for n, person in enumerate(people)]
    pictures: list[Visit] = [(MIDNIGHT + 100 + n, p.visit(GALLERY[n])) for n, p in enumerate(people)]
    async with processes(server.url) as (one, two):
        one.play(pages)
        two.play(pictures)
        for process in (one, two, one, two):
            assert await process.second()
        for process in (one, two):
            counts = cohort(process, CHROME).now.counts()
            assert (counts.addresses, counts.opened, counts.settled, counts.asked) == (60, 60, 60, 60)


async def test_a_key_of_another_type_is_a_fault_once(server: RedisServer, client: Any) -> None:
    """What stands there is none of ours; it goes, and what was counted is told the next second."""
    async with processes(server.url, 1) as (process,):
        process.play(crowd())
        assert await process.second()
        keys = [key async for key in client.scan_iter("gw:agg:class:*")]
        assert keys
        for key in keys:
            await client.delete(key)
            await client.lpush(key, "a list")
        process.play(crowd())
        assert not await process.second()
        assert process.sharing.status[2:] == (False, 1)
        assert await process.second()
        assert process.sharing.status[2:] == (True, 1)
        assert process.sharing.status[:2] == process.aggregates.status[:2]


async def test_one_pipeline_a_second(server: RedisServer, client: Any) -> None:
    """And none when nothing was counted."""
    random = Random(3)
    async with processes(server.url, 1) as (process,):
        process.play(list(honest(random, 30, MIDNIGHT)))
        for _ in range(2):
            await process.second()
        await client.config_resetstat()
        before = (await client.info("stats"))["total_reads_processed"]
        assert await process.second()
        assert (await client.info("stats"))["total_reads_processed"] <= before + 2  # ours, INFO's
        assert "pfadd" not in str(await client.info("commandstats"))


async def test_every_key_expires_and_holds_nothing_raw(server: RedisServer, client: Any) -> None:
    random = Random(4)
    async with processes(server.url, 1) as (process,):
        for hour in range(2):
            start = MIDNIGHT + hour * HOUR
            person = Person(random, CHROME)
            visits = list(honest(random, 60, start, signed_in=True))
            neighbours = [Person(random, CHROME, network="n" * 16) for _ in range(2)]
            visits += [(start, neighbour.visit()) for neighbour in neighbours]
            for n in range(3):
                person.account = f"{n:016x}"
                visits.append((start + 100 + n, person.visit()))
            process.play(visits)
            await process.second()
        process.now += 30
        for _ in range(3):
            process.play([(process.now, Person(random, CHROME).visit())])
            await process.second()
        lives = {name.decode(): await client.ttl(name) async for name in client.scan_iter()}
    sorts = {name.split(":")[2] for name in lives}
    assert sorts == {"class", "network", "site", "account", "client", "pictures"}
    assert any(name.endswith(":usual") for name in lives)
    assert all(0 < life <= 8 * 86_400 for life in lives.values())
    assert all(life <= 26 * 3600 for name, life in lives.items() if "usual" not in name and "pictures" not in name)
    assert not any(CHROME in name for name in lives)


async def test_accounts_and_clients_are_everybodys(server: RedisServer, client: Any) -> None:
    """Three classes here and two there; six accounts here and six there; pictures of both."""
    async with processes(server.url) as (one, two):
        for process, classes, pictures in ((one, (1, 2, 3), GALLERY[:40]), (two, (3, 4), GALLERY[30:70])):
            people = [Person(Random(n), f"chromium{n}", account="me") for n in classes]
            process.play([(MIDNIGHT + n, person.visit()) for n, person in enumerate(people)])
            process.play([(MIDNIGHT + 9 + n, people[0].visit(picture)) for n, picture in enumerate(pictures)])
        for process, accounts in ((one, range(6)), (two, range(6, 12))):
            person = Person(Random(99), CHROME)
            for n in accounts:
                person.account = f"account {n}"
                process.play([(MIDNIGHT + 90 + n, person.visit())])
        many = person.client
        for process in (one, two, one, two):
            assert await process.second()
            process.play([(process.now, Person(Random(1), "chromium1", account="me").visit(GALLERY[0]))])
            person.account = f"account {0 if process is one else 6}"
        crowds = [p.aggregates.crowd_of("", "", "me", "") or Crowd() for p in (one, two)]
        assert {s.classes for s in crowds} == {4}
        assert {s.day for s in crowds} == {70}
        counted = [p.aggregates.crowd_of("", "", "", many) or Crowd() for p in (one, two)]
        assert max(s.accounts for s in counted) == 12
        for process in (one, two):
            process.aggregates.roll(process.now + 2)
            asked = process.aggregates.counting.pictures
            assert asked.days[asked.day] == 70


async def test_what_is_usual_is_learned_once_and_found_by_who_starts_later(
    server: RedisServer, client: Any
) -> None:
    random = Random(5)
    async with processes(server.url) as both:
        for hour in range(26):
            start = MIDNIGHT + hour * HOUR
            for process in both:
                process.play([v for v in honest(random, 20, start) if v[0] < start + HOUR - 60])
            for _ in range(2):
                for process in both:
                    await process.second()
            for process in both:
                process.now = start + HOUR + 20
                process.play([(process.now, Person(random, CHROME).visit())])
            for _ in range(3):
                for process in both:
                    process.play([(process.now, Person(random, CHROME).visit())])
                    await process.second()
        now = both[0].now
        baselines = [cohort(p, CHROME).baseline for p in both]
        assert [b.hours for b in baselines if b is not None] == [26, 26]
        late = Process(server.url, now)
        late.play([(now, Person(random, CHROME).visit())])
        await late.second()
        learned = cohort(late, CHROME).baseline
        assert learned is not None
        usual = learned.usual(0)
        assert usual is not None
        assert usual.share == pytest.approx(0.2, abs=0.08)
        assert usual.size == pytest.approx(26 * 40, rel=0.2)  # both processes' visitors, each once
        await late.sharing.close()


# What goes wrong ---------------------------------------------------------------------------------------------


def crowd(count: int = 50, seed: int = 6, start: float = MIDNIGHT) -> list[Visit]:
    random = Random(seed)
    people = [Person(random, RARE) for _ in range(count)]
    return list(pool(random, people, random.sample(GALLERY, 10 * count), start, each=10, seconds=60))


async def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """Counting goes on, what was counted waits, and the log says it once."""
    async with processes(f"redis://127.0.0.1:{free_port()}/0", 1) as (process,):
        process.play(crowd())
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert not await process.second()
        assert lift(process.aggregates, RARE) == 2.0
        assert (process.sharing.available, process.sharing.failures) == (False, 3)
        assert len(caplog.records) == 1
        assert "what this process sees alone" in caplog.text


async def test_redis_comes_back_and_is_told(
    server: RedisServer, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(share, "_TIMEOUT", 0.1)
    async with processes(server.url) as (one, two):
        assert await one.second()
        one.play(crowd())
        server.freeze()
        try:
            assert not await one.second()
        finally:
            server.thaw()
        assert await one.second()
        assert one.sharing.available
        two.play(crowd(1, seed=7))
        assert await two.second()
        assert cohort(two, RARE).now.counts().addresses == 51
        assert lift(two.aggregates, RARE) == 2.0
    assert "aggregates are shared again" in caplog.text


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "_KEPT", 100)
    async with processes(f"redis://127.0.0.1:{free_port()}/0", 1) as (process,):
        process.play([(MIDNIGHT, seen._replace(account=seen.client)) for _, seen in crowd(100)])
        await process.second()
        counting = process.aggregates.counting
        assert sum(len(c.now.fresh) for c in (*counting.cohorts(), counting.whole)) <= 100
        accounts = [counting.accounts.get(seen.client) for _, seen in crowd(100)]
        assert sum(len(a.fresh_pictures) for a in set(accounts) if a is not None) <= 100


async def test_a_key_of_another_type(server: RedisServer, client: Any) -> None:
    """Whatever somebody else put there: that cohort goes without, the others are shared."""
    async with processes(server.url, 1) as (process,):
        process.play(crowd())
        hour = int(MIDNIGHT // HOUR)
        await client.lpush(f"gw:agg:site::{hour}", "a list")
        assert not await process.second()
        assert cohort(process, RARE).now.shared.addresses == 50


async def test_what_is_usual_but_damaged(server: RedisServer, client: Any) -> None:
    async with processes(server.url, 1) as (process,):
        process.play(crowd())
        await process.second()
        names = [name async for name in client.scan_iter("gw:agg:class:*")]
        stem = names[0].decode().rsplit(":", 2 if names[0].count(b":") > 4 else 1)[0]
        await client.hset(f"{stem}:usual", mapping={"hour": "x", "bare": "rot"})
        cohort(process, RARE).unread = True
        process.play(crowd(1, seed=8))
        assert await process.second()
        baseline = cohort(process, RARE).baseline
        assert baseline is not None
        assert baseline.hours == 0


async def test_what_is_usual_from_a_clock_in_the_future(server: RedisServer, client: Any) -> None:
    """It is taken, and does not keep anybody from learning on."""
    async with processes(server.url) as (one, two):
        far = [(MIDNIGHT + 9000 * HOUR + at, seen) for at, seen in ((0, Person(Random(1), CHROME).visit()),)]
        one.play(far)
        one.now = MIDNIGHT + 9001 * HOUR + 30
        for _ in range(3):
            one.play([(one.now, Person(Random(2), CHROME).visit())])
            await one.second()
        two.play([(MIDNIGHT, Person(Random(3), CHROME).visit())])
        await two.second()
        baseline = cohort(two, CHROME).baseline
        assert baseline is not None
        assert baseline.hours == 1
        assert baseline.hour < MIDNIGHT / HOUR


@pytest.mark.parametrize(
    "reply", [b"", b"+OK\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff\r\n", b":1\r\n"]
)
async def test_replies_that_make_no_sense(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(share, "_TIMEOUT", 0.2)
    done: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        done.append(task)
        while data := await reader.read(65536):
            introductions = data.count(b"SETINFO")
            if not introductions and not reply:
                break
            writer.write(b"+OK\r\n" * introductions or reply)
        writer.close()

    nonsense = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with processes(f"redis://127.0.0.1:{nonsense.sockets[0].getsockname()[1]}/0", 1) as (process,):
        process.play(crowd())
        assert not await process.second()
        assert lift(process.aggregates, RARE) == 2.0
    nonsense.close()
    await asyncio.gather(*done)


async def test_it_runs_by_itself_until_it_is_closed(
    server: RedisServer, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(share, "_EVERY", 0.01)
    process = Process(server.url)
    process.sharing.start()
    process.sharing.start()
    process.play(crowd())
    for _ in range(500):
        if await client.keys("gw:agg:*"):
            break
        await asyncio.sleep(0.01)
    assert process.sharing.available
    assert await client.keys("gw:agg:*")
    await process.sharing.close()
    await process.sharing.close()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0?colour=blue", "http://127.0.0.1"])
def test_a_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url: .*; write redis://"):
        Sharing(Aggregates(now=0.0, shared=True), url)
