"""Many sites in one file: names, parts laid over the whole, and each fault once where it was written."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config import Config, from_mapping, load_text
from guardware.config.checks import warnings
from guardware.config.hosts import PROCESS, lay_over, most_exact, normal_host
from guardware.config.jsonschema import json_schema
from guardware.errors import ConfigError
from guardware.hosts import read_host

HOUSE = """\
site: {name: The House}
proxy: {upstream: "http://127.0.0.1:3000", routes: [{path: /api, upstream: "http://127.0.0.1:4000"}]}
thresholds: {deny: 9}
hosts:
  "gallery.example":
    site: {name: Ada, contact: ada@gallery.example}
    proxy: {upstream: "http://127.0.0.1:3001", read_timeout: 5s}
    thresholds: {protect: 1.5}
  "other.example":
    proxy: {root: /srv/other}
    mode: monitor
  "*.gallery.example":
"""


def faults(text: str) -> list[str]:
    """What is told of the hosts written in ``text``."""
    with pytest.raises(ConfigError) as raised:
        load_text(text, "g.yaml")
    return raised.value.faults


class TestNames:
    @pytest.mark.parametrize(
        ("written", "normal"),
        [
            ("gallery.example", "gallery.example"),
            ("Gallery.Example.", "gallery.example"),
            ("*.Example.com", "*.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("*.Bücher.example", "*.xn--bcher-kva.example"),
            ("faß.example", "xn--fa-hia.example"),
            ("localhost", "localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("my_site.example", "my_site.example"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
        ],
    )
    def test_that_are_taken(self, written: str, normal: str) -> None:
        assert normal_host(written) == normal

    @pytest.mark.parametrize(
        ("written", "mend"),
        [
            ("gallery.example:8000", "write 'gallery.example' alone"),
            ("https://gallery.example/art", "write 'gallery.example' alone"),
            ("https://ada@Gallery.example:443/?a#b", "write 'gallery.example' alone"),
            ("*", "the top of the file"),
            ("", "write one like example.com"),
            ("a..b", "write one like example.com"),
            ("*.*.example.com", "write one like example.com"),
            ("www.*.example", "write one like example.com"),
            ("art*.example", "write one like example.com"),
            ("two words.example", "write one like example.com"),
            (f"{'a' * 64}.example", "write one like example.com"),
            (".".join(["abc"] * 64), "write one like example.com"),
            ("[::1]:8000", "write '[::1]' alone"),
            ("::1", "is more than a host name"),
            ("[::zz]", "write one like [2001:db8::1]"),
            ("[::1%eth0", "write one like [2001:db8::1]"),
            ("\u2603\ufe0f.\u0001", "beginning with xn--"),
        ],
    )
    def test_that_are_refused_with_the_mend(self, written: str, mend: str) -> None:
        with pytest.raises(ValueError, match=re.escape(mend)):
            normal_host(written)

    @given(st.text(max_size=80))
    def test_what_is_taken_is_in_normal_form_and_can_be_a_visits_host(self, text: str) -> None:
        try:
            name = normal_host(text)
        except ValueError:
            return
        assert normal_host(name) == name
        authority = read_host(name.removeprefix("*.").encode("ascii"))
        assert authority is not None
        assert authority.host == name.removeprefix("*.")


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("example.com", "itself"),
        ("www.example.com", "www"),
        ("a.example.com", "below"),
        ("a.b.example.com", "below"),
        ("a.art.example.com", "art"),
        ("art.example.com", "below"),
        ("notexample.com", None),
        ("com", None),
        ("", None),
        ("*.example.com", "below"),
    ],
)
def test_the_most_exact_name_wins(host: str, found: str | None) -> None:
    hosts = {
        "*.example.com": "below",
        "example.com": "itself",
        "*.art.example.com": "art",
        "www.example.com": "www",
    }
    assert most_exact(hosts, host) == found


class TestLaidOver:
    def test_sections_are_merged_and_values_replaced(self) -> None:
        config = load_text(HOUSE, "g.yaml")
        ada = config.hosts["gallery.example"]
        assert (ada.site.name, ada.site.contact) == ("Ada", "ada@gallery.example")
        assert (ada.thresholds.protect, ada.thresholds.deny) == (1.5, 9)
        assert (ada.mode, config.hosts["other.example"].mode) == ("enforce", "monitor")
        assert config.hosts["other.example"].site.name == "The House"

    def test_another_site_inherits_neither_upstream_nor_root_nor_routes(self) -> None:
        hosts = load_text(HOUSE, "g.yaml").hosts
        ada, other = hosts["gallery.example"].proxy, hosts["other.example"].proxy
        assert (ada.upstream, ada.routes, ada.read_timeout) == (("http://127.0.0.1:3001",), (), 5)
        assert (other.root, other.upstream, other.routes) == ("/srv/other", (), ())

    def test_a_host_of_which_nothing_differs_is_the_whole(self) -> None:
        config = load_text(HOUSE, "g.yaml")
        assert config.hosts["*.gallery.example"] == config.model_copy(update={"hosts": {}})

    def test_which_configuration_a_host_has(self) -> None:
        config = load_text(HOUSE, "g.yaml")
        assert config.of_host("gallery.example").site.name == "Ada"
        assert config.of_host("www.gallery.example").site.name == "The House"
        assert config.of_host("elsewhere.example") is config

    @pytest.mark.parametrize(
        ("whole", "part", "laid"),
        [
            ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
            ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
            ({"a": {"b": 1}}, {"a": 4}, {"a": 4}),
            ({"a": 4}, {"a": {"b": 1}}, {"a": {"b": 1}}),
            ({"limits": {"page": {"burst": 1}}}, {"limits": {"page": None}}, {"limits": {"page": None}}),
            ({"proxy": {"root": "/a"}}, {"proxy": {"retries": 2}}, {"proxy": {"root": "/a", "retries": 2}}),
            ({"proxy": {"root": "/a"}}, {"proxy": {"upstream": "u"}}, {"proxy": {"upstream": "u"}}),
        ],
    )
    def test_by_table(self, whole: dict[str, Any], part: dict[str, Any], laid: dict[str, Any]) -> None:
        before = repr(whole)
        assert lay_over(whole, part) == laid
        assert repr(whole) == before

    def test_the_same_from_a_dict(self) -> None:
        given = {"thresholds": {"deny": 9}, "hosts": {"Ada.example": {"thresholds": {"protect": 8}}}}
        assert from_mapping(given).hosts["ada.example"].thresholds.deny == 9


class TestFaults:
    @pytest.mark.parametrize(
        ("part", "told"),
        [
            ("mode: monitr", "4:11: hosts.a.example.mode: 'monitr' is no choice here; did you mean monitor?"),
            (
                "sight: {name: Ada}",
                "4:5: hosts.a.example.sight: is no key that guardware knows here; did you mean site?",
            ),
            (
                "site: {title: Ada}",
                "4:12: hosts.a.example.site.title: is no key that guardware knows here; "
                "write one of name, url, contact, prefix",
            ),
            (
                "thresholds: {protect: 6}",
                "4:5: hosts.a.example.thresholds: deny is below protect; raise deny, or lower protect",
            ),
            ("thresholds: {protect: yes}", "4:27: hosts.a.example.thresholds.protect: must be a number; "
             "write digits, for example 20 or 0.5"),
            (
                "budgets: {per_hour: true}",
                "4:25: hosts.a.example.budgets.per_hour: is a yes or no where none is asked; "
                "write a value as docs/configuration.md has it",
            ),
            (
                "rules: [{match: {path: /a}}]",
                "4:13: hosts.a.example.rules[0].action: is missing; add it",
            ),
            (
                "rules: [{match: {path: /a}, action: protect, variant: nono}]",
                "3:3: hosts.a.example: rules[0].variant is no variant; write one of veiled, veiled-marked, "
                "veiled-small, marked, marked-traced, bait, credited",
            ),
            (
                "store: {url: redis://h}",
                "4:5: hosts.a.example.store: is the same for all hosts of a process; "
                "write store at the top of the file",
            ),
            (
                "images: {workers: 3}",
                "4:14: hosts.a.example.images.workers: is the same for all hosts of a process; "
                "write images.workers at the top of the file",
            ),
            (
                "hosts: {b.example: {}}",
                "4:5: hosts.a.example.hosts: cannot stand within a host; "
                "write all names beneath the one hosts:",
            ),
        ],
    )  # fmt: skip
    def test_are_told_where_they_were_written(self, part: str, told: str) -> None:
        assert faults(f"thresholds: {{deny: 5}}\nhosts:\n  a.example:\n    {part}\n") == [f"g.yaml:{told}"]

    @pytest.mark.parametrize(
        ("hosts", "told"),
        [
            ("[a, b]", "1:1: hosts: must be a table; write host names beneath it, each with what differs there"),
            (
                "{a.example: 7}",
                "1:9: hosts.a.example: must be a section; write beneath it, indented, what differs for this host",
            ),
            (
                "{a.example: {}, A.Example.: {}}",
                "1:24: hosts.A.Example.: is the same host as 'a.example'; merge the two",
            ),
            (
                "{'a.example:80': {}}",
                "1:9: hosts.a.example:80: 'a.example:80' is more than a host name; write 'a.example' alone",
            ),
        ],
    )
    def test_of_the_table_itself(self, hosts: str, told: str) -> None:
        assert faults(f"hosts: {hosts}\n") == [f"g.yaml:{told}"]

    def test_what_is_wrong_at_the_top_is_told_once(self) -> None:
        text = "images: {quality: 500}\nhosts:\n  a.example: {}\n  b.example: {images: {format: png}}\n"
        assert faults(text) == ["g.yaml:1:19: images.quality: is too large; write a number of at most 100"]

    def test_what_is_wrong_at_the_top_and_at_a_host_is_told_of_both(self) -> None:
        text = "images: {quality: 500}\nhosts:\n  a.example: {images: {quality: 400}}\n"
        assert [line.partition(": ")[0] for line in faults(text)] == ["g.yaml:1:19", "g.yaml:3:33"]

    def test_a_section_that_is_wrong_at_the_top_is_told_once(self) -> None:
        text = "thresholds: {deny: 1}\nhosts:\n  a.example: {thresholds: {suspect: 3}}\n"
        assert faults(text) == ["g.yaml:1:1: thresholds: deny is below protect; raise deny, or lower protect"]

    def test_a_variable_keeps_its_value(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GW_MODE", "s3cret")
        (line,) = faults("hosts:\n  a.example: {mode: '${GW_MODE}'}\n")
        assert "GW_MODE" in line
        assert "s3cret" not in line

    def test_a_dict_that_holds_itself(self) -> None:
        data: dict[str, Any] = {"hosts": {}}
        data["hosts"]["a.example"] = data
        with pytest.raises(ConfigError, match="cannot stand within a host"):
            from_mapping(data)

    def test_a_program_cannot_give_hosts_another_store(self) -> None:
        with pytest.raises(ValueError, match="another store for a"):
            Config(hosts={"a": Config.model_validate({"store": {"max_clients": 200}})})
        with pytest.raises(ValueError, match="no normal form"):
            Config(hosts={"A.example": Config()})


def test_what_belongs_to_the_process_is_there() -> None:
    """The table names keys that the schema has."""
    for path in PROCESS:
        value: object = Config()
        for key in path:
            value = getattr(value, str(key))


def test_warnings_of_a_host_are_told_at_the_host() -> None:
    config = from_mapping(
        {"site": {"name": "House"}, "hosts": {"a.example": {"thresholds": {"protect": 0}}, "b.example": {}}}
    )
    (line,) = warnings(config)
    assert line.startswith("hosts.a.example.thresholds.protect: is not above 0")


def test_the_json_schema_knows_what_may_differ() -> None:
    table, empty = json_schema()["properties"]["hosts"]["anyOf"]
    assert empty == {"type": "null"}
    part = table["additionalProperties"]["anyOf"][0]
    assert part["additionalProperties"] is False
    assert {"mode", "site", "proxy", "thresholds", "images", "rules"} <= part["properties"].keys()
    assert part["properties"].keys().isdisjoint({"store", "server", "observe", "hosts"})
    assert not any("default" in schema for schema in part["properties"].values())


def test_the_example_in_the_docs_loads() -> None:
    text = (Path(__file__).parent.parent.parent / "docs" / "hosts.md").read_text("utf-8")
    example = text.partition("```yaml\n")[2].partition("```")[0]
    config = load_text(example, "hosts.md")
    assert list(config.hosts) == ["gallery.example", "*.gallery.example", "other.example"]
    assert config.hosts["gallery.example"].site.name == "Ada"
