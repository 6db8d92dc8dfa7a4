"""The access log: what a line says, what it cannot be made to say, and that replay reads it."""

import json
import re
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.config.schema import Config
from guardware.config.server import AccessLog as Settings
from guardware.http import Scope
from guardware.observe.access_log import Access, AccessLog, Lines, cut_target, network_address, picked
from guardware.replay.entry import Entry
from guardware.replay.formats import detect
from guardware.verdict import Action, Verdict

NOON = 1795694703.25  # 2026-11-26 12:05:03.25 UTC

DENIED = Verdict(Action.DENY, 'rules["no bots"]', 7.125, (), 3, crawler="GPTBot")
PROTECTED = Verdict(Action.PROTECT, "thresholds.protect", 2.5, (), 4, variant="veiled-marked", enforced=False)

HEADERS = [
    (b"host", b"art.example"),
    (b"user-agent", b"Mozilla/5.0 (X11)"),
    (b"referer", b"https://art.example/"),
    (b"accept-language", b"de"),
    (b"cookie", b"session=secret"),
    (b"authorization", b"Basic secret"),
    (b"x-forwarded-for", b"203.0.113.9"),
]


def access(
    *,
    address: str = "203.0.113.9",
    target: bytes = b"/sea.jpg?x=1",
    headers: list[tuple[bytes, bytes]] = HEADERS,
    verdict: Verdict | None = DENIED,
) -> Access:
    return Access(
        NOON, address, "https", "GET", target, "1.1", picked(headers), 403, 512, b"image/jpeg", 0.0125, verdict
    )


def line(form: str, what: Access, *, keep: bool = False) -> bytes:
    made = Lines(form, keep_addresses=keep).line(what)
    assert made.count(b"\n") == 1
    assert made.endswith(b"\n")
    assert made.isascii()
    return made[:-1]


def read(made: bytes) -> Entry:
    """As ``guardware replay`` reads it."""
    found = detect([made])
    assert found is not None
    entry = found.parse(made)
    assert entry is not None
    return entry


def test_combined() -> None:
    assert line("combined", access()).decode() == (
        '203.0.113.0 - - [26/Nov/2026:12:05:03 +0000] "GET /sea.jpg?x=1 HTTP/1.1" 403 512 "https://art.example/" '
        '"Mozilla/5.0 (X11)" host=art.example time=0.013 verdict=deny score=7.12 variant=- '
        f'id={DENIED.support_id} by="rules[\\x22no bots\\x22]" crawler="GPTBot"'
    )


def test_json() -> None:
    found = json.loads(line("json", access(verdict=PROTECTED)))
    not_sent = {key for key, value in found.items() if value == ""}
    assert {"http_accept", "http_sec_fetch_dest", "http_sec_ch_ua"} <= not_sent, "said, so that replay knows it"
    assert {key: value for key, value in found.items() if key not in not_sent} == {
        "time_iso8601": "2026-11-26T12:05:03.250+00:00",
        "remote_addr": "203.0.113.0",
        "scheme": "https",
        "request_method": "GET",
        "request_uri": "/sea.jpg?x=1",
        "server_protocol": "HTTP/1.1",
        "status": 403,
        "body_bytes_sent": 512,
        "request_time": 0.0125,
        "sent_http_content_type": "image/jpeg",
        "http_host": "art.example",
        "http_user_agent": "Mozilla/5.0 (X11)",
        "http_referer": "https://art.example/",
        "http_accept_language": "de",
        "verdict": "protect",
        "enforced": False,
        "score": 2.5,
        "variant": "veiled-marked",
        "support_id": PROTECTED.support_id,
        "decided_by": "thresholds.protect",
        "crawler": None,
    }


@pytest.mark.parametrize("form", ["combined", "json"])
@pytest.mark.parametrize("verdict", [None, DENIED, PROTECTED])
def test_replay_reads_it(form: str, verdict: Verdict | None) -> None:
    entry = read(line(form, access(verdict=verdict)))
    assert (entry.address, int(entry.time), entry.status) == ("203.0.113.0", int(NOON), 403)
    assert entry.request is not None
    assert (entry.request.method, entry.request.path, entry.request.query) == ("GET", "/sea.jpg", b"x=1")
    assert dict(entry.headers)[b"user-agent"] == b"Mozilla/5.0 (X11)"
    assert dict(entry.headers)[b"referer"] == b"https://art.example/"
    assert b"x-forwarded-for" not in dict(entry.headers)


