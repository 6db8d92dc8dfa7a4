"""Crews of real processes: who gets which, and what happens to them."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from guardware.errors import GuardwareError
from guardware.images.container import pack
from guardware.images.crew import Crew, JobError, WorkerDied

TESTS = Path(__file__).parents[1]
MEMORY = 200_000_000

Begin = Callable[[Crew, float], tuple[Future[Any], int]]


def crew_of(
    workers: int, *, function: str = "crew_jobs:act", timeout: float = 20, recycle_after: int = 500
) -> Crew:
    return Crew(function, workers, memory=MEMORY, timeout=timeout, recycle_after=recycle_after)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Two workers that act as told."""
    two = crew_of(2)
    yield two
    two.close()


@pytest.fixture
def one() -> Iterator[Crew]:
    single = crew_of(1)
    yield single
    single.close()


@pytest.fixture
def hasty() -> Iterator[Crew]:
    """One worker, which is given half a second for a call."""
    single = crew_of(1, timeout=0.5)
    yield single
    single.close()


def pid_of(crew: Crew) -> int:
    """The process that answers next."""
    return int(crew.run()[0]["pid"])


def gone(pid: int) -> bool:
    """Whether there is no such process, not even one that waits to be buried, within five seconds."""
    return until(lambda: not Path(f"/proc/{pid}").exists())


