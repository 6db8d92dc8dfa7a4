"""A static gallery: the files of one folder, and an index of pictures where it has no page of its own."""

import asyncio
import base64
import hashlib
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote_to_bytes

import jinja2
from anyio import to_thread

from guardware.http import Answer, ASGIApp, RawHeaders, Receive, Scope, Send, send_answer
from guardware.images.ranges import answer_bytes
from guardware.proxy.files.opening import Root
from guardware.proxy.files.reply import Reply, Request
from guardware.proxy.files.sending import read_first, send_reply
from guardware.proxy.files.serving import file_reply, missing_reply
from guardware.proxy.folder import Entry, Folders, humanise
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


class _Sight(NamedTuple):
    """What a look at the folder found: a ``reply`` and the first piece of its body, or a ``folder`` to list, or
    that the address lacks a slash (``moved``), or nothing."""

    reply: Reply | None = None
    first: bytes = b""
    folder: str | None = None
    moved: bool = False


class Gallery:
    """The ASGI app that ``gallery`` makes."""

    def __init__(self, root: Path, title: str) -> None:
        self._root = Root(str(root))
        self._folders = Folders(str(root))
        self._title = title
        # One reader at a time: a crowd on a large folder waits for one scan, and leaves other threads to files.
        self._turn = asyncio.Lock()
        environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string((_TEMPLATES / "gallery.html").read_text("utf-8"))
        self._style = (_TEMPLATES / "gallery.css").read_text("utf-8")
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; img-src 'self'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )
        self._page_headers = [(b"cache-control", b"no-cache"), (b"content-security-policy", policy.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif (refused := _METHODS.get(scope["method"], _NOT_ALLOWED)) is not None:
            await send_answer(refused, scope["method"], send)
        else:
            await self._show(scope, receive, send)

    async def _show(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, parts = Request(scope["method"], scope["headers"]), _parts(scope)
        try:
            sight = await to_thread.run_sync(self._look, parts, scope, request)
        except OSError:  # too many open files: soon there are fewer
            await send_answer(_BUSY, request.method, send)
            return
        if sight.reply is not None:
            await send_reply(sight.reply, sight.first, scope, receive, send)
        else:
            await send_answer(await self._without_file(sight, parts or [], scope), request.method, send)

    def _look(self, parts: list[str] | None, scope: Scope, request: Request) -> _Sight:
        """What is at the path. Blocks: all that may, up to the first piece, takes one turn of a thread."""
        as_folder = scope["path"].endswith("/")
        path = os.path.join("", *parts) if parts is not None else None
        found = self._root.find(path) if path is not None else None
        if path is None or found is None:
            return self._nothing(parts, scope, request)
        if found.file is not None:
            if not as_folder:
                return _seen(file_reply(self._root, path, found, request), scope)
            found.close()
            return self._nothing(parts, scope, request)
        if not as_folder:
            return _Sight(moved=True)
        path = os.path.join(path, "index.html")
        page = self._root.find(path)
        if page is None or page.file is None:
            return _Sight(folder=found.path)
        return _seen(file_reply(self._root, path, page, request), scope)

    def _nothing(self, parts: list[str] | None, scope: Scope, request: Request) -> _Sight:
        if parts == ["favicon.ico"]:
            return _Sight()
        reply = missing_reply(self._root, request)
        return _Sight() if reply is None else _seen(reply, scope)

    async def _without_file(self, sight: _Sight, parts: list[str], scope: Scope) -> Answer:
        if sight.moved:
            return _to_folder(scope, parts[-1])
        if sight.folder is not None:
            return await self._list(scope, sight.folder, parts)
        return _favicon(scope) if parts == ["favicon.ico"] else _NOT_FOUND

    async def _list(self, scope: Scope, folder: str, parts: list[str]) -> Answer:
        """Our index of the folder's pictures."""
        number = _page_number(scope)
        async with self._turn:
            html = await to_thread.run_sync(self._index, folder, parts, number) if number else None
        return _NOT_FOUND if html is None else _page(html, "text/html; charset=utf-8", scope, self._page_headers)

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


def _seen(reply: Reply, scope: Scope) -> _Sight:
    return _Sight(reply, read_first(reply, scope))


def _plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    kept = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store"), *headers]
    return Answer(status, kept, text.encode())


_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_NOT_FOUND = _plain(404, "Not found.\n")
_NOT_ALLOWED = _plain(405, "This gallery only shows.\n", _ALLOW)
_BUSY = _plain(503, "Too busy. Please try again.\n", (b"retry-after", b"2"))
_OPTIONS = Answer(204, [_ALLOW, (b"cache-control", b"no-store")], b"")

_METHODS: dict[str, Answer | None] = {"GET": None, "HEAD": None, "OPTIONS": _OPTIONS}
"""What each method is answered with, whatever the path; None if that depends on the path."""


def _page(body: bytes, kind: str, scope: Scope, headers: RawHeaders) -> Answer:
    """``body`` whole, or 304 if the visitor has it."""
    tag = b'"%s"' % hashlib.blake2b(body, digest_size=8).hexdigest().encode()
    extra = [*headers, (b"x-content-type-options", b"nosniff")]
    return answer_bytes(body, kind, tag, scope["headers"], method=scope["method"], extra_headers=extra)


def _favicon(scope: Scope) -> Answer:
    return _page(FAVICON, "image/svg+xml", scope, [(b"cache-control", b"max-age=86400")])


def _to_folder(scope: Scope, name: str) -> Answer:
    """To the same address with a slash, so that relative links hold; relative itself, whatever the host."""
    query: bytes = scope.get("query_string", b"")
    location = quote(os.fsencode(name), safe="").encode() + b"/" + (b"?" + query if query else b"")
    return Answer(301, [(b"location", location), (b"cache-control", b"no-cache")], b"")


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


def _page_number(scope: Scope) -> int:
    """Which page of the index is asked for; 0 if it is no page at all."""
    try:
        asked = parse_qs(scope.get("query_string", b"").decode("ascii"), max_num_fields=20).get("page", ["1"])[-1]
    except ValueError:
        return 0
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
