"""What the children of the tests' crews do: small, quick to import, some of it bad."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

Answer = tuple[dict[str, Any], bytes]


def echo(**job: Any) -> Answer:
    """The job itself; bytes as the body."""
    body = job.pop("body", b"")
    return {**job, "pid": os.getpid()}, body


def act(do: str = "nothing", **job: Any) -> Answer:
    """One of the functions below, by name."""
    return ACTS[do](**job)


def sleep(seconds: float, begun: str = "") -> Answer:
    """Makes the file ``begun`` before."""
    if begun:
        Path(begun).touch()
    time.sleep(seconds)
    return {"pid": os.getpid()}, b""


def spin(seconds: float) -> Answer:
    """Work that never lets go of the interpreter for long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return {}, b""


def eat(size: int) -> Answer:
    return {"size": len(bytearray(size))}, b""


def chatter(text: str) -> Answer:
    """Prints to stdout, from Python and from below, and asks stdin for something."""
    print(text)
    os.write(1, text.encode())
    return {"read": sys.stdin.read(), "also": os.read(0, 10).decode()}, b"the answer"


def forge(data: bytes, seconds: float = 60) -> Answer:
    """Writes ``data`` to every pipe that might lead to the parent, as a child taken over could; then answers."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, data)
        except OSError:
            continue
    time.sleep(seconds)
    return {"late": True}, b""


def die(number: int = signal.SIGKILL) -> NoReturn:
    os.kill(os.getpid(), number)
    raise AssertionError


def leave(code: int) -> NoReturn:
    os._exit(code)


def fail(kind: str, text: str, number: int | None = None) -> NoReturn:
    kinds: dict[str, type[BaseException]] = {
        "ValueError": ValueError,
        "MemoryError": MemoryError,
        "OSError": OSError,
        "TimeoutError": TimeoutError,
        "SystemExit": SystemExit,
        "KeyboardInterrupt": KeyboardInterrupt,
    }
    raise kinds[kind](text) if number is None else kinds[kind](number, text)


def unfit(header: dict[str, Any]) -> Answer:
    """A header that cannot be sent."""
    return header, b""


def settings() -> Answer:
    """How this process is set up."""
    return {
        "nice": os.nice(0),
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "ignored": [
            number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) == signal.SIG_IGN
        ],
        "environment": dict(os.environ),
        "modules": sorted(sys.modules),
    }, b""


ACTS: dict[str, Callable[..., Answer]] = {
    "nothing": echo, "sleep": sleep, "spin": spin, "eat": eat, "chatter": chatter, "forge": forge, "die": die,
    "leave": leave, "fail": fail, "unfit": unfit, "settings": settings,
}  # fmt: skip
