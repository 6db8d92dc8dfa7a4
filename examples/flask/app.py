"""A Flask site (WSGI) with guardware in front of it; any other WSGI site goes the same way.

    pip install ../.. flask a2wsgi uvicorn
    PICTURES=my-pictures uvicorn app:app --no-proxy-headers

in this folder; ``../..`` is the clone of guardware's repository.

``--no-proxy-headers``: guardware decides itself which proxies to believe (clients.trusted_proxies).
"""

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path

from a2wsgi import WSGIMiddleware
from flask import Flask, Response, request, send_from_directory

from guardware import GuardMiddleware

PICTURES = Path(os.environ.get("PICTURES", "pictures")).resolve()

site = Flask(__name__)


def works() -> list[str]:
    return sorted(path.name for path in PICTURES.iterdir())


@site.get("/")
def index() -> str:
    images = "\n".join(f'<img src="/art/{escape(name)}" alt="">' for name in works())
    # What guardware thinks of this visit: allow, or protect if the pictures are to go out as marked copies.
    action = request.environ["asgi.scope"]["state"]["guardware"].action
    return f"<!doctype html><title>Pictures</title>\n{images}\n<p>Your visit: {action}"


@site.get("/art/<name>")
def art(name: str) -> Response:
    return send_from_directory(PICTURES, name)


@site.get("/catalogue")
def catalogue() -> Response:
    def lines() -> Iterator[str]:
        for name in works():
            yield f"{name}\n"

    return Response(lines(), mimetype="text/plain")


# a2wsgi runs the site in threads (10 of them) and hands bodies on piece by piece.
app = GuardMiddleware(WSGIMiddleware(site, workers=10))
