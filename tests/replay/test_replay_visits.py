"""Visits that are remembered are those that would be read."""

from pathlib import Path

import pytest

from guardware.config import Config, from_mapping
from guardware.guard import Guard
from guardware.http import Scope
from guardware.replay.entry import Entry
from guardware.replay.formats import detect
from guardware.replay.site import Site
from guardware.replay.sources import Source
from guardware.replay.visits import Visits
from guardware.store import MemoryStore
from guardware.visit import Visit

SITE = Site(b"gallery.example", "https", "")
PROXY = from_mapping({"clients": {"trusted_proxies": ["10.0.0.0/8"]}})


def entries(path: Path) -> list[Entry]:
    source = Source(str(path))
    try:
        form = detect(source.samples)
        assert form is not None
        return [entry for line in source if line and (entry := form.parse(line)) is not None and entry.request]
    finally:
        source.close()


@pytest.mark.parametrize(
    "file",
    [
        *(
            "combined.log",
            "common.log",
            "vhost.log",
            "nginx-main.log",
            "traefik.log",
            "traefik.json",
            "nginx.json",
        ),
        *("caddy.json", "elastic-2015.log.gz"),
    ],
)
@pytest.mark.parametrize("config", [Config(), PROXY])
def test_remembered_visits_are_those_that_would_be_read(corpus: Path, file: str, config: Config) -> None:
    found = entries(corpus / file)[:1500]
    guard = Guard(config, store=MemoryStore())
    visits = Visits(SITE)
    for entry in (*found, *found):
        assert entry.request is not None
        fresh = Visits(SITE).of(entry, entry.request, guard.read)
        assert visits.of(entry, entry.request, guard.read) == fresh


def test_popular_visits_are_read_once(corpus: Path) -> None:
    found = entries(corpus / "elastic-2015.log.gz")
    guard = Guard(Config(), store=MemoryStore())
    visits, read = Visits(SITE), 0

    def reading(scope: Scope) -> Visit | None:
        nonlocal read
        read += 1
        return guard.read(scope)

    for entry in found:
        assert entry.request is not None
        visits.of(entry, entry.request, reading)
    assert read < 0.7 * len(found)
