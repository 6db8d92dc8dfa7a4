"""Reading along on a connection: the same exchanges, however the bytes are cut."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.leak.wire import Exchange, Reading

GET = b"GET /%d HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + LENGTH
CLOSED = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"

Said = Sequence[tuple[str, bytes]]
"""Who says what: ``c`` the client, ``s`` the server."""


def listen(said: Said) -> tuple[list[Exchange], str]:
    """What was read, with the times left out, and why reading stopped."""
    kept: list[Exchange] = []
    reading = Reading(kept.append)
    for who, data in said:
        (reading.from_client if who == "c" else reading.from_server)(data)
    reading.end()
    return [one._replace(when=0.0) for one in kept], reading.unread


def got(
    target: str, status: int = 200, body: bytes = b"hello", *, whole: bool = True, method: str = "GET"
) -> Exchange:
    return Exchange(0.0, method, target, status, body, whole)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (LENGTH, got("/1")),
        (CHUNKED, got("/1")),
        (CONTINUED, got("/1")),
        (NOT_MODIFIED, got("/1", 304, b"")),
    ],
    ids=["length", "chunked", "100", "304"],
)
def test_an_answer_is_read_and_the_next_one_too(answer: bytes, expected: Exchange) -> None:
    exchanges, unread = listen([("c", GET % 1), ("s", answer), ("c", GET % 2), ("s", LENGTH)])
    assert exchanges == [expected, got("/2")]
    assert unread == ""


def test_an_answer_may_end_with_the_connection() -> None:
    assert listen([("c", GET % 1), ("s", CLOSED), ("s", b"")]) == ([got("/1")], "")


def test_the_answer_to_a_head_has_no_body() -> None:
    head = (GET % 1).replace(b"GET", b"HEAD")
    answer = LENGTH.removesuffix(b"hello")
    exchanges, unread = listen([("c", head), ("s", answer), ("c", GET % 2), ("s", LENGTH)])
    assert exchanges == [got("/1", body=b"", method="HEAD"), got("/2")]
    assert unread == ""


def test_a_request_with_a_body() -> None:
    post = b"POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    assert listen([("c", post), ("s", LENGTH)]) == ([got("/1", method="POST")], "")


def test_an_old_client_without_a_host() -> None:
    assert listen([("c", b"GET /1 HTTP/1.0\r\n\r\n"), ("s", CLOSED), ("s", b"")]) == ([got("/1")], "")


def test_a_client_that_offers_another_protocol_and_is_answered_in_this_one() -> None:
    asked = (GET % 1).replace(b"\r\n\r\n", b"\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n")
    assert listen([("c", asked), ("s", LENGTH), ("c", GET % 2), ("s", LENGTH)]) == ([got("/1"), got("/2")], "")


@pytest.mark.parametrize("last", [("s", b""), ("c", b"")], ids=["server", "client"])
def test_an_answer_cut_off_is_kept_as_far_as_it_came(last: tuple[str, bytes]) -> None:
    exchanges, unread = listen([("c", GET % 1), ("s", LENGTH[:-2]), last])
    assert exchanges == [got("/1", body=b"hel", whole=False)]
    assert unread == ""


def test_a_request_without_an_answer_counts_as_asked() -> None:
    assert listen([("c", GET % 1)]) == ([got("/1", 0, b"", whole=False)], "")


def test_what_is_no_http_is_said_to_be_unread() -> None:
    exchanges, unread = listen([("c", b"\x16\x03\x01\x02\x00\x01 hello \r\n\r\n"), ("s", LENGTH)])
    assert exchanges == []
    assert unread


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.sampled_from([LENGTH, CHUNKED, CONTINUED]))
def test_how_the_bytes_are_cut_changes_nothing(lengths: list[int], answer: bytes) -> None:
    said: list[tuple[str, bytes]] = []
    for who, data in (("c", GET % 1), ("s", answer), ("c", GET % 2), ("s", LENGTH)):
        for length in lengths:
            if data:
                said.append((who, data[:length]))
                data = data[length:]
        if data:
            said.append((who, data))
    assert listen(said) == ([got("/1"), got("/2")], "")


@given(st.lists(st.tuples(st.sampled_from("cs"), st.binary(min_size=1, max_size=60)), max_size=8))
def test_nothing_makes_it_fail(said: list[tuple[str, bytes]]) -> None:
    """What is no HTTP ends the listening with a word on why, or is still waited for."""
    exchanges, unread = listen(said)
    assert isinstance(unread, str)
    assert sum(len(one.body) for one in exchanges) <= sum(len(data) for who, data in said if who == "s")
