"""What is asked again, and where; and that nothing is delivered twice that may do something."""

import asyncio
import socket
from collections.abc import Sequence

import pytest

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, Handler, ask, replies


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nobody() -> str:
    return f"http://127.0.0.1:{free_port()}"


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def begin(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await writer.drain()
    writer.close()


def once_then_hang_up() -> Handler:
    """Answers the first request of each connection, and hangs up on the second."""
    served: set[int] = set()

    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if id(writer) in served:
            writer.close()
        else:
            served.add(id(writer))
            writer.write(OK)

    return handler


BODY = [(b"content-length", b"4")]


@pytest.mark.parametrize(
    ("method", "headers", "asked"),
    [
        ("GET", [], 2),
        ("HEAD", [], 2),
        ("OPTIONS", [], 2),
        ("PUT", [], 1),
        ("DELETE", [], 1),
        ("POST", [], 1),
        ("POST", BODY, 1),
        ("GET", BODY, 1),
        ("PATCH", BODY, 1),
    ],
)
async def test_no_answer_is_asked_again_only_if_that_does_no_harm(
    peer: PeerFactory,
    upstream: UpstreamFactory,
    method: str,
    headers: Sequence[tuple[bytes, bytes]],
    asked: int,
) -> None:
    first, second = await peer(hang_up), await peer(hang_up)
    got = await ask(upstream([first.url, second.url]), method=method, headers=headers, body=[b"body"])
    assert (got.status, len(first.heads) + len(second.heads)) == (502, asked)


async def test_an_answer_that_has_begun_is_not_asked_for_again(
    peer: PeerFactory, upstream: UpstreamFactory
) -> None:
    first, second = await peer(begin), await peer(begin)
    assert (await ask(upstream([first.url, second.url]))).status == 502
    assert len(first.heads) + len(second.heads) == 1


@pytest.mark.parametrize(("retries", "asked"), [(0, 1), (1, 2), (2, 3), (3, 4)])
async def test_as_often_as_the_owner_says(
    peer: PeerFactory, upstream: UpstreamFactory, retries: int, asked: int
) -> None:
    sites = [await peer(hang_up) for _ in range(3)]
    await ask(upstream([site.url for site in sites], retries=retries))
    assert sum(len(site.heads) for site in sites) == asked


@pytest.mark.parametrize(("method", "headers"), [("GET", []), ("POST", BODY), ("DELETE", [])])
async def test_what_was_never_sent_goes_elsewhere(
    peer: PeerFactory, upstream: UpstreamFactory, method: str, headers: Sequence[tuple[bytes, bytes]]
) -> None:
    bodies = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(4) if headers else b"")
        writer.write(OK)

    site = await peer(take)
    app = upstream([nobody(), site.url])
    for _ in range(4):
        got = await ask(app, method=method, headers=headers, body=[b"bo", b"dy"] if headers else [])
        assert (got.status, got.body) == (200, b"ok")
    assert bodies == [b"body" if headers else b""] * 4
    assert len(site.heads) == 4


@pytest.mark.parametrize(
    ("method", "headers", "status"), [("GET", [], 200), ("POST", [], 502), ("POST", BODY, 502), ("PUT", [], 502)]
)
async def test_a_kept_connection_that_ends_on_the_request(
    peer: PeerFactory, upstream: UpstreamFactory, method: str, headers: Sequence[tuple[bytes, bytes]], status: int
) -> None:
    """It may have ended before the request came, or because of it: only what does no harm is asked again."""
    site = await peer(once_then_hang_up())
    app = upstream(site.url, retries=0)
    assert (await ask(app)).status == 200
    assert (await ask(app, method=method, headers=headers, body=[b"body"] if headers else [])).status == status
    assert len(site.heads) == (3 if status == 200 else 2)


async def test_no_body_is_asked_for_before_there_is_a_connection(upstream: UpstreamFactory) -> None:
    """The server sends 100 Continue when it is; and what has not been read can still go elsewhere."""
    got = await ask(upstream(nobody()), method="POST", headers=BODY, body=[b"body"])
    assert (got.status, got.taken) == (502, 0)


async def test_garbage_is_not_asked_for_again(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    sites = [await peer(replies(b"nonsense\r\n\r\n")) for _ in range(2)]
    assert (await ask(upstream([site.url for site in sites]))).status == 502
    assert sum(len(site.heads) for site in sites) == 1


async def test_an_error_of_the_site_is_its_answer(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    sites = [await peer(replies(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")) for _ in range(2)]
    assert (await ask(upstream([site.url for site in sites]))).status == 503
    assert sum(len(site.heads) for site in sites) == 1
