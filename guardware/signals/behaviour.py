"""What a client's deeds give away: its record speaks, whatever its headers say.

Features 7, 26 to 32 and 36 of the list measured on 95 clients. Each is capped, and so is their sum
(``policy/score.py``): alone they make a client doubtful or suspect, and never condemn it.
"""

from collections.abc import Callable
from math import log
from typing import NamedTuple

from guardware.store.protocol import COOKIE, OPENED, ROBOTS, Record
from guardware.verdict import Evidence, Group

FREE_NAVIGATIONS = 2
"""Pictures in a row that a person may open in tabs before it counts (feature 7)."""
NAVIGATION_CAP = 5.0

ENOUGH = 15
"""Different pictures before their ratio to pages says anything (feature 27)."""
ON_A_PAGE = 100
"""Pictures that one page may explain. That list has 3 (originals to thumbnails and pages); thumbnails cannot
be told from originals here, and gallery pages of many dozens are common."""

WALK = 15
"""Neighbouring numbers in a row (feature 29; the list has 20. Here they may be out of order, and no page may
have been opened, so fewer are as telling)."""
MANY, SWEPT = 200, 0.5
"""The share of a site's pictures that one client asks in a day, where the site has that many: a visitor of a small
portfolio sees all of it (feature 28; our judgement)."""

_LEAST_SWEEP = min(SWEPT * MANY, ON_A_PAGE)

COOKIES = 3
"""Answers that set a cookie, without one coming back (feature 30)."""
ERRORS = 10.0
"""Distinct wrong addresses, less one each ten seconds (feature 32; CrowdSec's http-probing)."""

FAST = 5.0
"""Visits a second, averaged over a minute, that nobody is asked about: five pages of 60 pictures in that minute.
Where a site's own 99.9th percentile is higher, that counts (feature 36)."""


_BEHAVIOUR = Group.BEHAVIOUR
"""Looking a member up on its enumeration takes ten times as long as a global."""

_new = tuple.__new__
"""What building a NamedTuple comes down to, in half the time; several are built at a visit of who did too much."""


class Conduct(NamedTuple):
    """What these signals look at. ``engine``: the client claims a browser; ``disallowed``: this visit is to where
    robots.txt lets nobody; ``budget``: originals an hour; ``pictures``: different ones that the site has, as
    far as they were asked; ``fast``: visits a second that are usual here, at least ``FAST``."""

    record: Record
    engine: bool
    disallowed: bool
    budget: int
    pictures: int
    fast: float


class Whole(NamedTuple):
    """Different pictures asked within the hour, pages opened, and the walk: the client's; but of an address where
    nobody opened a page all that its clients did, since another Accept-Language makes another client. (Behind a
    router that many share somebody always opened one.)"""

    asked: int
    pages: float
    walk: int


class Deed(NamedTuple):
    """A rule on a client's record. ``look`` returns the weight and the reason in words, or None; it is pure."""

    name: str
    weight: float
    """At most; shown in lists."""
    look: Callable[[Conduct, Whole], tuple[float, str] | None]


def quiet(record: Record, fast: float, budget: int) -> bool:
    """Whether no signal can speak; the case of nearly every visit, so it is asked first."""
    asked = record.asked_hour
    return (
        (asked < ENOUGH or (record.pages >= OPENED and asked <= budget / 5 and record.asked_day < _LEAST_SWEEP))
        and record.navigated <= FREE_NAVIGATIONS
        and record.rate <= fast
        and record.errors <= ERRORS
        and record.cookies < COOKIES
        and not record.habits & ROBOTS
        and (record.home_asked < ENOUGH or record.home_pages >= OPENED)
    )


def whole_of(record: Record) -> Whole:
    """What the client of ``record`` is held to have done."""
    if record.home_pages >= OPENED:
        return _new(Whole, (record.asked_hour, record.pages, record.walk))
    asked = max(record.asked_hour, record.home_asked)
    return _new(Whole, (asked, max(record.pages, record.home_pages), max(record.walk, record.home_walk)))


def _navigations(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    opened = c.record.navigated
    if opened <= FREE_NAVIGATIONS:
        return None
    weight = min(float(opened - FREE_NAVIGATIONS), NAVIGATION_CAP)
    return weight, f"opened {opened} pictures like pages, without a page between"


def _many(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    """Log-linear, as in the list; but by the site's own budget, so that who sets a higher one means it."""
    asked, free = whole.asked, max(c.budget, 5) / 5
    if asked <= free:
        return None
    weight = min(2 * log(asked / free) / log(5), 4.0)
    return weight, f"asked for about {asked} different pictures within the hour"


def _without_pages(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    asked, pages, _ = whole
    if asked < ENOUGH:
        return None
    if pages < OPENED:
        return 1.5, f"asked for about {asked} different pictures and opened no page"
    if asked > ON_A_PAGE * (pages + 1):
        return 1.5, f"asked for about {asked} different pictures, more than the pages it opened can show"
    return None


def _sweep(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    asked = c.record.asked_day
    if c.pictures < MANY or asked < SWEPT * c.pictures:
        return None
    return (
        1.5,
        f"asked for about {min(100, round(100 * asked / c.pictures))} % of all pictures of the site in a day",
    )


def _walk(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    _, pages, walk = whole
    if walk < WALK or pages >= OPENED:
        return None
    return 2.0, f"went along the numbers of pictures, {walk} in a row, and opened no page"


def _cookies(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    if not c.engine or c.record.cookies < COOKIES or c.record.habits & COOKIE:
        return None
    return 0.9, f"was given a cookie {c.record.cookies} times and never sent one back"


def _robots(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    if not c.record.habits & ROBOTS:
        return None
    if c.disallowed:
        return 2.0, "read robots.txt and goes where it lets nobody"
    return (0.5, "claims a browser and read robots.txt") if c.engine else None


def _errors(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    if c.record.errors <= ERRORS:
        return None
    return 2.0, f"asked for {c.record.errors:.0f} addresses that there are not"


def _rate(c: Conduct, whole: Whole) -> tuple[float, str] | None:
    if c.record.rate <= c.fast:
        return None
    weight = min(1.0 + log(c.record.rate / c.fast, 2), 3.0)
    return weight, f"made {c.record.rate:.1f} visits a second over a minute"


BEHAVIOUR: tuple[Deed, ...] = (
    Deed("navigated-pictures", NAVIGATION_CAP, _navigations),  # 7: curl_cffi, a driven browser's goto
    Deed("many-pictures", 4.0, _many),  # 26
    Deed("pictures-without-pages", 1.5, _without_pages),  # 27: whoever downloads a list
    Deed("gallery-sweep", 1.5, _sweep),  # 28
    Deed("numbered-walk", 2.0, _walk),  # 29: enumerators
    Deed("cookies-never-returned", 0.9, _cookies),  # 30: img2dataset, urllib
    Deed("robots-read", 2.0, _robots),  # 31: good manners, so 0.5 unless it is disobeyed
    Deed("many-errors", 2.0, _errors),  # 32: probing
    Deed("high-rate", 3.0, _rate),  # 36
)


def evidence(deed: Deed, weight: float, reason: str) -> Evidence:
    """What ``deed`` found, as evidence."""
    return _new(Evidence, (deed.name, _BEHAVIOUR, weight, reason, False))
