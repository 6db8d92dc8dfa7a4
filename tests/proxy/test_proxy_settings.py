"""How uvicorn is set up, and what is shipped for running it."""

import resource
from pathlib import Path

import click
import pytest
import yaml

from guardware.cli.serve import command
from guardware.config import load
from guardware.config.schema import Config
from guardware.http import Receive, Scope, Send
from guardware.proxy.listen import BACKLOG
from guardware.proxy.settings import allow_files, uvicorn_settings
from guardware.proxy.tls import Certificate
from guardware.proxy.visitor_websocket import VisitorWebSocket
from guardware.proxy.websocket import MAX_MESSAGE

from .certificates import certificate

TOP = Path(__file__).parents[2]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("never asked")


def test_what_is_ours_is_not_uvicorns() -> None:
    settings = uvicorn_settings(app)
    assert not settings.proxy_headers
    assert not settings.access_log
    assert settings.encoded_headers == []
    assert (settings.backlog, settings.limit_concurrency, settings.ssl) == (BACKLOG, 2048, None)


def test_websockets_are_not_unpacked() -> None:
    settings = uvicorn_settings(app)
    assert (settings.ws_protocol_class, settings.ws_per_message_deflate) == (VisitorWebSocket, False)
    assert settings.ws_max_size == MAX_MESSAGE


def test_limits_are_the_owners() -> None:
    server = {"max_connections": 7, "grace": "2500ms", "keep_alive": 3}
    settings = uvicorn_settings(app, Config.model_validate({"server": server}), shared=True)
    assert (settings.limit_concurrency, settings.timeout_graceful_shutdown, settings.backlog) == (7, 3, 1)


@pytest.mark.parametrize("announced", [False, True])
def test_tls_begins_with_the_connection_or_after_the_proxys_words(tmp_path: Path, announced: bool) -> None:
    chain = Certificate(*certificate(tmp_path, "a"))
    settings = uvicorn_settings(app, Config.model_validate({"server": {"proxy_protocol": announced}}), chain)
    assert settings.ssl is (None if announced else chain.context)


def test_files_for_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    allow_files(100)
    assert limits == [], "enough as it is"
    allow_files(1000)
    allow_files(100_000)
    assert limits == [(3000, 4096), (4096, 4096)]


def words(line: str) -> list[str]:
    """The arguments after ``serve``."""
    return line.split(" serve ", 1)[1].split()


def shipped() -> dict[str, list[str]]:
    """The command lines of the files that are shipped."""
    unit = (TOP / "examples/guardware.service").read_text()
    (start,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
    docker = (TOP / "Dockerfile").read_text()
    (cmd,) = (line for line in docker.splitlines() if line.startswith("CMD "))
    compose = yaml.safe_load((TOP / "compose.yaml").read_text())["services"]["guardware"]["command"]
    return {"unit": words(start), "docker": yaml.safe_load(cmd.removeprefix("CMD "))[1:], "compose": compose[1:]}


@pytest.mark.parametrize("name", ["unit", "docker", "compose"])
def test_command_lines_that_are_shipped(name: str, tmp_path: Path) -> None:
    arguments = [word.replace("/etc/guardware", str(tmp_path)) for word in shipped()[name]]
    arguments = [word.replace("/srv/pictures", str(tmp_path)) for word in arguments]
    (tmp_path / "guardware.yaml").touch()
    context = command.make_context("serve", arguments)
    assert isinstance(context, click.Context)
    assert context.params["file"] == str(tmp_path / "guardware.yaml")


def test_the_configuration_that_is_shipped() -> None:
    config = load(TOP / "examples/compose.guardware.yaml")
    assert config.store.url == "redis://redis:6379/0"
