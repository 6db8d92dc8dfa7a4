"""Crew: child processes that work for the threads of this one, each for one call at a time.

Not ``multiprocessing``: to start a child it would run the owner's ``__main__`` again.
"""

import math
import os
import select
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from guardware.errors import GuardwareError
from guardware.images.container import unpack
from guardware.images.worker import LENGTH, job_pieces

_START_SECONDS = 30.0
"""For a child to come up: 0.2 s of processor time, on a machine that has much else to do."""

_CHUNK = 1024 * 1024
"""Bytes that one system call moves at most."""

_BURIAL_SECONDS = 5.0
"""For the system to end a killed child, which takes it a millisecond."""

_PASSED_ON = frozenset(
    "HOME LANG LANGUAGE PATH PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONNOUSERSITE PYTHONPYCACHEPREFIX "
    "PYTHONUSERBASE PYTHONUTF8 TMPDIR TZ".split()
)
_PASSED_ON_PREFIXES = ("LC_", "LD_", "XDG_")
"""What a child gets of our environment (XDG: where fonts are). Not the rest: it may hold the owner's secrets."""

_SET = {
    # One thread a child: ``workers`` bounds the cores in use, and each thread of OpenBLAS takes address space.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # glibc, mallopt(3): no arena of 64 MB address space for a second thread.
    "MALLOC_ARENA_MAX": "1",
}


class WorkerDied(GuardwareError):  # noqa: N818  what befell the call, like TimeoutError
    """The child ended in mid-work: killed, crashed, out of memory, closed; or it answered nonsense, or it did not
    even come up. Not the job's fault, or not surely."""


class JobError(GuardwareError):
    """The function raised. ``error``: the name of the type; ``permanent``: it would raise again."""

    def __init__(self, error: str, text: str, *, permanent: bool) -> None:
        super().__init__(f"{error}: {text}")
        self.error, self.text, self.permanent = error, text, permanent


class Crew:
    """At most ``workers`` children that run ``function`` ("module:name", see ``worker.Work``), started as needed.

    ``memory``: bytes that a call may take besides the code, and that its answer may have. ``timeout``: seconds
    for a call, once its child is up. A child is replaced after ``recycle_after`` calls. Any thread may call; a
    forked process begins with no children. Raises GuardwareError if there is no Python to run them with.
    """

    def __init__(
        self, function: str, workers: int, *, memory: int, timeout: float, recycle_after: int = 500
    ) -> None:
        self._workers, self._memory, self._timeout, self._recycle_after = workers, memory, timeout, recycle_after
        # -P: what lies in the current folder is not imported. -W: nobody reads what Pillow warns of.
        options = ("-P", "-W", "ignore", "-m", "guardware.images.worker", function, "--memory", str(memory))
        self._command = (_python(), *options)
        self._changed = threading.Condition()
        # Never another set: the finalizer has this one.
        self._children: set[_Child] = set()
        # A crew that nobody closed, because nobody told its owner to stop, leaves no children behind.
        weakref.finalize(self, _end_all, self._children)
        self._idle: list[_Child] = []
        os.register_at_fork(after_in_child=partial(_begin_anew, weakref.ref(self)))

    def run(self, **job: Any) -> tuple[dict[str, Any], bytes]:
        """Header and body that the function makes of ``job``, its keyword arguments. Waits for a free child.

        Raises TimeoutError after ``timeout`` seconds (the child is killed), WorkerDied, and JobError.
        """
        pieces = job_pieces(job)
        child, fit = self._take(), False
        try:
            header, body = child.ask(pieces, self._timeout, self._memory)
            permanent = header.get("permanent", True) is True
            # A child that ran out of memory, or the like, is not given another job.
            fit = permanent and child.calls < self._recycle_after
        except TimeoutError:
            raise TimeoutError(f"a worker took longer than {self._timeout:g} s and was killed") from None
        except (OSError, EOFError, ValueError) as error:
            raise WorkerDied(f"a worker {child.end()} in mid-work ({error})") from error
        finally:
            self._release(child, fit)
        if "error" in header:
            raise JobError(str(header["error"]), str(header.get("text", "")), permanent=permanent)
        return header, body

    def close(self) -> None:
        """End all children, also in mid-work: those calls raise WorkerDied. A later call starts new ones."""
        with self._changed:
            idle, busy = self._idle, self._children.difference(self._idle)
            self._idle = []
            self._children.clear()
            self._changed.notify_all()
        # First all, then each: so they end at the same time.
        for child in (*busy, *idle):
            child.kill()
        for child in idle:  # A busy one is buried by its call, which still listens to it.
            child.end()

    def _take(self) -> "_Child":
        with self._changed:
            while not self._idle and len(self._children) >= self._workers:
                self._changed.wait()
            while self._idle:
                child = self._idle.pop()
                if child.waits():
                    return child
                self._children.remove(child)
                child.end()
            child = _Child(self._command)
            self._children.add(child)
            return child

    def _release(self, child: "_Child", fit: bool) -> None:
        with self._changed:
            kept = fit and child in self._children
            if kept:
                self._idle.append(child)
                self._changed.notify()
        if not kept:
            child.end()
            with self._changed:
                self._children.discard(child)
                self._changed.notify()

    def begin_anew(self) -> None:
        """In a process just forked: leave the children to the parent, and the lock to whoever held it there."""
        for child in self._children:
            child.leave()
        self._children.clear()
        self._changed, self._idle = threading.Condition(), []


