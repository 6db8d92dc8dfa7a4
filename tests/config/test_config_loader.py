"""load, load_text and from_mapping: what goes in, what comes out."""

import os
from pathlib import Path
from typing import Any

import pytest

from guardware.config import Config, from_mapping, load, load_text
from guardware.config.schema import Section
from guardware.errors import ConfigError
from guardware.verdict import Action


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_text(text, "g.yaml")
    return raised.value.faults


def of_file(path: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(path)
    return raised.value.faults


def of_mapping(data: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        from_mapping(data)
    return raised.value.faults


def test_values_arrive_in_the_units_of_the_schema() -> None:
    config = load_text(
        "limits: {client: {page: {rate: 120/minute, burst: 5}}}\n"
        "store: {timeout: 20ms}\nimages: {max_bytes: 1 MiB}\n",
        "g.yaml",
    )
    page = config.limits.client.page
    assert page is not None
    assert (page.rate, config.store.timeout, config.images.max_bytes) == (2.0, 0.02, 1024**2)


def test_a_kind_of_limit_that_is_not_written_keeps_its_limit_and_null_takes_it_away() -> None:
    client = load_text("limits: {client: {page: null, feed: {rate: 1/s, burst: 1}}}", "g.yaml").limits.client
    assert client.page is None
    assert client.feed is not None
    assert client.feed.burst == 1
    assert client.image == Config().limits.client.image
    assert load_text("limits: {client: {page: null}}", "g.yaml").limits.network == Config().limits.network


@pytest.mark.parametrize("text", ["", "\n", "# a note\n", "~", "null", "---\n...\n", "\ufeff", "site:\n", "{}"])
def test_nothing_written_means_the_defaults(text: str) -> None:
    assert load_text(text, "g.yaml") == Config()


@pytest.mark.parametrize("word", ["off", "on", "yes", "no", "n", "NO", "1:30", "010", "2026-11-22", "1_000"])
def test_yaml_1_1_surprises_are_words(word: str) -> None:
    assert load_text(f"site: {{name: {word if word != '010' else repr(word)}}}", "g.yaml").site.name == word
    assert load_text(f"signals: {{weights: {{{word}: 1}}}}", "g.yaml").signals.weights == {word: 1}


@pytest.mark.parametrize(
    ("written", "value"),
    [("off", False), ("no", False), ("false", False), ("yes", True), ("on", True), ("TRUE", True)],
)
def test_words_for_yes_and_no_where_one_is_asked(written: str, value: bool) -> None:
    assert load_text(f"observe: {{log: {written}}}", "g.yaml").observe.log is value


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    assert faults("observe: {events: many}\nmode: watch\nsite: {nmae: Ada}\n") == [
        "g.yaml:1:19: observe.events: must be a whole number; write digits only",
        "g.yaml:2:7: mode: 'watch' is no choice here; write one of enforce, monitor",
        "g.yaml:3:8: site.nmae: is no key that guardware knows here; did you mean name?",
    ]


def test_an_unknown_key_that_belongs_elsewhere_is_sent_there() -> None:
    assert faults("opacity: 1") == [
        "g.yaml:1:1: opacity: is no key that guardware knows here; it belongs under images.watermark"
    ]


def test_a_fault_never_breaks_its_line_nor_carries_terminal_codes() -> None:
    (line,) = faults('site: {"a\\nb\\e[31mc": 1}')
    assert line.startswith("g.yaml:1:8: site.a\\nb\\x1b[31mc: ")


@pytest.mark.usefixtures("variables")
def test_variables_are_filled_in() -> None:
    config = load_text(
        "site: {name: '${GW_NAME} of ${GW_MISSING:-nowhere}', contact: '$${GW_NAME}'}\n"
        "budgets: {per_hour: '${GW_NUMBER}'}\nstore: {url: 'redis://:${GW_SECRET}@${GW_HOST:-localhost}/0'}\n",
        "g.yaml",
    )
    assert config.site.name == "Ada of nowhere"
    assert config.site.contact == "${GW_NAME}"
    assert config.budgets.per_hour == 120
    assert config.store.url == "redis://:s3cret@localhost/0"


def leaves(section: type[Section], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every key of the schema that holds no section."""
    found: list[tuple[str, ...]] = []
    for name, info in section.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            found += leaves(inner, (*path, info.alias or name))
        else:
            found.append((*path, info.alias or name))
    return found


@pytest.mark.parametrize("path", leaves(Config), ids=".".join)
@pytest.mark.parametrize("shape", ["${GW}", "[${GW}]", "{GPTBot: ${GW}}", "{page: {rate: ${GW}}}"])
def test_no_fault_shows_the_value_of_a_variable(
    path: tuple[str, ...], shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GW", "10.99.88.77/hunter2")
    value = shape.replace("${GW}", "'${GW}'")
    text = "".join("{" + key + ": " for key in path) + value + "}" * len(path)
    told = ""
    try:
        load_text(text, "g.yaml")
    except ConfigError as error:
        told = str(error)
    assert "hunter2" not in told
    assert "10.99.88" not in told


@pytest.mark.parametrize(
    "url",
    [
        "redis://:geheim@h",
        "redis://ada:geheim@h:6379/0",
        "rediss://:geheim${GW_NAME}@h",
        "unix://:geheim@/run/redis.sock",
        "${GW_MISSING:-redis://:geheim@h}",
        "redis://h/0?password=geheim",
    ],
)
@pytest.mark.usefixtures("variables")
def test_a_password_in_the_file_is_a_fault_and_is_not_shown(url: str) -> None:
    (line,) = faults(f"store: {{url: '{url}'}}")
    assert line.startswith("g.yaml:1:14: store.url: has a password in it; ")
    assert "geheim" not in line


@pytest.mark.parametrize("url", ["memory://", "redis://h", "redis://:${GW_SECRET}@h", "${GW_NAME:-redis://h}"])
def test_no_password_no_fault(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GW_SECRET", "s3cret")
    monkeypatch.delenv("GW_NAME", raising=False)
    assert load_text(f"store: {{url: '{url}'}}", "g.yaml").store.url


# Files


def test_load_reads_a_file(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("mode: monitor\n")
    assert load(file).mode == load(str(file)).mode == "monitor"


def test_load_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load() == Config()
    Path("guardware.yaml").write_text("mode: monitor\n")
    assert load().mode == "monitor"


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("guardware.yaml").mkdir()
    Path("large.yaml").write_bytes(b"#" * 1_000_001)
    assert of_file(None) == [
        "guardware.yaml:1:1: file: is a folder; name the file in it, for example guardware.yaml"
    ]
    assert of_file("no.yaml") == [
        "no.yaml:1:1: file: is not there; check the name, or write one with: guardware init"
    ]
    assert of_file("large.yaml")[0].startswith("large.yaml:1:1: file: has more than 1000000 bytes")
    assert of_file("a\0b") == ["a\\x00b:1:1: file: cannot be read; check the name and the disk"]
    assert of_file("large.yaml/x") == ["large.yaml/x:1:1: file: cannot be read; check the name and the disk"]


def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    assert of_file("g.yaml")[0].startswith("g.yaml:1:1: file: may not be read; ")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"a: \xff", "1:4"),
        (b"\xef\xbb\xbfa: \xff", "1:4"),
        ("# Zoë\nsite: ".encode() + b"\xe9", "2:7"),
        ("é: ".encode() + b"\xe9", "1:4"),
    ],
)
def test_where_a_file_is_not_utf_8(
    content: bytes, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.yaml").write_bytes(content)
    (line,) = of_file("g.yaml")
    assert line == (
        f"g.yaml:{place}: syntax: a letter here is not in UTF-8; save the file as UTF-8 in your editor"
    )


# Dicts


def test_a_dict_has_the_keys_of_a_file() -> None:
    config = from_mapping({"crawlers": {"ai_search": "allow", "tokens": {"CCBot": Action.DENY}}, "site": None})
    assert config.crawlers.ai_search is Action.ALLOW
    assert config.crawlers.tokens == {"CCBot": Action.DENY}


def test_a_dict_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAME", "no")
    config = from_mapping({"site": {"name": "${NAME}"}, "store": {"url": "redis://:from-a-vault@h"}})
    assert config.site.name == "${NAME}"
    assert config.store.url == "redis://:from-a-vault@h"


def test_faults_of_a_dict_have_no_line() -> None:
    endless: dict[str, Any] = {}
    endless["site"] = endless
    assert of_mapping({"mode": "x", "limits": {"client": {"page": {"rate": 5, "burst": True}}}}) == [
        "config: limits.client.page.burst: is a yes or no where none is asked; "
        "write a value as docs/configuration.md has it",
        "config: limits.client.page.rate: is not a rate; write a count and a unit, for example 120/minute",
        "config: mode: 'x' is no choice here; write one of enforce, monitor",
    ]
    assert of_mapping({5: 1}) == ["config: configuration: has a key that is no text; write keys as strings"]
    assert of_mapping(None) == ["config: configuration: is no dict; give one, a Config, or the name of a file"]
    assert of_mapping(endless) == [
        "config: site.site: is no key that guardware knows here; write one of name, url, contact, prefix"
    ]


def test_a_path_like_object_is_a_path(tmp_path: Path) -> None:
    class Somewhere(os.PathLike[str]):
        def __fspath__(self) -> str:
            return str(tmp_path / "g.yaml")

    (tmp_path / "g.yaml").write_text("mode: monitor")
    assert load(Somewhere()).mode == "monitor"
