"""Which picture an entity tag stands for, and when that is not to be believed."""

import pytest
from asgi import BROWSER

from guardware.config import Config
from guardware.guard import Guard
from guardware.http import RawHeaders
from guardware.known import KnownOriginals
from guardware.store import MemoryStore
from guardware.visit import Visit

DIGEST = b"d" * 32


def visit(path: str = "/a.jpg", query: bytes = b"", extra: RawHeaders | None = None) -> Visit:
    found = Guard(Config(), store=MemoryStore()).read(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [*BROWSER, *(extra or [])],
            "client": ("203.0.113.7", 1),
        }
    )
    assert found is not None
    return found


def known(headers: RawHeaders) -> KnownOriginals:
    originals = KnownOriginals()
    originals.learn(visit(), headers, DIGEST)
    return originals


def test_a_tag_is_known_at_its_address_alone() -> None:
    originals = known([(b"etag", b'"1"')])
    assert originals.get(visit()) == (b'"1"', DIGEST)
    assert originals.get(visit("/b.jpg")) is None
    assert originals.get(visit(query=b"w=2")) is None


@pytest.mark.parametrize("name", [b"cookie", b"authorization"])
def test_whoever_shows_who_he_is_may_be_shown_another_picture(name: bytes) -> None:
    assert known([(b"etag", b'"1"')]).get(visit(extra=[(name, b"x")])) is None


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"etag", b'"1"'), (b"cache-control", b"private, no-store")],
        [(b"etag", b'"1"'), (b"vary", b"Cookie")],
        [(b"etag", b'"1"'), (b"vary", b"*")],
        [(b"etag", b'"' + b"1" * 600 + b'"')],
    ],
)
def test_what_is_not_remembered(headers: RawHeaders) -> None:
    assert known(headers).get(visit()) is None


def test_a_new_tag_takes_the_place_of_the_old() -> None:
    originals = known([(b"etag", b'"1"')])
    originals.learn(visit(), [(b"etag", b'"2"')], b"e" * 32)
    assert originals.get(visit()) == (b'"2"', b"e" * 32)
