"""Libraries under a browser's name, from picture to picture without a page."""

from benchmarks.leak.clients.browser_headers import CHROME
from benchmarks.leak.clients.libraries import script
from benchmarks.leak.errand import Errand


async def requests_as_chrome(errand: Errand) -> tuple[str, ...]:
    """requests with nothing changed but its user-agent, as most scrapers do."""
    await script("fetch_requests.py", errand, CHROME)
    return ()


async def curl_cffi_chrome(errand: Errand) -> tuple[str, ...]:
    """The newest Chrome it knows, with the headers it sends for that."""
    await script("fetch_curl_cffi.py", errand, "chrome")
    return ()


async def curl_cffi_firefox(errand: Errand) -> tuple[str, ...]:
    """The newest Firefox it knows."""
    await script("fetch_curl_cffi.py", errand, "firefox")
    return ()
