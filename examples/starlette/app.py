"""A Starlette site with guardware in front of it.

    pip install ../.. starlette uvicorn
    PICTURES=my-pictures uvicorn app:app --no-proxy-headers

in this folder; ``../..`` is the clone of guardware's repository.

``--no-proxy-headers``: guardware decides itself which proxies to believe (clients.trusted_proxies).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from guardware import GuardMiddleware

PICTURES = Path(os.environ.get("PICTURES", "pictures"))


def works() -> list[str]:
    return sorted(path.name for path in PICTURES.iterdir())


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, list[str]]]:
    """Starts and stops with the server, as ever; guardware starts and stops with it."""
    yield {"works": works()}


async def index(request: Request) -> HTMLResponse:
    images = "\n".join(f'<img src="/art/{escape(name)}" alt="">' for name in request.state.works)
    # What guardware thinks of this visit: allow, or protect if the pictures are to go out as marked copies.
    action = request.state.guardware.action
    return HTMLResponse(f"<!doctype html><title>Pictures</title>\n{images}\n<p>Your visit: {action}")


async def catalogue(request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for name in request.state.works:
            yield f"{name}\n"

    return StreamingResponse(lines(), media_type="text/plain")


app = Starlette(
    routes=[
        Route("/", index),
        Route("/catalogue", catalogue),
        Mount("/art", StaticFiles(directory=PICTURES)),
    ],
    # First in the list, so outermost: what comes after sees only visits that were let through.
    middleware=[Middleware(GuardMiddleware)],
    lifespan=lifespan,
)