@pytest.mark.parametrize("form", ["combined", "json"])
def test_a_host_that_is_an_address_is_no_forwarded_address(form: str) -> None:
    entry = read(line(form, access(headers=[(b"host", b"198.51.100.7"), (b"user-agent", b"x")])))
    assert b"x-forwarded-for" not in dict(entry.headers)


@pytest.mark.parametrize("form", ["combined", "json"])
def test_secrets_are_not_written(form: str) -> None:
    made = line(form, access(), keep=True)
    assert b"secret" not in made
    assert b"203.0.113.9" in made


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("", "-"),
        ("testclient", "-"),
    ],
)
def test_the_network_in_place_of_the_address(address: str, written: str) -> None:
    assert network_address(address) == written
    assert line("combined", access(address=address)).split()[0].decode() == written


@given(st.ip_addresses())
def test_no_address_is_kept(address: object) -> None:
    written = ip_address(network_address(str(address)))
    assert int(written) & (0xFF if written.version == 4 else (1 << 80) - 1) == 0


@given(
    st.sampled_from(["combined", "json"]),
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.binary(max_size=30),
)
def test_nothing_that_a_visitor_sends_forges_a_line(form: str, target: bytes, agent: bytes, host: bytes) -> None:
    sent = access(target=b"/" + target, headers=[(b"user-agent", agent), (b"host", host)])
    made = line(form, sent)
    assert not re.search(rb"[\x00-\x1f\x7f-\xff]", made)
    entry = read(made)
    assert (entry.address, entry.status, int(entry.time)) == ("203.0.113.0", 403, int(NOON))
    assert dict(entry.headers).get(b"user-agent", b"-") in (agent, b"-")


def test_what_is_held_of_a_request_is_bounded() -> None:
    assert sum(map(len, picked([(b"user-agent", b"x" * 80_000), (b"cookie", b"y" * 80_000)]).values())) == 512
    assert len(cut_target(b"/" + b"a" * 80_000, b"b")) == 2048
    assert cut_target(b"/a", b"") == b"/a"
    assert cut_target(b"/a", b"b=c") == b"/a?b=c"


def scope(*headers: tuple[bytes, bytes], client: tuple[str, int] | None = ("198.51.100.1", 5)) -> Scope:
    return {"type": "http", "headers": list(headers), "client": client}


def test_whose_request_it_is() -> None:
    said = (b"x-forwarded-for", b"203.0.113.9")
    nobody = AccessLog(Settings(file="-"))
    front = AccessLog(Settings(file="-"), trusted=["unix"])
    assert nobody.address(scope(said)) == "198.51.100.1"
    assert front.address(scope(said, client=None)) == "203.0.113.9"
    assert front.address(scope(client=None)) == ""


def log_to(path: Path, **more: object) -> AccessLog:
    return AccessLog(Settings.model_validate({"file": str(path), **more}))


def test_a_file_that_is_renamed_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "access.log"
    log = log_to(path, format="json")
    log.put(access())
    log.close()
    path.rename(tmp_path / "yesterday")
    log.put(access(verdict=None))
    log.close()
    assert json.loads((tmp_path / "yesterday").read_text())["verdict"] == "deny"
    assert json.loads(path.read_text())["verdict"] is None
    assert log.lost == 0


def test_a_disk_that_takes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    log = log_to(tmp_path / "file" / "access.log")
    log.put(access())
    log.close()
    assert log.lost == 1
    assert "cannot be written" in caplog.text


def test_the_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    log = AccessLog(Settings(file="-"))
    for _ in range(3):
        log.put(access())
    log.close()
    assert capfd.readouterr().out.count('"GET /sea.jpg?x=1 HTTP/1.1" 403') == 3


@pytest.mark.parametrize("written", ["access.log", {"file": "access.log"}])
def test_a_name_alone_stands_for_the_section(written: object) -> None:
    config = Config.model_validate({"server": {"access_log": written}})
    assert config.server.access_log == Settings(file="access.log", format="combined")


def test_a_host_cannot_write_a_verdict() -> None:
    made = line("combined", access(headers=[(b"host", b"a verdict=allow score=0")], verdict=None))
    assert b" host=a\\x20verdict=allow\\x20score=0 time=0.013 verdict=-" in made


def test_an_empty_host() -> None:
    assert b" host=- time=" in line("combined", access(headers=[(b"host", b"")]))
