"""What is learnt of the order of headers, and what is told of one request's."""

import logging
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.order import SAMPLE, HeaderOrder, compare


def names(text: str) -> tuple[bytes, ...]:
    return tuple(text.encode().split())


CHROMIUM = names(
    "host connection sec-ch-ua-platform user-agent sec-ch-ua sec-ch-ua-mobile accept sec-fetch-site "
    "sec-fetch-mode sec-fetch-dest referer accept-encoding accept-language cookie"
)
FIREFOX = names(
    "host user-agent accept accept-language accept-encoding referer cookie sec-fetch-dest sec-fetch-mode "
    "sec-fetch-site"
)
CURL = names("host user-agent accept")


def through_go(sent: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """What Caddy and Traefik make of it."""
    head = (b"host", b"user-agent")
    return (*head, *sorted({*sent, b"x-forwarded-for", b"x-forwarded-proto"} - {*head, b"connection"}))


def with_own_encoding(sent: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """nginx with a proxy_set_header Accept-Encoding of its own."""
    return (b"accept-encoding", *(name for name in sent if name != b"accept-encoding"))


def learnt(*requests: tuple[bytes, ...]) -> HeaderOrder:
    order = HeaderOrder()
    for request in requests:
        order.learn(request)
    return order


def traffic(count: int, of: tuple[tuple[bytes, ...], ...] = (CHROMIUM, FIREFOX)) -> list[tuple[bytes, ...]]:
    return [of[n % len(of)] for n in range(count)]


@pytest.mark.parametrize(
    ("sent", "letters"),
    [
        (CHROMIUM, b"pdeal"),
        (FIREFOX, b"DEal"),
        (CURL, b""),
        (names("host user-agent accept-encoding accept connection"), b"A"),
        (
            names("sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform accept accept-encoding accept-language referer"),
            b"PEal",
        ),
        # Somebody on the way sorted these.
        (through_go(CHROMIUM), b""),
        (through_go(FIREFOX), b""),
        ((), b""),
    ],
)
def test_what_is_told_of_one_request(sent: tuple[bytes, ...], letters: bytes) -> None:
    assert compare(sent) == letters


def test_undecided_until_the_sample_is_full() -> None:
    order = learnt(*traffic(SAMPLE - 1))
    assert (order.state, order.kept) == ("undecided", None)
    order.learn(CHROMIUM)
    assert (order.state, order.kept) == ("kept", True)


@pytest.mark.parametrize(
    ("requests", "state"),
    [
        ([through_go(request) for request in traffic(SAMPLE)], "sorted"),
        ([through_go(request) for request in traffic(190)] + traffic(10), "sorted"),
        ([through_go(request) for request in traffic(189)] + traffic(11), "kept"),
        ([with_own_encoding(request) for request in traffic(SAMPLE)], "moved"),
        # Programs with an order of their own are no proxy, as long as browsers come too.
        ([with_own_encoding(request) for request in traffic(180)] + traffic(20), "kept"),
        (traffic(SAMPLE), "kept"),
        (traffic(SAMPLE, (CHROMIUM,)), "kept"),
        # Few headers say nothing of order, and do not count.
        ([CURL] * 1000, "undecided"),
        ([tuple(b"x-%d" % n for n in range(5000))] * 1000, "undecided"),
    ],
)
def test_what_is_learnt(requests: list[tuple[bytes, ...]], state: str) -> None:
    order = learnt(*requests)
    assert order.state == state
    assert order.kept is {"undecided": None, "kept": True}.get(state, False)


def test_a_proxy_that_shuffles_is_known() -> None:
    dice = random.Random(4)
    shuffled = [tuple(dice.sample(request, len(request))) for request in traffic(SAMPLE)]
    assert learnt(*shuffled).state == "shuffled"


def test_said_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "guardware"):
        order = learnt(*[through_go(request) for request in traffic(3 * SAMPLE)])
    assert len(caplog.records) == 1
    assert "alphabetical" in caplog.text
    assert order.state == "sorted"


WATCHED = "accept accept-encoding accept-language referer sec-fetch-dest sec-ch-ua sec-ch-ua-platform host dnt x-y"


@given(st.permutations(names(WATCHED)), st.integers(0, 10))
def test_few_answers_whatever_is_sent(sent: list[bytes], count: int) -> None:
    letters = compare(tuple(sent[:count])).decode()
    assert [letter for letter in "pdeal" if letter in letters.lower()] == list(letters.lower())
