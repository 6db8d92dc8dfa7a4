"""The shape of a configuration: one frozen section for each concern.

Values only: the loader (``loader.py``) reads YAML into it, the rooms read their section from it. Every default
here is the ``portfolio`` preset.
"""

from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import Field, HttpUrl, model_validator

from guardware.config.clients import Clients as Clients
from guardware.config.crawlers import Answer, Purpose
from guardware.config.crawlers import Crawlers as Crawlers
from guardware.config.faults import dotted
from guardware.config.forward_auth import ForwardAuth as ForwardAuth
from guardware.config.hosts import differing, most_exact, normal_host
from guardware.config.images import Images, changes_picture
from guardware.config.proxy import Proxy as Proxy
from guardware.config.section import Section as Section
from guardware.config.server import Server as Server
from guardware.config.values import Duration, Net, Prefix, Rate, Size, StoreUrl
from guardware.config.values import Network as Network  # part of the contract: sections are typed with it
from guardware.verdict import Action


class Site(Section):
    """Whose pictures these are: words for answers, notices and the watermark."""

    name: str = Field("", max_length=200, description="The artist or gallery, as it should be credited.")
    url: HttpUrl | None = Field(None, description="Where visitors find the site; used in absolute links.")
    contact: str = Field("", max_length=200, description="An e-mail address or page for licences.")
    prefix: Prefix = Field("/.guardware", description="The path under which guardware's own addresses live.")


class Store(Section):
    """Where records, limits and budgets live."""

    url: StoreUrl = Field("memory://", description="memory://, redis://, rediss:// or unix://")
    timeout: Duration = Field(0.05, description="How long a visit waits for Redis before local memory.")
    max_clients: int = Field(100_000, ge=100, description="Clients remembered in memory.")
    folder: str = Field(
        "auto",
        description="What must outlive a restart: keys, the record of marked copies, finished variants. "
        "auto: a folder of the user's; none: nothing is written.",
    )


class Signals(Section):
    """Tuning of single signals, by name (``guardware explain --list`` shows the names)."""

    off: tuple[str, ...] = Field((), description="Signals that are not asked.")
    weights: dict[str, Annotated[float, Field(ge=-6, le=14)]] = Field(
        {}, description="Weights other than the shipped ones, natural-log units."
    )


class Thresholds(Section):
    """From which score on what happens; natural-log units (see docs/detection)."""

    protect: float = Field(2.0, ge=-6, le=14, description="Pictures become variants (images.verdicts.doubtful).")
    suspect: float = Field(4.0, ge=-6, le=14, description="The stronger variants (images.verdicts.suspect).")
    deny: float = Field(6.86, ge=-6, le=14, description="Refused, given two kinds of evidence or one proof.")

    @model_validator(mode="after")
    def _ordered(self) -> "Thresholds":
        if self.deny < self.protect:
            raise ValueError("deny is below protect; raise deny, or lower protect")
        return self


class Limit(Section):
    """``rate`` on average, ``burst`` at once."""

    rate: Rate = Field(description="Visits on average, such as 120/minute.")
    burst: int = Field(ge=1, le=1_000_000, description="Visits that may come all at once.")


def _limit(rate: str, burst: int) -> Limit:
    return Limit.model_validate({"rate": rate, "burst": burst})


class KindLimits(Section):
    """One limit for each kind of visit; null: none."""

    page: Limit | None = Field(None, description="Pages.")
    image: Limit | None = Field(None, description="Pictures.")
    feed: Limit | None = Field(None, description="RSS and Atom feeds.")
    api: Limit | None = Field(None, description="Data for scripts.")


class Limits(Section):
    """How fast: for one address (IPv6: one /64), and for one network (IPv4 /24, IPv6 /48) together.

    A full network refuses only addresses that contributed to it; a newcomer sees marked pictures meanwhile.
    """

    client: KindLimits = KindLimits(
        page=_limit("120/minute", 60),
        image=_limit("600/minute", 400),
        feed=_limit("30/minute", 15),
        api=_limit("300/minute", 150),
    )
    network: KindLimits = KindLimits(
        page=_limit("600/minute", 300),
        image=_limit("3000/minute", 2000),
        feed=_limit("150/minute", 75),
        api=_limit("1500/minute", 750),
    )

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        """A kind that is not written keeps its limit; only null takes one away."""
        if not isinstance(data, dict):
            return data
        usual = {name: dict(info.default) for name, info in cls.model_fields.items()}
        return {k: {**usual[k], **v} if k in usual and isinstance(v, dict) else v for k, v in data.items()}


class Budgets(Section):
    """How many different originals one client gets; beyond it pictures are protected, pages stay open."""

    per_hour: int = Field(300, ge=0, le=100_000, description="Different originals in an hour of the clock, UTC.")
    per_day: int = Field(1000, ge=0, le=100_000, description="Different originals in a day, UTC.")

    @model_validator(mode="after")
    def _ordered(self) -> "Budgets":
        if self.per_day < self.per_hour:
            raise ValueError("per_day is below per_hour; raise per_day, or lower per_hour")
        return self


MANY = ("path", "kind", "method", "address", "host", "crawler", "purpose")
"""The conditions of a rule in which one value may stand where a list may."""


