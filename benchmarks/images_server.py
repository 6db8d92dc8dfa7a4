"""``guardware serve`` as a child process, and what it and its workers take: CPU seconds and memory."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_OFTEN = 0.02
"""Seconds between two looks at the memory."""

NEVER = 1_000_000
"""Requests a minute that no client here reaches."""
_BUDGET = 100_000
"""Different originals, the most that can be configured; one is asked for here."""

_RATE = {"rate": f"{NEVER}/minute", "burst": NEVER}
_KINDS = dict.fromkeys(("page", "image", "feed", "api"), _RATE)


def config(rules: list[dict[str, object]], variants: dict[str, object], folder: Path) -> dict[str, object]:
    """The default configuration, but for limits that are out of reach and the rules under test."""
    return {
        "site": {"name": "Ada Example"},
        "store": {"folder": str(folder)},
        "limits": {"client": _KINDS, "network": _KINDS},
        "budgets": {"per_hour": _BUDGET, "per_day": _BUDGET},
        "rules": rules,
        "images": {"variants": variants},
        "observe": {"log": False},
    }


class Server(NamedTuple):
    """A running server. ``process``: its id; its workers are its descendants."""

    port: int
    process: int

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def cpu(self) -> float:
        """CPU seconds so far of the server's own process, and of those of its workers that have ended."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return sum(int(fields[number]) for number in (11, 12, 13, 14)) / _TICKS

    def memory(self) -> int:
        """Bytes of resident memory now, of the server and its workers together, shared pages counted for each."""
        return sum(_resident(process) for process in (self.process, *_descendants(self.process)))


@contextmanager
def serving(root: Path, settings: dict[str, object], folder: Path) -> Iterator[Server]:
    """A server on a free port of 127.0.0.1 that shows the folder ``root``."""
    file, log, port = folder / "guardware.yaml", folder / "server.log", _free_port()
    file.write_text(json.dumps(settings))
    program = str(Path(sys.executable).with_name("guardware"))
    argv = [program, "serve", "--root", str(root), "--config", str(file), "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(argv, cwd=root, stdout=output, stderr=output, start_new_session=True)
    try:
        server = Server(port, process.pid)
        _await(server, process, log)
        yield server
        if process.poll() is not None:
            raise RuntimeError(f"the server died: {log.read_text(errors='replace')}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Peak:
    """The most memory that a server and its workers held while the block ran."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.bytes = 0

    def __enter__(self) -> "Peak":
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._done.wait(_OFTEN):
            self.bytes = max(self.bytes, self._server.memory())


def _await(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = server.connect()
            connection.request("GET", "/robots.txt")
            connection.getresponse().read()
            connection.close()
            return
        except (OSError, HTTPException):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server does not answer: {log.read_text(errors='replace')}") from None
            time.sleep(0.1)


def _descendants(process: int) -> Iterator[int]:
    try:
        children = [
            int(child)
            for task in Path(f"/proc/{process}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:  # it ended while we looked
        return
    for child in children:
        yield child
        yield from _descendants(child)


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # it ended while we looked
        return 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
