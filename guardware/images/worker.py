"""Worker: the child process of a crew, where hostile pictures are decoded.

``python -m guardware.images.worker module:function [--memory BYTES]``

Jobs come in on stdin, answers go out on stdout. A job is the function's keyword arguments, pickled: the parent is
trusted. An answer is a container behind its length, never a pickle: whoever took over this process through a
picture must not get at the parent. The first answer, ``{"ready": true}``, comes when the function is there. A job
that fails is answered with ``{"error": name of its type, "text": in short, "permanent": would it fail again}``.
"""

import argparse
import os
import pickle
import resource
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

from guardware.images.container import pack

Work = Callable[..., tuple[Mapping[str, Any], bytes]]
"""What a worker does: keyword arguments in, header and body of the container out. No key "error" or "ready"."""

LENGTH = struct.Struct(">Q")

RESERVED = frozenset({"error", "ready"})

_NICENESS = 5
"""A third of an event loop's share where both want one core (335 to 1024 in Linux's sched_prio_to_weight)."""

_BASE = 512 * 1024 * 1024
"""Address space taken for granted where the system does not say how much is in use."""

_APART = 64 * 1024
"""Bytes from which on a value travels beside the pickle: so the parent need not copy originals."""

_WATCH_STACK = 256 * 1024
_TEXT = 300


def job_pieces(job: Mapping[str, Any]) -> list[memoryview]:
    """``job`` in the pieces that go to a worker's stdin one after the other. Large bytes are lent, not copied."""
    apart: list[pickle.PickleBuffer] = []
    lent = {
        name: pickle.PickleBuffer(value) if isinstance(value, bytes) and len(value) >= _APART else value
        for name, value in job.items()
    }
    pickled = pickle.dumps(lent, protocol=5, buffer_callback=apart.append)
    pieces = [memoryview(pickled), *(buffer.raw() for buffer in apart)]
    lengths = [LENGTH.pack(len(piece)) for piece in pieces]
    return [memoryview(b"".join([LENGTH.pack(len(pieces)), *lengths])), *pieces]


def read_pieces(stream: BinaryIO) -> list[bytes] | None:
    """The pieces of the next job, or None when the stream has ended, be it in the midst of one."""
    try:
        count = _number(stream)
        lengths = [_number(stream) for _ in range(count)]
        return [_exactly(stream, length) for length in lengths]
    except EOFError:
        return None


def job_of(pieces: list[bytes]) -> dict[str, Any]:
    """The job that came in ``pieces``."""
    pickled, *apart = pieces
    job: dict[str, Any] = pickle.loads(pickled, buffers=apart)  # noqa: S301  from our parent
    return job


def main(arguments: list[str] | None = None) -> int:
    """Work until stdin ends."""
    parser = argparse.ArgumentParser("python -m guardware.images.worker", description="for guardware's own use")
    parser.add_argument("function", help="what does the work, as module:function")
    parser.add_argument(
        "--memory", type=int, default=0, metavar="BYTES", help="that a job may take; 0: any number"
    )
    options = parser.parse_args(arguments)
    jobs, answers = _own_pipes()
    _settle_down()
    _end_with_parent(jobs)
    try:
        with suppress(BrokenPipeError):  # the parent has gone: then so do we
            _serve(options.function, options.memory, jobs, answers)
    except MemoryError:  # not even for a job itself
        return 1
    return 0


def _serve(function: str, memory: int, jobs: BinaryIO, answers: BinaryIO) -> None:
    try:
        work = _found(function)
        if memory:
            _cap_memory(memory)
    except Exception as error:  # whatever a module raises when it is imported: the parent says it
        _send(answers, _failure(error))
        return
    _send(answers, pack({"ready": True}, b""))
    while _serve_one(work, jobs, answers):
        pass


def _serve_one(work: Work, jobs: BinaryIO, answers: BinaryIO) -> bool:
    """Do one job; False if there is none. A function of its own, so that no original is held between jobs."""
    pieces = read_pieces(jobs)
    if pieces is None:
        return False
    _send(answers, _answer(work, pieces))
    return True


def _answer(work: Work, pieces: list[bytes]) -> bytes:
    try:
        header, body = work(**job_of(pieces))
        if not RESERVED.isdisjoint(header):
            raise TypeError(f"the work's header uses a name that is reserved: {', '.join(sorted(RESERVED))}")
        return pack(header, body)
    except BaseException as error:  # Damaged pictures make codecs raise anything, and the next job must find us.
        return _failure(error)


def _failure(error: BaseException) -> bytes:
    # OSErrors with a number come from the system (no memory, no file); Pillow's, for bad pictures, have none.
    passing = (
        isinstance(error, MemoryError | TimeoutError | ImportError) or getattr(error, "errno", None) is not None
    )
    header = {"error": type(error).__name__, "text": str(error)[:_TEXT], "permanent": not passing}
    return pack(header, b"")


def _found(function: str) -> Work:
    module, _, name = function.partition(":")
    work: Work = getattr(import_module(module), name)
    return work


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Where jobs come from and answers go, out of the reach of prints and of what reads stdin."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return jobs, answers


def _settle_down() -> None:
    """Leave signals to the parent (they go to the whole group), and the processor and the disk to others."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with_parent(jobs: BinaryIO) -> None:
    """End as soon as nobody can send jobs any more, in the midst of work too: the parent may have been killed."""

    def watch() -> None:
        poll = select.poll()
        poll.register(jobs, 0)  # Hang-ups are told unasked.
        poll.poll()
        os._exit(0)

    before = threading.stack_size(_WATCH_STACK)
    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
    threading.stack_size(before)


def _cap_memory(extra: int) -> None:
    """Let the address space grow by ``extra`` bytes from what it is now, with all code loaded."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _address_space() + extra
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _address_space() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:  # Linux: proc(5); the first number is in pages
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return _BASE


def _send(answers: BinaryIO, container: bytes) -> None:
    answers.write(LENGTH.pack(len(container)))
    answers.write(container)
    answers.flush()


def _number(stream: BinaryIO) -> int:
    number: int = LENGTH.unpack(_exactly(stream, LENGTH.size))[0]
    return number


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError
    return data


if __name__ == "__main__":
    # Without the interpreter's farewell: it would flush pipes that may be gone, and takes time.
    os._exit(main())
