"""A worker process, spoken to through its pipes as a crew does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.images.container import unpack
from guardware.images.worker import LENGTH, job_of, job_pieces, read_pieces

TESTS = Path(__file__).parents[1]
VALUES = st.none() | st.integers() | st.text() | st.binary() | st.integers(0, 200_000).map(bytes)
JOBS = st.dictionaries(st.text(), VALUES, max_size=4)


class Worker:
    """The process and what is said to it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self.jobs: IO[bytes] = process.stdin
        self.answers: IO[bytes] = process.stdout

    def send(self, **job: Any) -> None:
        self.jobs.write(b"".join(job_pieces(job)))
        self.jobs.flush()

    def answer(self) -> tuple[dict[str, Any], bytes]:
        header, body = unpack(self.answers.read(LENGTH.unpack(self.answers.read(LENGTH.size))[0]))
        return header, bytes(body)

    def do(self, **job: Any) -> tuple[dict[str, Any], bytes]:
        self.send(**job)
        return self.answer()


@contextmanager
def worker(*arguments: str, errors: int | None = None) -> Iterator[Worker]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "guardware.images.worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
    ) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def ready() -> Iterator[Worker]:
    """A worker that acts as told, and has said that it is ready."""
    with worker("crew_jobs:act", "--memory", "200000000") as process:
        assert process.answer() == ({"ready": True}, b"")
        yield process


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it ends within five seconds."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        return False
    return True


@given(JOBS)
def test_a_job_arrives_as_it_was_sent(job: dict[str, Any]) -> None:
    pieces = read_pieces(BytesIO(b"".join(job_pieces(job))))
    assert pieces is not None
    arrived = job_of(pieces)
    assert arrived == job
    assert [type(value) for value in arrived.values()] == [type(value) for value in job.values()]


@given(JOBS, st.data())
def test_a_job_that_breaks_off_is_the_end(job: dict[str, Any], data: st.DataObject) -> None:
    sent = b"".join(job_pieces(job))
    assert read_pieces(BytesIO(sent[: data.draw(st.integers(0, len(sent) - 1))])) is None


def test_originals_are_not_copied_to_be_sent() -> None:
    original = bytes(5_000_000)
    assert any(piece.obj is original for piece in job_pieces({"original": original, "small": b"x"}))


def test_jobs_are_answered_one_after_the_other(ready: Worker) -> None:
    for number in range(3):
        ready.send(number=number, body=b"%d" % number)
    for number in range(3):
        assert ready.answer() == ({"number": number, "pid": ready.process.pid}, b"%d" % number)


def test_originals_of_many_megabytes_come_and_go(ready: Worker) -> None:
    original = os.urandom(20_000_000)
    assert ready.do(body=original)[1] == original


@pytest.mark.parametrize(
    ("job", "error", "permanent"),
    [
        ({"kind": "ValueError", "text": "too large"}, "ValueError", True),
        ({"kind": "OSError", "text": "truncated"}, "OSError", True),  # as Pillow says it
        ({"kind": "OSError", "text": "No space left on device", "number": 28}, "OSError", False),
        ({"kind": "MemoryError", "text": ""}, "MemoryError", False),
        ({"kind": "TimeoutError", "text": "slow"}, "TimeoutError", False),
        ({"kind": "SystemExit", "text": "bye"}, "SystemExit", True),
        ({"kind": "KeyboardInterrupt", "text": ""}, "KeyboardInterrupt", True),
    ],
)
def test_what_the_work_raises_is_told_and_the_next_job_is_done(
    ready: Worker, job: dict[str, Any], error: str, permanent: bool
) -> None:
    header, body = ready.do(do="fail", **job)
    assert (header["error"], header["permanent"], body) == (error, permanent, b"")
    assert job["text"] in header["text"]
    assert ready.do(a=1)[0]["a"] == 1


def test_a_long_complaint_is_cut_short(ready: Worker) -> None:
    header, _ = ready.do(do="fail", kind="ValueError", text="x\ud800" * 10_000)
    assert len(header["text"]) == 300


