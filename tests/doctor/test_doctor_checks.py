"""What the doctor says of a configuration, a store, and answers that are not as they should be."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from redis_server import RedisServer

from guardware.cli.doctor import command
from guardware.config import from_mapping
from guardware.config.schema import Config
from guardware.doctor.client import Reply
from guardware.doctor.configuration import configuration_findings
from guardware.doctor.finding import Finding, Level
from guardware.doctor.likeness import bears_our_mark, same_picture
from guardware.doctor.notices import header_findings, notices_of
from guardware.doctor.storage import store_findings


def of(level: Level, findings: list[Finding]) -> str:
    return "\n".join("\n".join((f.text, *f.mend)) for f in findings if f.level is level)


def test_a_good_configuration_is_fine(tmp_path: Path) -> None:
    config = from_mapping({"site": {"name": "Ada", "contact": "a@b.example"}, "store": {"folder": str(tmp_path)}})
    findings = list(configuration_findings(config, "guardware.yaml"))
    assert {finding.level for finding in findings} == {Level.OK}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "level", "says"),
    [
        ({"mode": "monitor"}, Level.WARNING, "NOTHING is protected"),
        ({"store": {"folder": "none"}}, Level.WARNING, "cannot be traced"),
        ({"store": {"folder": "/dev/null/guardware"}}, Level.FAULT, "cannot be written to"),
        ({"clients": {"secret_file": "/nowhere"}}, Level.FAULT, "The secret cannot be used"),
        ({"clients": {"trusted_proxies": ["0.0.0.0/0"]}}, Level.WARNING, "trusts everyone"),
        ({}, Level.WARNING, "how to reach you"),
    ],
)
def test_what_is_wrong_is_said_with_the_mend(data: dict[str, object], level: Level, says: str) -> None:
    assert says in of(level, list(configuration_findings(from_mapping(data), "guardware.yaml")))


async def test_a_redis_that_is_away_is_a_fault_without_its_password() -> None:
    config = Config.model_validate({"store": {"url": "redis://:hunter2@127.0.0.1:1/0"}})
    findings = await store_findings(config)
    assert "does not answer" in of(Level.FAULT, findings)
    assert "hunter2" not in str(findings)


async def test_a_redis_that_runs_is_fine(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    try:
        findings = await store_findings(Config.model_validate({"store": {"url": server.url}}))
        assert [finding.level for finding in findings] == [Level.OK]
    finally:
        server.stop()


async def test_a_redis_that_forbids_scripts_is_a_fault(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, options="--user default on nopass ~* +@all -eval")
    try:
        server.start()
        findings = await store_findings(Config.model_validate({"store": {"url": server.url}}))
        assert "does not let the guard in, or run scripts" in of(Level.FAULT, findings)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("headers", "level", "says"),
    [
        ([("x-robots-tag", "noai, noimageai")], Level.FAULT, "has lost on its way"),
        ([], Level.FAULT, "none of the headers"),
    ],
)
def test_headers_that_got_lost(headers: list[tuple[str, str]], level: Level, says: str) -> None:
    reply = Reply(200, [("content-type", "image/png"), *headers], b"", "https://ada.example/a.png")
    findings = list(header_findings("A picture", reply, notices_of(Config()), "https://ada.example"))
    assert says in of(level, findings)


def test_headers_that_are_folded_are_there() -> None:
    lines = [("x-robots-tag", "noai, noimageai, max-snippet:5"), ("tdm-reservation", "1")]
    usage = ("content-usage", "train-ai=n, ai-use=n")
    reply = Reply(200, [("content-type", "image/png"), *lines, usage], b"", "https://ada.example/a.png")
    findings = list(header_findings("A picture", reply, notices_of(Config()), "https://ada.example"))
    assert of(Level.FAULT, findings) == ""
    assert "has a colon" in of(Level.WARNING, findings)


def test_the_same_dots_are_the_same_picture(picture: bytes) -> None:
    assert same_picture(picture, picture, Config())
    assert same_picture(picture, picture + b"more behind the end", Config())
    assert not same_picture(picture, b"", Config())
    assert not same_picture(b"no picture", b"another", Config())
    assert not bears_our_mark(picture)


def test_without_an_address_only_the_configuration_is_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "guardware.yaml"
    file.write_text(f"site: {{name: Ada, contact: a@b.example}}\nstore: {{folder: {tmp_path / 'state'}}}\n")
    done = CliRunner().invoke(command, ["--config", str(file)])
    assert done.exit_code == 0, done.output
    assert "No address was given" in done.output


def test_a_site_that_does_not_answer_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "guardware.yaml"
    file.write_text(f"store: {{folder: {tmp_path / 'state'}}}\n")
    done = CliRunner().invoke(command, ["http://127.0.0.1:1/", "--config", str(file)])
    assert done.exit_code == 1
    assert "does not answer" in done.output


@pytest.mark.parametrize("url", ["ftp://ada.example", "ada.example", "http://", "http://a:99999", "http://[::1"])
def test_what_is_no_address_is_a_usage_error(url: str) -> None:
    assert CliRunner().invoke(command, [url]).exit_code == 2
