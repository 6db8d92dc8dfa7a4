"""Uses: how often the sealed paths of this process are opened.

A front asks for a path once. A visitor's own program that was sent there might come again for as long as the path
opens, and its visits are neither judged nor counted there; so a path opens a few times, and no more.
"""

from guardware.caching import BoundedCache
from guardware.http import RawHeaders

ENOUGH = 24
"""What a path is good for: three whole answers (a reload, a second tab), or as many parts as a slow line needs."""

_WHOLE, _PART = 8, 1
"""What a GET takes of that; a HEAD, or a part of a picture, makes no second copy of it."""

_REMEMBERED = 4096
"""Paths in each of two generations. To have a path forgotten, somebody would have to be judged as often in its
half minute, with limits that do not see it."""


class Uses:
    """Owns what was used. One for all sites of a process."""

    def __init__(self) -> None:
        self._used: BoundedCache[bytes, int] = BoundedCache(_REMEMBERED)

    def take(self, seal: bytes, method: str, headers: RawHeaders) -> bool:
        """Whether the path with the number ``seal`` opens once more, for a request like this; if so, count it.

        What changes something on the site (any method but GET and HEAD) goes through once.
        """
        used = self._used.get(seal) or 0
        cost = _cost(method, headers)
        if used + cost > ENOUGH:
            return False
        self._used.put(seal, used + cost)
        return True


def _cost(method: str, headers: RawHeaders) -> int:
    if method == "GET":
        return _PART if any(name == b"range" for name, _ in headers) else _WHOLE
    return _PART if method == "HEAD" else ENOUGH
