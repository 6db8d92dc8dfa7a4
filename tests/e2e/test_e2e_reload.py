"""``guardware serve --workers 2`` with a real Redis: reloads, restarts and stops under load lose no request."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis_server import RedisServer

from .load import Load

SERVE = [sys.executable, "-c", "from guardware.cli import main; main()", "serve"]

SMALL, LARGE = 20_000, 4_000_000


class Service:
    """A running ``guardware serve``: its port, its log, and its workers."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.folder = folder
        self.file = folder / "guardware.yaml"
        self.configure("Ann", redis.url)
        log = (folder / "server.log").open("wb")
        with log:
            self.process = subprocess.Popen(
                [*SERVE, "--root", "site", "--port", "0", "--workers", "2"],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_for("Mode: ")
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.log)
        assert found is not None, self.log
        self.port = int(found[1])

    def configure(self, name: str, url: str) -> None:
        self.file.write_text(
            f"mode: monitor\nsite: {{name: {name}}}\nobserve: {{log: false}}\nserver: {{grace: 20s}}\n"
            f"store: {{url: 'unix://{url.removeprefix('unix://')}', folder: state}}\n"
        )

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text()

    def wait_for(self, text: str, count: int = 1) -> None:
        deadline = time.monotonic() + 40
        while self.log.count(text) < count:
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    async def waits_for(self, text: str, count: int = 1) -> None:
        await asyncio.to_thread(self.wait_for, text, count)

    @property
    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children]

    def end(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, redis: RedisServer) -> Iterator[Service]:
    """One for all tests of this file, the last of which stops it: a start takes four seconds of processor time."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "site").mkdir()
    (folder / "site" / "small.css").write_bytes(b"a" * SMALL)
    (folder / "site" / "large.css").write_bytes(b"b" * LARGE)
    running = Service(folder, redis)
    yield running
    running.end()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        for _ in range(600):
            if true():
                return
            await asyncio.sleep(0.05)


async def test_reloads_and_a_rolling_restart_lose_no_request(service: Service, redis: RedisServer) -> None:
    before = service.workers
    load = Load(service.port, "/small.css", 8, length=SMALL)
    for turn in range(3):
        service.configure(f"Ann {turn}", redis.url)
        service.process.send_signal(signal.SIGHUP)
        await service.waits_for("read again, and in force", 2 * (turn + 1))
    service.process.send_signal(signal.SIGUSR2)
    await service.waits_for("2 workers were restarted, one by one")
    await until(lambda: load.answers > 300)
    await load.stop()
    assert (load.failures, load.refused) == ([], 0)
    assert len(service.workers) == 2
    assert not set(before) & set(service.workers)


async def test_a_worker_that_is_killed_is_replaced(service: Service) -> None:
    first, second = service.workers
    os.kill(first, signal.SIGKILL)
    await service.waits_for(f"worker {first} was ended by SIGKILL; another starts")
    await until(lambda: len(service.workers) == 2 and first not in service.workers)
    load = Load(service.port, "/small.css", 4, length=SMALL)
    await until(lambda: load.answers > 20)
    await load.stop()
    assert load.failures == []
    assert second in service.workers


async def test_a_stop_breaks_no_answer_off(service: Service) -> None:
    workers = service.workers
    quick = Load(service.port, "/small.css", 6, length=SMALL)
    slow = Load(service.port, "/large.css", 2, length=LARGE, pause=0.02)
    await until(lambda: slow.begun == 2 and quick.answers > 50)
    service.process.send_signal(signal.SIGTERM)
    await until(lambda: quick.refused > 0)
    assert slow.begun > 0, "it was still under way when others were refused"
    await asyncio.gather(quick.stop(), slow.stop())
    assert (quick.failures, slow.failures) == ([], [])
    assert slow.answers >= 2
    assert await asyncio.to_thread(service.process.wait, 30) == 0
    assert all(gone(worker) for worker in workers)
