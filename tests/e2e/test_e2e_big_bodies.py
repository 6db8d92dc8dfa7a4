"""Down and up, a hundred times what memory should take: everything arrives, and the guard does not grow."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from .bodies import PIECE, Taken, answer, request, rest, sparse, taken
from .forward_auth_site import CURL, PAGE, Lines
from .proxy_site import Guarding, application, guarded, nginx_behind

MAX_GROWTH = 40_000_000
"""Bytes by which the process may be larger at its largest than it was before."""

MAX_PICTURE = 64_000_000
"""``images.max_bytes`` here: so much of a picture is held."""

_LARGE = pytest.param(2_000_000_000, marks=pytest.mark.slow, id="2GB")


class Site(NamedTuple):
    """The guard, and the folder behind it."""

    guarding: Guarding
    root: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.guarding.port), timeout=50)

    def fetch(self, target: str, lines: Lines) -> tuple[int, Taken]:
        with self.connect() as connection:
            request(connection, target, tuple(lines))
            status, first = answer(connection)
            return status, taken(rest(connection, first))


@pytest.fixture(scope="module", params=["relayed", pytest.param("copied", marks=pytest.mark.slow)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("big")
    root = folder / "site"
    root.mkdir()
    config = f"images: {{max_bytes: {MAX_PICTURE}}}\n"
    if request.param == "copied":
        config += "proxy: {relay: false}\n"
    with (
        application(folder) as app,
        nginx_behind(folder, root, app) as port,
        guarded(folder, "--upstream", f"http://127.0.0.1:{port}", config=config) as guarding,
    ):
        built = Site(guarding, root)
        (root / "small.bin").write_bytes(b"a" * 500_000)
        for lines in (PAGE, CURL):
            assert built.fetch("/small.bin", lines)[0] == 200
        yield built


@pytest.mark.parametrize("size", [100_000_000, _LARGE])
@pytest.mark.parametrize("lines", [PAGE, pytest.param(CURL, marks=pytest.mark.slow)], ids=["browser", "curl"])
def test_download(site: Site, lines: Lines, size: int) -> None:
    sent = sparse(site.root / "film.bin", size)
    before = site.guarding.forget_peak()
    assert site.fetch("/film.bin", lines) == (200, sent)
    assert site.guarding.peak() - before < MAX_GROWTH


@pytest.mark.parametrize("size", [100_000_000, _LARGE])
def test_upload(site: Site, size: int) -> None:
    before = site.guarding.forget_peak()
    blocks = [number.to_bytes(8, "big") * (PIECE // 8) for number in range(16)]
    count, left = divmod(size, PIECE)
    pieces = [*(blocks[number % 16] for number in range(count)), blocks[3][:left]]
    with site.connect() as connection:
        request(connection, "/app/upload", (*PAGE, ("Content-Length", str(size))), "POST")
        for piece in pieces:
            connection.sendall(piece)
        status, first = answer(connection)
        told = json.loads(b"".join(rest(connection, first)))
    assert (status, Taken(told["length"], told["checksum"])) == (200, taken(iter(pieces)))
    assert site.guarding.peak() - before < MAX_GROWTH


@pytest.mark.slow
def test_a_picture_too_large_to_be_exchanged(site: Site) -> None:
    """Who is doubted gets a card, and no more of the picture is held than may be."""
    size = 1_000_000_000
    whole = sparse(site.root / "huge.jpg", size)
    with (site.root / "huge.jpg").open("r+b") as file:
        file.write(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
    before = site.guarding.forget_peak()
    status, card = site.fetch("/huge.jpg", CURL)
    assert (status, card.length < 100_000, whole.length) == (200, True, size)
    assert site.guarding.peak() - before < 2 * MAX_PICTURE + MAX_GROWTH
