"""Fetching a list: what a server may do, and what becomes of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.client_reqrep import ConnectionKey
from list_server import ListServer, serving

from guardware.crawlers.fetch import Fetch, NotReachedError
from guardware.crawlers.published import ListError


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ListServer]:
    async with serving() as running:
        yield running


KEY = ConnectionKey("lists.example", 443, True, True, None, None, None)


async def failure(fetch: Fetch, url: str) -> str:
    with pytest.raises(ListError) as error:
        await fetch(url)
    return str(error.value)


async def test_what_is_there_comes(server: ListServer) -> None:
    server.pages["/list.json"] = b'{"prefixes": []}'
    assert await Fetch(loopback=True)(f"{server.url}/list.json") == b'{"prefixes": []}'


@pytest.mark.parametrize("hops", [1, 3])
async def test_a_few_redirects_are_followed(server: ListServer, hops: int) -> None:
    for hop in range(hops):
        server.pages[f"/{hop}"] = (302, {"location": f"/{hop + 1}"})
    server.pages[f"/{hops}"] = b"{}"
    assert await Fetch(loopback=True)(f"{server.url}/0") == b"{}"


async def test_many_redirects_are_not(server: ListServer) -> None:
    server.pages["/loop"] = (302, {"location": "/loop"})
    assert await failure(Fetch(loopback=True), f"{server.url}/loop") == "leads on more than 3 times"
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ((500, {}), "the answer is 500 Internal Server Error"),
        ((404, {}), "the answer is 404 Not Found"),
        ((204, {}), "the answer is 204 No Content"),
        ((304, {}), "the answer is 304 Not Modified"),
        ((302, {}), "leads on to nowhere"),
        ((302, {"location": "http://example.com/list"}), "http://example.com/list is no https address"),
        ((302, {"location": "file:///etc/passwd"}), "file:///etc/passwd is no https address"),
        ((302, {"location": "http://127.0.0.1.example.com/"}), "is no https address"),
        ((302, {"location": "//[::1"}), "no web address"),
        ((200, {"content-encoding": "gzip"}), "comes compressed, though that was not asked for"),
    ],
)
async def test_what_is_no_good_answer_is_said(
    server: ListServer, page: tuple[int, dict[str, str]], reason: str
) -> None:
    server.pages["/x"] = page
    assert reason in await failure(Fetch(loopback=True), f"{server.url}/x")


async def test_a_huge_answer_is_cut_off(server: ListServer) -> None:
    server.pages["/huge"] = b" " * (3 * 1024 * 1024)
    assert await failure(Fetch(1024 * 1024, loopback=True), f"{server.url}/huge") == "is larger than 1 MiB"


async def test_a_slow_answer_is_given_up(server: ListServer) -> None:
    assert await failure(Fetch(seconds=0.2, loopback=True), f"{server.url}/slow") == "no answer within 0.2 seconds"


async def test_nobody_there_is_said() -> None:
    async with serving() as gone:
        url = gone.url
    assert await failure(Fetch(loopback=True), url) == "cannot connect: Connection refused"


async def test_a_name_without_an_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise aiohttp.ClientConnectorDNSError(KEY, OSError("[Errno -2] Name or service not known"))

    monkeypatch.setattr(aiohttp.TCPConnector, "connect", unknown)
    with pytest.raises(NotReachedError, match=r"^no address is known for its name \(DNS\)$"):
        await Fetch()("https://lists.example/x")


async def test_what_nobody_answers_is_not_reached_and_a_bad_answer_is(server: ListServer) -> None:
    with pytest.raises(NotReachedError):
        await Fetch(seconds=0.2, loopback=True)(f"{server.url}/slow")
    with pytest.raises(ListError) as error:
        await Fetch(loopback=True)(f"{server.url}/nothing")
    assert not isinstance(error.value, NotReachedError)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://example.com/",
        "ftp://example.com/",
        "",
        "example.com",
        "https://",
        "https://[x",
    ],
)
async def test_only_https_is_asked(url: str) -> None:
    assert "is no https address" in await failure(Fetch(), url)
