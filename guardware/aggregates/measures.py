"""What is compared: the proportions in a cohort's hour, as a table."""

from collections.abc import Callable
from typing import NamedTuple


class Counts(NamedTuple):
    """One hour of a cohort.

    ``addresses``: distinct, that asked for a page or a picture; ``opened`` of them opened a page or rendered one;
    ``settled`` of them did that or came more than once. ``accounts``: distinct. ``asked``: pictures.
    ``different``: of ``blocks`` blocks of ``BLOCK`` pictures asked for one after the other, the number of
    different ones, added up; ``bare_...``: the same over what was asked without a page before, in ``BARE_BLOCK``.
    """

    addresses: int = 0
    opened: int = 0
    settled: int = 0
    accounts: int = 0
    asked: int = 0
    blocks: int = 0
    different: int = 0
    bare_blocks: int = 0
    bare_different: int = 0


BLOCK, BARE_BLOCK = 128, 64
"""Pictures. Blocks of one size, and not the hour: the more is asked for, the more often something comes again.
Both exceed what one page or one post shows, so that a single visitor does not fill one; who comes without a page
asks for less, and a pool must be seen early."""


class Measure(NamedTuple):
    """A proportion: ``hits(counts)`` of ``of(counts)``, 0 to 1.

    - ``classes``, ``networks``: least ``of`` to be judged in a class and in a network;
    - ``prior``: the usual value where nothing was learned yet, None: not judged then; ``low`` and ``high``: bounds
      of what may pass for usual, so that nobody can teach a cohort that everything is;
    - ``varies``: standard deviation between a cohort's hours, until its own is known;
    - ``sweeping``: counts only as far as the pictures that were asked without a page differ;
    - ``words``: what is said of it, with ``share``, ``of`` and ``usual``.
    """

    name: str
    hits: Callable[[Counts], float]
    of: Callable[[Counts], float]
    classes: int
    networks: int
    prior: float | None
    low: float
    high: float
    varies: float
    sweeping: bool
    words: str


MEASURES: tuple[Measure, ...] = (
    # Priors: addresses with a browser's user-agent in the log of a blog, 17 to 20 May 2015 (elastic/examples): 22
    # in 100 of those of an hour asked for pictures and no page, 20 for one picture and nothing else; between hours
    # this varied by 0.03, and single blocks of 128 by 0.13.
    Measure(
        *("bare", lambda c: c.addresses - c.opened, lambda c: c.addresses, 30, 10),
        *(0.20, 0.05, 0.60, 0.05, True),
        "{share:.0%} of {of:.0f} addresses asked for pictures and opened no page; usual is {usual:.0%}",
    ),
    Measure(
        *("single", lambda c: c.addresses - c.settled, lambda c: c.addresses, 30, 10),
        *(0.20, 0.05, 0.60, 0.05, True),
        "{share:.0%} of {of:.0f} addresses asked for one picture and nothing else; usual is {usual:.0%}",
    ),
    Measure(
        *("spread", lambda c: c.different, lambda c: c.blocks * BLOCK, 256, 256),
        *(None, 0.05, 0.95, 0.10, False),
        "of {of:.0f} pictures asked for {share:.0%} differ from those just before; usual is {usual:.0%}",
    ),
    Measure(
        *("bare-spread", lambda c: c.bare_different, lambda c: c.bare_blocks * BARE_BLOCK, 256, 256),
        *(None, 0.05, 0.95, 0.05, False),
        "of {of:.0f} pictures asked for without a page {share:.0%} differ from those just before; "
        "usual is {usual:.0%}",
    ),
    Measure(
        # A proportion too, whatever the numbers: one account for each address is a half.
        *("accounts", lambda c: c.accounts, lambda c: c.accounts + c.addresses, 60, 60),
        *(None, 0.05, 0.80, 0.05, False),
        "of {of:.0f} accounts and addresses {share:.0%} are accounts; usual is {usual:.0%}",
    ),
)

BARE = 0
"""Where the first measure stands."""
