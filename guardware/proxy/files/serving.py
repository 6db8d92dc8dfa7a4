"""Serving: the reply for a path below a root: the file, its compressed twin, a folder, or the owner's 404 page."""

import os

from guardware.http import RawHeaders
from guardware.proxy.files.coded import accepted, may_be_coded
from guardware.proxy.files.opening import Found, Root
from guardware.proxy.files.reply import Reply, Request, missing_with, reply_with
from guardware.proxy.folder import media_type

_NEWER = 2.0
"""Seconds by which a compressed file may be older than its plain one; beyond that it is a former one's."""

_LASTING = ("image/", "font/", "video/", "audio/")

_LASTS: RawHeaders = [(b"cache-control", b"max-age=3600")]
"""For pictures (the guard makes it private) and fonts: one evening's visit fetches each once, and a work that its
artist exchanges is not shown in its old form for weeks, as it may be by a browser's own guess."""

_CHECKED: RawHeaders = [(b"cache-control", b"no-cache")]
"""For pages, styles and scripts: they change together, and asking again costs a 304."""

_VARIES: RawHeaders = [(b"vary", b"Accept-Encoding")]


def file_reply(root: Root, path: str, found: Found, request: Request) -> Reply:
    """The reply with the file ``found`` at ``path`` of ``root``, or with its compressed twin. Blocks."""
    kind = full_type(found.path)
    lasting = _LASTS if kind.startswith(_LASTING) else _CHECKED
    if not may_be_coded(kind):
        # Compressed as it is; no browser shows it unless told so (SVG 1.1, appendix J.1).
        coding = b"gzip" if found.path.lower().endswith(".svgz") else b""
        return reply_with(found, kind, request, extra=lasting, coding=coding)
    extra = [*lasting, *_VARIES]
    for coding, suffix in accepted(request.headers):
        twin = root.find(path + suffix) if path else None
        if twin is not None and _fits(twin, found):
            found.close()
            return reply_with(twin, kind, request, extra=extra, coding=coding)
        if twin is not None:
            twin.close()
    return reply_with(found, kind, request, extra=extra)


def missing_reply(root: Root, request: Request) -> Reply | None:
    """The owner's own ``404.html``; None if there is none. Blocks."""
    found = root.find("404.html")
    if found is None or found.file is None:
        return None
    return missing_with(found, full_type(found.path), request)


def full_type(path: str) -> str:
    """The Content-Type of a file: its media type, and for text the encoding that everybody writes."""
    kind = media_type(os.path.basename(path))
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _fits(twin: Found, found: Found) -> bool:
    return twin.file is not None and twin.status.st_mtime >= found.status.st_mtime - _NEWER
