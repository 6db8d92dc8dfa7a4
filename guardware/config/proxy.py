"""The shape of the ``proxy`` section: what stands behind ``guardware serve``, and how it is talked to."""

from typing import Any

from pydantic import Field, model_validator

from guardware.config.section import Section
from guardware.config.values import Duration


class Route(Section):
    """Where some requests go, instead of ``proxy.upstream``; the first route that fits is taken."""

    host: tuple[str, ...] = Field((), description="Host names; *.example.com matches sub-domains. Empty: every.")
    path: str = Field("/", pattern=r"^/", description="What the path begins with, in whole parts.")
    upstream: tuple[str, ...] = Field(
        min_length=1, description="Addresses such as http://127.0.0.1:3000 or unix:/run/app.sock; several share."
    )

    @model_validator(mode="before")
    @classmethod
    def _lists(cls, data: Any) -> Any:
        """One value may stand where a list may."""
        if not isinstance(data, dict):
            return data
        return {k: [v] if k in ("host", "upstream") and isinstance(v, str) else v for k, v in data.items()}


class Proxy(Section):
    """What stands behind ``guardware serve``, and how it is talked to."""

    upstream: tuple[str, ...] = Field(
        (), description="Addresses of the site, if --upstream does not say them; several share the requests."
    )
    root: str | None = Field(None, description="A folder of pictures to show, instead of a site.")
    routes: tuple[Route, ...] = Field((), description="Other upstreams for some hosts and paths.")
    connect_timeout: Duration = Field(5.0, description="How long to wait for a connection to the site.")
    read_timeout: Duration = Field(60.0, description="How long to wait for the next bytes of its answer.")
    max_connections: int = Field(256, ge=1, description="Connections to the site at the same time.")
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
        return self
