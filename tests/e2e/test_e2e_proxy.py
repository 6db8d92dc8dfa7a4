"""The whole way: nginx in front or nobody, guardware, nginx behind it with files and an application."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import pytest

from .forward_auth_site import BROWSER, CURL, GPTBOT, PAGE, Lines, Reply, ask
from .pictures import Gallery, assert_no_originals, assert_previews
from .processes import program, run
from .proxy_app import PACKED
from .proxy_site import ART, application, build_root, guarded, nginx_behind, nginx_front

SHAPES = (
    "relayed",
    "front-unix",
    pytest.param("copied", marks=pytest.mark.slow),
    pytest.param("front-tcp", marks=pytest.mark.slow),
)
"""Asked directly, with the kernel moving the bytes and without; by nginx in front, over TCP and a unix socket."""

FORGED = (
    ("X-Forwarded-For", "8.8.8.8"),
    ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Host", "evil.test"),
    ("X-Real-IP", "8.8.8.8"),
    ("Forwarded", "for=8.8.8.8;proto=https"),
    ("X-Original-URL", "/admin"),
    ("X-Guardware-Action", "allow"),
)


class Behind(NamedTuple):
    """What all shapes have behind them: nginx on ``port``."""

    folder: Path
    port: int
    gallery: Gallery


class Chain(NamedTuple):
    """A shape, on ``port``, and the original at ART with what nginx behind says of it."""

    shape: str
    port: int
    gallery: Gallery
    etag: str

    @property
    def original(self) -> bytes:
        return self.gallery.originals["picture-0.jpg"]

    @property
    def kept(self) -> Gallery:
        """That original alone, since to look for pieces of all of them takes a while."""
        return Gallery(self.gallery.folder, {"picture-0.jpg": self.original})

    def ask(self, target: str = ART, lines: Lines = BROWSER, *more: tuple[str, str], method: str = "GET") -> Reply:
        return ask(self.port, target, (*lines, *more), method)

    def told(
        self, target: str, lines: Lines = PAGE, *more: tuple[str, str], method: str = "GET"
    ) -> dict[str, Any]:
        """What the application saw of a request."""
        reply = self.ask(target, lines, *more, method=method)
        assert reply.status == 200, reply
        found: dict[str, Any] = json.loads(reply.body)
        return found

    def curl(self, folder: Path, target: str, *options: str) -> bytes:
        """What curl prints."""
        done = run([program("curl"), "-sS", *options, f"http://localhost:{self.port}{target}"], cwd=folder)
        assert done.code == 0, done.output
        return done.output


@pytest.fixture(scope="module")
def behind(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder = tmp_path_factory.mktemp("behind")
    root = build_root(folder, gallery)
    with application(folder) as app, nginx_behind(folder, root, app) as port:
        yield Behind(folder, port, gallery)


@pytest.fixture(scope="module", params=SHAPES)
def chain(request: pytest.FixtureRequest, behind: Behind) -> Iterator[Chain]:
    shape: str = request.param
    relay = "proxy: {relay: false}\n" if shape == "copied" else ""
    folder = behind.folder / shape
    with ExitStack() as stack:
        upstream = ("--upstream", f"http://127.0.0.1:{behind.port}")
        guarding = stack.enter_context(guarded(folder, *upstream, config=relay, unix=shape == "front-unix"))
        port = stack.enter_context(nginx_front(folder, guarding)) if "front" in shape else guarding.port
        etag = ask(behind.port, ART).one("etag")
        assert etag is not None
        yield Chain(shape, port, behind.gallery, etag)


class TestPictures:
    def test_are_originals_for_a_browser(self, chain: Chain) -> None:
        reply = chain.ask()
        assert (reply.status, reply.body == chain.original) == (200, True)
        assert reply.one("content-type") == "image/jpeg"
        assert reply.one("content-length") == str(len(chain.original))
        assert reply.one("x-robots-tag") == "noai, noimageai"
        assert reply.one("tdm-reservation") == "1"
        assert reply.one("cache-control") == "private"

    def test_all_of_them_on_one_connection(self, chain: Chain) -> None:
        connection = HTTPConnection("localhost", chain.port, timeout=20)
        for name, original in chain.gallery.originals.items():
            connection.request("GET", f"/{name}", headers=dict(BROWSER))
            assert connection.getresponse().read() == original, name
        connection.close()

    def test_are_variants_for_curl(self, chain: Chain, tmp_path: Path) -> None:
        taken = chain.curl(tmp_path, ART)
        assert_previews([taken], chain.kept)
        reply = chain.ask(ART, CURL)
        assert_previews([reply.body], chain.kept)
        assert (reply.status, reply.one("x-robots-tag")) == (200, "noai, noimageai")

    def test_are_refused_to_a_crawler_for_training(self, chain: Chain) -> None:
        reply = chain.ask(ART, GPTBOT)
        assert reply.status == 403
        assert_no_originals([reply.body], chain.kept)

    @pytest.mark.parametrize("lines", [BROWSER, CURL, GPTBOT])
    def test_head_has_the_lines_and_no_body(self, chain: Chain, lines: Lines) -> None:
        head, whole = chain.ask(ART, lines, method="HEAD"), chain.ask(ART, lines)
        assert (head.status, head.body) == (whole.status, b"")
        assert head.one("content-type") == whole.one("content-type")
        if lines is BROWSER:
            assert head.one("content-length") == str(len(chain.original))


class TestPartsAndConditions:
    @pytest.mark.parametrize(
        ("wanted", "first", "end"),
        [("bytes=0-0", 0, 1), ("bytes=1000-200000", 1000, 200_001), ("bytes=-500", -500, None)],
    )
    def test_a_browser_gets_the_part(self, chain: Chain, wanted: str, first: int, end: int | None) -> None:
        reply = chain.ask(ART, BROWSER, ("Range", wanted))
        assert (reply.status, reply.body == chain.original[first:end]) == (206, True)
        part = (reply.one("content-range") or "").partition("/")
        assert part[2] == str(len(chain.original))

    def test_a_part_beyond_the_end(self, chain: Chain) -> None:
        reply = chain.ask(ART, BROWSER, ("Range", "bytes=999999999-"))
        assert (reply.status, reply.one("content-range")) == (416, f"bytes */{len(chain.original)}")

    @pytest.mark.parametrize("lines", [CURL, GPTBOT])
    @pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=1000-200000", "bytes=-5000", "bytes=0-9,1000-90000"])
    def test_others_get_no_part(self, chain: Chain, lines: Lines, wanted: str) -> None:
        reply = chain.ask(ART, lines, ("Range", wanted))
        assert_no_originals([reply.body], chain.kept)
        assert reply.status in (200, 206, 403)

    def test_nothing_new_for_a_browser_that_has_it(self, chain: Chain) -> None:
        reply = chain.ask(ART, BROWSER, ("If-None-Match", chain.etag))
        assert (reply.status, reply.body, reply.one("etag")) == (304, b"", chain.etag)
        since = chain.ask().one("last-modified")
        assert since is not None
        assert chain.ask(ART, BROWSER, ("If-Modified-Since", since)).status == 304

    def test_who_has_an_original_learns_nothing_from_its_tag(self, chain: Chain) -> None:
        reply = chain.ask(ART, CURL, ("If-None-Match", chain.etag))
        assert reply.status == 200
        assert_previews([reply.body], chain.kept)

    def test_a_part_only_of_the_same_picture(self, chain: Chain) -> None:
        part = ("Range", "bytes=10-19")
        same = chain.ask(ART, BROWSER, part, ("If-Range", chain.etag))
        assert (same.status, same.body) == (206, chain.original[10:20])
        other = chain.ask(ART, BROWSER, part, ("If-Range", '"another"'))
        assert (other.status, other.body == chain.original) == (200, True)
        assert_previews([chain.ask(ART, CURL, part, ("If-Range", chain.etag)).body], chain.kept)


class TestPages:
    def test_come_with_the_notices(self, chain: Chain) -> None:
        reply = chain.ask("/", PAGE)
        assert (reply.status, reply.one("x-robots-tag")) == (200, "noai, noimageai")
        assert reply.one("tdm-reservation") == "1"
        assert b"<title>Gallery</title>" in reply.body

    def test_robots_txt_is_ours(self, chain: Chain) -> None:
        assert b"GPTBot" in chain.ask("/robots.txt", CURL).body

    @pytest.mark.parametrize("target", ["/", ART, "/app/page", "/robots.txt", "/none"])
    def test_say_date_and_server_once(self, chain: Chain, target: str) -> None:
        for lines in (BROWSER, CURL, GPTBOT):
            reply = chain.ask(target, lines)
            assert len(reply.all("date")) == 1, reply
            # What guardware answers itself does not say who answers.
            ours = lines is GPTBOT or target == "/robots.txt"
            assert len(reply.all("server")) == (0 if ours and "front" not in chain.shape else 1)

    def test_cookies_stay_apart(self, chain: Chain) -> None:
        reply = chain.ask("/app/cookies", PAGE)
        assert reply.all("set-cookie") == ["one=1; Path=/", "two=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT"]

    def test_packed_answers_stay_packed(self, chain: Chain) -> None:
        reply = chain.ask("/app/packed", PAGE)
        assert (reply.body, reply.one("content-encoding")) == (PACKED, "gzip")
        assert reply.one("content-length") == str(len(PACKED))


class TestWhatTheSiteIsTold:
    @pytest.mark.parametrize("target", [
        "/app/x?a;b&c=%2F%zz",
        "/app/x?",
        "/app/x?a=1&a=2&&=%00",
        "/app//double//slashes",
        "//app//double//slashes?q=//x",
        "/app/%41%2e%7e%C3%A9?%E9",
        "/app/a+b%20c!$&'()*,;=:@",
    ])  # fmt: skip
    def test_path_and_query_byte_for_byte(self, chain: Chain, target: str) -> None:
        # That a question mark stands at the very end, ASGI does not say.
        assert chain.told(target)["target"] == target.removesuffix("?")

    @pytest.mark.parametrize("forged", [(), FORGED])
    def test_who_visits(self, chain: Chain, forged: Lines) -> None:
        lines = chain.told("/app/x", PAGE, *forged)["headers"]
        host = f"localhost:{chain.port}"

        def values(name: str) -> list[str]:
            return [value for key, value in lines if key == name]

        assert values("host") == [host]
        assert values("x-forwarded-for") == ["127.0.0.1"]
        assert values("x-forwarded-proto") == ["http"]
        assert values("x-forwarded-host") == [host]
        assert values("forwarded") == [f'for=127.0.0.1;proto=http;host="{host}"']
        assert "8.8.8.8" not in str(lines)
        assert "evil.test" not in str(lines)
        assert not [name for name, _ in lines if name in ("x-original-url", "x-guardware-action", "te", "upgrade")]

    def test_lines_of_this_connection_only_are_left_out(self, chain: Chain) -> None:
        more = (("X-Mine", "1"), ("Keep-Alive", "5"), ("TE", "trailers"), ("X-Other", "2"))
        lines = [("Connection", "X-Mine, close"), *[line for line in PAGE if line[0] != "Connection"]]
        names = dict(chain.told("/app/x", lines, *more)["headers"])
        assert "x-other" in names
        assert {"keep-alive", "te"}.isdisjoint(names)
        if "front" not in chain.shape:  # nginx passes on what Connection names
            assert "x-mine" not in names


class TestUploads:
    BODY = bytes(range(256)) * 2000

    def test_with_a_length(self, chain: Chain, tmp_path: Path) -> None:
        (tmp_path / "body").write_bytes(self.BODY)
        told = json.loads(chain.curl(tmp_path, "/app/x", "--data-binary", "@body", "-H", "Expect:"))
        assert (told["method"], told["length"], told["checksum"]) == ("POST", len(self.BODY), crc32(self.BODY))

    def test_in_chunks(self, chain: Chain, tmp_path: Path) -> None:
        (tmp_path / "body").write_bytes(self.BODY)
        options = ("-T", "body", "-H", "Transfer-Encoding: chunked", "-H", "Expect:")
        told = json.loads(chain.curl(tmp_path, "/app/x", *options))
        assert (told["method"], told["length"], told["checksum"]) == ("PUT", len(self.BODY), crc32(self.BODY))
        assert "content-length" not in dict(told["headers"])

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_an_empty_one(self, chain: Chain, method: str) -> None:
        told = chain.told("/app/x", PAGE, ("Content-Length", "0"), method=method)
        assert (told["method"], told["length"]) == (method, 0)

    def test_that_wait_to_be_welcome(self, chain: Chain, tmp_path: Path) -> None:
        (tmp_path / "body").write_bytes(self.BODY)
        options = ("-v", "--data-binary", "@body", "-H", "Expect: 100-continue", "--expect100-timeout", "15")
        output = chain.curl(tmp_path, "/app/x", *options)
        assert b"< HTTP/1.1 100 Continue" in output
        assert f'"length": {len(self.BODY)}'.encode() in output
        assert b"Done waiting for 100-continue" not in output

    def test_curl_gets_no_picture_by_sending_one(self, chain: Chain) -> None:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE"):
            reply = chain.ask(ART, CURL, ("Content-Length", "0"), method=method)
            assert_no_originals([reply.body], chain.kept)
            assert reply.status < 500


def test_an_event_arrives_while_the_answer_is_open(chain: Chain) -> None:
    connection = HTTPConnection("localhost", chain.port, timeout=10)
    connection.request("GET", "/app/events", headers=dict(PAGE))
    answer = connection.getresponse()
    assert (answer.readline(), answer.readline()) == (b"data: first\n", b"\n")
    assert chain.ask("/app/release", PAGE).body == b"released"
    assert answer.read() == b"data: second\n\n"
    connection.close()


def test_requests_sent_at_once_are_answered_in_order(chain: Chain) -> None:
    """Pipelined: the second waits for the first, also when the kernel moves its body."""
    names = ("picture-1.jpg", "picture-2.png", "picture-3.webp")
    lines = "".join(f"{name}: {value}\r\n" for name, value in BROWSER if name != "Connection")
    heads = [f"GET /{name} HTTP/1.1\r\nHost: localhost:{chain.port}\r\n{lines}" for name in names]
    with socket.create_connection(("127.0.0.1", chain.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*heads[:-1], f"{heads[-1]}Connection: close\r\n\r\n"]).encode())
        received = b"".join(iter(lambda: connection.recv(2**18), b""))
    for name in names:
        head, _, received = received.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), name
        original = chain.gallery.originals[name]
        assert received[: len(original)] == original, name
        received = received[len(original) :]
    assert received == b""
