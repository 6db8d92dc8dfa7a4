"""Reading the configuration again while the guard stands."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from guardware.config.schema import Config
from guardware.errors import ConfigError, StoreError
from guardware.proxy.reload import PolicyFile, Reloader, Stamp

TICK = 0.05


def load(path: Path) -> Config:
    """Stands for the loader: the file has the site's name, and "bad" is two faults."""
    text = path.read_text()
    if text == "bad":
        raise ConfigError(["site.yaml:1:1: mode: no such mode", "site.yaml:2:1: sites: unknown"])
    return Config.model_validate({"site": {"name": text}})


def write(file: Path, text: str | None) -> None:
    """What an owner's editor does; None takes the file away."""
    if text is None:
        file.unlink()
    else:
        file.write_text(text)


class Guard:
    """Stands for the middleware."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.fault: Exception | None = None

    async def reload(self, config: Config) -> None:
        if self.fault is not None:
            raise self.fault
        self.names.append(config.site.name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text("first")
    return path


@pytest.fixture
def guard() -> Guard:
    return Guard()


@asynccontextmanager
async def watching(file: Path, guard: Guard, interval: float = TICK) -> AsyncIterator[None]:
    task = asyncio.create_task(Reloader([PolicyFile(file, load, guard)], interval=interval).watch())
    await asyncio.sleep(0.01)
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        for _ in range(1000):
            if true():
                return
            await asyncio.sleep(0.01)


async def test_a_change_is_taken_over(file: Path, guard: Guard) -> None:
    async with watching(file, guard):
        write(file, "second")
        await until(lambda: bool(guard.names))
        write(file, "third, and longer")
        await until(lambda: len(guard.names) == 2)
    assert guard.names == ["second", "third, and longer"]


async def test_what_did_not_change_is_left_alone(file: Path, guard: Guard) -> None:
    async with watching(file, guard, interval=0.01):
        await asyncio.sleep(0.2)
    assert guard.names == []


async def test_a_file_is_not_read_while_it_is_being_written(file: Path, guard: Guard) -> None:
    async with watching(file, guard, interval=0.5):
        for length in range(1, 30):  # grows over several looks
            write(file, "x" * length)
            await asyncio.sleep(0.02)
        assert guard.names == []
        await until(lambda: bool(guard.names))
    assert guard.names == ["x" * 29]


async def test_sighup_reads_at_once_even_without_a_change(file: Path, guard: Guard) -> None:
    async with watching(file, guard, interval=60):
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: bool(guard.names))
    assert guard.names == ["first"]


async def test_a_bad_file_keeps_the_policy_and_names_every_fault(
    file: Path, guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(file, guard):
        write(file, "bad")
        await until(lambda: "stays in force" in caplog.text)
        assert guard.names == []
        write(file, "mended")
        await until(lambda: bool(guard.names))
    assert guard.names == ["mended"]
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors[:2] == ["site.yaml:1:1: mode: no such mode", "site.yaml:2:1: sites: unknown"]
    assert len(errors) == 3, "a bad file is reported once, not at each look"


async def test_a_guard_that_cannot_change_over(file: Path, guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    guard.fault = StoreError("redis does not answer")
    assert not await PolicyFile(file, load, guard).reload()
    assert "StoreError: redis does not answer" in caplog.text
    assert "stays in force" in caplog.text
    guard.fault = None
    assert await PolicyFile(file, load, guard).reload()


async def test_a_file_that_goes_away_and_comes_back(file: Path, guard: Guard) -> None:
    async with watching(file, guard):
        write(file, None)
        await asyncio.sleep(4 * TICK)
        assert guard.names == []
        write(file, "back again")
        await until(lambda: bool(guard.names))
    assert guard.names == ["back again"]


class Thing:
    """Stands for whatever lives by a file."""

    def __init__(self) -> None:
        self.reloads = 0
        self.at: Stamp | None = (1,)

    def stamp(self) -> Stamp | None:
        return self.at

    async def reload(self) -> bool:
        self.reloads += 1
        return True


async def test_only_what_changed_is_read_again_and_all_of_it_when_asked() -> None:
    one, other, told = Thing(), Thing(), list[str]()
    reloader = Reloader(
        [one, other], interval=TICK, before=lambda: told.append("before"), after=lambda: told.append("after")
    )
    watching = asyncio.create_task(reloader.watch())
    await asyncio.sleep(0.01)
    one.at = (2,)
    await until(lambda: one.reloads == 1)
    assert (other.reloads, told) == (0, [])
    reloader.ask()
    await until(lambda: "after" in told)
    assert (one.reloads, other.reloads, told) == (2, 1, ["before", "after"])
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
