"""Clients and servers as child processes: each has a time limit, and none outlives its test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from typing import IO, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

REPOSITORY = Path(__file__).parents[2]
CLIENTS_BIN = REPOSITORY / ".venv-clients" / "bin"

# albumentations, which img2dataset imports, asks the network for a newer version of itself unless told not to.
QUIET = {"NO_ALBUMENTATIONS_UPDATE": "1", "no_proxy": "*", "NO_PROXY": "*"}


class Finished(NamedTuple):
    """What a client that ended left behind; ``output`` is stdout and stderr together."""

    code: int
    output: bytes


def program(name: str) -> str:
    """The path of a system program; fails with the mend when it is missing."""
    path = which(name)
    assert path is not None, f"{name} is not installed; run scripts/install-system-packages.sh"
    return path


def client_program(name: str) -> str:
    """The path of a program in the clients' own environment; fails with the mend when it is missing."""
    path = CLIENTS_BIN / name
    assert path.exists(), f"{name} is not in .venv-clients; run: make .venv-clients/.done"
    return str(path)


def run(argv: Sequence[str], *, cwd: Path, timeout: float = 30, env: Mapping[str, str] = QUIET) -> Finished:
    """Run a client to its end. After ``timeout`` seconds it and its children are killed, and the test fails."""
    with _group(argv, cwd, env, subprocess.PIPE) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{argv[0]} took more than {timeout} s") from None
        return Finished(process.returncode, output)


@contextmanager
def guarded_server(root: Path, config: Path, log: Path) -> Iterator[str]:
    """``guardware serve`` on a free port of 127.0.0.1, as ``http://localhost:PORT`` once it answers."""
    port = free_port()
    guardware = str(Path(sys.executable).with_name("guardware"))
    argv = [guardware, "serve", "--root", str(root), "--config", str(config), "--port", str(port)]
    base = f"http://localhost:{port}"
    with server(argv, cwd=root, log=log, answers=lambda: _answers(f"{base}/robots.txt")):
        yield base


@contextmanager
def server(argv: Sequence[str], *, cwd: Path, log: Path, answers: Callable[[], bool]) -> Iterator[int]:
    """A server that ``answers``; it must do so within half a minute, and still run at the end. Its process id."""
    with log.open("wb") as output, _group(argv, cwd, {}, output) as process:
        deadline = time.monotonic() + 30
        while not answers():
            assert process.poll() is None, f"the server ended: {log.read_text(errors='replace')}"
            assert time.monotonic() < deadline, f"the server does not answer: {log.read_text(errors='replace')}"
            time.sleep(0.05)
        yield process.pid
        assert process.poll() is None, f"the server died: {log.read_text(errors='replace')}"


@contextmanager
def _group(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], stdout: int | IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own; whatever is left of the group afterwards is killed."""
    process = subprocess.Popen(
        argv,
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def listens(port: int) -> bool:
    """Whether somebody accepts connections on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
