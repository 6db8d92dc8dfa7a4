"""A Litestar site with guardware in front of it.

    pip install ../.. litestar uvicorn
    PICTURES=my-pictures uvicorn app:app --no-proxy-headers

in this folder; ``../..`` is the clone of guardware's repository.

``--no-proxy-headers``: guardware decides itself which proxies to believe (clients.trusted_proxies).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.response import Stream
from litestar.static_files import create_static_files_router

from guardware import GuardMiddleware

PICTURES = Path(os.environ.get("PICTURES", "pictures"))


def works() -> list[str]:
    return sorted(path.name for path in PICTURES.iterdir())


@asynccontextmanager
async def lifespan(site: Litestar) -> AsyncIterator[None]:
    """Starts and stops with the server, as ever; guardware starts and stops with it."""
    site.state.works = works()
    yield


@get("/", media_type="text/html")
async def index(request: Request, state: State) -> str:
    images = "\n".join(f'<img src="/art/{escape(name)}" alt="">' for name in state.works)
    # What guardware thinks of this visit: allow, or protect if the pictures are to go out as marked copies.
    action = request.scope["state"]["guardware"].action
    return f"<!doctype html><title>Pictures</title>\n{images}\n<p>Your visit: {action}"


@get("/catalogue")
async def catalogue(state: State) -> Stream:
    async def lines() -> AsyncIterator[str]:
        for name in state.works:
            yield f"{name}\n"

    return Stream(lines(), media_type="text/plain")


site = Litestar(
    [index, catalogue, create_static_files_router("/art", directories=[PICTURES])],
    lifespan=[lifespan],
)

# Around the whole, not in Litestar's own list of middleware: that is passed by for addresses without a route, and
# robots.txt is one.
app = GuardMiddleware(site)
