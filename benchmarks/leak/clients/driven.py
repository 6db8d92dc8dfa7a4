"""Chromium driven by Playwright: from picture to picture, and through the pages at a person's pace."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from shutil import which

from playwright.async_api import Error, Page, async_playwright

from benchmarks.leak.clients.browser_headers import CHROME
from benchmarks.leak.errand import Beat, Errand
from benchmarks.leak.gallery import PER_PAGE, overview_path, work_path
from benchmarks.leak.processes import ClientError

WALKED = 400
"""Pictures that a walker sees: more than the hourly budget's 300."""

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


async def default(errand: Errand) -> tuple[str, ...]:
    """``page.goto`` on every picture, under the name that Playwright's Chromium has."""
    async with _page(None) as page:
        await _go_to_each(page, errand.urls)
    return ()


async def as_chrome(errand: Errand) -> tuple[str, ...]:
    """The same, with a plain user-agent."""
    async with _page(CHROME) as page:
        await _go_to_each(page, errand.urls)
    return ()


async def walk_works(errand: Errand) -> tuple[str, ...]:
    """The pages of single works by their links, so many seconds for each."""
    async with _page(CHROME) as page:
        beat = Beat()
        await page.goto(errand.base + "/")
        for number in range(1, min(WALKED, len(errand.gallery.paths)) + 1):
            link = "main figure:first-child a" if number == 1 else "a.next"
            await _follow(page, link, errand.base + work_path(number))
            await beat.wait(errand.pace.picture)
    return ()


async def walk_overviews(errand: Errand) -> tuple[str, ...]:
    """The overview pages by their links, so many seconds for each picture on them."""
    async with _page(CHROME) as page:
        beat = Beat()
        await page.goto(errand.base + "/")
        for number in range(1, min(-(-WALKED // PER_PAGE), errand.gallery.overviews) + 1):
            if number > 1:
                await _follow(page, "a.next", errand.base + overview_path(number))
            await beat.wait(errand.pace.picture * len(errand.gallery.on_overview(number)))
    return ()


@asynccontextmanager
async def _page(user_agent: str | None) -> AsyncIterator[Page]:
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=which("chromium"), args=_FLAGS)
            try:
                context = await browser.new_context(user_agent=user_agent)
                context.set_default_timeout(20_000)
                yield await context.new_page()
            finally:
                await browser.close()
    except Error as error:
        raise ClientError(error.message.partition("\n")[0]) from None


async def _go_to_each(page: Page, urls: list[str]) -> None:
    failed = ""
    for url in urls:
        try:
            await page.goto(url)
        except Error as error:
            failed = failed or error.message
    if failed:
        raise ClientError(f"some pictures could not be opened: {failed.splitlines()[0]}")


async def _follow(page: Page, link: str, address: str) -> None:
    """By the link; where a refusal has none, by its address."""
    if await page.locator(link).count():
        await page.click(link)
        await page.wait_for_load_state("load")
    if page.url != address:
        await page.goto(address)
