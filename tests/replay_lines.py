"""Lines of access logs for tests, in the combined format."""

from datetime import UTC, datetime

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:157.0) Gecko/20100101 Firefox/157.0"
START = datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()
"""When the first line is written."""


def line(
    target: str,
    agent: str = FIREFOX,
    referer: str = "-",
    *,
    address: str = "203.0.113.9",
    after: float = 0,
    status: int = 200,
    method: str = "GET",
) -> str:
    """A combined line, ``after`` seconds from ``START``."""
    when = datetime.fromtimestamp(START + after, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{address} - - [{when}] "{method} {target} HTTP/1.1" {status} 512 "{referer}" "{agent}"'


def browsing(address: str = "203.0.113.9", agent: str = FIREFOX, pictures: int = 3, after: float = 0) -> list[str]:
    """A person's visit: a page, what is on it, and the icon."""
    page = "https://gallery.example/"
    parts = ["/style.css", "/favicon.ico", *(f"/art/{n}.jpg" for n in range(pictures))]
    return [
        line("/", agent, address=address, after=after),
        *(line(part, agent, page, address=address, after=after + 1) for part in parts),
    ]
