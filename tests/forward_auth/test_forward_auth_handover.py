"""Sealed paths: they say what was judged, to the one for whom it was, for half a minute."""

from base64 import urlsafe_b64encode

import pytest
from asgi import BROWSER
from hypothesis import given
from hypothesis import strategies as st

from guardware.forward_auth.handover import LIFETIME, Handed, seal, unseal
from guardware.http import RawHeaders
from guardware.verdict import Action, Verdict
from guardware.visit import Visit, VisitReader

KEY = bytes(range(32))
NOW = 1_800_000_000.0
VERDICT = Verdict(Action.PROTECT, "thresholds.protect", 3.0, (), 4711, variant="doubtful")


def visit(method: str = "GET", ip: str = "203.0.113.9", headers: RawHeaders = BROWSER) -> Visit:
    scope = {"type": "http", "method": method, "path": "/a.jpg", "headers": headers, "client": (ip, 5)}
    read = VisitReader().read(scope)
    assert read is not None
    return read


def test_says_what_was_judged() -> None:
    handed = unseal(KEY, visit(), seal(KEY, visit(), b"/a.jpg?x=1", VERDICT, NOW), NOW + 1)
    assert handed is not None
    assert handed == Handed("GET", b"/a.jpg?x=1", "localhost", VERDICT._replace(score=0.0), handed.seal)
    assert handed.verdict.mark == VERDICT.mark


@pytest.mark.parametrize(
    ("judged", "asks", "may"),
    [
        ("GET", "GET", True),
        ("GET", "HEAD", True),
        ("HEAD", "GET", True),
        ("GET", "POST", False),
        ("POST", "POST", True),
        ("POST", "GET", False),
        ("GET", "get", False),
    ],
)
def test_is_for_one_method(judged: str, asks: str, may: bool) -> None:
    handed = unseal(KEY, visit(), seal(KEY, visit(judged), b"/a.jpg", VERDICT, NOW), NOW)
    assert handed is not None
    assert handed.is_for(asks) is may


@pytest.mark.parametrize(
    ("later", "opens"),
    [(-60, False), (-5, True), (0, True), (LIFETIME, True), (LIFETIME + 2, False), (1e9, False)],
)
def test_grows_old(later: float, opens: bool) -> None:
    assert (unseal(KEY, visit(), seal(KEY, visit(), b"/a.jpg", VERDICT, NOW), NOW + later) is not None) is opens


def test_is_for_one_client() -> None:
    path = seal(KEY, visit(), b"/a.jpg", VERDICT, NOW)
    other = [(k, b"curl/8" if k == b"user-agent" else v) for k, v in BROWSER]
    assert unseal(KEY, visit(ip="203.0.113.10"), path, NOW) is None
    assert unseal(KEY, visit(headers=other), path, NOW) is None
    assert unseal(bytes(32), visit(), path, NOW) is None


def test_keeps_an_address_of_the_same_64() -> None:
    path = seal(KEY, visit(ip="2001:db8::1"), b"/a.jpg", VERDICT, NOW)
    assert unseal(KEY, visit(ip="2001:db8::2"), path, NOW) is not None
    assert unseal(KEY, visit(ip="2001:db8:0:1::1"), path, NOW) is None


def test_shows_nothing() -> None:
    path = seal(KEY, visit(), b"/a.jpg", VERDICT, NOW)
    assert path != seal(KEY, visit(), b"/a.jpg", VERDICT, NOW)
    assert path.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "text", ["", "-", "x", "AAAA", "A" * 40_000, "\u00e9", "a/b", urlsafe_b64encode(b"\xff" * 99).decode()]
)
def test_takes_nonsense_for_none(text: str) -> None:
    assert unseal(KEY, visit(), text, NOW) is None


@given(st.integers(0, 10**9), st.integers(1, 255))
def test_one_changed_byte_is_another_path(at: int, by: int) -> None:
    path = bytearray(seal(KEY, visit(), b"/a.jpg", VERDICT, NOW), "ascii")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = at % (len(path) - 1)  # the last one may have bits that mean nothing
    path[place] = alphabet[(alphabet.index(path[place]) + 1 + by % 63) % 64]
    assert unseal(KEY, visit(), path.decode(), NOW) is None


def test_has_one_seal_however_it_is_written() -> None:
    path = seal(KEY, visit(), b"/a.jpg", VERDICT, NOW)
    spellings = [path, path + "=", path[:9] + "!" + path[9:]]
    handed = [unseal(KEY, visit(), text, NOW) for text in spellings]
    assert {one.seal for one in handed if one is not None} == {handed[0].seal if handed[0] else b""}
    other = unseal(KEY, visit(), seal(KEY, visit(), b"/a.jpg", VERDICT, NOW), NOW)
    assert other is not None
    assert other.seal not in {one.seal for one in handed if one is not None}


@given(st.text(max_size=200))
def test_any_text_is_none(text: str) -> None:
    assert unseal(KEY, visit(), text, NOW) is None
