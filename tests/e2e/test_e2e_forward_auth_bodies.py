"""Requests with bodies: the question has none, and each reaches the site once, whole, or not at all."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .forward_auth_site import BROWSER, CURL, GPTBOT, Lines, Site, fronted


class Echo(BaseHTTPRequestHandler):
    """A site that tells what reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        body = b""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        told = [self.command, self.path, body.decode("latin-1")]
        self.server.told.append(told)  # type: ignore[attr-defined]
        said = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names by which the library calls

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module", params=["nginx-app", "haproxy"])
def echo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, list[list[str]]]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as app:
        app.daemon_threads = True
        told: list[list[str]] = []
        app.told = told  # type: ignore[attr-defined]
        thread = threading.Thread(target=app.serve_forever)
        thread.start()
        try:
            folder = tmp_path_factory.mktemp(f"echo-{request.param}")
            with fronted(request.param, folder, app=app.server_address[1]) as site:
                yield site, told
        finally:
            app.shutdown()
            thread.join()


class TestBodies:
    @pytest.mark.parametrize("lines", [BROWSER, CURL])
    @pytest.mark.parametrize("chunked", [False, True])
    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_reach_the_site_once_and_only_the_site(
        self, echo: tuple[Site, list[list[str]]], lines: Lines, chunked: bool, method: str
    ) -> None:
        """The question has no body, and what was in one is no request."""
        site, told = echo
        smuggled = b"GET /art/1.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n"
        told.clear()
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.request(
            method,
            "/form?a=1",
            body=iter([smuggled[:10], smuggled[10:]]) if chunked else smuggled,
            headers={**dict(lines), "Host": f"localhost:{site.port}"},
            encode_chunked=chunked,
        )
        reply = connection.getresponse()
        assert (reply.status, json.loads(reply.read())) == (200, [method, "/form?a=1", smuggled.decode()])
        connection.request("GET", "/after", headers={**dict(lines), "Host": f"localhost:{site.port}"})
        assert json.loads(connection.getresponse().read()) == ["GET", "/after", ""]
        connection.close()
        assert [told[0] for told in told] == [method, "GET"]

    def test_of_the_refused_go_nowhere(self, echo: tuple[Site, list[list[str]]]) -> None:
        site, told = echo
        told.clear()
        connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
        connection.request("POST", "/form", b"a=1", headers={**dict(GPTBOT), "Host": f"localhost:{site.port}"})
        assert (connection.getresponse().status, told) == (403, [])
        connection.close()