def _end_all(children: "set[_Child]") -> None:
    for child in list(children):
        child.end()


def _begin_anew(crew: weakref.ref[Crew]) -> None:
    if (alive := crew()) is not None:
        alive.begin_anew()


class _Child:
    """One child process and the pipes to it. One thread asks; any may kill."""

    def __init__(self, command: Sequence[str]) -> None:
        self.calls = 0
        try:
            self._process = subprocess.Popen(  # noqa: S603  our own module, by our own Python
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=_environment()
            )
        except OSError as error:
            raise WorkerDied(f"no worker can be started with {command[0]}: {error}") from error
        self._jobs, self._answers = _pipes(self._process)
        # Writing must not outlast the time for the call, whatever the child does.
        os.set_blocking(self._jobs.fileno(), False)
        self._writable, self._readable = select.poll(), select.poll()
        self._writable.register(self._jobs, select.POLLOUT)
        self._readable.register(self._answers, select.POLLIN)

    def ask(self, pieces: Sequence[memoryview], seconds: float, largest: int) -> tuple[dict[str, Any], bytes]:
        """The answer to a job. Raises TimeoutError, or EOFError, another OSError or ValueError if the child is
        gone or strange: then it is of no further use."""
        if not self.calls:
            self._wait_until_ready(largest)
        self.calls += 1
        deadline = time.monotonic() + seconds
        for piece in pieces:
            self._write(piece, deadline)
        return self._answer(deadline, largest)

    def waits(self) -> bool:
        """Whether it waits for a job: it runs, and says nothing unasked."""
        return self._process.poll() is None and not self._readable.poll(0)

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> str:
        """Kill, bury, close the pipes; how the child ended, which may have been before. May be called again."""
        self._process.kill()
        try:
            self._process.wait(_BURIAL_SECONDS)
        except subprocess.TimeoutExpired:  # Stuck in the kernel, on a dead disk say: subprocess buries it later.
            return "cannot be killed"
        finally:
            self._jobs.close()
            self._answers.close()
        return _described(self._process.returncode)

    def leave(self) -> None:
        """In a forked process: let go of the pipes. The child is not ours to wait for."""
        self._jobs.close()
        self._answers.close()
        self._process.returncode = 0

    def _wait_until_ready(self, largest: int) -> None:
        try:
            header, _ = self._answer(time.monotonic() + _START_SECONDS, largest)
        except (OSError, EOFError, ValueError) as error:
            raise WorkerDied(
                f"a worker did not come up ({error}); it {self.end()}. What it wrote to stderr says why"
            ) from error
        if "ready" not in header:
            raise WorkerDied(f"a worker cannot begin: {header.get('error')}: {header.get('text')}")

    def _write(self, piece: memoryview, deadline: float) -> None:
        while piece:
            _wait(self._writable, deadline)
            piece = piece[os.write(self._jobs.fileno(), piece[:_CHUNK]) :]

    def _answer(self, deadline: float, largest: int) -> tuple[dict[str, Any], bytes]:
        length: int = LENGTH.unpack(self._read(LENGTH.size, deadline))[0]
        # Whoever took over a child may send what he likes; what we hold of it is bounded.
        if length > largest:
            raise ValueError(f"an answer of {length} bytes, more than the {largest} that a worker may hold")
        header, body = unpack(self._read(length, deadline))
        return header, bytes(body)

    def _read(self, length: int, deadline: float) -> bytearray:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            _wait(self._readable, deadline)
            got = os.readv(self._answers.fileno(), [rest[:_CHUNK]])
            if not got:
                raise EOFError("its answer broke off")
            rest = rest[got:]
        return data


def _wait(poll: select.poll, deadline: float) -> None:
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(math.ceil(left * 1000)):
        raise TimeoutError("not in time")


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("a process without pipes")
    return process.stdin, process.stdout


def _described(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:  # a real-time signal
        return f"was ended by signal {-code}"


def _environment() -> dict[str, str]:
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    # What we can import, the child can: with the paths that a server or the owner's program added.
    return {**passed, **_SET, "PYTHONPATH": os.pathsep.join(os.path.abspath(entry) for entry in sys.path)}


def _python() -> str:
    """The path of this Python. Servers that embed it may name themselves, or nothing, in ``sys.executable``."""
    if sys.executable and Path(sys.executable).name.lower().startswith(("python", "pypy")):
        return sys.executable
    names = [f"python{sys.version_info.major}.{sys.version_info.minor}"]
    if sys.prefix != sys.base_prefix:
        names.append("python")  # in a virtual environment it can be no other
    for name in names:
        path = Path(sys.exec_prefix, "bin", name)
        if os.access(path, os.X_OK):
            return str(path)
    raise GuardwareError(
        f"pictures are made in processes of their own, but sys.executable is {sys.executable!r}, which is no "
        "Python; set it, before the guard is made, to the path of the Python that guardware is installed for "
        "(uWSGI: py-sys-executable)"
    )
