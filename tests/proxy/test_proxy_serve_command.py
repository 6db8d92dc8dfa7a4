"""``guardware serve`` as a user starts it."""

import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardware.cli import main

from .certificates import certificate

SERVE = [sys.executable, "-c", "from guardware.cli import main; main()", "serve"]


Refused = Callable[..., tuple[int, str]]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Exit code and complaint of a command line that does not serve."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["guardware", "serve", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return run


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
        assert process.returncode == 0


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
        ([], "Nothing to serve"),
        (["--config", "empty.yaml"], "or name proxy.root, proxy.upstream or proxy.routes in empty.yaml"),
        (["--root", ".", "--upstream", "http://h"], "not both"),
        (["--root", "nothing"], "does not exist"),
        (["--upstream", "localhost:3000"], "does not start with http://"),
        (["--upstream", "http://"], "names no host"),
        (["--upstream", "unix:app.sock"], "names no socket"),
        (["--root", ".", "--config", "nothing.yaml"], "does not exist"),
        (["--root", ".", "--port", "70000"], "70000"),
        (["--root", ".", "--tls-cert", "bad.yaml"], "together"),
        (["--root", ".", "--uds", "s", "--uds-mode", "rw"], "three octal digits"),
        (["--root", ".", "--workers", "0"], "workers"),
        (["--root", ".", "--workers", "2"], "count 2 times; name a Redis"),
        (["--root", ".", "--workers", "2", "--config", "empty.yaml"], "empty.yaml: store.url: is memory://"),
        (["--root", ".", "--config", "bad.yaml"], "bad.yaml:1"),
    ],
)
def test_usage_errors(tmp_path: Path, refused: Refused, arguments: list[str], complaint: str) -> None:
    (tmp_path / "bad.yaml").write_text("mode: sideways\n")
    (tmp_path / "empty.yaml").write_text("mode: enforce\n")
    code, said = refused(*arguments)
    assert code == 2
    assert complaint in said


def test_a_port_in_use(refused: Refused) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = refused("--root", ".", "--port", port)
    assert (code, len(said.strip().splitlines())) == (1, 1)
    assert f"cannot listen on 127.0.0.1 port {port}: something else listens there" in said


def test_a_gallery_from_start_to_stop(tmp_path: Path) -> None:
    with served("--root", ".", cwd=tmp_path) as (process, lines):
        assert lines[0] == "Guarding .\n"
        assert "Policy: the portfolio preset\n" in lines
        assert lines[-1] == "Mode: enforce\n"
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Hint: write one with: guardware init; then set site.name")
        assert b"There are no pictures here yet." in fetch(address(lines))
        process.send_signal(signal.SIGUSR2)
        while "only where there are several" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)  # the others end by SIGTERM
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


def test_hosts_that_are_only_watched_are_named(tmp_path: Path) -> None:
    (tmp_path / "guardware.yaml").write_text(
        "site: {name: Ann}\nproxy: {root: .}\nhosts:\n"
        "  a.example: {mode: monitor, proxy: {root: a}}\n"
        "  b.example: {proxy: {root: b}}\n"
    )
    for name in "ab":
        (tmp_path / name).mkdir()
    with served(cwd=tmp_path) as (process, lines):
        assert lines[-1] == "Mode: enforce\n"
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Mode of a.example: monitor. There everything is judged")


def test_tls(tmp_path: Path) -> None:
    first, second = certificate(tmp_path, "first"), certificate(tmp_path, "second")
    pair = str(tmp_path / "used.pem"), str(tmp_path / "used.key")

    def put(new: tuple[str, str]) -> ssl.SSLContext:
        for source, target in zip(new, pair, strict=True):
            shutil.copy(source, target)
        return ssl.create_default_context(cafile=new[0])

    context = put(first)
    with served("--root", ".", "--tls-cert", pair[0], "--tls-key", pair[1], cwd=tmp_path) as (process, lines):
        url = address(lines)
        assert url.startswith("https://")
        assert b"There are no pictures" in fetch(url, context=context)
        context = put(second)
        process.send_signal(signal.SIGHUP)
        assert process.stdout is not None
        while "is in use" not in process.stdout.readline():
            assert process.poll() is None
        assert b"There are no pictures" in fetch(url, context=context)


def test_a_certificate_that_does_not_fit(tmp_path: Path, refused: Refused) -> None:
    (cert, _), (_, key) = certificate(tmp_path, "a"), certificate(tmp_path, "b")
    code, said = refused("--root", ".", "--port", "0", "--tls-cert", cert, "--tls-key", key)
    assert code == 1
    assert "belong together" in said


def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "gallery.sock"
    with served("--root", ".", "--uds", "gallery.sock", "--uds-mode", "660", cwd=tmp_path) as (process, lines):
        assert address(lines) == "unix:gallery.sock"
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Hint: add unix to clients.trusted_proxies")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"GET /.guardware/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 200")
    assert not path.exists()


def test_what_the_configuration_names_is_served_and_logged(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "guardware.yaml").write_text("proxy: {root: pictures}\nserver: {access_log: access.log}\n")
    with served(cwd=tmp_path) as (_, lines):
        assert lines[0] == "Guarding pictures\n"
        assert b"There are no pictures" in fetch(address(lines))
    (written,) = (tmp_path / "access.log").read_text().splitlines()
    assert re.match(r'127\.0\.0\.0 - - \[.*\] "GET / HTTP/1\.1" 200 \d+ "-" "Python-urllib', written)
    assert " verdict=protect " in written
