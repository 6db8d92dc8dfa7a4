"""Proof: what is known of whether a visit comes from whom it names. Values only."""

from enum import StrEnum
from typing import NamedTuple

from guardware.crawlers.crawler import Crawler


class Standing(StrEnum):
    """What a claim is worth.

    ``verified``: proven by at least one way that the operator offers. ``lying``: every way was asked, and each
    said no. ``unverified``: neither, or not yet; an honest crawler may be met by a name server that is down.
    """

    VERIFIED = "verified"
    LYING = "lying"
    UNVERIFIED = "unverified"

    # Enum's own __hash__ is a Python call; members are dictionary keys on the way of every request.
    __hash__ = str.__hash__


class Outcome(StrEnum):
    """What one way of asking found; ``unknown`` where it got no answer that can be relied on."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class Proof(NamedTuple):
    """The standing of one visit.

    ``how``: the reason in words, for the owner's eyes; never an address. ``agent``: the origin, such as
    ``https://chatgpt.com``, whose key signed the client's visits, or "". ``crawler``: whom the visit claims or,
    without a claim in the user-agent, whom its signature names; None if the catalogue does not know it.
    """

    standing: Standing
    how: str
    agent: str = ""
    crawler: Crawler | None = None


NOTHING_CLAIMED = Proof(Standing.UNVERIFIED, "it names nobody")
"""The proof of a visit that declares no crawler and carries no signature: of nearly every visit."""
