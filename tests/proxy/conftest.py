"""Upstreams and proxies that end with the test."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from guardware.config.proxy import Proxy
from guardware.proxy.headers import WhoVisits, from_scope
from guardware.proxy.upstream import Upstream

from .peers import Handler, Peer

PeerFactory = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def peer() -> AsyncIterator[PeerFactory]:
    """Starts upstreams, given their handlers and what else a Peer is made of; they end with the test."""
    started: list[Peer] = []

    async def start(handler: Handler, **how: Any) -> Peer:
        new = Peer(handler, **how)
        await new.start()
        started.append(new)
        return new

    yield start
    for old in started:
        await old.stop()


UpstreamFactory = Callable[..., Upstream]


@pytest.fixture
async def upstream() -> AsyncIterator[UpstreamFactory]:
    """Makes proxies from addresses and the other keys of the section; they are closed with the test."""
    made: list[Upstream] = []

    def make(url: str | Sequence[str], who_visits: WhoVisits = from_scope, **settings: object) -> Upstream:
        proxy = Proxy.model_validate({"upstream": url, **settings})
        made.append(Upstream(proxy, who_visits=who_visits))
        return made[-1]

    yield make
    for old in made:
        await old.close()
