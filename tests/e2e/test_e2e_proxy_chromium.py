"""A person with Chromium looks at a site behind the proxy: by http and https, with the relay and without."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, Response, async_playwright
from proxy.certificates import certificate

from .pictures import Gallery
from .processes import program
from .proxy_site import application, build_root, guarded, nginx_behind, nginx_front
from .test_e2e_chromium import FLAGS, ordinary_name

__all__ = ["ordinary_name"]

PICTURES = 30

ECHO = """
address => new Promise((resolve, reject) => {
  const socket = new WebSocket(address), heard = [];
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => { socket.send('gr\\u00fc\\u00df dich'); socket.send(new Uint8Array(200000).fill(7)); };
  socket.onmessage = ({data}) => {
    const all = () => [data.byteLength, new Uint8Array(data).every(each => each === 7)];
    heard.push(typeof data === 'string' ? data : all());
    if (heard.length === 2) socket.close(1000, 'done');
  };
  socket.onclose = ({code, wasClean}) => resolve([...heard, code, wasClean]);
  setTimeout(() => reject('no echo'), 15000);
})
"""
"""Two messages there and back, and an orderly end."""

EVENTS = """
() => new Promise((resolve, reject) => {
  const source = new EventSource('/app/events');
  source.onmessage = event => {
    if (event.data === 'first') fetch('/app/release', {method: 'POST', body: 'now'});
    else { source.close(); resolve(event.data); }
  };
  source.onerror = () => reject('no events');
  setTimeout(() => reject('no event'), 15000);
})
"""


class Way(NamedTuple):
    """How Chromium comes to the site: ``base`` is its address, ``protocol`` what is spoken."""

    name: str
    base: str
    protocol: str
    originals: dict[str, bytes]


@pytest.fixture(scope="module")
def upstream(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with thirty pictures behind nginx, and the application."""
    folder = tmp_path_factory.mktemp("site")
    root = build_root(folder, gallery)
    for name, data in names(gallery).items():
        (root / name).write_bytes(data)
    tags = "\n".join(f'<img src="{name}" alt="{name}" width="100">' for name in names(gallery))
    (root / "index.html").write_text(
        f'<!doctype html><title>Thirty</title><link rel="icon" href="data:,">\n<h1>Pictures</h1>\n{tags}\n'
    )
    with application(folder) as app, nginx_behind(folder, root, app) as port:
        yield f"http://127.0.0.1:{port}"


def names(gallery: Gallery) -> dict[str, bytes]:
    """Thirty names for the twelve originals."""
    originals = list(gallery.originals.items())
    chosen = (originals[number % len(originals)] for number in range(PICTURES))
    return {f"{number}-{name}": data for number, (name, data) in enumerate(chosen)}


@pytest.fixture(
    scope="module",
    params=["http", "https", *(pytest.param(name, marks=pytest.mark.slow) for name in ("copied", "nginx-h2"))],
)
def way(
    request: pytest.FixtureRequest, gallery: Gallery, upstream: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Way]:
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    files = certificate(folder, "site")
    tls = ("--tls-cert", files[0], "--tls-key", files[1]) if name == "https" else ()
    config = "proxy: {relay: false}\n" if name == "copied" else ""
    with ExitStack() as stack:
        guarding = stack.enter_context(guarded(folder, "--upstream", upstream, *tls, config=config))
        port = stack.enter_context(nginx_front(folder, guarding, files)) if name == "nginx-h2" else guarding.port
        scheme = "https" if name in ("https", "nginx-h2") else "http"
        protocol = "h2" if name == "nginx-h2" else "http/1.1"
        yield Way(name, f"{scheme}://localhost:{port}", protocol, names(gallery))


class Tab(NamedTuple):
    """An open page, what stood in its console, and the answers that it got by file name."""

    page: Page
    said: list[str]
    answers: dict[str, Response]


@pytest.fixture
async def context(loot: Path, ordinary_name: str) -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch_persistent_context(
            loot / "profile",
            executable_path=program("chromium"),
            args=[*FLAGS, "--ignore-certificate-errors", f"--user-agent={ordinary_name}"],
        )
        opened.set_default_timeout(20_000)
        yield opened
        await opened.close()


@pytest.fixture
async def tab(way: Way, context: BrowserContext) -> Tab:
    """The page with the pictures, open."""
    found = Tab(context.pages[0], [], {})
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("response", lambda answer: found.answers.update({urlsplit(answer.url).path[1:]: answer}))
    await found.page.goto(f"{way.base}/", wait_until="load")
    return found


async def test_pictures_events_a_socket_and_a_reload(way: Way, tab: Tab) -> None:
    others = [name for name, original in way.originals.items() if await tab.answers[name].body() != original]
    assert others == [], "every picture is the original"
    widths = await tab.page.evaluate("Array.from(document.images, image => image.complete && image.naturalWidth)")
    assert (len(widths), all(widths)) == (PICTURES, True)
    spoken = await tab.page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol")
    assert spoken == way.protocol
    echo = f"{way.base.replace('http', 'ws', 1)}/app/echo"
    assert await tab.page.evaluate(ECHO, echo) == ["grüß dich", [200_000, True], 1000, True]
    assert await tab.page.evaluate(EVENTS) == "second"
    sent = "fetch('/app/x', {method: 'POST', body: new Uint8Array(3000000)}).then(answer => answer.json())"
    assert (await tab.page.evaluate(sent))["length"] == 3_000_000
    tab.answers.clear()
    await tab.page.reload(wait_until="load")
    assert {answer.status for answer in tab.answers.values()} <= {200, 304}
    assert await tab.page.evaluate("Array.from(document.images, image => image.naturalWidth)") == widths
    assert tab.said == []
