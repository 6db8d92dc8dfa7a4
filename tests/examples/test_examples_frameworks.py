"""Each example as an artist would start it: with uvicorn, then fetched by a browser, curl and a crawler."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import pytest
from asgi import BROWSER, CURL, page_headers
from e2e.pictures import shares_bytes
from e2e.processes import REPOSITORY, free_port, listens

from guardware.http import RawHeaders

PYTHON = Path(os.environ.get("GUARDWARE_EXAMPLES_PYTHON", REPOSITORY / ".venv-examples" / "bin" / "python"))
GPTBOT: RawHeaders = [
    (b"host", b"localhost"),
    (b"user-agent", b"Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
]

EXAMPLES = {
    "starlette": "app:app",
    "fastapi": "app:app",
    "litestar": "app:app",
    "django": "asgi:application",
    "flask": "app:app",
}


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Site(NamedTuple):
    name: str
    port: int
    log: Path
    picture: bytes

    def get(self, path: str, headers: RawHeaders, method: str = "GET") -> Got:
        """One request with these very header lines, in this order."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name.decode(), value)
        connection.endheaders()
        response = connection.getresponse()
        got = Got(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return got


@pytest.fixture(scope="module", params=EXAMPLES)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, picture: bytes
) -> Iterator[Site]:
    """One example, running; it must have answered without an error at the end, and stop when told to."""
    assert PYTHON.exists(), f"{PYTHON} is missing; run: make .venv-examples/.done"
    top = tmp_path_factory.mktemp(request.param)
    (top / "pictures").mkdir()
    for name in ("one.jpg", "two.jpg"):
        (top / "pictures" / name).write_bytes(picture)
    port, log = free_port(), top / "log"
    argv = [str(PYTHON), "-m", "uvicorn", EXAMPLES[request.param], "--no-proxy-headers", "--port", str(port)]
    environment = {**os.environ, "PICTURES": str(top / "pictures"), "XDG_STATE_HOME": str(top)}
    folder = REPOSITORY / "examples" / request.param
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=folder, env={**environment, "PYTHONDONTWRITEBYTECODE": "1"}, stdout=output, stderr=output
        )
    try:
        _wait_for(process, port, log)
        yield Site(request.param, port, log, picture)
        process.send_signal(signal.SIGINT)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    text = log.read_text()
    assert "Traceback" not in text, text
    assert "ERROR" not in text, text


def _wait_for(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while not listens(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_a_person_sees_the_page(site: Site) -> None:
    got = site.get("/", page_headers())
    assert got.status == 200
    assert b'<img src="/art/one.jpg"' in got.body
    assert b"Your visit: allow" in got.body, "the handler can ask for the verdict"
    assert "noai" in got.headers["x-robots-tag"]


def test_a_person_gets_the_original(site: Site) -> None:
    got = site.get("/art/one.jpg", BROWSER)
    assert (got.status, got.headers["content-type"]) == (200, "image/jpeg")
    assert got.body == site.picture
    assert "private" in got.headers["cache-control"]


def test_curl_gets_a_variant(site: Site) -> None:
    got = site.get("/art/one.jpg", CURL)
    assert (got.status, got.headers["content-type"]) == (200, "image/jpeg")
    assert len(got.body) > 1000
    assert not shares_bytes(got.body, site.picture)


@pytest.mark.parametrize("extra", [[(b"range", b"bytes=0-9999")], [(b"range", b"bytes=0-99,500-9999")]])
def test_curl_gets_no_original_in_parts(site: Site, extra: RawHeaders) -> None:
    got = site.get("/art/two.jpg", [*CURL, *extra])
    assert not shares_bytes(got.body, site.picture)


@pytest.mark.parametrize("path", ["/", "/art/one.jpg", "/catalogue", "/nothing"])
def test_a_declared_crawler_gets_nothing(site: Site, path: str) -> None:
    got = site.get(path, GPTBOT)
    assert got.status == 403
    assert not shares_bytes(got.body, site.picture)


@pytest.mark.parametrize("headers", [GPTBOT, CURL])
def test_robots_txt_is_ours(site: Site, headers: RawHeaders) -> None:
    got = site.get("/robots.txt", headers)
    assert (got.status, b"User-agent: GPTBot" in got.body) == (200, True)


def test_a_stream_arrives_whole(site: Site) -> None:
    for headers in (page_headers(), CURL):
        got = site.get("/catalogue", headers)
        assert (got.status, got.body) == (200, b"one.jpg\ntwo.jpg\n")


@pytest.mark.parametrize("path", ["/nothing", "/art/nothing.jpg", "/art/../secret", "/art/%2e%2e/app.py", "/%ff"])
@pytest.mark.parametrize("headers", [BROWSER, CURL])
def test_bad_addresses_get_a_clear_answer(site: Site, path: str, headers: RawHeaders) -> None:
    assert site.get(path, headers).status in (400, 404)


def test_a_head(site: Site) -> None:
    got = site.get("/art/one.jpg", BROWSER, "HEAD")
    assert (got.body, got.status in (200, 405)) == (b"", True)


def test_health(site: Site) -> None:
    got = site.get("/.guardware/health", CURL)
    assert (got.status, b'"ok"' in got.body) == (200, True)
