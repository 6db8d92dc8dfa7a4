"""Plan: how one crawler can be proven by its address, and what is said of it in each case."""

from functools import partial
from typing import NamedTuple

from guardware.crawlers.crawler import Crawler
from guardware.crawlers.proof import Proof, Standing


class Plan(NamedTuple):
    """Whom to ask (nobody where the owner has switched that off), and the answers, made once.

    ``complete``: all that its operator offers is asked, so that a no from each is a lie. ``settled``: the answer
    that no question can change, or None. The others by case: ``by_range`` in a published list; ``refuted`` by all;
    ``unasked`` as nobody is to be asked; ``waiting`` to be checked; ``crowded``, no room to wait; ``unanswered``
    by somebody; ``private``, an address of which nobody knows.
    """

    crawler: Crawler
    ranges: tuple[str, ...]
    rdns: tuple[str, ...]
    complete: bool
    settled: Proof | None
    by_range: Proof
    refuted: Proof
    unasked: Proof
    waiting: Proof
    crowded: Proof
    unanswered: Proof
    private: Proof

    def by_name(self, name: str) -> Proof:
        """Verified by a confirmed name. Told is the suffix, since the name often holds the address."""
        fitting = (suffix for suffix in self.rdns if f".{name}".endswith(f".{suffix.lower()}"))
        suffix = next(fitting, self.rdns[0])
        how = f"its address has a name under {suffix} that leads back to it"
        return Proof(Standing.VERIFIED, how, crawler=self.crawler)


def make_plan(crawler: Crawler, *, ranges: bool, names: bool) -> Plan:
    """The plan for ``crawler``, where published ranges and reverse DNS may be asked, or not."""
    offered = crawler.verification
    lists = offered.ranges if ranges else ()
    suffixes = offered.rdns if names else ()

    def says(standing: Standing, how: str) -> Proof:
        return Proof(standing, how, crawler=crawler)

    unverified = partial(says, Standing.UNVERIFIED)
    asks = (lists or suffixes) and not crawler.robots_only
    return Plan(
        crawler=crawler,
        ranges=lists,
        rdns=suffixes,
        complete=(lists, suffixes) == (offered.ranges, offered.rdns),
        settled=None if asks else unverified(_why_not(crawler)),
        by_range=says(Standing.VERIFIED, f"its address is in {_whose(crawler)} published ranges"),
        refuted=says(Standing.LYING, _refusal(crawler)),
        unasked=unverified("it was not checked"),
        waiting=unverified("it has not been checked yet"),
        crowded=unverified("too many claims wait to be checked"),
        unanswered=unverified("it could not be checked: not everybody who had to be asked gave an answer"),
        private=unverified("its address is private or not known, so nobody can be asked"),
    )


def _why_not(crawler: Crawler) -> str:
    offered = crawler.verification
    if crawler.robots_only:
        return "its operator never sends that name"
    if offered.ranges or offered.rdns:
        return "the ways to verify it are switched off"
    return "only a signature can verify it" if offered.web_bot_auth else "nobody can verify it"


def _refusal(crawler: Crawler) -> str:
    """Why a lie is one. Said only when all that the operator offers was asked."""
    reasons = []
    if crawler.verification.ranges:
        reasons.append(f"is not in {_whose(crawler)} published ranges")
    if crawler.verification.rdns:
        reasons.append(f"has no name under {' or '.join(crawler.verification.rdns)} that leads back to it")
    return f"its address {' and '.join(reasons)}"


def _whose(crawler: Crawler) -> str:
    return "its operator's" if crawler.operator in ("", "unknown") else f"{crawler.operator}'s"
