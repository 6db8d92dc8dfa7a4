"""Other ways to ask for the same picture, which must not give more than the straight one."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit


class Trick(NamedTuple):
    """A request for a picture: ``name`` for the finding, the address, and what is added to it."""

    name: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = {}


def tricks(url: str) -> list[Trick]:
    """The ways to ask for ``url``; those of them that some server takes for the same."""
    parts = urlsplit(url)
    folder, _, name = parts.path.rpartition("/")
    paths = {
        "a double slash": f"{folder}//{name}",
        "a dot segment": f"{folder}/%2e/{name}",
        "an encoded letter": f"{folder}/%{ord(name[:1] or '-'):02x}{name[1:]}",
        "capital letters": f"{folder}/{name.swapcase()}",
        "a dot at the end": f"{parts.path}.",
        "a parameter": f"{parts.path};x",
        "a false ending": f"{parts.path}/x.css",
    }
    changed = [Trick(way, urlunsplit(parts._replace(path=path))) for way, path in paths.items()]
    query = f"{parts.query}&.css" if parts.query else "x=.css"
    return [
        Trick("a query", urlunsplit(parts._replace(query=query))),
        *changed,
        Trick("a range", url, headers={"Range": "bytes=0-"}),
        Trick("HEAD", url, method="HEAD"),
    ]
