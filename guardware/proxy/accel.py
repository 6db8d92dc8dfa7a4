"""Accel: originals that the front sends itself, told by X-Accel-Redirect where they lie (nginx).

Stands between the guard and a gallery, and changes nothing of what may be seen: a file that the gallery would
show is named to the front, which sends it by sendfile, whole or in parts, and compares it with what the visitor
has. The file is looked up as the gallery does it, and what was found holds for LASTING seconds; all else the
gallery answers itself. Who gets no originals gets none here either: from the scopes of such visits the guard takes
the extension by which files are handed over, since it looks at their bodies itself.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from anyio import to_thread

from guardware.caching import BoundedCache
from guardware.http import ASGIApp, RawHeaders, Receive, Scope, Send
from guardware.proxy.files.opening import Root
from guardware.proxy.files.reply import Request
from guardware.proxy.files.serving import file_reply
from guardware.verdict import Action, Verdict
from guardware.visit import Visit

LASTING = 2.0
"""Seconds; as long as nginx may keep a verdict of ours. A file that is hidden or taken away is named no longer."""

_PATHSEND = "http.response.pathsend"
_REMEMBERED = 2048
_LONGEST = 512
"""Files that are remembered, and letters of the paths that are: two megabytes at most."""

_READING = frozenset(["GET", "HEAD"])
_ALLOW = Action.ALLOW

_OF_THE_FILE = frozenset([b"content-length", b"etag", b"last-modified", b"accept-ranges"])
"""What the front says of the file."""

_LOST = frozenset([b"content-encoding", b"vary"])
"""What the gallery says of files that it may send compressed. nginx would not pass it on."""


class _Named(NamedTuple):
    """The answer that names a file, and until when it holds (seconds of the clock)."""

    headers: RawHeaders
    until: float


class Accel:
    """``app``, a gallery of the folder ``root``, whose files the front has at ``location`` (such as /originals/).

    Only for visits that came through a trusted front. ``clock``: monotonic seconds.
    """

    def __init__(
        self, app: ASGIApp, root: Path, location: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._folder = str(root)
        self._root = Root(str(root))
        self._location = location.encode()
        self._clock = clock
        self._known: BoundedCache[str, _Named] = BoundedCache(_REMEMBERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in _READING and _has_originals(scope):
            path = scope["path"]
            named = self._known.get(path)
            if named is None or named.until <= self._clock():
                named = await to_thread.run_sync(self._look, path)
                if named is not None and len(path) <= _LONGEST:
                    self._known.put(path, named)
            if named is not None:
                # A list of one's own: whoever is in between may add to it.
                await send({"type": "http.response.start", "status": 200, "headers": [*named.headers]})
                await send({"type": "http.response.body", "body": b""})
                return
        await self._app(scope, receive, send)

    def _look(self, path: str) -> _Named | None:
        """The answer that names the file at ``path``; None if the gallery has to answer. Blocks."""
        until = self._clock() + LASTING
        inside = _relative(path)
        try:
            top = os.path.realpath(self._folder)
            found = self._root.find(inside) if inside else None
        except OSError:  # the gallery comes upon it again, and says so
            return None
        if found is None or found.file is None:
            return None
        # As for HEAD: nothing is left open.
        said = file_reply(self._root, inside, found, Request("HEAD", [])).headers
        place = os.path.relpath(found.path, top)
        if any(name in _LOST for name, _ in said) or place.split(os.sep)[0] == os.pardir:
            return None
        headers = [line for line in said if line[0] not in _OF_THE_FILE]
        # nginx decodes it once (since 1.5.9), so every byte that means something in an address is encoded.
        headers.append((b"x-accel-redirect", self._location + quote(os.fsencode(place)).encode()))
        headers.append((b"content-length", b"0"))
        return _Named(headers, until)


def _has_originals(scope: Scope) -> bool:
    """Whether the visit may have originals, and came through a front."""
    state = scope.get("state") or {}
    visit, verdict = state.get("guardware.visit"), state.get("guardware")
    if not isinstance(visit, Visit) or not isinstance(verdict, Verdict) or not visit.source.trusted:
        return False
    allowed = verdict.action is _ALLOW or not verdict.enforced
    return allowed and _PATHSEND in (scope.get("extensions") or {}) and not scope.get("root_path")


def _relative(path: str) -> str:
    """``path`` below the root, "" if it is none that is named. Only what can be read in one way is: no folder, no
    backslash, no byte that is not UTF-8."""
    parts = [part for part in path.split("/") if part]
    odd = path[:1] != "/" or path.endswith("/") or any(sign in path for sign in "\\\0\ufffd")
    return "" if odd or any(part in (os.curdir, os.pardir) for part in parts) else os.sep.join(parts)
