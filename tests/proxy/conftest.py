"""Upstreams and proxies that end with the test."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from guardware.proxy.upstream import Upstream

from .peers import Handler, Peer

PeerFactory = Callable[[Handler], Awaitable[Peer]]


@pytest.fixture
async def peer() -> AsyncIterator[PeerFactory]:
    """Starts upstreams; they end with the test."""
    started: list[Peer] = []

    async def start(handler: Handler) -> Peer:
        new = Peer(handler)
        await new.start()
        started.append(new)
        return new

    yield start
    for old in started:
        await old.stop()


UpstreamFactory = Callable[..., Upstream]


@pytest.fixture
async def upstream() -> AsyncIterator[UpstreamFactory]:
    """Makes proxies, whose sessions are closed with the test."""
    made: list[Upstream] = []

    def make(url: str, *args: object, **kwargs: object) -> Upstream:
        made.append(Upstream(url, *args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for old in made:
        await old.close()