class Match(Section):
    """Conditions of a rule. All that are given must hold; within a list one is enough."""

    path: tuple[str, ...] = Field((), description="Globs on the normalised path: * within a part, ** across.")
    kind: tuple[Literal["page", "image", "asset", "feed", "api"], ...] = Field(
        (), description="What is asked for, as far as its address tells."
    )
    method: tuple[str, ...] = Field((), description="HTTP methods.")
    address: tuple[Net, ...] = Field((), description="Addresses or networks.")
    host: tuple[str, ...] = Field((), description="Host names; *.example.com matches sub-domains.")
    header: dict[str, str] = Field({}, description="Header names with a glob on the value.")
    crawler: tuple[str, ...] = Field((), description="Catalogue tokens.")
    purpose: tuple[Purpose, ...] = Field((), description="Catalogue purposes.")
    score: float | None = Field(None, ge=-6, le=14, description="The score is at least this.")

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        """One value may stand where a list may."""
        if not isinstance(data, dict):
            return data
        return {k: [v] if k in MANY and not isinstance(v, list | tuple) else v for k, v in data.items()}

    @model_validator(mode="after")
    def _some(self) -> "Match":
        if self.score is None and not any(value for _, value in self):
            raise ValueError("has no condition; add one, or write path: /** if every visit is meant")
        return self


class Rule(Section):
    """The first rule whose conditions all hold decides."""

    name: str = Field("", max_length=100, description="For you: shown as what decided.")
    match: Match = Field(description="The conditions.")
    action: Answer = Field(description="What such a visit gets.")
    variant: str | None = Field(None, description="With protect: a variant by name, in place of images.verdicts.")

    @model_validator(mode="after")
    def _sensible(self) -> "Rule":
        if self.variant is not None and self.action is not Action.PROTECT:
            raise ValueError("has a variant, but its action is not protect; write protect, or remove the variant")
        return self


class Notices(Section):
    """Which opt-outs are stated (syntax and sources: docs/notices)."""

    robots_tag: bool = Field(True, description="X-Robots-Tag: noai, noimageai on pages and pictures.")
    noindex_pictures: bool = Field(False, description="Also ask search engines not to index pictures.")
    tdm_reservation: bool = Field(True, description="tdm-reservation header and /.well-known/tdmrep.json")
    tdm_policy: HttpUrl | None = Field(None, description="The address of your licence terms, for tdm-policy.")
    content_usage: bool = Field(True, description="Content-Usage header and robots rule (AIPREF).")
    content_signal: bool = Field(True, description="Content-Signal in robots.txt")
    robots_txt: bool = Field(True, description="/robots.txt, merged with the site's own.")
    robots_disallow: tuple[str, ...] = Field((), description="Paths that no crawler should fetch.")
    sitemap: HttpUrl | None = Field(None, description="Named in robots.txt.")
    ai_txt: bool = Field(True, description="/ai.txt, as Spawning reads it.")
    rsl: bool = Field(True, description="/license.xml, its Link header and License: line.")
    training_token: str = Field(
        "", pattern=r"^[A-Za-z0-9_-]*$", description="Product token of the training preference signal draft."
    )


class Observe(Section):
    """What is recorded of judgements."""

    events: int = Field(
        1000,
        ge=0,
        description="Recent verdicts other than allow, kept in memory: see the address /.guardware/events.",
    )
    log: bool = Field(True, description="Write them to the log 'guardware.events'.")
    file: str | None = Field(None, description="Also write them to this file, one JSON object a line.")
    file_size: Size = Field(100_000_000, ge=1_000_000, description="At this size the file is begun anew.")
    metrics_allow: tuple[Net, ...] = Field(
        tuple(ip_network(n) for n in ("127.0.0.0/8", "::1/128")),
        description="Who may read metrics and events; health is open.",
    )


class Config(Section):
    """A whole configuration. ``Config()`` is the portfolio preset."""

    mode: Literal["enforce", "monitor"] = Field(
        "enforce", description="monitor judges and records, but serves everything as it is."
    )
    site: Site = Site()
    clients: Clients = Clients()
    store: Store = Store()
    crawlers: Crawlers = Crawlers()
    signals: Signals = Signals()
    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    budgets: Budgets = Budgets()
    rules: tuple[Rule, ...] = Field((), description="Your own rules; the first that fits a visit decides.")
    notices: Notices = Notices()
    images: Images = Images()
    proxy: Proxy = Proxy()
    server: Server = Server()
    forward_auth: ForwardAuth = ForwardAuth()
    observe: Observe = Observe()
    hosts: dict[str, "Config"] = Field(
        {}, description="Other sites of this process by host name, each with what differs there: docs/hosts.md."
    )

    def of_host(self, host: str) -> "Config":
        """The configuration for ``host`` (small letters, no port): the most exact of ``hosts``, else this one."""
        return most_exact(self.hosts, host) or self

    @model_validator(mode="after")
    def _one_process(self) -> "Config":
        """For programs: a file is read by ``validate.py``, which lays its parts over the whole and says more."""
        for name, site in self.hosts.items():
            if normal_host(name) != name or site.hosts:
                raise ValueError(f"hosts has {name!r}, in no normal form or with hosts of its own; mend that")
            for path in differing(self, site):
                raise ValueError(f"hosts has another {dotted(path)} for {name}; all of a process share one")
        return self

    @model_validator(mode="after")
    def _known_variants(self) -> "Config":
        for index, rule in enumerate(self.rules):
            if rule.variant is not None and rule.variant not in self.images.variants:
                known = ", ".join(self.images.variants)
                raise ValueError(f"rules[{index}].variant is no variant; write one of {known}")
            if rule.variant is not None and not changes_picture(self.images.variants[rule.variant]):
                raise ValueError(f"rules[{index}].variant leaves the picture as it is; write action: allow")
        return self
