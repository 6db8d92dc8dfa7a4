"""From exchanges to figures: what one client asked for, and the best it got of each picture."""

from collections import Counter
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from benchmarks.leak.copies import Worth
from benchmarks.leak.wire import Exchange

REFUSALS = frozenset({403, 429, 503})
"""Denied, limited, a card for lack of time."""


Judge = Callable[[str, bytes], Worth]
"""What a body is worth that came for the picture at a path."""


class Count(NamedTuple):
    """Of one client. ``asked`` pictures fall into originals, usable, protected, refused and nothing.

    ``requests`` counts everything, ``denials`` every answer that refuses, pages too. ``first_protected``: the
    number of the request for a picture that was the first not to be answered with an original, from 1; 0 if all
    were. ``shown`` and ``shown_whole``: the pictures on the pages that a person saw, and those of them that never
    were anything but the original.
    """

    requests: int
    asked: int
    originals: int
    usable: int
    protected: int
    refused: int
    nothing: int
    first_protected: int
    denials: int
    shown: int
    shown_whole: int

    @property
    def taken(self) -> int:
        """Pictures of use to a data set: originals and usable copies."""
        return self.originals + self.usable


def count(
    exchanges: Iterable[Exchange], pictures: Iterable[str], judge: Judge, shown: Iterable[str] = ()
) -> Count:
    """``pictures``: the addresses in the gallery; ``shown``: those on the pages that a person saw."""
    ordered = sorted(exchanges, key=attrgetter("when"))
    known, seen = frozenset(pictures), frozenset(shown)
    answers = [(path, _worth(one, path, judge)) for one in ordered if (path := path_of(one.target)) in known]
    got = _by_picture(answers)
    best = Counter(max(worths, default=Worth.NOTHING) for worths in got.values())
    return Count(
        requests=len(ordered),
        asked=len(got),
        originals=best[Worth.ORIGINAL],
        usable=best[Worth.USABLE],
        protected=best[Worth.PROTECTED],
        refused=best[Worth.REFUSED],
        nothing=best[Worth.NOTHING],
        first_protected=_first_protected(answers),
        denials=sum(one.status in REFUSALS for one in ordered),
        shown=len(seen),
        shown_whole=sum(set(got.get(path, ())) == {Worth.ORIGINAL} for path in seen),
    )


def path_of(target: str) -> str:
    """The path of a request's target, decoded, whether or not the target is a whole address."""
    return unquote(urlsplit(target).path)


_Answer = tuple[str, Worth | None]


def _worth(exchange: Exchange, path: str, judge: Judge) -> Worth | None:
    """Of one answer; None if no body belongs to it: to a HEAD, or when the client's own copy is current."""
    if exchange.status == 304 or exchange.method == "HEAD":
        return None
    if exchange.status in REFUSALS:
        return Worth.REFUSED
    return judge(path, exchange.body) if exchange.status in (200, 206) else Worth.NOTHING


def _by_picture(answers: Iterable[_Answer]) -> dict[str, list[Worth]]:
    got: dict[str, list[Worth]] = {}
    for path, worth in answers:
        got.setdefault(path, []).extend([] if worth is None else [worth])
    return got


def _first_protected(answers: Iterable[_Answer]) -> int:
    fresh = [worth for _, worth in answers if worth is not None]
    return next((number for number, worth in enumerate(fresh, 1) if worth is not Worth.ORIGINAL), 0)
