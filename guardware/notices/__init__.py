"""Notices: the machine-readable opt-outs, in headers and in files that everybody may fetch."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.config import schema
from guardware.http import Answer, RawHeaders
from guardware.notices import ai_txt, robots, rsl, tdmrep
from guardware.notices.headers import cancels, kind_of, notice_headers
from guardware.notices.owner import origin, usable_base
from guardware.notices.refused import refused_tokens

logger = logging.getLogger("guardware.notices")

__all__ = ["Notices", "refused_tokens"]

MAX_AGE = 3600
"""Seconds for which a notice may be kept (RFC 9309 section 2.4 asks for at most 24 hours)."""

_HEADER_ENTRIES = 512
_FILE_ENTRIES = 16
_BODY_ENTRIES = 4
"""One for each notice file; up to half a megabyte each."""
_LONG = 32 * 1024
"""Bytes of an app's own file from which it is read in a thread. Merging 500 KiB takes 0.1 to 0.7 s."""
_HEEDED = 64
"""X-Robots-Tag values of the app that are looked at; an app has a handful."""
_KEY_LENGTH = 256


class _File(NamedTuple):
    """``body``: made of the app's own file, for all hosts alike; pure, so any thread may. ``frame``: that body as
    the host gets it whose base is given.
    """

    content_type: bytes
    body: Callable[[bytes | None], bytes]
    frame: Callable[[str, bytes], bytes] = lambda base, body: body


class Notices:
    """States that nothing here may be used for AI, the way the owner's ``notices`` section says.

    ``refused``: the tokens that robots.txt disallows (see ``refused_tokens``). One event loop owns it.
    """

    def __init__(self, config: schema.Notices, site: schema.Site, refused: Sequence[str]) -> None:
        self._config = config
        self._site = site
        self._refused = tuple(refused)
        self._origin = origin(site)
        self._files = self._switched_on()
        self._headers: BoundedCache[tuple[bytes | None, str], RawHeaders] = BoundedCache(_HEADER_ENTRIES)
        self._answers: BoundedCache[tuple[str, str, bytes], Answer] = BoundedCache(_FILE_ENTRIES)
        self._bodies: BoundedCache[tuple[str, bytes], bytes] = BoundedCache(_BODY_ENTRIES)
        self._turn = asyncio.Lock()
        self._heeded: set[bytes] = set()
        self.paths = frozenset(self._files)
        """The paths of the notice files that are switched on."""

    def headers(self, content_type: bytes | None, base_url: str) -> RawHeaders:
        """The lines to put before all others on a response with this content-type: pages and pictures get
        them, X-Robots-Tag first; everything else an empty list. The list is shared: never change it.
        """
        key = (content_type, base_url)
        lines = self._headers.get(key)
        if lines is None:
            lines = notice_headers(self._config, kind_of(content_type), self._base(base_url))
            if len(content_type or b"") + len(base_url) <= _KEY_LENGTH:
                self._headers.put(key, lines)
        return lines

    def file(self, path: str, base_url: str, own: bytes | None = None) -> Answer:
        """The notice at ``path``, for a site that the visitor knows as ``base_url`` (scheme and host).

        ``own``: the body of the app's own file of that name, or None. robots.txt is merged with it; of the
        others it is served as it is, if it is in the format it should be. Raises KeyError for a path that is
        not in ``paths``. Blocks, for up to a second if ``own`` is long.
        """
        return self._file(path, self._base(base_url), own, _digest(own))

    async def file_soon(self, path: str, base_url: str, own: bytes | None = None) -> Answer:
        """The same as ``file``, for the event loop: a long file of the app's is read in a thread."""
        base, digest = self._base(base_url), _digest(own)
        if own is not None and len(own) > _LONG and self._answers.get((path, base, digest)) is None:
            # One at a time: a crowd that asks for the same file waits for one merge. Caches stay with the loop.
            async with self._turn:
                if self._bodies.get((path, digest)) is None:
                    self._bodies.put((path, digest), await asyncio.to_thread(self._files[path].body, own))
        return self._file(path, base, own, digest)

    def cancelled_by(self, value: bytes) -> str | None:
        """Why an app's X-Robots-Tag ``value`` would undo ours in some reader, as a sentence with the mend, or
        None. Nothing is undone where ours is switched off.
        """
        return cancels(value) if self._config.robots_tag else None

    def heed(self, value: bytes) -> None:
        """Look at an app's X-Robots-Tag ``value``; if it would undo ours somewhere, say so in the log, once."""
        if value in self._heeded or len(self._heeded) >= _HEEDED:
            return
        self._heeded.add(value)
        reason = self.cancelled_by(value)
        if reason is not None:
            logger.warning("the site's own %s", reason)

    def _file(self, path: str, base: str, own: bytes | None, digest: bytes) -> Answer:
        answer = self._answers.get((path, base, digest))
        if answer is None:
            file = self._files[path]
            # The base comes from the request: a long file is merged once for all bases.
            body = self._bodies.get((path, digest))
            if body is None:
                body = file.body(own)
                self._bodies.put((path, digest), body)
            answer = _answer(file.content_type, file.frame(base, body))
            self._answers.put((path, base, digest), answer)
        return answer

    def _base(self, base_url: str) -> str:
        return usable_base(base_url, self._origin)

    def _switched_on(self) -> dict[str, _File]:
        config, site, refused = self._config, self._site, self._refused
        text, json, xml = b"text/plain; charset=utf-8", b"application/json", rsl.MEDIA_TYPE.encode()

        def robots_body(own: bytes | None) -> bytes:
            return robots.robots_body(config, refused, own)

        def robots_txt(base: str, body: bytes) -> bytes:
            return robots.robots_txt(config, base, body)

        ai = _or_own(ai_txt.accepts_own, ai_txt.ai_txt)
        tdm = _or_own(tdmrep.accepts_own, lambda: tdmrep.tdmrep_json(config))
        licence = _or_own(rsl.accepts_own, lambda: rsl.license_xml(site))
        table = (
            (config.robots_txt, robots.PATH, _File(text, robots_body, robots_txt)),
            (config.ai_txt, ai_txt.PATH, _File(text, ai)),
            (config.tdm_reservation, tdmrep.PATH, _File(json, tdm)),
            (config.rsl, rsl.PATH, _File(xml, licence)),
        )
        return {path: file for on, path, file in table if on}


def _or_own(accepts: Callable[[bytes], bool], make: Callable[[], bytes]) -> Callable[[bytes | None], bytes]:
    """The app's own file if it is one, else ours: the owner's own words are nearer to the owner's will."""
    return lambda own: own if own is not None and accepts(own) else make()


def _digest(own: bytes | None) -> bytes:
    return sha256(own).digest() if own is not None else b""


def _answer(content_type: bytes, body: bytes) -> Answer:
    tag = b'"' + sha256(body).hexdigest()[:16].encode() + b'"'
    headers = [
        (b"content-type", content_type),
        (b"cache-control", f"public, max-age={MAX_AGE}".encode()),
        (b"etag", tag),
        (b"x-content-type-options", b"nosniff"),
    ]
    return Answer(200, headers, body)
