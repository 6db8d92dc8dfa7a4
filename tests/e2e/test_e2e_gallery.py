"""The index of a folder in Chromium: by keyboard, in the dark, on a phone; and what tricks get from the server."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from asgi import BROWSER
from path_tricks import PATHS
from playwright.async_api import Page

from guardware.proxy.files.sending import PIECE

from .pictures import Gallery, build_gallery, shares_bytes
from .processes import guarded_server
from .test_e2e_chromium import chromium

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)

CONTRAST = """
() => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const linear = part => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter(element =>
    [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && element.offsetParent);
  return texts.map(element => {
    const [one, other] = [parse(getComputedStyle(element).color), ground(element)].map(light);
    return [element.textContent.trim(), (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)];
  });
}
"""
"""Every text on the page with the contrast that it has, as WCAG 2.2 computes it (relative luminance)."""

FOCUSED = """
() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {href: element.getAttribute('href'), outline: parseFloat(style.outlineWidth), style: style.outlineStyle,
          seen: box.top < innerHeight && box.bottom > 0,
          name: element.querySelector('img')?.alt || element.textContent.trim()};
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """The twelve pictures without a page of their own, two folders, and one picture as the tricks want it."""
    made = build_gallery(tmp_path_factory.mktemp("folder"))
    (made.folder / "index.html").unlink()
    for name in ("Early works", "art"):
        (made.folder / name).mkdir()
    (made.folder / "art" / "1.jpg").write_bytes(made.originals["picture-0.jpg"])
    return made


@pytest.fixture(scope="module")
def base(folder: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    top = tmp_path_factory.mktemp("served")
    (top / "guardware.yaml").write_text(f"site: {{name: Ada Example}}\nstore: {{folder: {top / 'state'}}}\n")
    with guarded_server(folder.folder, top / "guardware.yaml", top / "log") as address:
        yield address


@pytest.fixture
async def page(base: str, loot: Path) -> AsyncIterator[Page]:
    """The index, open; at the end nothing may stand in the browser's console."""
    async with chromium(loot / "profile", USER_AGENT) as context:
        opened = context.pages[0]
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        await opened.goto(f"{base}/", wait_until="load")
        yield opened
        assert said == []


async def test_every_link_is_reached_by_keyboard_in_the_order_of_sight(page: Page, folder: Gallery) -> None:
    walked = []
    for _ in range(14):
        await page.keyboard.press("Tab")
        walked.append(await page.evaluate(FOCUSED))
    pictures = sorted(folder.originals, key=lambda name: int(re.findall(r"\d+", name)[0]))
    assert [step["href"] for step in walked] == ["art/", "Early%20works/", *pictures]
    assert all(step["outline"] >= 2 and step["style"] == "solid" for step in walked), "one sees where one is"
    assert all(step["seen"] for step in walked), "and the page follows"
    assert [step["name"] for step in walked[:3]] == ["Art", "Early works", "Picture 0"]


async def test_enter_opens_and_the_way_back_leads_up(page: Page, base: str) -> None:
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{base}/art/")
    assert await page.title() == "Art · Ada Example"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{base}/")


async def test_all_text_can_be_read_by_day_and_by_night(page: Page) -> None:
    for dark in (False, True):
        await page.emulate_media(color_scheme="dark" if dark else "light")
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", ground))) < 150) is dark
        contrasts = await page.evaluate(CONTRAST)
        assert len(contrasts) >= 16
        assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == [], "WCAG 2.2, 1.4.3"


async def test_it_fits_and_nothing_jumps(page: Page) -> None:
    await page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries()) "
        "window.shift += entry.value }).observe({type: 'layout-shift', buffered: true})"
    )
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.reload(wait_until="load")
        await page.mouse.wheel(0, 5000)
        await page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("window.shift") < 0.01
        boxes = await page.evaluate("[...document.links].map(link => link.getBoundingClientRect().height)")
        assert min(boxes) >= 24, "WCAG 2.2, 2.5.8: large enough to be touched"


async def test_a_screen_reader_hears_each_thing_once(page: Page) -> None:
    heard = await page.locator("body").aria_snapshot()
    assert heard.count("Picture 3") == 2, "the link, and the picture that names it"
    assert heard.startswith('- banner:\n  - heading "Ada Example" [level=1]')
    assert 'navigation "Folders"' in heard
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.evaluate("[...document.images].every(image => image.alt)")


async def test_it_moves_nothing_by_itself(page: Page) -> None:
    await page.emulate_media(reduced_motion="reduce")
    assert await page.evaluate("document.getAnimations().length") == 0
    style = await page.evaluate("document.querySelector('style').textContent")
    assert not re.search("animation|transition|scroll-behavior", style)


async def test_with_large_text_and_high_contrast_it_still_works(page: Page) -> None:
    await page.emulate_media(forced_colors="active")
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await page.set_viewport_size({"width": 640, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    await page.keyboard.press("Tab")
    focused = await page.evaluate(FOCUSED)
    assert (focused["style"], focused["outline"] >= 2) == ("solid", True)


def fetch(base: str, target: str, agent: str) -> bytes:
    """The whole answer to a raw request target."""
    with socket.create_connection(("127.0.0.1", urlsplit(base).port or 0), timeout=20) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize("agent", ["curl/8.5.0", "GPTBot/1.2"])
def test_no_path_leads_to_an_original(base: str, folder: Gallery, agent: str) -> None:
    original = folder.originals["picture-0.jpg"]
    for target in PATHS:
        answer = fetch(base, target, agent)
        assert not shares_bytes(answer, original), target
        assert answer == b"" or re.match(rb"HTTP/1\.1 (200|30\d|40\d|429) ", answer), (target, answer[:200])


def test_a_large_original_comes_whole_and_in_parts(base: str, folder: Gallery) -> None:
    name = max(folder.originals, key=lambda each: len(folder.originals[each]))
    original = folder.originals[name]
    assert len(original) > PIECE, "so that the server sends it itself"
    connection = HTTPConnection("127.0.0.1", urlsplit(base).port, timeout=20)

    def ask(method: str, *extra: tuple[bytes, bytes]) -> tuple[int, bytes, str | None]:
        connection.putrequest(method, f"/{name}", skip_host=True, skip_accept_encoding=True)
        for key, value in (*BROWSER, *extra):
            connection.putheader(key.decode(), value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read(), response.getheader("etag")

    status, body, tag = ask("GET")
    assert (status, body == original) == (200, True)
    assert tag is not None
    assert ask("HEAD") == (200, b"", tag)
    assert ask("GET", (b"range", b"bytes=1000-200000")) == (206, original[1000:200001], tag)
    assert ask("GET", (b"if-none-match", tag.encode())) == (304, b"", tag)
    assert ask("GET")[1] == original, "on the same connection"
    connection.close()
