"""The supervisor, with workers that do no more than hold a line."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from guardware.errors import GuardwareError
from guardware.proxy.child import described
from guardware.proxy.listen import listen_tcp
from guardware.proxy.systemd import Notifier
from guardware.proxy.workers import Supervisor

WORKER = """
import os, signal, socket, sys
line, folder = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
def note(what):
    with open(folder + "/notes", "a") as file:
        file.write(f"{what} {os.getpid()}\\n")
def stop(*_):
    note("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
if os.path.exists(folder + "/bad"):
    note("failed")
    sys.exit(1)
def hear():
    try:
        return line.recv(16)
    except OSError:  # whoever watched was killed before it read what we said
        return b""
note("started")
try:
    line.send(b"r")
    while said := hear():
        note("reloads")
        line.send(b"d")
except BrokenPipeError:
    pass
note("orphaned")
"""
STUBBORN = WORKER.replace("signal.signal(signal.SIGTERM, stop)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")


class Told(Notifier):
    """Remembers what systemd would be told."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[str] = []

    def ready(self, status: str = "") -> None:
        self.states.append("ready")

    def reloading(self) -> None:
        self.states.append("reloading")

    def stopping(self) -> None:
        self.states.append("stopping")


class Staff:
    """A supervisor and its two workers, which write what they do to a file."""

    def __init__(self, folder: Path, code: str = WORKER, grace: float = 5.0, python: str = sys.executable) -> None:
        self.folder = folder
        self.told = Told()
        self.sockets = listen_tcp("127.0.0.1", 0)
        self.supervisor = Supervisor(
            lambda line: [python, "-S", "-E", "-c", code, str(line), str(folder)],
            2,
            self.sockets,
            grace=grace,
            notifier=self.told,
        )

    def who(self, what: str) -> list[int]:
        file = self.folder / "notes"
        lines = file.read_text().split("\n")[:-1] if file.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(f"{what} ")]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        for _ in range(2000):
            if true():
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    folder: Path, code: str = WORKER, grace: float = 5.0, python: str = sys.executable
) -> AsyncIterator[Staff]:
    staff = Staff(folder, code, grace, python)
    running = asyncio.create_task(staff.supervisor.run())
    await until(lambda: "ready" in staff.told.states)
    yield staff
    staff.supervisor.stop()
    await running
    assert all(opened.fileno() < 0 for opened in staff.sockets)


async def test_from_start_to_stop(tmp_path: Path) -> None:
    async with working(tmp_path) as staff:
        started = staff.who("started")
        assert len(started) == 2
    assert sorted(staff.who("stopped")) == sorted(started)
    assert staff.told.states == ["ready", "stopping"]


async def test_sighup_reaches_every_worker(tmp_path: Path) -> None:
    async with working(tmp_path) as staff:
        os.kill(os.getpid(), signal.SIGHUP)
        await until(lambda: staff.told.states == ["ready", "reloading", "ready"])
        assert sorted(staff.who("reloads")) == sorted(staff.who("started"))


async def test_each_successor_serves_before_a_worker_stops(tmp_path: Path) -> None:
    async with working(tmp_path) as staff:
        first = staff.who("started")
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: len(staff.who("stopped")) == 2)
        notes = [line.split()[0] for line in (tmp_path / "notes").read_text().splitlines()]
        assert notes == ["started", "started", "started", "stopped", "started", "stopped"]
        assert sorted(staff.who("stopped")) == sorted(first)
    assert len(staff.who("stopped")) == 4


async def test_a_successor_that_does_not_come_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with working(tmp_path) as staff:
        (tmp_path / "bad").touch()
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "those before it go on serving" in caplog.text)
        assert len(staff.who("failed")) == 1
        assert staff.who("stopped") == []
        (tmp_path / "bad").unlink()
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: len(staff.who("stopped")) == 2)


async def test_a_worker_that_dies_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with working(tmp_path) as staff:
        victim = staff.who("started")[0]
        os.kill(victim, signal.SIGKILL)
        await until(lambda: len(staff.who("started")) == 3)
        # It had not lived long, so whatever killed it may be at work still.
        assert f"worker {victim} was ended by SIGKILL; another starts in 0.5 s" in caplog.text
    assert len(staff.who("stopped")) == 2


class Python:
    """One that can be taken away, as an upgrade does for a moment."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "python"
        self.put_back()

    def put_back(self) -> None:
        self.path.symlink_to(sys.executable)

    def take_away(self) -> None:
        self.path.unlink()


async def test_a_worker_that_dies_while_none_can_be_started(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    python = Python(tmp_path)
    async with working(tmp_path, python=str(python.path)) as staff:
        python.take_away()
        os.kill(staff.who("started")[0], signal.SIGKILL)
        await until(lambda: "no worker can be started (No such file or directory); tried again" in caplog.text)
        python.put_back()
        await until(lambda: len(staff.who("started")) == 3)
    assert len(staff.who("stopped")) == 2


async def test_a_restart_while_none_can_be_started(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    python = Python(tmp_path)
    async with working(tmp_path, python=str(python.path)) as staff:
        python.take_away()
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: "those before it go on serving" in caplog.text)
        assert staff.who("stopped") == []
        python.put_back()
        os.kill(os.getpid(), signal.SIGUSR2)
        await until(lambda: len(staff.who("stopped")) == 2)


async def test_no_worker_at_all(tmp_path: Path) -> None:
    staff = Staff(tmp_path, python=str(tmp_path / "nowhere"))
    with pytest.raises(GuardwareError, match="no worker can be started: No such file or directory"):
        await staff.supervisor.run()


async def test_workers_that_cannot_start(tmp_path: Path) -> None:
    (tmp_path / "bad").touch()
    staff = Staff(tmp_path)
    with pytest.raises(GuardwareError, match="could not start"):
        await staff.supervisor.run()
    assert len(staff.who("failed")) <= 2


async def test_told_twice_it_does_not_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with working(tmp_path, STUBBORN) as staff:
        staff.supervisor.stop()
    assert caplog.text.count("did not stop in time, and is killed") == 2


async def test_a_stop_before_all_are_up(tmp_path: Path) -> None:
    staff = Staff(tmp_path, "import time; time.sleep(60)")
    running = asyncio.create_task(staff.supervisor.run())
    await asyncio.sleep(0.1)
    staff.supervisor.stop()
    await running
    assert staff.told.states == ["stopping"]


def test_workers_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from proxy.test_proxy_workers import Staff
asyncio.run(Staff(Path({str(tmp_path)!r})).supervisor.run())
"""
    process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    staff = Staff(tmp_path)
    try:
        asyncio.run(until(lambda: len(staff.who("started")) == 2))
        process.kill()
        process.wait(10)
        asyncio.run(until(lambda: len(staff.who("orphaned")) == 2))
    finally:
        process.kill()
        process.wait(10)
        for opened in staff.sockets:
            opened.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [(0, "ended with code 0"), (3, "ended with code 3"), (-11, "was ended by SIGSEGV"), (-99, "-")],
)
def test_how_a_process_ended(code: int, said: str) -> None:
    assert described(code) == (said if said != "-" else "was ended by signal 99")
