"""Who may read what the guard sees of a request: the owner's doctor, and nobody else."""

import json
from typing import Any

import pytest

from guardware.config import from_mapping
from guardware.http import RawHeaders
from guardware.keys import derive
from guardware.observe.own import OwnEndpoints
from guardware.observe.seen import LIFE, PURPOSE, SCHEME, is_token, make_token
from guardware.visit import Visit, VisitReader

NOW = 1_800_000_000.0
SECRET = "a secret of the owner's, long enough"
KEY = derive(SECRET.encode(), PURPOSE)
OTHER = derive(b"x" * 32, PURPOSE)


def visit(peer: str, headers: RawHeaders, proxies: list[Any] | None = None) -> Visit:
    config = from_mapping({"clients": {"trusted_proxies": proxies or []}})
    read = VisitReader(config.clients.trusted_proxies).read(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": "/.guardware/seen",
            "raw_path": b"/.guardware/seen",
            "query_string": b"",
            "headers": [(b"host", b"ada.example"), *headers],
            "client": (peer, 4711),
        }
    )
    assert read is not None
    return read


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> OwnEndpoints:
    monkeypatch.setenv("GUARDWARE_SECRET", SECRET)
    return OwnEndpoints(from_mapping({}), lambda: {"header_order": "kept"}, lambda: ({}, {}), lambda: ())


@pytest.mark.parametrize(
    ("authorization", "holds"),
    [
        (f"{SCHEME} {make_token(KEY, NOW)}", True),
        (f"{SCHEME.lower()}  {make_token(KEY, NOW)}", True),
        (f"{SCHEME} {make_token(KEY, NOW - LIFE - 1)}", False),
        (f"{SCHEME} {make_token(KEY, NOW + LIFE + 1)}", False),
        (f"{SCHEME} {make_token(OTHER, NOW)}", False),
        (f"Bearer {make_token(KEY, NOW)}", False),
        (f"{SCHEME} {int(NOW)}.", False),
        (f"{SCHEME} {int(NOW)}.\xff\xe9", False),
        (f"{SCHEME} {'9' * 300}.x", False),
        (f"{SCHEME} -1.x", False),
        (f"{SCHEME} ²³.x", False),
        (SCHEME, False),
        ("", False),
    ],
)
def test_tokens(authorization: str, holds: bool) -> None:
    assert is_token((OTHER, KEY) if holds else (KEY,), authorization.encode("latin-1"), NOW) is holds


def test_no_header_and_no_keys_are_no_token() -> None:
    assert not is_token((KEY,), None, NOW)
    assert not is_token((), f"{SCHEME} {make_token(KEY, NOW)}".encode(), NOW)


def test_strangers_find_nothing(own: OwnEndpoints) -> None:
    assert own.answer(visit("8.8.8.8", [])).status == 404
    # A stranger behind a proxy that the settings forgot: his peer is 127.0.0.1, which may read metrics.
    assert own.answer(visit("127.0.0.1", [(b"x-forwarded-for", b"8.8.8.8")])).status == 404


def test_the_server_itself_may_look(own: OwnEndpoints) -> None:
    answer = own.answer(visit("127.0.0.1", [(b"accept", b"*/*")]), ("127.0.0.1", 4711))
    told = json.loads(answer.body)
    assert (answer.status, told["peer"], told["address"]) == (200, ["127.0.0.1", 4711], "127.0.0.1")
    assert told["headers"] == ["host", "accept"]
    assert (b"cache-control", b"no-store") in answer.headers


def test_the_doctor_proves_itself_with_the_secret(own: OwnEndpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardware.observe.own.time.time", lambda: NOW)
    token = f"{SCHEME} {make_token(KEY, NOW)}".encode()
    forwarded = [(b"x-forwarded-for", b"8.8.8.8"), (b"authorization", token)]
    told = json.loads(own.answer(visit("127.0.0.1", forwarded), ("127.0.0.1", 4711)).body)
    assert (told["trusted"], told["unheeded"]) == (False, True)
    assert told["forwarded"] == [["x-forwarded-for", "8.8.8.8"]]
    assert token.decode().split()[1] not in json.dumps(told)
