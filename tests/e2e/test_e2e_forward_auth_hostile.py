"""Who tries to get past the question: by the path's spelling, by bodies, and by what goes on behind it."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from path_tricks import PATHS

from .forward_auth_site import BROWSER, CURL, FRONTS, GPTBOT, Lines, Site, fronted

CLOSED = """\
limits:
  client: {page: null, image: null, feed: null, api: null}
  network: {page: null, image: null, feed: null, api: null}
rules:
  - {match: {path: ["/art/**", "/art"]}, action: deny}
"""


@pytest.fixture(scope="module", params=FRONTS)
def closed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gallery of whose folder /art a rule says that nobody may see it."""
    with fronted(request.param, tmp_path_factory.mktemp(f"closed-{request.param}"), CLOSED) as site:
        yield site


@pytest.mark.parametrize("target", PATHS)
def test_what_a_rule_closes_no_spelling_opens(closed: Site, target: str) -> None:
    """The path that is judged and the path that the front serves are one, for people too."""
    assert not closed.leaks(closed.ask(target, BROWSER))


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


class TestWhatGoesOnBehindTheQuestion:
    def test_long_addresses_are_answered(self, closed: Site) -> None:
        """A sealed path is a third longer than the address that it stands for."""
        for length in (3000, 7000):
            reply = closed.ask(f"/extensionless?{'x' * length}", CURL)
            assert (reply.status, closed.leaks(reply)) == (200, False)

    def test_many_long_headers_are_answered(self, closed: Site) -> None:
        """More than the key of nginx's cache has room for."""
        names = ("Referer", "Accept-Language", "Accept", "Authorization")
        reply = closed.ask("/extensionless", (*CURL[:1], *((name, "x" * 3000) for name in names)))
        assert (reply.status in (200, 431), closed.leaks(reply)) == (True, False)

    @pytest.mark.parametrize("lines", [BROWSER, CURL])
    def test_a_folder_whose_index_is_closed_shows_nothing(self, closed: Site, lines: Lines) -> None:
        for target in ("/art", "/art/", "/art/index.html", "/art/.", "/art//"):
            reply = closed.ask(target, lines)
            assert (reply.status >= 300, closed.leaks(reply)) == (True, False)

    @pytest.mark.parametrize("lines", [BROWSER, CURL])
    def test_an_upgrade_shows_nothing(self, closed: Site, lines: Lines) -> None:
        upgrade = (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        )
        kept = tuple(line for line in lines if line[0] != "Connection")
        for target in ("/art/1.jpg", "/.guardware/auth", "/.guardware/image/x"):
            reply = closed.ask(target, (*kept, *upgrade))
            assert (reply.status != 101, closed.leaks(reply)) == (True, False)
