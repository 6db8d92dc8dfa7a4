"""A FastAPI site with guardware in front of it.

    pip install ../.. fastapi uvicorn
    PICTURES=my-pictures uvicorn app:app --no-proxy-headers

in this folder; ``../..`` is the clone of guardware's repository.

``--no-proxy-headers``: guardware decides itself which proxies to believe (clients.trusted_proxies).
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from guardware import GuardMiddleware

PICTURES = Path(os.environ.get("PICTURES", "pictures"))


def works() -> list[str]:
    return sorted(path.name for path in PICTURES.iterdir())


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, list[str]]]:
    """Starts and stops with the server, as ever; guardware starts and stops with it."""
    yield {"works": works()}


app = FastAPI(lifespan=lifespan)
app.mount("/art", StaticFiles(directory=PICTURES))


@app.get("/", response_class=HTMLResponse)
async def index(request: Request) -> str:
    images = "\n".join(f'<img src="/art/{escape(name)}" alt="">' for name in request.state.works)
    # What guardware thinks of this visit: allow, or protect if the pictures are to go out as marked copies.
    action = request.state.guardware.action
    return f"<!doctype html><title>Pictures</title>\n{images}\n<p>Your visit: {action}"


@app.get("/catalogue")
async def catalogue(request: Request) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for name in request.state.works:
            yield f"{name}\n"

    return StreamingResponse(lines(), media_type="text/plain")


# Last, so outermost: FastAPI asks the middleware that was added last first.
app.add_middleware(GuardMiddleware)
