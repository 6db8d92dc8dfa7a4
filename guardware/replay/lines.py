"""Lines: what became of a log's lines, and the clock they set."""

from typing import NamedTuple

EXAMPLES = 5
"""Lines that are shown of those that could not be read."""

_SHOWN = 200
"""Bytes of such a line."""

_OF_ADDRESSES = b"0123456789abcdefABCDEF:.-"

SLACK = 3600.0
"""Seconds by which a line may stand too late: it is written when its request ends, and some logs then give the
time when it began. What goes back further is another clock, and is followed."""

_NOTED = 60.0
"""Seconds from which on it is worth a note."""


class Unread(NamedTuple):
    """A line that could not be read: of which log, its number, and how it begins."""

    source: str
    number: int
    text: str


class Lines:
    """How many lines there were of each kind.

    ``read``: all of them; ``judged``; ``unparsable``; ``too_long``; ``no_request``: about a connection without
    one; ``refused``: requests that servers read differently, answered 400; ``own``: of guardware's own addresses,
    not judged; ``back``: earlier than a line before them by more than a minute. ``unheeded``: clients
    behind a proxy that is not trusted.
    """

    def __init__(self) -> None:
        self.read = self.judged = self.unparsable = self.too_long = 0
        self.no_request = self.refused = self.own = self.back = self.unheeded = 0
        self.examples: list[Unread] = []

    def not_read(self, source: str, number: int, text: bytes | None) -> None:
        """A line of ``source`` that no parser reads; None for one that was too long."""
        if text is None:
            self.too_long += 1
            return
        self.unparsable += 1
        if len(self.examples) < EXAMPLES:
            # An address that is cut could not be told from something else, and be masked.
            shown = text if len(text) <= _SHOWN else text[:_SHOWN].rstrip(_OF_ADDRESSES)
            self.examples.append(Unread(source, number, shown.decode("utf-8", "replace")))


class Clock:
    """The log's clock: it follows the lines, and does not go back for those that are a little late."""

    def __init__(self, start: float) -> None:
        self.now = self.latest = start

    def __call__(self) -> float:
        return self.now

    def follow(self, time: float) -> bool:
        """Whether ``time`` lies back by more than a minute."""
        late = self.now - time
        if late <= 0 or late > SLACK:
            self.now = time
            self.latest = max(self.latest, time)
        return late > _NOTED
