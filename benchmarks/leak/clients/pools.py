"""Many addresses of 127.0.0.0/8 that share one list of pictures: the residential proxies of the range."""

import json

from benchmarks.leak.clients.browser_headers import PICTURE
from benchmarks.leak.errand import CLIENTS_PYTHON, REPOSITORY, Errand
from benchmarks.leak.gallery import PER_PAGE, overview_path
from benchmarks.leak.processes import run

_SIZE = 200
_SCATTERED = tuple(f"127.{number}.{7 * number % 250}.{1 + number}" for number in range(1, _SIZE + 1))
"""Each in a /24 (and a /16) of its own."""
_NEIGHBOURS = tuple(f"127.77.7.{number}" for number in range(1, _SIZE + 1))
"""All in one /24."""
_ALONE = ("127.0.0.1",)


async def as_requests(errand: Errand) -> tuple[str, ...]:
    """requests, from everywhere."""
    await _share(errand, _SCATTERED, careful=False)
    return ()


async def as_requests_in_one_network(errand: Errand) -> tuple[str, ...]:
    """requests, from one /24."""
    await _share(errand, _NEIGHBOURS, careful=False)
    return ()


async def careful(errand: Errand) -> tuple[str, ...]:
    """A browser's picture headers to the letter, from everywhere."""
    await _share(errand, _SCATTERED, careful=True)
    return ()


async def careful_in_one_network(errand: Errand) -> tuple[str, ...]:
    """The same from one /24."""
    await _share(errand, _NEIGHBOURS, careful=True)
    return ()


async def careful_alone(errand: Errand) -> tuple[str, ...]:
    """The same headers from one address, as fast as it goes."""
    await _share(errand, _ALONE, careful=True, hurried=True)
    return ()


async def _share(errand: Errand, addresses: tuple[str, ...], *, careful: bool, hurried: bool = False) -> None:
    task = {
        "urls": errand.urls,
        "referers": [
            errand.base + overview_path(number // PER_PAGE + 1) for number in range(len(errand.gallery.paths))
        ],
        "addresses": addresses,
        "pace": 0.0 if hurried else errand.pace.pool,
        "headers": PICTURE if careful else None,
    }
    file = errand.folder.with_suffix(".json")
    file.write_text(json.dumps(task))
    script = REPOSITORY / "benchmarks" / "leak" / "children" / "pool.py"
    await run([str(CLIENTS_PYTHON), str(script), str(file)], folder=errand.folder, limit=errand.limit)
