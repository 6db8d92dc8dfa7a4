"""Lines of JSON: whichever keys they have."""

import json
from math import isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.replay.entry import Entry
from guardware.replay.json_formats import caddy, decoded, flat

NGINX = {
    "time_iso8601": "2026-11-20T10:00:00+00:00",
    "remote_addr": "203.0.113.9",
    "request": "GET /a.jpg?w=8 HTTP/2.0",
    "status": "200",
    "http_user_agent": "x",
    "http_referer": "",
    "http_accept_language": "en",
    "http_host": "gallery.example",
    "scheme": "https",
    "sent_http_content_type": "image/jpeg",
}
TRAEFIK = {
    "ClientAddr": "203.0.113.9:4711",
    "ClientHost": "203.0.113.9",
    "RequestMethod": "GET",
    "RequestPath": "/a.jpg?w=8",
    "RequestHost": "gallery.example",
    "RequestScheme": "https",
    "DownstreamStatus": 200,
    "StartUTC": "2026-11-20T10:00:00.000000001Z",
    "request_User-Agent": "x",
    "request_Accept-Language": "en",
    "downstream_Content-Type": "image/jpeg",
    "level": "info",
    "time": "2026-11-20T10:00:01Z",
}
OTHER = {
    "ts": 1795168800000,
    "ip": "203.0.113.9",
    "method": "GET",
    "path": "/a.jpg?w=8",
    "status_code": 200,
    "userAgent": "x",
    "accept_language": "en",
    "host": "gallery.example",
    "request_scheme": "https",
    "content_type": "image/jpeg",
}
CADDY: dict[str, Any] = {
    "ts": 1795168800.0,
    "request": {
        "remote_ip": "10.0.0.1",
        "client_ip": "203.0.113.9",
        "method": "GET",
        "host": "gallery.example",
        "uri": "/a.jpg?w=8",
        "headers": {"User-Agent": ["x"], "Accept-Language": ["en"]},
        "tls": {"version": 772},
    },
    "status": 200,
    "resp_headers": {"Content-Type": ["image/jpeg"], "Set-Cookie": ["REDACTED"]},
}


def parsed(record: dict[str, Any]) -> Entry | None:
    text = json.dumps(record).encode()
    parse = flat([text])
    return None if parse is None else parse(text)


def checked(entry: Entry | None) -> None:
    assert entry is not None
    assert entry.request is not None
    assert (entry.address, entry.time, entry.status) == ("203.0.113.9", 1795168800.0, 200)
    assert (entry.request.method, entry.request.path, entry.request.query) == ("GET", "/a.jpg", b"w=8")
    assert (entry.host, entry.scheme, entry.picture) == (b"gallery.example", "https", True)
    assert dict(entry.headers) == {b"user-agent": b"x", b"accept-language": b"en"}


@pytest.mark.parametrize("record", [NGINX, TRAEFIK, OTHER])
def test_flat_objects_under_many_names(record: dict[str, Any]) -> None:
    checked(parsed(record))


def test_caddy() -> None:
    entry = caddy()(json.dumps(CADDY).encode())
    checked(entry)
    assert entry is not None
    assert entry.set_cookie


def test_caddy_before_2_5_and_without_tls() -> None:
    request = {**CADDY["request"], "remote_addr": "203.0.113.9:4711", "tls": None}
    del request["client_ip"], request["remote_ip"]
    entry = caddy()(json.dumps({**CADDY, "request": request}).encode())
    assert entry is not None
    assert (entry.address, entry.scheme) == ("203.0.113.9:4711", "http")


@pytest.mark.parametrize("missing", ["time_iso8601", "remote_addr", "request"])
def test_too_little_for_a_layout(missing: str) -> None:
    assert parsed({key: value for key, value in NGINX.items() if key != missing}) is None


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"status": "nonsense"}, {"status": 0}),
        ({"status": 7}, {"status": 0}),
        ({"scheme": "gopher"}, {"scheme": ""}),
        ({"http_host": "-"}, {"host": b""}),
        ({"request": "\x16\x03"}, {"request": None}),
        ({"http_user_agent": "-", "http_accept_language": None}, {"headers": []}),
    ],
)
def test_odd_values(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    parse = flat([json.dumps(NGINX).encode()])
    assert parse is not None
    entry = parse(json.dumps({**NGINX, **changed}).encode())
    assert entry is not None
    assert {key: getattr(entry, key) for key in expected} == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[1]",
        b"7",
        b"{",
        b'{"a": ',
        b"[" * 60_000,
        b'{"status": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b"null",
    ],
)
def test_what_is_no_object(line: bytes) -> None:
    assert decoded(line) is None
    assert caddy()(line) is None


def test_foreign_bytes_and_lone_surrogates() -> None:
    parse = flat([json.dumps(NGINX).encode()])
    assert parse is not None
    for agent, wanted in ((b"M\xfcller", b"M\xfcller"), (b"\\ud800", b"?")):
        entry = parse(json.dumps({**NGINX, "http_user_agent": "@"}).encode().replace(b"@", agent))
        assert entry is not None
        assert dict(entry.headers)[b"user-agent"] == wanted


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NGINX, VALUES)))
def test_any_values_are_read_or_refused(changed: dict[str, Any]) -> None:
    parse = flat([json.dumps(NGINX).encode()])
    assert parse is not None
    entry = parse(json.dumps({**NGINX, **changed}).encode())
    assert entry is None or isinstance(entry, Entry)
    parsed(changed)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(CADDY["request"], VALUES)), VALUES, VALUES)
def test_any_values_of_caddy_are_read_or_refused(changed: dict[str, Any], time: Any, answer: Any) -> None:
    record = {**CADDY, "request": {**CADDY["request"], **changed}, "resp_headers": answer, "ts": time}
    entry = caddy()(json.dumps(record).encode())
    assert entry is None or (isinstance(entry, Entry) and isfinite(entry.time))
