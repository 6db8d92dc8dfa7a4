"""The rules of each front: the same for the same configuration, and with what the owner wrote kept from meaning
anything there (the fronts themselves read them in tests/e2e/test_e2e_export.py)."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from guardware.cli.export import command
from guardware.config import from_mapping
from guardware.config.schema import Config, Limits
from guardware.export import FRONTS, gather, render
from guardware.export.escape import apache, caddy, comment, haproxy, nginx
from guardware.export.limits import front_limits
from guardware.export.render import _pieces

TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]) | st.sampled_from('\n"\\$%{}'))


def whole(front: str, config: Config) -> str:
    return "\n".join(file.text for file in render(front, gather(config)))


@pytest.mark.parametrize("front", FRONTS)
def test_the_rules_say_how_to_use_them_and_what_they_do_not_do(front: str) -> None:
    text = whole(front, Config())
    assert "How to use it" in text
    assert "What it does NOT do" in text
    assert "guardware 0." in text
    assert "site.url is not set" in text
    assert "ptbot" in text  # names stand under their first letter
    assert text == whole(front, Config())


@pytest.mark.parametrize("front", FRONTS)
def test_in_monitor_mode_nobody_is_refused_or_limited(front: str) -> None:
    text = whole(front, from_mapping({"mode": "monitor"}))
    assert "ptbot" not in text
    assert "429" not in text
    assert "robots.txt" in text
    assert "mode is monitor" in text


@pytest.mark.parametrize("front", FRONTS)
def test_notices_that_are_off_are_not_stated(front: str) -> None:
    off = {"robots_tag": False, "tdm_reservation": False, "content_usage": False, "rsl": False, "ai_txt": False}
    text = whole(front, from_mapping({"notices": {**off, "robots_txt": False}}))
    for word in ("X-Robots-Tag", "Tdm-Reservation", "/license.xml", "/ai.txt", "tdmrep.json"):
        assert word not in text


@pytest.mark.parametrize("front", ["caddy", "apache"])
def test_fronts_without_limits_say_so(front: str) -> None:
    assert "Limits are not in here" in whole(front, Config())


def test_limits_are_never_stricter_than_the_guards() -> None:
    page = front_limits(Limits.model_validate({"client": {"page": {"rate": "90/hour", "burst": 7}}}))[0]
    assert (page.kind, page.who, page.rate, page.excess, page.in_window) == ("page", "client", "2r/m", 6, 9)
    quick = front_limits(Limits.model_validate({"client": {"page": {"rate": "5000/s", "burst": 1}}}))[0]
    assert (quick.rate, quick.excess) == ("5000r/s", 0)


@given(TEXTS)
def test_nginx_reads_back_what_was_written(text: str) -> None:
    unescaped = re.sub(r'\\(["\\nr])', lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), nginx(text))
    assert unescaped == text
    assert not re.search(r'(?<!\\)(?:\\\\)*"', nginx(text))


@given(TEXTS)
def test_haproxy_reads_back_what_was_written(text: str) -> None:
    unescaped = re.sub(r'\\(["\\$nr])', lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), haproxy(text))
    assert unescaped == text
    assert not re.search(r'(?<!\\)(?:\\\\)*["$]', haproxy(text))


@given(TEXTS)
def test_caddy_finds_no_placeholder_and_no_end(text: str) -> None:
    assert "{" not in caddy(text)
    assert not re.search(r'(?<!\\)"', caddy(text))


@given(TEXTS)
def test_apache_finds_no_variable_and_no_end(text: str) -> None:
    bare = re.sub(r"%\{unescape:%[0-9A-F]{2}\}", "", apache(text))
    assert not re.search(r'["$%{}\n]', bare)


@given(TEXTS)
def test_comments_stay_on_their_line(text: str) -> None:
    assert "\n" not in comment(text)
    assert not comment(text).endswith("\\")


@given(TEXTS)
def test_pieces_are_the_text_and_short(text: str) -> None:
    pieces = list(_pieces(text * 50))
    assert "".join(pieces) == text * 50
    assert all(len(nginx(piece).encode()) < 4096 for piece in pieces)


def test_the_command_writes_the_files_into_a_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["nginx", "--output", str(tmp_path / "rules")])
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (tmp_path / "rules").iterdir()) == sorted(FRONTS["nginx"])


def test_without_a_folder_it_prints_them() -> None:
    done = CliRunner().invoke(command, ["caddy"])
    assert done.exit_code == 0
    assert "(guardware) {" in done.stdout


def test_each_host_has_rules_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "guardware.yaml"
    file.write_text("hosts: {ben.example: {site: {url: https://ben.example}}}\n")
    both = CliRunner().invoke(command, ["caddy", "--config", str(file)])
    assert "export each with --host NAME" in both.output
    ben = CliRunner().invoke(command, ["caddy", "--config", str(file), "--host", "Ben.example."])
    assert "<https://ben.example/license.xml>" in ben.output
    for unknown in ("x", "", "two words", "https://ben.example"):
        assert CliRunner().invoke(command, ["caddy", "--config", str(file), "--host", unknown]).exit_code == 2


def test_a_front_that_nobody_knows_is_a_usage_error() -> None:
    assert CliRunner().invoke(command, ["iis"]).exit_code == 2
