"""The answer at a notice's address: ours, merged with what the application has there itself."""

import asyncio
import logging

from guardware.http import Answer, ASGIApp, Message, Scope
from guardware.notices import Notices
from guardware.responses import media_type
from guardware.visit import Visit

logger = logging.getLogger("guardware")

MAX_OWN = 512 * 1024
"""Bytes read of the application's own file. Crawlers need not read more than 500 KiB (RFC 9309 section 2.5)."""


async def notice_answer(app: ASGIApp, scope: Scope, visit: Visit, notices: Notices) -> Answer:
    """Status 200 whatever the application does: a robots.txt that fails means "no restrictions" to some."""
    own = await _own_file(app, scope)
    return notices.file(visit.path, visit.base_url, own)


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
        await app({**scope, "method": "GET", "headers": plain, "extensions": {}}, receive, send)
    except Exception:
        # The visitor gets our notice all the same; the owner gets the traceback.
        logger.exception("the application failed at %s", scope["path"])
        return None
    if status != 200 or media_type(headers).endswith("html") or any(h[0] == b"content-encoding" for h in headers):
        return None
    return bytes(body[:MAX_OWN])
