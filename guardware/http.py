"""Answer: a whole HTTP response of our own, and how it goes out over ASGI."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]
"""Header lines as ASGI has them: lower-case names, in order, repeated ones apart. Never a dict."""


OURS = b"x-guardware-"
"""What the names of our own headers begin with. Nobody may send us one, nor get one from an application."""


class Answer(NamedTuple):
    """A response that is whole in memory. ``headers`` have no content-length: ``send_answer`` adds it."""

    status: int
    headers: RawHeaders
    body: bytes


async def send_answer(answer: Answer, method: str, send: Send) -> None:
    """Send ``answer``; a HEAD gets the same head without the body."""
    headers = answer.headers
    if answer.status != 304:  # RFC 9110 section 8.6: that length would be of what a 200 has
        headers = [*headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def without_ours(headers: RawHeaders) -> RawHeaders:
    """``headers`` (names in lower case) less those that only we may write."""
    return [line for line in headers if not line[0].startswith(OURS)]


def first_value(headers: RawHeaders, name: bytes) -> bytes | None:
    """The value of the first line named ``name`` (lower case), or None."""
    for key, value in headers:
        if key == name:
            return value
    return None
