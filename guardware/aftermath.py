"""What is learned of a client between its visits, kept until its next one: so that no visit asks the store twice.

A style sheet fetched, robots.txt read, what the application answered. In this process only, and bounded: it makes
clients doubtful or well known a little sooner, and nothing rests on it alone.
"""

from collections import OrderedDict

from guardware.caching import BoundedCache

_REMEMBERED = 8
"""Wrong addresses of a client that count once: one broken link on every page is the site's fault."""


class Learned:
    """What waits for a client's next visit (``store.protocol.Touch``); ``behaviour``: what its deeds weighed."""

    __slots__ = ("behaviour", "cookies", "errors", "habits")

    def __init__(self) -> None:
        self.habits = self.cookies = self.errors = 0
        self.behaviour = 0.0


class Aftermath:
    """By client key, at most ``size`` of them, the oldest out first. One event loop owns it."""

    def __init__(self, size: int = 8192) -> None:
        self._size = size
        self._waiting: OrderedDict[str, Learned] = OrderedDict()
        self._wrong: BoundedCache[str, tuple[int, ...]] = BoundedCache(size)

    def take(self, client: str) -> Learned | None:
        """What waits for ``client``, which does not wait any longer."""
        return self._waiting.pop(client, None) if self._waiting else None

    def habit(self, client: str, habit: int) -> None:
        """``client`` did what ``habit`` (a bit of ``store.protocol.HABITS``) stands for."""
        self._of(client).habits |= habit

    def cookie(self, client: str) -> None:
        """An answer to ``client`` sets a cookie."""
        self._of(client).cookies += 1

    def error(self, client: str, address: int) -> None:
        """``client`` asked for what there is not; ``address`` is a hash of where."""
        known = self._wrong.get(client) or ()
        if address not in known:
            self._wrong.put(client, (*known, address)[-_REMEMBERED:])
            self._of(client).errors += 1

    def behaviour(self, client: str, weight: float) -> None:
        """The deeds of ``client`` weigh ``weight`` now."""
        self._of(client).behaviour = weight

    def __len__(self) -> int:
        return len(self._waiting)

    def _of(self, client: str) -> Learned:
        learned = self._waiting.get(client)
        if learned is None:
            if len(self._waiting) >= self._size:
                self._waiting.popitem(last=False)
            learned = self._waiting[client] = Learned()
        return learned
