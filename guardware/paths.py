"""The path that policy judges: one normal form, or none when the path cannot be judged safely.

The application (or the upstream) gets the path as it came; so a path is refused whenever servers are known to
disagree on what it names: dot segments, backslashes, control characters, and any of these encoded twice or in
overlong UTF-8.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote, unquote_to_bytes

MAX_LENGTH = 8192
"""Characters of a path; longer ones are refused. Servers that limit the request line stop at 8 kB."""

_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|%(?:2e|2f|5c|00|25)", re.IGNORECASE)
"""In a *decoded* path: control characters, backslashes, and what would change under a second decoding."""

_DOTS = re.compile(r"/(?> *)\.(?>[. ]*)(?>(?:;[^/]*)?)(?=/|$)")
"""A dot segment, also one with a parameter (``..;x``), which some Java servers resolve, and one of more dots or
with spaces (``.. ``, ``...``), from which Windows strips what stands at the end."""

_OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")
"""More bytes than a character needs (RFC 3629 section 3): ``%c0%ae`` is a dot to some decoders alone."""


class Path(NamedTuple):
    """``text``: decoded once, slashes collapsed. ``extension``: lower case, without dot or parameters."""

    text: str
    extension: str


def normalise(path: str, raw_path: bytes = b"") -> Path | None:
    """The normal form, or None when the path is not one that every server reads alike.

    ``path`` must be what one decoding makes of ``raw_path``: the application acts on the one, an upstream on the
    other. An encoded slash alone is no harm, since it is judged as the slash that it may become.
    """
    if not path.startswith("/") or len(path) > MAX_LENGTH or len(raw_path) > 3 * MAX_LENGTH:
        return None
    if _UNSAFE.search(path) or _DOTS.search(path):
        return None
    if raw_path and unquote(raw_path.decode("latin-1")) != path:
        return None
    if _is_overlong(raw_path or path.encode("utf-8", "surrogatepass")):
        return None
    text = re.sub("/{2,}", "/", path)
    return Path(text, extension(text))


def _is_overlong(raw: bytes) -> bool:
    once = unquote_to_bytes(raw)
    return any(_OVERLONG.search(form) for form in (once, unquote_to_bytes(once)))


def extension(path: str) -> str:
    """``/a/Full.PNG;v=2`` -> ``png``; trailing dots and spaces do not count (Windows ignores them)."""
    name = path.rpartition("/")[2].partition(";")[0].rstrip(". ")
    stem, dot, suffix = name.rpartition(".")
    return suffix.lower() if dot and stem else ""