def dead(pid: int) -> bool:
    """Whether all threads of the process have ended; it may wait to be buried."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z" and len(threads) == 1


def ended(pid: int) -> bool:
    """Whether the process ends within five seconds; its parent was killed, so perhaps nobody buries it."""
    return until(lambda: dead(pid))


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def begin(threads: ThreadPoolExecutor, tmp_path: Path) -> Begin:
    """Has a crew sleep in a thread: that call, and the process that is in the midst of it."""

    def start(crew: Crew, seconds: float) -> tuple[Future[Any], int]:
        pid, begun = pid_of(crew), tmp_path / "begun"
        future = threads.submit(crew.run, do="sleep", seconds=seconds, begun=str(begun))
        assert until(begun.exists)
        return future, pid

    return start


def script(text: str, *arguments: str) -> subprocess.Popen[str]:
    """Another parent: a program of its own, with ``crew`` and ``os`` at hand."""
    head = "import os, sys, threading, time\nfrom guardware.images.crew import Crew\n"
    head += "crew = Crew('crew_jobs:act', 2, memory=200_000_000, timeout=20)\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(text), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
    )


def line(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(word) for word in process.stdout.readline().split()]


def test_a_call_gets_what_the_function_made(crew: Crew) -> None:
    header, body = crew.run(number=7, name="Blume 🌸", body=b"pixels")
    assert header == {"number": 7, "name": "Blume 🌸", "pid": header["pid"]}
    assert type(body) is bytes
    assert body == b"pixels"


def test_the_largest_originals_come_and_go(crew: Crew) -> None:
    original = os.urandom(32) * 600_000
    assert crew.run(body=original)[1] == original


def test_calls_of_many_threads_share_the_workers(crew: Crew, threads: ThreadPoolExecutor) -> None:
    jobs = [threads.submit(crew.run, number=n, body=b"%d" % n * (n * 40)) for n in range(200)]
    answers = [job.result(20) for job in jobs]
    assert [(header["number"], body) for header, body in answers] == [
        (n, b"%d" % n * (n * 40)) for n in range(200)
    ]
    assert len({header["pid"] for header, _ in answers}) == 2


def test_workers_start_when_they_are_needed(begin: Begin) -> None:
    crew = crew_of(2)
    assert pid_of(crew) == pid_of(crew)  # no second one for calls that follow each other
    job, first = begin(crew, 0.3)
    assert pid_of(crew) != first
    job.result(5)
    crew.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_killed_in_mid_work_fails_its_call_alone(one: Crew, begin: Begin, number: signal.Signals) -> None:
    job, pid = begin(one, 20)
    os.kill(pid, number)
    with pytest.raises(WorkerDied, match=f"was ended by {number.name} in mid-work"):
        job.result(5)
    assert gone(pid)
    assert pid_of(one) != pid


@pytest.mark.parametrize(
    ("job", "end"),
    [
        ({"do": "die", "number": signal.SIGABRT}, "was ended by SIGABRT"),
        ({"do": "die", "number": signal.SIGRTMIN + 1}, f"was ended by signal {signal.SIGRTMIN + 1}"),
        ({"do": "leave", "code": 0}, "ended with code 0"),
        ({"do": "leave", "code": 3}, "ended with code 3"),
    ],
)
def test_a_worker_that_ends_by_itself_fails_its_call_alone(one: Crew, job: dict[str, Any], end: str) -> None:
    with pytest.raises(WorkerDied, match=end):
        one.run(**job)
    assert one.run(a=1)[0]["a"] == 1


def test_a_worker_that_died_idle_is_replaced_unseen(one: Crew) -> None:
    pid = pid_of(one)
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: dead(pid))
    assert pid_of(one) != pid
    assert gone(pid)


@pytest.mark.parametrize("job", [{"do": "sleep", "seconds": 20}, {"do": "spin", "seconds": 20}])
def test_a_call_that_takes_too_long_ends_with_its_worker(hasty: Crew, job: dict[str, Any]) -> None:
    pid = pid_of(hasty)
    with pytest.raises(TimeoutError, match=r"longer than 0.5 s"):
        hasty.run(**job)
    assert gone(pid)
    assert pid_of(hasty) != pid


def test_a_worker_that_does_not_even_listen_takes_no_longer(hasty: Crew) -> None:
    pid = pid_of(hasty)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        hasty.run(body=bytes(64_000_000))
    assert gone(pid)


def test_work_that_eats_memory_fails_and_its_worker_with_it(one: Crew) -> None:
    pid = pid_of(one)
    with pytest.raises(JobError, match="MemoryError") as caught:
        one.run(do="eat", size=2 * MEMORY)
    assert (caught.value.error, caught.value.permanent) == ("MemoryError", False)
    assert gone(pid)
    assert one.run(do="eat", size=MEMORY // 2)[0] == {"size": MEMORY // 2}


def test_an_original_larger_than_a_worker_may_hold_fails_its_call_alone(one: Crew) -> None:
    with pytest.raises(WorkerDied, match="in mid-work"):
        one.run(body=bytes(MEMORY + 50_000_000))
    assert one.run(a=1)[0]["a"] == 1


def test_work_that_raises_says_so_and_its_worker_stays(one: Crew) -> None:
    pid = pid_of(one)
    with pytest.raises(JobError, match=r"^ValueError: no picture$") as caught:
        one.run(do="fail", kind="ValueError", text="no picture")
    assert (caught.value.error, caught.value.text, caught.value.permanent) == ("ValueError", "no picture", True)
    assert pid_of(one) == pid


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"\xff" * 64, "an answer of 18446744073709551615 bytes"),
        ((64).to_bytes(8) + b"\0" * 64, "no container"),
        (b"\0" * 8, "no container"),
        # A pickle that would make whoever loads it write a file.
        ((29).to_bytes(8) + b"cposix\nsystem\n(S'touch x'\ntR.", "no container"),
    ],
)
def test_what_a_worker_taken_over_may_send_is_not_believed(one: Crew, data: bytes, wrong: str) -> None:
    with pytest.raises(WorkerDied, match=wrong):
        one.run(do="forge", data=data)
    assert one.run(a=1)[0]["a"] == 1


def test_a_worker_that_speaks_unasked_gets_no_further_job(one: Crew) -> None:
    pid = pid_of(one)
    forged = pack({"forged": True}, b"")
    assert one.run(do="forge", data=len(forged).to_bytes(8) + forged, seconds=0)[0] == {"forged": True}
    time.sleep(0.1)  # for the answer of its own
    assert one.run(a=1)[0]["a"] == 1
    assert gone(pid)


def test_workers_are_replaced_after_so_many_calls() -> None:
    crew = crew_of(1, recycle_after=3)
    pids = [pid_of(crew) for _ in range(7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]
    assert gone(pids[0])
    crew.close()


def test_a_job_that_cannot_be_sent_disturbs_nobody(one: Crew) -> None:
    pid = pid_of(one)
    with pytest.raises(TypeError, match="pickle"):
        one.run(lock=threading.Lock())
    assert pid_of(one) == pid


def test_close_ends_all_and_a_later_call_starts_anew(begin: Begin) -> None:
    crew = crew_of(2)
    job, busy = begin(crew, 20)
    idle = pid_of(crew)
    before = time.monotonic()
    crew.close()
    with pytest.raises(WorkerDied):
        job.result(5)
    assert time.monotonic() - before < 5
    assert gone(busy)
    assert gone(idle)
    assert pid_of(crew) not in (busy, idle)
    crew.close()
    crew.close()


def test_close_lets_calls_that_wait_for_a_worker_go_on(begin: Begin, threads: ThreadPoolExecutor) -> None:
    crew = crew_of(1)
    job, _ = begin(crew, 20)
    waiting = [threads.submit(crew.run, number=number) for number in range(3)]
    crew.close()
    assert isinstance(job.exception(5), WorkerDied)
    assert [future.result(5)[0]["number"] for future in waiting] == [0, 1, 2]
    crew.close()


def test_no_worker_outlives_a_parent_that_is_killed() -> None:
    with script("""
        def call():
            try:
                crew.run(do='spin', seconds=30)
            except Exception:
                pass
        idle = crew.run()[0]['pid']
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        time.sleep(0.1)
        print(idle, crew.run()[0]['pid'], flush=True)
        time.sleep(30)
    """) as parent:
        pids = line(parent)
        assert len(set(pids)) == 2
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        parent.kill()
        parent.wait(5)
        assert all(map(ended, pids))


def test_a_fork_has_workers_of_its_own_and_leaves_the_parents_alone() -> None:
    with script("""
        before = crew.run()[0]['pid']
        reading, writing = os.pipe()
        if not os.fork():
            own = crew.run()[0]['pid']
            crew.close()
            os.write(writing, str(own).encode())
            os._exit(0)
        os.wait()
        own = int(os.read(reading, 100))
        after = crew.run()[0]['pid']
        print(before, own, after, flush=True)
    """) as parent:
        before, own, after = line(parent)
        assert own != before == after
        assert parent.wait(5) == 0
        assert gone(own)


def test_a_fork_that_lives_on_does_not_keep_a_killed_parents_workers() -> None:
    with script("""
        worker = crew.run()[0]['pid']
        forked = os.fork()
        if not forked:
            time.sleep(30)
        print(worker, forked, flush=True)
        time.sleep(30)
    """) as parent:
        worker, forked = line(parent)
        parent.kill()
        parent.wait(5)
        assert ended(worker)
        os.kill(forked, signal.SIGKILL)


def test_workers_get_none_of_the_owners_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARDWARE_SECRET", "s3cret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    crew = crew_of(1)
    environment = crew.run(do="settings")[0]["environment"]
    crew.close()
    assert "s3cret" not in str(environment)
    assert (environment["LC_ALL"], environment["OMP_NUM_THREADS"]) == ("C.UTF-8", "1")


def test_workers_import_from_where_we_do_but_not_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "added").mkdir()
    (tmp_path / "added" / "own_jobs.py").write_text(
        "import json\ndef act(): return {'json': json.__file__}, b''\n"
    )
    (tmp_path / "json.py").write_text("raise SystemExit('not me')\n")
    monkeypatch.syspath_prepend(tmp_path / "added")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    crew = crew_of(1, function="own_jobs:act")
    assert not crew.run()[0]["json"].startswith(str(tmp_path))
    crew.close()


def test_a_function_that_is_not_there_is_named() -> None:
    crew = crew_of(1, function="no_such_module:act")
    for _ in range(3):
        with pytest.raises(WorkerDied, match="ModuleNotFoundError: No module named 'no_such_module'"):
            crew.run()
    crew.close()


@pytest.mark.parametrize(
    ("executable", "names"),
    [
        ("", []),
        ("/usr/bin/uwsgi", []),
        ("/usr/bin/uwsgi", ["python"]),  # which may be any version, outside of a virtual environment
    ],
)
def test_without_a_python_the_mend_is_named(
    executable: str, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed_at(tmp_path, names, executable, monkeypatch)
    with pytest.raises(GuardwareError, match=r"set it.*py-sys-executable"):
        crew_of(1)


@pytest.mark.parametrize("executable", ["", "/usr/bin/uwsgi", "/opt/granian"])
def test_a_server_that_embeds_python_has_its_python_found(
    executable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    real = sys.executable
    installed_at(tmp_path, [python], executable, monkeypatch)
    (tmp_path / "bin" / python).write_text(f'#!/bin/sh\nexec "{real}" "$@"\n')
    crew = crew_of(1)
    assert crew.run(a=1)[0]["a"] == 1
    crew.close()


def test_a_python_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed_at(tmp_path, ["python"], str(tmp_path / "bin" / "python"), monkeypatch)
    crew = crew_of(1)
    with pytest.raises(WorkerDied, match=r"did not come up .* ended with code 3"):
        crew.run()
    (tmp_path / "bin" / "python").unlink()
    with pytest.raises(WorkerDied, match=r"no worker can be started with .*No such file"):
        crew.run()


def installed_at(prefix: Path, names: list[str], executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Say that Python lies at ``prefix``, with programs of these ``names``, outside of a virtual environment."""
    (prefix / "bin").mkdir()
    for name in names:
        (prefix / "bin" / name).write_text("#!/bin/sh\nexit 3\n")
        (prefix / "bin" / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", executable)
    for attribute in ("prefix", "base_prefix", "exec_prefix"):
        monkeypatch.setattr(sys, attribute, str(prefix))