@pytest.mark.parametrize("header", [{"error": "mine"}, {"ready": True}, {"bytes": b""}, {"number": float("inf")}])
def test_a_header_that_cannot_be_sent_is_an_error(ready: Worker, header: dict[str, Any]) -> None:
    assert ready.do(do="unfit", header=header)[0]["error"] in ("TypeError", "ValueError")


def test_a_job_that_cannot_be_read_is_an_error(ready: Worker) -> None:
    ready.jobs.write(LENGTH.pack(1) + LENGTH.pack(7) + b"nothing")
    ready.jobs.flush()
    assert ready.answer()[0]["error"] == "UnpicklingError"


def test_prints_do_not_get_among_the_answers_and_stdin_is_empty() -> None:
    with worker("crew_jobs:act", errors=subprocess.PIPE) as process:
        process.answer()
        assert process.do(do="chatter", text="hello") == ({"read": "", "also": ""}, b"the answer")
        process.jobs.close()
        assert process.process.stderr is not None
        assert process.process.stderr.read() == b"hello\nhello"


def test_memory_is_capped_and_a_smaller_job_still_done(ready: Worker) -> None:
    header, _ = ready.do(do="eat", size=250_000_000)
    assert (header["error"], header["permanent"]) == ("MemoryError", False)
    assert ready.do(do="eat", size=100_000_000)[0] == {"size": 100_000_000}


def test_it_is_humble_leaves_no_core_and_is_quick_to_start(ready: Worker) -> None:
    header, _ = ready.do(do="settings")
    assert header["nice"] == min(19, os.nice(0) + 5)
    assert header["core"] == [0, 0]
    assert header["ignored"] == [signal.SIGINT, signal.SIGTERM]
    costly = ("pydantic", "yaml", "aiohttp", "starlette", "guardware.config", "guardware.guard", "asyncio")
    assert [name for name in costly if name in header["modules"]] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_go_to_the_whole_group_do_not_disturb_it(ready: Worker, number: int) -> None:
    ready.send(do="sleep", seconds=0.1)
    ready.process.send_signal(number)
    assert ready.answer()[0] == {"pid": ready.process.pid}


@pytest.mark.parametrize(
    "job", [None, {"do": "sleep", "seconds": 20}, {"do": "spin", "seconds": 20}], ids=["idle", "asleep", "at work"]
)
def test_it_ends_when_nobody_is_left_to_send_jobs(job: dict[str, Any] | None) -> None:
    with worker("crew_jobs:act") as process:
        process.answer()
        if job is not None:
            process.send(**job)
            time.sleep(0.05)
        process.jobs.close()
        assert ended(process.process)


def test_it_ends_when_nobody_takes_its_answers() -> None:
    with worker("crew_jobs:act", errors=subprocess.PIPE) as process:
        process.answer()
        process.answers.close()
        process.send(body=bytes(1_000_000))
        assert ended(process.process)
        assert process.process.stderr is not None
        assert process.process.stderr.read() == b""


@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("no_such_module:act", "ModuleNotFoundError"),
        ("crew_jobs:no_such_function", "AttributeError"),
        ("crew_jobs", "AttributeError"),
        ("", "ValueError"),
    ],
)
def test_a_function_that_is_not_there_is_told_at_once(function: str, error: str) -> None:
    with worker(function) as process:
        assert process.answer()[0]["error"] == error
        assert ended(process.process)


@pytest.mark.parametrize("spoil", [lambda jobs: jobs.write(b"\0" * 7), lambda jobs: None], ids=["part", "nothing"])
def test_a_parent_that_breaks_off_is_no_error(spoil: Callable[[IO[bytes]], None]) -> None:
    with worker("crew_jobs:act", errors=subprocess.PIPE) as process:
        process.answer()
        spoil(process.jobs)
        process.jobs.close()
        assert process.process.wait(5) == 0
        assert process.process.stderr is not None
        assert process.process.stderr.read() == b""
