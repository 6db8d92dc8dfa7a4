"""``guardware demo``: builds, says what to try, and guards what it serves."""

import asyncio
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, CURL, Call, page_headers
from click.testing import CliRunner
from PIL import Image

import guardware.cli.demo as demo
from guardware.demo import Work
from guardware.errors import GuardwareError
from guardware.http import ASGIApp, Message, RawHeaders, Receive, Scope, Send

PICTURE = "/pictures/last-light-over-the-pass.jpg"
RUN = "import sys; from guardware.cli import main; sys.argv[1:1] = ['demo']; main()"
GPTBOT: RawHeaders = [(b"host", b"localhost:8000"), (b"user-agent", b"GPTBot"), (b"accept", b"*/*")]


@pytest.fixture(autouse=True)
def _quick(some: tuple[Work, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Six works hang instead of all."""
    monkeypatch.setattr("guardware.demo.works", lambda: some)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[ASGIApp]:
    """What would be served: the server announces itself and ends."""
    apps: list[ASGIApp] = []

    def run(app: ASGIApp, host: str, port: int, *, announce: Callable[[list[str]], None], **_: Any) -> None:
        apps.append(app)
        announce([f"http://{host}:{port}/"])

    monkeypatch.setattr(demo, "run", run)
    return apps


def patient(app: ASGIApp) -> ASGIApp:
    """The app before a visitor who asks once, then waits: files listen for a visitor who hangs up."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        asked = False

        async def once() -> Message:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return await receive()

        await app(scope, once, send)

    return wrapped


async def test_people_get_the_original_tools_a_preview_and_trainers_nothing(
    hung: Path, served: list[ASGIApp], call: Call
) -> None:
    result = CliRunner().invoke(demo.command, ["--port", "0", "--dir", str(hung)], catch_exceptions=False)
    assert result.exit_code == 0
    original = (hung / PICTURE[1:]).read_bytes()

    app = patient(served[0])
    page = await call(app, "/", page_headers())
    assert (page.status, b"Mountains, water, paper, thread" in page.body) == (200, True)
    assert (await call(app, PICTURE, BROWSER)).body == original

    preview = await call(app, PICTURE, CURL, ip="198.51.100.8")
    assert preview.status == 200
    with Image.open(BytesIO(preview.body)) as picture:
        assert picture.size == (1024, 576)

    refusal = await call(app, PICTURE, GPTBOT, ip="198.51.100.9")
    assert refusal.status == 403
    assert original[:4000] not in refusal.body


def test_the_second_demo_starts_without_drawing(hung: Path, served: list[ASGIApp]) -> None:
    result = CliRunner().invoke(demo.command, ["--port", "0", "--dir", str(hung)], catch_exceptions=False)
    assert "Drawing" not in result.output
    assert "pictures by Marit Solvane hang at http://127.0.0.1:" in result.output


def test_the_first_demo_draws_into_the_cache_folder(
    tmp_path: Path, served: list[ASGIApp], some: tuple[Work, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("guardware.demo.works", lambda: some[:2])
    result = CliRunner().invoke(demo.command, ["--port", "0"], catch_exceptions=False)
    assert "Drawing the pictures" in result.output
    assert (tmp_path / "guardware/demo/index.html").is_file()


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123/"),
        ("0.0.0.0", "http://127.0.0.1:8123/"),
        ("::", "http://[::1]:8123/"),
        ("::1", "http://[::1]:8123/"),
        ("gallery.test", "http://gallery.test:8123/"),
    ],
)
def test_the_commands_name_an_address_that_can_be_typed(host: str, site: str) -> None:
    text = demo.invitation(host, 8123, Path("/somewhere"))
    commands = [shlex.split(line) for line in text.splitlines() if line.startswith("   ") and "{" not in line]
    assert ["python3", "-m", "webbrowser", site] in commands
    assert ["curl", "-o", "copy.jpg", site + PICTURE[1:]] in commands
    assert ["img2dataset", "--url_list", "list.txt", "--output_folder", "taken"] in commands
    assert sum(command[:1] == ["curl"] for command in commands) == 2
    assert commands[-1][1:4] == ["explain", "--url", site + PICTURE[1:]]
    assert commands[-1][5].endswith("Firefox/72.0")


def test_explain_is_named_so_that_another_terminal_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert "\n   guardware explain" in demo.invitation("127.0.0.1", 8000, tmp_path)
    (tmp_path / "my env").mkdir()
    (tmp_path / "my env" / "guardware").touch()
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "my env" / "python"))
    assert f"\n   '{tmp_path}/my env/guardware' explain" in demo.invitation("127.0.0.1", 8000, tmp_path)


def test_a_taken_port_is_said_at_once_with_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", RUN, "--port", str(port), "--dir", str(tmp_path / "gallery")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"guardware: cannot listen on 127.0.0.1 port {port}: something else listens there; "
        "stop it or choose another --port"
    ]
    assert not (tmp_path / "gallery").exists(), "nothing was drawn for it"


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    assert CliRunner().invoke(demo.command, ["--port", port]).exit_code == 2


@pytest.mark.parametrize(
    ("named", "home", "expected"),
    [
        ("/var/cache/me", "/home/me", Path("/var/cache/me/guardware/demo")),
        ("", "/home/me", Path("/home/me/.cache/guardware/demo")),
        ("relative", "/home/me", Path("/home/me/.cache/guardware/demo")),
        ("", "nowhere", None),
    ],
)
def test_the_cache_folder(named: str, home: str, expected: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", home)
    assert demo.cache_folder() == expected


def unwritable(tmp_path: Path) -> Path:
    """A path under a file: not even root can write there."""
    (tmp_path / "file").touch()
    return tmp_path / "file"


def test_without_a_cache_a_temporary_folder_serves(
    tmp_path: Path,
    some: tuple[Work, ...],
    served: list[ASGIApp],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(unwritable(tmp_path)))
    monkeypatch.setattr("guardware.demo.works", lambda: some[:1])
    with ExitStack() as cleanup:
        folder = demo._gallery(None, cleanup)
        assert (folder / "index.html").is_file()
    assert not folder.exists(), "swept up in the end"
    assert "using a temporary folder" in capsys.readouterr().err


def test_a_named_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with (
        ExitStack() as cleanup,
        pytest.raises(GuardwareError, match=r"cannot be written .*; name another with --dir"),
    ):
        demo._gallery(unwritable(tmp_path) / "gallery", cleanup)
