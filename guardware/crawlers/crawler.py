"""Crawler: what is known of one crawler. Values only."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a crawler takes pages and pictures for.

    - ``training``: to train models; also what nobody has explained, for nothing says that it is harmless;
    - ``dataset``: to build collections that others train on or buy;
    - ``ai-search``: to index for an engine that answers instead of linking;
    - ``user-fetch``: at the moment someone asks an assistant or agent;
    - ``search``: for an engine that sends visitors;
    - ``preview``: to draw a card when a link is shared;
    - ``archive``: to keep the page for later readers;
    - ``feed``: to read feeds for subscribers;
    - ``monitor``: to see whether a site is up, fast and valid;
    - ``seo``: marketing, advertising, security scanning and academic measurement;
    - ``tool``: HTTP libraries, download tools and browser automation, whoever runs them.
    """

    TRAINING = "training"
    DATASET = "dataset"
    AI_SEARCH = "ai-search"
    USER_FETCH = "user-fetch"
    SEARCH = "search"
    PREVIEW = "preview"
    ARCHIVE = "archive"
    FEED = "feed"
    MONITOR = "monitor"
    SEO = "seo"
    TOOL = "tool"


STRICTEST_FIRST: tuple[Purpose, ...] = (
    Purpose.TRAINING,
    Purpose.DATASET,
    Purpose.AI_SEARCH,
    Purpose.USER_FETCH,
    Purpose.TOOL,
    Purpose.ARCHIVE,
    Purpose.SEO,
    Purpose.MONITOR,
    Purpose.FEED,
    Purpose.PREVIEW,
    Purpose.SEARCH,
)
"""Which purpose counts when one user-agent names several crawlers: nobody gains by adding a welcome name."""


@dataclass(frozen=True, slots=True)
class Verification:
    """How a visit can prove that it comes from the crawler's operator; all empty when there is no way.

    ``ranges`` are URLs of published address lists, ``rdns`` the host suffixes of forward-confirmed reverse DNS,
    ``web_bot_auth`` the host of the key directory for signed requests (RFC 9421).
    """

    ranges: tuple[str, ...] = ()
    rdns: tuple[str, ...] = ()
    web_bot_auth: str | None = None

    @property
    def possible(self) -> bool:
        """Whether there is any way at all."""
        return bool(self.ranges or self.rdns or self.web_bot_auth)


@dataclass(frozen=True, slots=True)
class Crawler:
    """One entry of the catalogue.

    ``token`` is the product token, as it would stand in robots.txt. ``ai`` marks a crawler that feeds models and
    is to be refused there. ``robots_only`` tokens exist in robots.txt only and are never sent: whoever sends one
    lies. ``automation`` marks a browser under the control of a program. ``source`` says where the facts are
    from, ``date`` (ISO) when they were read; ``url`` is the operator's own page, if there is one.
    """

    token: str
    operator: str
    purpose: Purpose
    ai: bool
    robots_only: bool
    automation: bool
    source: str
    date: str
    url: str | None
    verification: Verification
