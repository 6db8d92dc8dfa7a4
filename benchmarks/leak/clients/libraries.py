"""Programming libraries with the headers they send of themselves; the scripts are in ``children``."""

from benchmarks.leak.errand import CLIENTS_PYTHON, REPOSITORY, Errand
from benchmarks.leak.processes import run

_CHILDREN = REPOSITORY / "benchmarks" / "leak" / "children"


async def requests(errand: Errand) -> tuple[str, ...]:
    """One session."""
    await script("fetch_requests.py", errand)
    return ()


async def httpx(errand: Errand) -> tuple[str, ...]:
    """One client, eight at a time."""
    await script("fetch_httpx.py", errand)
    return ()


async def aiohttp(errand: Errand) -> tuple[str, ...]:
    """One session, eight at a time."""
    await script("fetch_aiohttp.py", errand)
    return ()


async def node(errand: Errand) -> tuple[str, ...]:
    """Node's own fetch, eight at a time."""
    argv = ["node", str(_CHILDREN / "fetch.mjs"), str(errand.url_list())]
    await run(argv, folder=errand.folder, limit=errand.limit)
    return ()


async def script(name: str, errand: Errand, *arguments: str) -> None:
    """A script of ``children`` on all pictures, in the clients' environment."""
    argv = [str(CLIENTS_PYTHON), str(_CHILDREN / name), str(errand.url_list()), *arguments]
    await run(argv, folder=errand.folder, limit=errand.limit)
