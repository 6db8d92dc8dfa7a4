"""People with Chromium and Firefox ESR who click through the gallery: as they come, without JavaScript, without
cookies."""

import json
from contextlib import suppress
from shutil import which

from playwright.async_api import Error, Page, async_playwright

from benchmarks.leak.clients.bidi import BidiError, Firefox
from benchmarks.leak.clients.browser_headers import CHROME
from benchmarks.leak.clients.walk import Step, walk
from benchmarks.leak.errand import Beat, Errand
from benchmarks.leak.processes import ClientError

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # With a window it has this name; without one it would say so.
    f"--user-agent={CHROME}",
)
_BLOCK = 2
"""Chromium's content setting for "do not allow"."""

_NO_SCRIPTS = 'user_pref("javascript.enabled", false);\n'
_NO_COOKIES = 'user_pref("network.cookie.cookieBehavior", 2);\n'


async def chromium(errand: Errand) -> tuple[str, ...]:
    """As it comes."""
    return await _chromium(errand)


async def chromium_without_scripts(errand: Errand) -> tuple[str, ...]:
    """JavaScript off."""
    return await _chromium(errand, "javascript")


async def chromium_without_cookies(errand: Errand) -> tuple[str, ...]:
    """Cookies off."""
    return await _chromium(errand, "cookies")


async def firefox(errand: Errand) -> tuple[str, ...]:
    """As it comes."""
    return await _firefox(errand)


async def firefox_without_scripts(errand: Errand) -> tuple[str, ...]:
    """JavaScript off."""
    return await _firefox(errand, _NO_SCRIPTS)


async def firefox_without_cookies(errand: Errand) -> tuple[str, ...]:
    """Cookies off."""
    return await _firefox(errand, _NO_COOKIES)


async def _chromium(errand: Errand, *blocked: str) -> tuple[str, ...]:
    settings = {"profile": {"default_content_setting_values": dict.fromkeys(blocked, _BLOCK)}}
    (errand.folder / "Default").mkdir()
    (errand.folder / "Default" / "Preferences").write_text(json.dumps(settings))
    steps, beat = walk(errand.gallery), Beat()
    try:
        async with async_playwright() as playwright:
            context = await playwright.chromium.launch_persistent_context(
                errand.folder, executable_path=which("chromium"), args=_FLAGS
            )
            try:
                context.set_default_timeout(20_000)
                for step in steps:
                    await _open(context.pages[0], step, errand.base)
                    await beat.wait(errand.pace.page)
            finally:
                await context.close()
    except Error as error:
        raise ClientError(error.message.partition("\n")[0]) from None
    return _pictures(steps)


async def _open(page: Page, step: Step, base: str) -> None:
    """By the link; where a refusal has none, by the address."""
    with suppress(Error):
        if step.link:
            await page.click(step.link, timeout=2_000)
            await page.wait_for_url(base + step.path, wait_until="load")
            return
    await page.goto(base + step.path, wait_until="load")


async def _firefox(errand: Errand, settings: str = "") -> tuple[str, ...]:
    steps, beat = walk(errand.gallery), Beat()
    async with Firefox.started(errand.folder, settings) as browser:
        for step in steps:
            await _turn(browser, step, errand.base + step.path)
            await beat.wait(errand.pace.page)
    return _pictures(steps)


async def _turn(browser: Firefox, step: Step, url: str) -> None:
    with suppress(BidiError):
        if step.link:
            await browser.click(step.link, url)
            return
    await browser.go(url)


def _pictures(steps: tuple[Step, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(picture for step in steps for picture in step.pictures))
