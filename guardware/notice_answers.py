"""The answer at a notice's address: ours, merged with what the application has there itself."""

import asyncio
import logging

from guardware.conditions import is_known
from guardware.http import Answer, ASGIApp, Message, Scope, first_value
from guardware.notices import Notices
from guardware.responses import media_type
from guardware.visit import Visit

logger = logging.getLogger("guardware")

MAX_OWN = 512 * 1024
"""Bytes read of the application's own file. Crawlers need not read more than 500 KiB (RFC 9309 section 2.5)."""


BUDGET = 5.0
"""Seconds that the application has for it: a crawler that waits in vain for robots.txt takes all as allowed."""


async def notice_answer(app: ASGIApp, scope: Scope, visit: Visit, notices: Notices) -> Answer:
    """Status 200 whatever the application does: a robots.txt that fails means "no restrictions" to some.

    Or 304 to whom it was told before (If-None-Match): that keeps what the 200 said.
    """
    own = await _own_file(app, scope)
    answer = await notices.file_soon(visit.path, visit.base_url, own)
    etag = first_value(answer.headers, b"etag")
    # RFC 9110 section 13.1.2: to other methods there is no 304.
    if etag is not None and visit.method in ("GET", "HEAD") and is_known(visit.headers, etag):
        return Answer(304, [line for line in answer.headers if line[0] != b"content-type"], b"")
    return answer


async def _own_file(app: ASGIApp, scope: Scope) -> bytes | None:
    """What the application answers with 200, unless it is a page: a catch-all page is no robots.txt."""
    status, headers, body = 0, [], bytearray()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if asked:  # nothing more comes, and nobody hangs up: wait until the application is done
            await asyncio.Future()
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = [(bytes(k).lower(), bytes(v)) for k, v in message.get("headers", ())]
        elif message["type"] == "http.response.body" and len(body) < MAX_OWN:
            body.extend(message.get("body", b""))

    plain = [
        h
        for h in scope["headers"]
        if h[0] not in (b"accept-encoding", b"range", b"if-none-match", b"if-modified-since")
    ]
    try:
        async with asyncio.timeout(BUDGET):
            await app({**scope, "method": "GET", "headers": plain, "extensions": {}}, receive, send)
    except TimeoutError:
        logger.warning("the application took more than %g s for %s; it is left out", BUDGET, scope["path"])
        return None
    except Exception:
        # The visitor gets our notice all the same; the owner gets the traceback.
        logger.exception("the application failed at %s", scope["path"])
        return None
    if status != 200 or media_type(headers).endswith("html") or any(h[0] == b"content-encoding" for h in headers):
        return None
    return bytes(body[:MAX_OWN])
