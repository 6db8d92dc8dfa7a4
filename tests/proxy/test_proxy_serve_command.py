"""``guardware serve`` as a user starts it."""

import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .test_proxy_server import certificate

SERVE = [sys.executable, "-c", "from guardware.cli import main; main()", "serve"]


def refused(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Exit code and complaint of a command line that does not serve."""
    done = subprocess.run([*SERVE, *arguments], cwd=cwd, capture_output=True, text=True, timeout=30)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@contextmanager
def served(*arguments: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A running server, and what it printed; it is told to stop at the end."""
    process = subprocess.Popen(
        [*SERVE, "--port", "0", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not lines or not lines[-1].startswith("Mode"):
            line = process.stdout.readline()
            assert line, "it ended early: " + "".join(lines)
            lines.append(line)
        yield process, lines
    finally:
        process.terminate()
        process.communicate(timeout=20)


def address(lines: list[str]) -> str:
    (line,) = (line for line in lines if line.startswith("Listening on "))
    return line.removeprefix("Listening on ").strip()


def fetch(url: str, context: ssl.SSLContext | None = None) -> bytes:
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                body: bytes = answer.read()
                return body
        except ConnectionError:
            if time.monotonic() > deadline:
                raise


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "exactly one of"),
        (["--root", ".", "--upstream", "http://h"], "exactly one of"),
        (["--root", "nothing"], "does not exist"),
        (["--upstream", "localhost:3000"], "does not start with http:// or https://"),
        (["--upstream", "http://"], "names no host"),
        (["--root", ".", "--config", "nothing.yaml"], "does not exist"),
        (["--root", ".", "--port", "70000"], "70000"),
        (["--root", ".", "--tls-cert", "bad.yaml"], "together"),
        (["--root", ".", "--config", "bad.yaml"], "bad.yaml:1"),
    ],
)
def test_usage_errors(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    (tmp_path / "bad.yaml").write_text("mode: sideways\n")
    code, said = refused(*arguments, cwd=tmp_path)
    assert code == 2
    assert complaint in said


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = refused("--root", ".", "--port", port, cwd=tmp_path)
    assert (code, len(said.strip().splitlines())) == (1, 1)
    assert f"cannot listen on 127.0.0.1 port {port}: something else listens there" in said


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_gallery_from_start_to_stop(tmp_path: Path, stop: signal.Signals) -> None:
    with served("--root", ".", cwd=tmp_path) as (process, lines):
        assert lines[0] == "Guarding .\n"
        assert "Policy: the portfolio preset\n" in lines
        assert lines[-1] == "Mode: enforce\n"
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Hint: set site.name")
        assert b"There are no pictures here yet." in fetch(address(lines))
        process.send_signal(stop)
        rest, _ = process.communicate(timeout=20)
        assert process.returncode == 0
        assert [line for line in rest.splitlines() if "guardware.events" not in line] == []


def test_a_policy_is_read_again_on_sighup(tmp_path: Path) -> None:
    file = tmp_path / "guardware.yaml"
    file.write_text("mode: monitor\nsite:\n  name: Ann\nobserve:\n  log: false\n")
    with served("--root", ".", cwd=tmp_path) as (process, lines):
        assert "Policy: guardware.yaml\n" in lines
        assert lines[-1].startswith("Mode: monitor.")
        url = address(lines)
        assert b"<h1>Ann</h1>" in fetch(url)
        assert process.stdout is not None
        file.write_text("mode: sideways\n")
        process.send_signal(signal.SIGHUP)
        assert "guardware.yaml:1" in process.stdout.readline()
        assert "stays in force" in process.stdout.readline()
        assert b"<h1>Ann</h1>" in fetch(url)
        file.write_text("mode: enforce\nsite:\n  name: Ann\n")
        process.send_signal(signal.SIGHUP)
        assert "in force" in process.stdout.readline()


def test_tls(tmp_path: Path) -> None:
    with (
        certificate(tmp_path, "a") as (cert, key),
        served("--root", ".", "--tls-cert", cert, "--tls-key", key, cwd=tmp_path) as (_, lines),
    ):
        url = address(lines)
        assert url.startswith("https://")
        assert b"There are no pictures" in fetch(url, context=ssl.create_default_context(cafile=cert))
