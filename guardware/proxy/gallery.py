"""A static gallery: the files of one folder, and an index of pictures where it has no page of its own."""

import asyncio
import base64
import hashlib
import os
import stat
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote_to_bytes

import jinja2
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from guardware.conditions import asked_range
from guardware.http import ASGIApp, Receive, Scope, Send
from guardware.proxy.folder import Entry, Folders, humanise, is_hidden, media_type
from guardware.proxy.lifespan import run_lifespan

PER_PAGE = 96
"""Pictures on one page of the index: full rows of 2, 3, 4, 6 or 8, and a third of the hourly budget's default."""

_TEMPLATES = Path(__file__).parent / "templates"

FAVICON = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect x="1" y="2" width="14" height="12" rx="2"'
    b' fill="#4a5a6a"/><path d="M2.5 12.5l4-5 3 3.5 2-2 2 3.5z" fill="#fff"/><circle cx="11" cy="5.6" r="1.4"'
    b' fill="#fff"/></svg>'
)
"""A framed picture, for folders without a favicon."""


def gallery(root: Path, *, title: str) -> ASGIApp:
    """The folder ``root`` as a site. ``title`` heads the index. Raises NotADirectoryError if it is no folder."""
    if not root.is_dir():
        raise NotADirectoryError(f"{root} is not a folder")
    return Gallery(root, title)


class _Files(StaticFiles):
    """Starlette's static files, but: nothing hidden, nothing unreadable, and picture types of our own.

    Starlette itself refuses what leads out of the folder, symbolic links included, and answers conditional
    and range requests; of the latter it gets to see those alone that RFC 9110 lets it act on.
    """

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file's real path and status; no status if there is nothing to serve. Blocks."""
        try:
            found, status = super().lookup_path(path)
        except (OSError, ValueError):
            return "", None
        if status is None or not os.access(found, os.R_OK):
            return "", None
        inner = os.path.relpath(found, os.path.realpath(str(self.directory)))
        parts = {*path.split(os.sep), *inner.split(os.sep)} - {os.curdir}
        return ("", None) if any(map(is_hidden, parts)) else (found, status)

    def respond(self, found: str, status: os.stat_result, scope: Scope) -> Response:
        """The file, or 304 if the visitor has it."""
        headers = {"x-content-type-options": "nosniff"}
        response = FileResponse(found, stat_result=status, media_type=media_type(found), headers=headers)
        return self.unless_known(response, scope)

    def unless_known(self, response: Response, scope: Scope) -> Response:
        """``response``, or 304 if the visitor has it."""
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


class Gallery:
    """The ASGI app that ``gallery`` makes."""

    def __init__(self, root: Path, title: str) -> None:
        self._files = _Files(directory=root)
        self._folders = Folders(str(root))
        self._title = title
        # One reader at a time: a crowd on a large folder waits for one scan, and leaves other threads to files.
        self._turn = asyncio.Lock()
        environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string((_TEMPLATES / "gallery.html").read_text("utf-8"))
        self._style = (_TEMPLATES / "gallery.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._csp = (
            f"default-src 'none'; img-src 'self'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            response = await self._respond(scope)
            await response(_with_fit_range(scope), receive, send)

    async def _respond(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            return _plain(405, "This gallery only shows.\n", {"allow": "GET, HEAD"})
        parts = _parts(scope)
        if parts is None:
            return _plain(404, "Not found.\n")
        path = os.path.join(*parts) if parts else os.curdir
        as_folder = scope["path"].endswith("/")
        found, status = await to_thread.run_sync(self._files.lookup_path, path)
        if status is not None and stat.S_ISDIR(status.st_mode):
            return await self._folder(scope, path, found, parts) if as_folder else _to_folder(scope, parts[-1])
        if status is not None and stat.S_ISREG(status.st_mode) and not as_folder:
            return self._files.respond(found, status, scope)
        if parts == ["favicon.ico"]:
            return Response(FAVICON, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})
        return _plain(404, "Not found.\n")

    async def _folder(self, scope: Scope, path: str, found: str, parts: list[str]) -> Response:
        """The folder's own page, or our index of its pictures."""
        page, status = await to_thread.run_sync(self._files.lookup_path, os.path.join(path, "index.html"))
        if status is not None and stat.S_ISREG(status.st_mode):
            return self._files.respond(page, status, scope)
        number = _page_number(scope)
        async with self._turn:
            html = await to_thread.run_sync(self._index, found, parts, number) if number else None
        if html is None:
            return _plain(404, "Not found.\n")
        tag = hashlib.blake2b(html, digest_size=8).hexdigest()
        headers = {"cache-control": "no-cache", "etag": f'"{tag}"', "content-security-policy": self._csp}
        return self._files.unless_known(Response(html, media_type="text/html", headers=headers), scope)

    def _index(self, folder: str, parts: list[str], number: int) -> bytes | None:
        """Page ``number`` of the folder's index, or None if it has no such page. Blocks."""
        listing = self._folders.read(folder)
        pages = max(1, -(-len(listing.pictures) // PER_PAGE))
        if number > pages:
            return None
        first = (number - 1) * PER_PAGE
        return self._template.render(
            site=self._title,
            heading=humanise(parts[-1]) if parts else self._title,
            style=self._style,
            crumbs=self._crumbs(parts),
            root="../" * len(parts) or "./",
            folders=[Entry.of(name) for name in listing.folders] if number == 1 else (),
            pictures=[Entry.of(name) for name in listing.pictures[first : first + PER_PAGE]],
            total=len(listing.pictures),
            number=number,
            pages=pages,
        ).encode()

    def _crumbs(self, parts: list[str]) -> list[Entry]:
        """The way up: the gallery first, the folder that holds this one last."""
        names = [self._title, *map(humanise, parts)][: len(parts)]
        return [Entry("../" * (len(parts) - depth), name) for depth, name in enumerate(names)]


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(text, status, headers={"cache-control": "no-store", **(headers or {})})


def _to_folder(scope: Scope, name: str) -> Response:
    """To the same address with a slash, so that relative links hold; relative itself, whatever the host."""
    query = scope.get("query_string", b"").decode("latin-1")
    return RedirectResponse(quote(os.fsencode(name), safe="") + "/" + (f"?{query}" if query else ""), 301)


def _parts(scope: Scope) -> list[str] | None:
    """The path's parts as names on disk, or None if no file can have it.

    The decoded path has replacement characters for bytes that are not UTF-8; the raw one still has the bytes.
    """
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or b""
    if "\ufffd" in path and unquote_to_bytes(raw).decode("utf-8", "replace") == path:
        path = os.fsdecode(unquote_to_bytes(raw))
    path = path.removeprefix(scope.get("root_path", ""))
    parts = [part for part in path.split("/") if part]
    unusable = not path.startswith("/") or "\0" in path or "\\" in path
    return None if unusable or any(part in (".", "..") for part in parts) else parts


def _with_fit_range(scope: Scope) -> Scope:
    """The request without its Range lines if they are to be ignored (RFC 9110 section 14.2): on other methods than
    GET, and where ``asked_range`` finds none that it must heed.
    """
    headers = scope["headers"]
    if scope["method"] == "GET" and asked_range(headers) is not None:
        return scope
    return {**scope, "headers": [line for line in headers if line[0] != b"range"]}


def _page_number(scope: Scope) -> int:
    """Which page of the index is asked for; 0 if it is no page at all."""
    try:
        asked = parse_qs(scope.get("query_string", b"").decode("ascii"), max_num_fields=20).get("page", ["1"])[-1]
    except ValueError:
        return 0
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
