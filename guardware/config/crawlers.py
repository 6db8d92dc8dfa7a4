"""The shape of the ``crawlers`` section: what each purpose gets, and how crawlers prove who they are."""

from typing import Literal, get_args

from pydantic import ConfigDict, Field

from guardware.config.section import Section
from guardware.config.values import Duration
from guardware.verdict import Action

Answer = Literal[Action.ALLOW, Action.PROTECT, Action.DENY]


class Verification(Section):
    """How crawlers prove who they are; in the background, and only when one names itself."""

    ranges: bool = Field(True, description="By the address lists that operators publish.")
    reverse_dns: bool = Field(True, description="By forward-confirmed reverse DNS.")
    web_bot_auth: bool = Field(True, description="By signed requests (Web Bot Auth).")
    refresh: Duration = Field(86400.0, description="How old a list may get before it is fetched anew.")


class Crawlers(Section):
    """What each purpose in the crawler catalogue gets; ``tokens`` overrides one crawler by name."""

    model_config = ConfigDict(populate_by_name=True)

    training: Answer = Field(Action.DENY, description="Collect material to train AI models (GPTBot).")
    dataset: Answer = Field(Action.DENY, description="Build data sets that others train on (CCBot, img2dataset).")
    ai_search: Answer = Field(Action.DENY, alias="ai-search", description="Feed the index of an AI search engine.")
    user_fetch: Answer = Field(
        Action.PROTECT, alias="user-fetch", description="Fetch a page because someone asked a chatbot to."
    )
    search: Answer = Field(Action.PROTECT, description="Search engines (Googlebot, bingbot).")
    preview: Answer = Field(Action.PROTECT, description="Link previews in chats and social networks.")
    archive: Answer = Field(Action.PROTECT, description="Web archives.")
    feed: Answer = Field(Action.PROTECT, description="Feed readers.")
    monitor: Answer = Field(Action.PROTECT, description="Services that watch whether a site is up.")
    seo: Answer = Field(Action.PROTECT, description="Marketing and link analysis, advertising, scanners.")
    tool: Answer = Field(Action.PROTECT, description="Download tools and programming libraries (curl, Scrapy).")
    tokens: dict[str, Answer] = Field({}, description="Overrides by crawler token, e.g. CCBot: allow")
    verification: Verification = Verification()


Purpose = Literal[
    "training",
    "dataset",
    "ai-search",
    "user-fetch",
    "search",
    "preview",
    "archive",
    "feed",
    "monitor",
    "seo",
    "tool",
]
"""The catalogue's purposes, as ``crawlers`` names them too."""


def purposes(crawlers: Crawlers) -> dict[str, Action]:
    """What each purpose gets, by its name in the catalogue."""
    return {name: Action(getattr(crawlers, name.replace("-", "_"))) for name in get_args(Purpose)}
