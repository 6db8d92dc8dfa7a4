"""The shape of the ``proxy`` section: what stands behind ``guardware serve``, and how it is talked to."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from guardware.config.faults import shown
from guardware.config.hosts import normal_host
from guardware.config.section import Section
from guardware.config.upstreams import check_address
from guardware.config.values import Duration, Size
from guardware.paths import normalise


def check_path(value: str) -> str:
    """A path as requests' are compared with it, in normal form; raises ValueError."""
    path = normalise(value)
    if path is None or path.text != value or any(sign in value for sign in "?#%"):
        raise ValueError(f"{shown(value)} fits no request; write it without query, %, dots and double slashes")
    return value


UpstreamAddress = Annotated[str, AfterValidator(check_address)]
HostName = Annotated[str, AfterValidator(normal_host)]


class Route(Section):
    """Where some requests go, instead of ``proxy.upstream``; the first route that fits is taken."""

    host: tuple[HostName, ...] = Field(
        (), description="Host names; *.example.com matches sub-domains. Empty: every."
    )
    path: Annotated[str, AfterValidator(check_path)] = Field(
        "/", pattern=r"^/", description="What the path begins with, in whole parts; decoded, as in /café."
    )
    upstream: tuple[UpstreamAddress, ...] = Field(
        min_length=1, description="Addresses such as http://127.0.0.1:3000 or unix:/run/app.sock; several share."
    )

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        """One value may stand where a list may."""
        if not isinstance(data, dict):
            return data
        return {k: [v] if k in ("host", "upstream") and isinstance(v, str) else v for k, v in data.items()}


class Health(Section):
    """Asking the site now and then whether it is well: an answer below 400 says so."""

    path: str = Field("/", pattern=r"^/[!-~]*$", description="What is asked for.")
    host: HostName | None = Field(None, description="The Host that is named; by default the address's own.")
    interval: Duration = Field(10.0, description="How often.")
    timeout: Duration = Field(5.0, description="How long an answer may take.")


class UpstreamTls(Section):
    """How the certificates of https:// upstreams are checked, and which one is shown to them."""

    verify: bool = Field(True, description="Check the upstream's certificate. Turn off for trials only.")
    ca: str | None = Field(None, description="A PEM file of authorities to trust, instead of the system's.")
    server_name: str | None = Field(None, description="The name in the certificate, if it is not the address's.")
    client_cert: str | None = Field(None, description="A PEM file with the certificate that is shown.")
    client_key: str | None = Field(None, description="A PEM file with its key, if client_cert has none.")

    @model_validator(mode="after")
    def _key_has_certificate(self) -> "UpstreamTls":
        if self.client_key is not None and self.client_cert is None:
            raise ValueError("names a client_key and no client_cert; name both")
        return self


class Proxy(Section):
    """What stands behind ``guardware serve``, and how it is talked to."""

    upstream: tuple[UpstreamAddress, ...] = Field(
        (), description="Addresses of the site, if --upstream does not say them; several share the requests."
    )
    root: str | None = Field(None, description="A folder of pictures to show, instead of a site.")
    routes: tuple[Route, ...] = Field((), description="Other upstreams for some hosts and paths.")
    connect_timeout: Duration = Field(
        5.0, description="How long to wait for a connection to the site, a free one or a new one."
    )
    first_byte_timeout: Duration = Field(
        60.0, description="How long the site may take to begin its answer, once it has the request."
    )
    read_timeout: Duration = Field(
        60.0, description="How long the site, or a visitor who uploads, may then pause between bytes."
    )
    max_connections: int = Field(512, ge=1, description="Connections to each address at the same time.")
    max_body: Size = Field(0, description="The largest upload; more is answered 413. 0: no limit of ours.")
    retries: int = Field(
        1, ge=0, le=10, description="How often a request that did no harm is tried again, elsewhere if possible."
    )
    health: Health | None = Field(None, description="Ask the addresses whether they are well; off without it.")
    tls: UpstreamTls = UpstreamTls()
    preserve_host: bool = Field(True, description="Send the visitor's Host to the upstream.")
    relay: bool = Field(
        True, description="Let the kernel move the bytes of pictures that are served as they are (Linux)."
    )

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        """One value may stand where a list may."""
        if isinstance(data, dict) and isinstance(data.get("upstream"), str):
            return {**data, "upstream": [data["upstream"]]}
        return data

    @model_validator(mode="after")
    def _one_source(self) -> "Proxy":
        if self.root is not None and self.upstream:
            raise ValueError("names a root and an upstream; keep one of them")
        if self.root is not None and self.routes:
            raise ValueError("names a root and routes, which it would never use; keep one of them")
        return self
