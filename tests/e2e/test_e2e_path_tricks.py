"""curl and GPTBot ask for one picture in every way and through every shape, and nobody gives them the original."""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from path_tricks import PATHS
from PIL import Image

from .forward_auth_site import BROWSER, ask
from .path_shapes import AGENTS, SHAPES, Ask, Got, Place, curl
from .pictures import LARGEST_MARKED, NONSENSE, Gallery, is_picture, likeness, shares_bytes
from .proxy_site import ART, build_root

METHODS = ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "GIT", "get", "CONNECT")

LINES = (
    "Range: bytes=0-",
    "Range: bytes=-100000",
    "Range: bytes=0-99,2000-90000",
    "Range: pictures=1-",
    "If-Range: {etag}\nRange: bytes=1000-",
    "If-None-Match: {etag}",
    "If-None-Match: *",
    "If-Match: {etag}",
    "If-Match: \"other\"",
    "If-Modified-Since: Mon, 01 Jan 2001 00:00:00 GMT",
    "If-Unmodified-Since: Mon, 01 Jan 2001 00:00:00 GMT",
    "Accept: text/html",
    "Accept: image/jpeg\nSec-Fetch-Dest: image\nSec-Fetch-Mode: no-cors",
    "Accept-Encoding: gzip, br, zstd",
    "X-Forwarded-For: 66.249.66.1",
    "X-Real-IP: 127.0.0.1",
    "Forwarded: for=127.0.0.1;proto=https",
    "X-Forwarded-Host: elsewhere.test",
    "X-Original-URI: /robots.txt",
    "X-Original-URL: /robots.txt",
    "X-Rewrite-URL: /robots.txt",
    "X-Forwarded-Uri: /robots.txt",
    "X-Original-Method: HEAD",
    "X-HTTP-Method-Override: GET",
    "X-Guardware-Action: allow",
    "X-Guardware-Variant: ",
    "X-Accel-Redirect: /art/1.jpg",
    "X-Sendfile: 1",
    "Upgrade: websocket\nConnection: Upgrade\n"
    "Sec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Upgrade: h2c\nConnection: Upgrade, HTTP2-Settings\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    "Connection: close, Host",
    "Connection: X-Forwarded-For, User-Agent",
    "Expect: 100-continue",
    "TE: trailers, gzip",
    "Host: elsewhere.test",
    "Host: LOCALHOST",
    "Host: localhost.",
    "Host: localhost:99999",
    "Host: local_host/art",
    "Host;",
    "Cookie: guardware=1; session=1",
    "Authorization: Basic YTph",
)  # fmt: skip
"""Header lines that might change what is judged, or what is answered; ``{etag}`` is the original's."""


class Standing(NamedTuple):
    """A shape that stands, and the original behind it."""

    name: str
    port: int
    original: bytes
    etag: str


HEAVY = ("root", "root-nginx", "copied", "nginx", "auth-app", "auth-files")
"""Shapes left to the long run; others' tests go through some of the paths in these as well."""


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in SHAPES]
)
def standing(
    request: pytest.FixtureRequest, gallery: Gallery, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Standing]:
    name: str = request.param
    place = Place(folder := tmp_path_factory.mktemp(name), build_root(folder, gallery))
    with SHAPES[name](place) as port:
        original = gallery.originals["picture-0.jpg"]
        reply = ask(port, ART, BROWSER)
        assert (reply.status, reply.body == original) == (200, True), "what the tests below are after"
        yield Standing(name, port, original, reply.one("etag") or '"none"')


def shows(body: bytes, original: Image.Image) -> bool:
    """Whether ``body`` is a picture in which a loader sees what is in ``original``, and no small marked copy."""
    if not is_picture(body):
        return False
    with Image.open(BytesIO(body)) as picture:
        if max(picture.size) <= LARGEST_MARKED:
            return False
        picture.draft("RGB", (picture.width // 8, picture.height // 8))
        return likeness(picture, original) > NONSENSE


def check(standing: Standing, folder: Path, asks: list[Ask]) -> Counter[int]:
    """Ask for all; how often each status came. Nothing may be, or show, the original, and nothing breaks."""
    with Image.open(BytesIO(standing.original)) as opened:
        original = opened.convert("RGB")
    assert shows(standing.original, original)
    answers = curl(folder, standing.port, asks)
    leaks = [got.ask for got in answers if shares_bytes(got.body, standing.original) or shows(got.body, original)]
    assert leaks == []
    assert [(got.ask, got.status) for got in answers if not _is_answer(got)] == []
    return Counter(got.status for got in answers)


def _is_answer(got: Got) -> bool:
    # What is no HTTP to begin with may be hung up on.
    return 200 <= got.status < 500 or got.ask.method == "CONNECT"


def test_by_no_path(standing: Standing, tmp_path: Path) -> None:
    statuses = check(standing, tmp_path, [Ask(target, agent) for agent in AGENTS for target in PATHS])
    assert statuses[200] > 20, "what curl gets is judged, not limited"
    assert statuses[429] == 0


def test_by_no_method(standing: Standing, tmp_path: Path) -> None:
    check(standing, tmp_path, [Ask(ART, agent, method) for agent in AGENTS for method in METHODS])


def test_by_no_line(standing: Standing, tmp_path: Path) -> None:
    lines = [each.format(etag=standing.etag).split("\n") for each in LINES]
    statuses = check(standing, tmp_path, [Ask(ART, agent, "GET", each) for agent in AGENTS for each in lines])
    assert statuses[200] > 20
