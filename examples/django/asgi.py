"""A Django site with guardware in front of it.

    pip install ../.. django uvicorn
    PICTURES=my-pictures uvicorn asgi:application --no-proxy-headers

in this folder; ``../..`` is the clone of guardware's repository.

In a project of your own only the two lines at the end matter; they go to the end of its asgi.py.

``--no-proxy-headers``: guardware decides itself which proxies to believe (clients.trusted_proxies).
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils.html import format_html_join

from guardware import GuardMiddleware

PICTURES = Path(os.environ.get("PICTURES", "pictures"))

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    SECRET_KEY=os.environ.get("SECRET_KEY", "only for trying it out"),
)


def works() -> list[str]:
    return sorted(path.name for path in PICTURES.iterdir())


def index(request: HttpRequest) -> HttpResponse:
    images = format_html_join("\n", '<img src="/art/{}" alt="">', ((name,) for name in works()))
    # What guardware thinks of this visit: allow, or protect if the pictures are to go out as marked copies.
    action = request.scope["state"]["guardware"].action
    return HttpResponse(f"<!doctype html><title>Pictures</title>\n{images}\n<p>Your visit: {action}")


def art(request: HttpRequest, name: str) -> FileResponse:
    if name not in works():
        raise Http404
    return FileResponse((PICTURES / name).open("rb"))


def catalogue(request: HttpRequest) -> StreamingHttpResponse:
    async def lines() -> AsyncIterator[str]:
        for name in works():
            yield f"{name}\n"

    return StreamingHttpResponse(lines(), content_type="text/plain")


urlpatterns = [path("", index), path("art/<str:name>", art), path("catalogue", catalogue)]

application = get_asgi_application()
application = GuardMiddleware(application)
