"""The shape of the ``clients`` section: who a visitor is, and what trusted fronts and files tell of him."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from guardware.config.section import Section
from guardware.config.values import ProxyNet


class Account(Section):
    """How to tell which account of your site a visitor is signed in to; one of the two, or none."""

    header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="A header that your own proxy in front sets, read from clients.trusted_proxies only.",
    )
    cookie: str = Field(
        "", pattern=r"^[^\s;,=\"]*$", description="The session cookie; only a salted hash of it is kept."
    )

    @model_validator(mode="after")
    def _one(self) -> "Account":
        if self.header and self.cookie:
            raise ValueError("names a header and a cookie; keep one of them")
        return self


class Facts(Section):
    """Headers in which a trusted proxy passes what only it can see of a connection; empty: it does not."""

    protocol: str = Field("", pattern=r"^[A-Za-z0-9-]*$", description="The protocol, such as HTTP/2.0.")
    alpn: str = Field("", pattern=r"^[A-Za-z0-9-]*$", description="What TLS negotiated, such as h2.")
    ja4: str = Field("", pattern=r"^[A-Za-z0-9-]*$", description="The TLS fingerprint JA4.")


class Networks(Section):
    """Where people rarely come from: data centres. Weighs at most +1, so nobody is hurt by it alone."""

    hosting: tuple[str, ...] = Field((), description="Files with networks of hosting companies, one a line.")
    asn_database: str | None = Field(
        None, description="A database of autonomous systems in MaxMind's format (needs guardware[mmdb])."
    )
    hosting_asns: tuple[Annotated[int, Field(ge=1, le=4294967295)], ...] = Field(
        (), description="Autonomous systems that count as hosting, besides those that guardware knows."
    )


class Clients(Section):
    """Who a visitor is."""

    trusted_proxies: tuple[ProxyNet, ...] = Field(
        (), description="Addresses and networks of your own proxies; 'unix' trusts a unix socket."
    )
    scheme: Literal["auto", "http", "https"] = Field(
        "auto", description="What visitors use; auto believes the connection and trusted proxies."
    )
    secret_file: str | None = Field(
        None, description="A file with the secret that salts client keys; or set GUARDWARE_SECRET."
    )
    keep_addresses: bool = Field(False, description="Write raw addresses into events.")
    account: Account = Account()
    facts: Facts = Facts()
    networks: Networks = Networks()
