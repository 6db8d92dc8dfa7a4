"""Visitors who send slowly, and visitors who stop reading: others are served, and memory stays where it was."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from .bodies import answer, request, rest, taken
from .forward_auth_site import BROWSER, PAGE, ask
from .pictures import Gallery
from .proxy_site import ART, Guarding, application, build_root, guarded, nginx_behind

SLOW, HEADER_TIMEOUT = 200, 4
READERS, PICTURE, PIECE = 20, 50_000_000, 1_000_000

MAX_GROWTH = 40_000_000
"""Bytes that the readers may cost all together: 2 MB each (perf.md measured 0.9 MB with copying)."""


@pytest.fixture(scope="module")
def root(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery, with a picture of fifty megabytes in it."""
    folder = build_root(tmp_path_factory.mktemp("slow"), gallery)
    large = gallery.originals["picture-0.jpg"] + os.urandom(PIECE) * (PICTURE // PIECE)
    (folder / "large.jpg").write_bytes(large)
    return folder


@pytest.fixture(
    scope="module",
    params=["relayed", *(pytest.param(name, marks=pytest.mark.slow) for name in ("copied", "root"))],
)
def shape(request: pytest.FixtureRequest) -> str:
    """Who moves the bodies: the kernel, from the site's socket; the guard; the guard, from files."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def guarding(shape: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarding]:
    folder = tmp_path_factory.mktemp(shape)
    config = f"server: {{header_timeout: {HEADER_TIMEOUT}s}}\n"
    if shape == "copied":
        config += "proxy: {relay: false}\n"
    with ExitStack() as stack:
        if shape == "root":
            source = ("--root", str(root))
        else:
            app = stack.enter_context(application(folder))
            port = stack.enter_context(nginx_behind(folder, root, app))
            source = ("--upstream", f"http://127.0.0.1:{port}")
        yield stack.enter_context(guarded(folder, *source, config=config))


async def _drip(port: int) -> tuple[float, bytes]:
    """Send a head byte by byte, one a second. After how many seconds that was over, and what was said."""
    begun = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ended = asyncio.create_task(reader.read())
    try:
        for byte in b"GET / HTTP/1.1\r\nHost: localhost":
            writer.write(bytes([byte]))
            await asyncio.wait([ended], timeout=1)
            if ended.done():
                break
        with suppress(ConnectionError):
            return time.monotonic() - begun, await ended
        return time.monotonic() - begun, b""
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_who_sends_a_byte_a_second_keeps_nobody_waiting(guarding: Guarding, gallery: Gallery) -> None:
    slow = [asyncio.create_task(_drip(guarding.port)) for _ in range(SLOW)]
    served, longest = 0, 0.0
    while not all(task.done() for task in slow):
        begun = time.monotonic()
        reply = await asyncio.to_thread(ask, guarding.port, ART, BROWSER)
        longest = max(longest, time.monotonic() - begun)
        assert (reply.status, reply.body == gallery.originals["picture-0.jpg"]) == (200, True)
        served += 1
        await asyncio.sleep(0.05)
    ends = await asyncio.gather(*slow)
    assert served > 10
    assert longest < 1.5
    assert max(after for after, _ in ends) < HEADER_TIMEOUT + 6, "and they are not waited for"
    assert {said.partition(b"\r\n")[0] for _, said in ends} <= {b"", b"HTTP/1.1 408 Request Timeout"}


def test_who_stops_reading_costs_no_memory(guarding: Guarding, shape: str, root: Path) -> None:
    whole = (root / "large.jpg").read_bytes()
    assert ask(guarding.port, "/large.jpg", BROWSER).body == whole
    before, pipes = guarding.forget_peak(), guarding.pipes()
    with ExitStack() as stack:
        readers = []
        for _ in range(READERS):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            reader.settimeout(20)
            reader.connect(("127.0.0.1", guarding.port))
            request(reader, "/large.jpg", BROWSER)
            status, first = answer(reader)
            assert status == 200
            while len(first) < PIECE:
                first += reader.recv(65536)
            readers.append((reader, first))
        assert ask(guarding.port, "/", PAGE).status == 200, "others are served meanwhile"
        assert ask(guarding.port, "/large.jpg", BROWSER).body == whole
        assert guarding.peak() - before < MAX_GROWTH
        held = guarding.pipes() - pipes
        assert held >= 2 * READERS if shape == "relayed" else held == 0
        first_reader, first = readers[0]
        assert taken(rest(first_reader, first)) == taken(iter([whole])), "who goes on reading gets it whole"
    assert ask(guarding.port, ART, BROWSER).status == 200
