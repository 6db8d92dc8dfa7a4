"""Which application serves which host."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from asgi import BROWSER, CURL, Call
from image_samples import sample

from guardware import ConfigError, GuardMiddleware
from guardware.config import from_mapping
from guardware.http import Message, RawHeaders, Scope
from guardware.proxy.origins import Origins
from guardware.proxy.upstream import Upstream

from .conftest import PeerFactory
from .peers import Handler, Peer, replies

Make = Callable[..., Origins]


@pytest.fixture
async def origins() -> AsyncIterator[Make]:
    """Makes origins from a mapping; they are closed with the test."""
    made: list[Origins] = []

    def make(config: dict[str, Any], **given: Any) -> Origins:
        made.append(Origins(from_mapping(config), **given))
        return made[-1]

    yield make
    for old in made:
        await old.close()


def saying(word: bytes) -> Handler:
    """A site that answers everything with ``word``."""
    return replies(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (len(word), word)
    )


def at(host: bytes, headers: RawHeaders = BROWSER) -> RawHeaders:
    return [(k, host if k == b"host" else v) for k, v in headers]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    (root / "one.jpg").write_bytes(sample("JPEG"))
    return root


class TestWhoServes:
    async def test_by_the_most_exact_name(
        self, call: Call, peer: PeerFactory, origins: Make, folder: Path
    ) -> None:
        sites: dict[str, Peer] = {name: await peer(saying(name.encode())) for name in ("top", "ada", "below")}
        app = origins(
            {
                "proxy": {"upstream": sites["top"].url},
                "hosts": {
                    "ada.example": {"proxy": {"upstream": sites["ada"].url}},
                    "*.ada.example": {"proxy": {"upstream": sites["below"].url}},
                    "other.example": {"proxy": {"root": str(folder)}},
                    "same.example": {"mode": "monitor"},
                },
            }
        )
        asked = (b"ada.example:80", b"www.ada.example", b"nowhere.example", b"same.example", b"bad host")
        got = [(await call(app, "/", at(host))).body for host in asked]
        assert got == [b"ada", b"below", b"top", b"top", b"top"]
        assert (await call(app, "/one.jpg", at(b"other.example"))).body == sample("JPEG")

    async def test_the_visit_that_was_judged_says_the_host(self, origins: Make, folder: Path) -> None:
        app = origins({"hosts": {"ada.example": {"proxy": {"root": str(folder)}}}})
        scope: Scope = {"type": "http", "path": "/", "headers": [(b"host", b"ada.example")]}
        visit = GuardMiddleware(app).parts.guard.read(scope)
        assert visit is not None
        elsewhere = [(b"host", b"elsewhere.example")]
        assert app.of({**scope, "state": {"guardware.visit": visit}, "headers": elsewhere}) is not app.default
        assert app.of({**scope, "headers": elsewhere}) is app.default

    async def test_who_has_no_site_is_told_so(self, call: Call, origins: Make, folder: Path) -> None:
        app = origins({"hosts": {"ada.example": {"proxy": {"root": str(folder)}}}})
        assert (await call(app, "/", at(b"ada.example"))).status == 200
        assert (await call(app, "/", at(b"nowhere.example"))).status == 404
        assert (await call(app, "/one.jpg", at(b"nowhere.example"))).status == 404

    async def test_the_command_line_goes_before_the_file_but_not_before_a_hosts_own(
        self, call: Call, peer: PeerFactory, origins: Make, folder: Path
    ) -> None:
        given, ada = await peer(saying(b"given")), await peer(saying(b"ada"))
        config = {
            "proxy": {"root": str(folder)},
            "hosts": {"ada.example": {"proxy": {"upstream": ada.url}}, "same.example": {"proxy": {"retries": 0}}},
        }
        app = origins(config, upstream=given.url)
        got = [(await call(app, "/", at(host))).body for host in (b"top", b"same.example", b"ada.example")]
        assert got == [b"given", b"given", b"ada"]
        shown = origins({**config, "proxy": {"upstream": given.url}}, root=folder)
        assert (await call(shown, "/one.jpg", at(b"same.example"))).body == sample("JPEG")
        assert (await call(shown, "/", at(b"ada.example"))).body == b"ada"

    async def test_a_gallery_bears_the_name_of_its_site(self, call: Call, origins: Make, folder: Path) -> None:
        names = {"site": {"name": "The House"}, "hosts": {"ada.example": {"site": {"name": "Ada"}}}}
        app = origins(names, root=folder)
        assert b"Ada" in (await call(app, "/", at(b"ada.example"))).body
        assert b"The House" in (await call(app, "/", at(b"nowhere.example"))).body


def test_hosts_with_equal_sections_share_one_upstream() -> None:
    ada, slow = {"proxy": {"upstream": "http://127.0.0.1:1"}}, {"proxy": {"read_timeout": 5}}
    app = Origins(from_mapping({**ada, "hosts": {"a.example": ada, "b.example": {}, "c.example": slow}}))
    assert app.hosts["a.example"] is app.hosts["b.example"] is app.default
    assert app.hosts["c.example"] is not app.default


def test_a_folder_that_is_none_is_told_with_its_host(tmp_path: Path) -> None:
    config = from_mapping({"hosts": {"ada.example": {"proxy": {"root": str(tmp_path / "no")}}}})
    with pytest.raises(ConfigError, match=r"^hosts\.ada\.example\.proxy: .*no is not a folder"):
        Origins(config)
    with pytest.raises(NotADirectoryError):
        Origins(from_mapping({}), root=tmp_path / "no")


class TestLifespan:
    async def test_starts_and_stops_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        done: list[str] = []

        async def opened(upstream: Upstream) -> None:
            done.append("open")

        async def closed(upstream: Upstream) -> None:
            done.append("close")

        monkeypatch.setattr(Upstream, "open", opened)
        monkeypatch.setattr(Upstream, "close", closed)
        app = Origins(from_mapping(TWO))
        events = iter(["lifespan.startup", "lifespan.shutdown"])
        sent: list[str] = []

        async def receive() -> Message:
            return {"type": next(events)}

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan"}, receive, send)
        assert done == ["open", "open", "close", "close"]
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]

    async def test_what_was_started_is_stopped_if_another_cannot_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        app = Origins(from_mapping(TWO))
        opened: list[Upstream] = []
        closed: list[Upstream] = []

        async def fail_second(upstream: Upstream) -> None:
            if opened:
                raise OSError("no")
            opened.append(upstream)

        async def close(upstream: Upstream) -> None:
            closed.append(upstream)

        monkeypatch.setattr(Upstream, "open", fail_second)
        monkeypatch.setattr(Upstream, "close", close)
        with pytest.raises(OSError, match="no"):
            await app.open()
        assert closed == opened


TWO = {
    "proxy": {"upstream": "http://127.0.0.1:1"},
    "hosts": {"a.example": {"proxy": {"upstream": "http://127.0.0.1:2"}}},
}


async def test_no_host_lends_another_its_pictures(call: Call, origins: Make, folder: Path) -> None:
    """A picture of an enforcing site does not come out under the name, or without the name, of a lenient one."""
    config = {
        "mode": "monitor",
        "proxy": {"root": str(folder.parent)},
        "hosts": {"ada.example": {"mode": "enforce", "proxy": {"root": str(folder)}}},
    }
    app = GuardMiddleware(origins(config), config)
    original = sample("JPEG")
    for headers in (
        at(b"ada.example", CURL),
        at(b"ADA.example.:8000", CURL),
        at(b"ada.example/", CURL),
        at(b"ada.example,other", CURL),
        at(b"x" * 600, CURL),
        at(b"other.example", CURL),
        [*at(b"other.example", CURL), (b"host", b"ada.example")],
        [*at(b"ada.example", CURL), (b"host", b"other.example")],
        [line for line in CURL if line[0] != b"host"],
    ):
        assert (await call(app, "/one.jpg", headers)).body != original
