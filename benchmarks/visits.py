"""The visits that are timed: what Chromium 156 sends for a page and for a picture on it, as ASGI scopes."""

from typing import Any, Literal

CLIENTS = 512
"""Client addresses that take turns, as in the peer measurements these figures are compared with."""

_CHROME = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
_BRANDS = b'"Not:A-Brand";v="8", "Chromium";v="156"'

# Order and values recorded from Chromium 156.0.8078.79 with a window, opening a gallery on localhost. Hints that a
# site has to ask for (Accept-CH) are left out: an ordinary gallery does not ask.
HEADERS: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "page": (
        (b"host", b"localhost:8443"),
        (b"connection", b"keep-alive"),
        (b"sec-ch-ua", _BRANDS),
        (b"sec-ch-ua-mobile", b"?0"),
        (b"sec-ch-ua-platform", b'"Linux"'),
        (b"upgrade-insecure-requests", b"1"),
        (b"user-agent", _CHROME),
        (
            b"accept",
            b"text/html,application/xhtml+xml,application/xml;q=0.9,image/jxl,image/avif,image/webp,image/apng,"
            b"*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        ),
        (b"sec-fetch-site", b"none"),
        (b"sec-fetch-mode", b"navigate"),
        (b"sec-fetch-user", b"?1"),
        (b"sec-fetch-dest", b"document"),
        (b"accept-encoding", b"gzip, deflate, br, zstd"),
        (b"accept-language", b"en-US,en;q=0.9"),
    ),
    "image": (
        (b"host", b"localhost:8443"),
        (b"connection", b"keep-alive"),
        (b"sec-ch-ua-platform", b'"Linux"'),
        (b"user-agent", _CHROME),
        (b"sec-ch-ua", _BRANDS),
        (b"sec-ch-ua-mobile", b"?0"),
        (b"accept", b"image/jxl,image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
        (b"sec-fetch-site", b"same-origin"),
        (b"sec-fetch-mode", b"no-cors"),
        (b"sec-fetch-dest", b"image"),
        (b"referer", b"https://localhost:8443/"),
        (b"accept-encoding", b"gzip, deflate, br, zstd"),
        (b"accept-language", b"en-US,en;q=0.9"),
        (b"cookie", b"sid=abc123"),
    ),
}

Kind = Literal["page", "image"]

PICTURES = 40
"""Pictures of the gallery; fewer than any budget."""


def address(number: int) -> str:
    """The address of client ``number``: one in each /24 of 198.18.0.0/15, the benchmarking range of RFC 2544.

    A /24 of its own for each, because peers have no network limit and ours is not to be reached.
    """
    number %= CLIENTS
    return f"198.{18 + number // 256}.{number % 256}.7"


def scope(kind: Kind, number: int) -> dict[str, Any]:
    """A fresh scope, as a server would build it for visit ``number``.

    Header bytes are new objects, as they are behind a real parser: shared ones would carry a cached hash.
    """
    path = "/" if kind == "page" else f"/art/{number // CLIENTS % PICTURES}.jpg"
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8443),
        "client": (address(number), 40_000 + number % 20_000),
        "scheme": "https",
        "method": "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(bytes(bytearray(name)), bytes(bytearray(value))) for name, value in HEADERS[kind]],
        "state": {},
    }
