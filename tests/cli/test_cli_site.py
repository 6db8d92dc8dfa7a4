"""``guardware check --site``: what a running site sends that would cancel its opt-out."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner

from guardware.cli.check import command
from guardware.cli.site import site_warnings
from guardware.config.schema import Config
from guardware.errors import GuardwareError


@contextmanager
def site(*robots_tags: str) -> Iterator[str]:
    """A server that sends these X-Robots-Tag lines."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for tag in robots_tags:
                self.send_header("X-Robots-Tag", tag)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on standard error."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ((), ["is not sent"]),
        (("noindex",), ["is not sent"]),
        (("noai, noimageai",), []),
        (("noai, noimageai", "noindex"), []),
        (("noai, noimageai", "max-image-preview:none"), ["has a colon"]),
        (("noindex", "noai, noimageai"), ["not the first line"]),
        (("googlebot: noindex", "noai, noimageai"), ["has a colon", "not the first line"]),
        (("noai, noimageai", "all"), ["says 'all'"]),
    ],
)
def test_what_is_told(tags: tuple[str, ...], told: list[str]) -> None:
    with site(*tags) as url:
        warnings = site_warnings(url, Config())
    assert len(warnings) == len(told)
    assert all(part in line for part, line in zip(told, warnings, strict=True))


def test_check_prints_it() -> None:
    with site("noai, noimageai", "unavailable_after: 2030") as url:
        result = CliRunner().invoke(command, ["--site", url])
    assert result.exit_code == 0
    assert f"warning: {url}: X-Robots-Tag" in result.stderr


def test_check_says_that_all_is_well() -> None:
    with site("noai, noimageai") as url:
        result = CliRunner().invoke(command, ["--site", url])
    assert f"{url}: fine" in result.stdout


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp://example.com/"])
def test_what_is_no_web_address_is_told(url: str) -> None:
    with pytest.raises(GuardwareError, match="is no web address"):
        site_warnings(url, Config())


def test_a_site_that_does_not_answer_is_a_plain_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(GuardwareError, match="does not answer"):
        site_warnings(f"http://127.0.0.1:{port}/", Config())
