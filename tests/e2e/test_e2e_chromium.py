"""A person with Chromium: every picture it shows is the original, whatever is switched off."""

import json
import re
from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, Response, async_playwright

from .pictures import Gallery, assert_previews
from .processes import program, run

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A site on the web without TLS: unlike localhost, it gets neither Sec-Fetch headers nor client hints.
    "--host-resolver-rules=MAP gallery.test 127.0.0.1",
)
BLOCK = 2
"""Chromium's content setting for "do not allow"."""

PROBE = "<title>not run</title><script>document.title = 'ran'</script>"


@pytest.fixture(scope="module")
def ordinary_name(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What this Chromium calls itself with a window: headless it would add that it has none."""
    output = run([program("chromium"), "--version"], cwd=tmp_path_factory.mktemp("version")).output.decode()
    version = re.search(r"(\d+)\.\d+\.\d+\.\d+", output)
    assert version is not None, output
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version[1]}.0.0.0 Safari/537.36"
    )


@asynccontextmanager
async def chromium(
    profile: Path, user_agent: str | None, *, scripts: bool = True, cookies: bool = True
) -> AsyncIterator[BrowserContext]:
    """Headless Chromium with a fresh profile, for at most a minute. ``user_agent=None`` leaves the name it has."""
    blocked = {name: BLOCK for name, wanted in (("javascript", scripts), ("cookies", cookies)) if not wanted}
    (profile / "Default").mkdir(parents=True)
    settings = {"profile": {"default_content_setting_values": blocked}}
    (profile / "Default" / "Preferences").write_text(json.dumps(settings))
    name = [f"--user-agent={user_agent}"] if user_agent else []
    async with timeout(60), async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile,
            executable_path=program("chromium"),
            args=[*FLAGS, *name],
        )
        context.set_default_timeout(20_000)
        try:
            yield context
        finally:
            await context.close()


async def pictures_shown(page: Page, url: str, gallery: Gallery) -> dict[str, Response]:
    """Open ``url`` and return, by file name, the responses with the gallery's pictures."""
    responses: dict[str, Response] = {}

    def keep(response: Response) -> None:
        name = urlsplit(response.url).path.removeprefix("/")
        if name in gallery.originals:
            responses[name] = response

    page.on("response", keep)
    opened = await page.goto(url, wait_until="load")
    assert opened is not None
    assert opened.status == 200
    return responses


def site(base: str, host: str) -> str:
    return f"http://{host}:{urlsplit(base).port}/"


async def assert_shown_as_published(shown: dict[str, Response], gallery: Gallery) -> None:
    """Every picture of the gallery came, byte for byte."""
    assert shown.keys() == gallery.originals.keys()
    exchanged = [name for name, response in shown.items() if await response.body() != gallery.originals[name]]
    assert exchanged == []


@pytest.mark.parametrize(
    ("host", "scripts", "cookies"),
    [
        ("localhost", True, True),
        ("localhost", False, True),
        ("localhost", True, False),
        ("localhost", False, False),
        ("gallery.test", True, True),
        ("gallery.test", False, False),
    ],
)
async def test_every_picture_shown_is_the_original(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str, host: str, scripts: bool, cookies: bool
) -> None:
    async with chromium(loot / "profile", ordinary_name, scripts=scripts, cookies=cookies) as context:
        page = context.pages[0]
        shown = await pictures_shown(page, site(guarded_anew, host), gallery)
        await assert_shown_as_published(shown, gallery)
        widths = await page.evaluate("Array.from(document.images, image => image.complete && image.naturalWidth)")
    assert len(widths) == 12
    assert all(widths)


@pytest.mark.parametrize("allowed", [True, False])
async def test_scripts_and_cookies_are_off_when_switched_off(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str, allowed: bool
) -> None:
    """What the tests above rest on."""
    async with chromium(loot / "profile", ordinary_name, scripts=allowed, cookies=allowed) as context:
        page = context.pages[0]
        await page.route("**/probe", lambda route: route.fulfill(body=PROBE, content_type="text/html"))
        await page.goto(f"{site(guarded_anew, 'localhost')}probe")
        assert await page.title() == ("ran" if allowed else "not run")
        cookie = await page.evaluate("document.cookie = 'kept=1'; document.cookie")
    assert cookie == ("kept=1" if allowed else "")


async def test_its_headers_are_those_of_a_browser_with_a_window(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str
) -> None:
    async with chromium(loot / "profile", ordinary_name) as context:
        shown = await pictures_shown(context.pages[0], site(guarded_anew, "localhost"), gallery)
        headers = await shown["picture-0.jpg"].request.all_headers()
    assert "Headless" not in headers["user-agent"] + headers["sec-ch-ua"]
    assert re.findall(r"Chrome/(\d+)", headers["user-agent"]) == re.findall(
        r'"Chromium";v="(\d+)"', headers["sec-ch-ua"]
    )
    assert headers["sec-fetch-dest"] == "image"


async def test_a_second_visit_shows_the_originals_again(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str
) -> None:
    async with chromium(loot / "profile", ordinary_name) as context:
        page = context.pages[0]
        await pictures_shown(page, site(guarded_anew, "localhost"), gallery)
        again = await pictures_shown(await context.new_page(), site(guarded_anew, "localhost"), gallery)
        await assert_shown_as_published(again, gallery)


async def test_a_picture_opened_by_itself_is_the_original(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str
) -> None:
    async with chromium(loot / "profile", ordinary_name) as context:
        page = context.pages[0]
        await pictures_shown(page, site(guarded_anew, "localhost"), gallery)
        opened = await page.goto(f"{site(guarded_anew, 'localhost')}picture-1.jpg")
        assert opened is not None
        assert await opened.body() == gallery.originals["picture-1.jpg"]


async def test_what_validates_an_original_does_not_validate_a_preview(
    guarded_anew: str, gallery: Gallery, loot: Path, ordinary_name: str
) -> None:
    async with chromium(loot / "profile", ordinary_name) as context:
        shown = await pictures_shown(context.pages[0], site(guarded_anew, "localhost"), gallery)
        headers = await shown["picture-0.jpg"].all_headers()
    assert "private" in headers["cache-control"] or "no-store" in headers["cache-control"]
    validators = ["-H", f"If-None-Match: {headers['etag']}"]
    argv = [program("curl"), "-sS", "-o", str(loot / "body"), "-w", "%{http_code}", *validators]
    assert run([*argv, f"{guarded_anew}/picture-0.jpg"], cwd=loot).output == b"200"
    assert_previews([(loot / "body").read_bytes()], gallery)


async def test_under_its_headless_name_it_gets_previews(guarded_anew: str, gallery: Gallery, loot: Path) -> None:
    async with chromium(loot / "profile", None) as context:
        shown = await pictures_shown(context.pages[0], site(guarded_anew, "localhost"), gallery)
        taken = [await response.body() for response in shown.values()]
    assert len(taken) == 12
    assert_previews(taken, gallery)
