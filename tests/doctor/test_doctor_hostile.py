"""The doctor before a site that means ill: it ends in time, asks nothing inside, and keeps what it found."""

import asyncio
import gzip
import io
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner
from PIL import Image

from guardware.cli.doctor import command
from guardware.config.schema import Config
from guardware.doctor import pictures
from guardware.doctor.client import LARGEST, Client, InsideError, lies_inside
from guardware.doctor.examine import Examination, examine
from guardware.doctor.finding import Finding, Level
from guardware.doctor.likeness import _dots
from guardware.doctor.pictures import pictures_in
from guardware.doctor.text import text
from guardware.doctor.view import _parsed

Answer = Callable[[str], bytes | None]
"""The whole answer to a path; empty: the connection ends; None: nothing comes, ever."""


def page(html: str, more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\n{more}\r\n"
    return (head + html).encode("latin-1")


def moved(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def site(answer: Answer, asked: list[str] | None = None) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split()[1].decode()
                if asked is not None:
                    asked.append(path)
                reply = answer(path)
                if reply is None:
                    await reader.read()
                    break
                if not reply:
                    break
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await server.wait_closed()


async def seen_at(url: str, patience: float = 5.0) -> Examination:
    return await examine(Config(), None, url, None, pause=0, patience=patience)


def told(found: Examination, level: Level) -> str:
    return "\n".join("\n".join((f.text, *f.mend)) for f in found.findings if f.level is level)


class TestInside:
    @pytest.mark.parametrize(
        "address",
        "127.0.0.1 10.1.2.3 192.168.1.1 169.254.169.254 0.0.0.0 ::1 :: fe80::1%eth0 fd00::1 ::ffff:127.0.0.1 "
        "::ffff:10.0.0.1 100.64.0.1".split(),
    )
    def test_lies(self, address: str) -> None:
        assert lies_inside(address)

    @pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
    def test_does_not_lie(self, address: str) -> None:
        assert not lies_inside(address)

    async def test_a_picture_there_is_not_asked_for(self) -> None:
        asked: list[str] = []
        async with site(lambda _: page("secret"), asked) as inside:
            html = f'<img src="{inside}admin"><img src="{inside.replace("127.0.0.1", "localhost")}admin">'
            async with site(lambda _: page(html)) as url:
                found = await seen_at(url)
        assert asked == []
        assert told(found, Level.WARNING).count("The doctor did not ask there") == 2
        assert "who put them into the page" in told(found, Level.WARNING)

    async def test_a_redirect_there_is_not_followed(self) -> None:
        asked: list[str] = []
        async with site(lambda _: page("secret"), asked) as inside, site(lambda _: moved(inside)) as url:
            found = await seen_at(url)
        assert asked == []
        assert "goes there only if you name it" in told(found, Level.FAULT)

    async def test_what_the_owner_names_is_asked(self) -> None:
        async with site(lambda _: page("hi")) as url, Client(pause=0) as client:
            with pytest.raises(InsideError):
                await client.page(url)
            client.name(url)
            assert (await client.page(url)).body == b"hi"

    async def test_the_token_does_not_follow_a_redirect(self) -> None:
        heads: list[str] = []

        async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(page("hi"))
            writer.close()

        other = await asyncio.start_server(note, "127.0.0.1", 0)
        there = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/"
        async with site(lambda _: moved(there)) as url, Client(pause=0) as client:
            client.name(url)
            client.name(there)
            await client.page(url, extra={"Authorization": "Guardware 1.2"})
        other.close()
        await other.wait_closed()
        assert len(heads) == 1
        assert "authorization" not in heads[0].lower()


class TestEnds:
    async def test_where_everything_moves_on(self) -> None:
        count = iter(range(1000))
        async with site(lambda _: moved(f"/{next(count)}")) as url:
            found = await seen_at(url)
        assert "from one address to the next without end" in told(found, Level.FAULT)
        assert found.asked < 6

    @pytest.mark.parametrize("target", ["http://[::1", "http://a:99999/", "javascript:alert(1)", "//", "\x01"])
    async def test_where_a_redirect_names_no_address(self, target: str) -> None:
        async with site(lambda _: moved(target)) as url:
            found = await seen_at(url)
        assert told(found, Level.FAULT)

    async def test_where_every_picture_hangs(self) -> None:
        html = "".join(f'<img src="/{n}.jpg">' for n in range(2000))
        begun = time.monotonic()
        async with site(lambda path: None if path.endswith(".jpg") else page(html)) as url:
            found = await seen_at(url, patience=0.5)
        assert time.monotonic() - begun < 3
        # What was found before is kept, and what went wrong has its own words.
        assert "answers a browser" in told(found, Level.OK)
        assert "No guardware answers" in told(found, Level.FAULT)

    async def test_where_every_picture_is_missing(self) -> None:
        html = "".join(f'<img src="/{n}.jpg">' for n in range(2000))
        async with site(lambda _: page(html)) as url:
            found = await seen_at(url)
        assert found.asked < 30
        assert "A browser does not get the pictures" in told(found, Level.FAULT)

    async def test_where_curl_gets_no_answer(self, picture: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n".encode()

        def answer(path: str) -> bytes:
            if path == "/":
                return page('<img src="a.jpg">')
            return head + picture if path == "/a.jpg" and next(times) == 0 else b""

        times = iter(range(100))
        async with site(answer) as url:
            found = await seen_at(url)
        assert "A crawler that is refused gets no /robots.txt" in told(found, Level.FAULT)
        assert "it hung up" in told(found, Level.FAULT)
        assert "do not get the original" in told(found, Level.OK)

    async def test_a_body_without_end_is_cut(self) -> None:
        packed = gzip.compress(bytes(8 * LARGEST), 9)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
        async with site(lambda _: head + packed) as url, Client(pause=0) as client:
            client.name(url)
            assert LARGEST < len((await client.page(url)).body) < 1.1 * LARGEST

    @pytest.mark.parametrize(
        "html",
        [
            '<base href="a/">' * 60_000,
            f'<base href="/{"a" * 500_000}/">' + '<img src="b">' * 40_000,
            '<img src="a.jpg">' * 60_000,
            '<img srcset="' + "a, " * 300_000 + '">',
            "<!--" * 250_000,
            "<a " * 300_000,
        ],
        ids=["bases", "long base", "pictures", "srcset", "comments", "tags"],
    )
    def test_a_page_that_is_a_bomb(self, html: str) -> None:
        begun = time.process_time()
        found = pictures_in(html, "https://ada.example/")
        assert time.process_time() - begun < 5
        assert len(found.here) <= pictures._MOST


class TestWhatItSays:
    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b"{}",
            b'{"peer": [], "address": "", "trusted": true, "headers": []}',
            b'{"peer": "x", "address": 1, "trusted": {}, "trusted_proxies": 7, "forwarded": [1], "scheme": null, '
            b'"host": [], "headers": [[]]}',
            b"\xff",
        ],
    )
    async def test_of_an_answer_that_is_not_guardwares(self, body: bytes) -> None:
        assert _parsed(body) is None
        async with site(lambda _: page(body.decode("latin-1"))) as url:
            assert "No guardware answers" in told(await seen_at(url), Level.FAULT)

    def test_holds_no_commands_for_the_terminal(self) -> None:
        evil = "\x1b]0;owned\x07\x1b[2J\r"
        found = Examination([Finding(Level.FAULT, "site", f"status {evil}", (f"look at {evil}",))], 1)
        shown = text(found, 80)
        assert not any(sign in shown for sign in "\x1b\x07\r")
        assert "\\x1b" in shown


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:1/", "does not answer: nothing listens there"),
        ("https://no-such-name.invalid/", "does not answer: nobody knows a machine of that name"),
    ],
)
async def test_why_there_is_no_answer(url: str, says: str) -> None:
    assert says in told(await seen_at(url), Level.FAULT)


async def test_where_no_https_is_spoken() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    found = await seen_at(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    server.close()
    await server.wait_closed()
    assert "no https is spoken there" in told(found, Level.FAULT)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["http://ada:pw@ada.example/"], "leave user and password out"),
        (["http://ada.example/", "--upstream", "http://a:99999"], "is not an address"),
        (["http://ada.example/", "--upstream", "nonsense"], "does not start with http"),
    ],
)
def test_addresses_that_cannot_be_asked_are_usage_errors(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert says in " ".join(done.output.replace("│", " ").split())


def test_a_picture_of_the_largest_size_is_compared_by_digest() -> None:
    made = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(made, "PNG")
    found = _dots(made.getvalue(), Config())
    assert found is not None
    assert found[0] == (300, 200)
    assert len(found[1]) == 32
