"""The shape of the ``server`` section: how ``guardware serve`` listens, what it takes and writes down."""

from typing import Any, Literal

from pydantic import Field, model_validator

from guardware.config.section import Section
from guardware.config.values import Duration, Size


class AccessLog(Section):
    """One line for each request, with its verdict. Whole addresses only with ``clients.keep_addresses``."""

    file: str | None = Field(None, description='Where the lines go; "-" is the standard output. Null: nowhere.')
    format: Literal["combined", "json"] = Field("combined", description="Both can be read by guardware replay.")
    size: Size = Field(
        100_000_000, ge=1_000_000, description="At this size the file becomes FILE.1, and is begun anew."
    )


class Server(Section):
    """How ``guardware serve`` listens, and what it accepts."""

    max_connections: int = Field(
        2048, ge=1, description="Visitors' connections of each worker at the same time; then 503."
    )
    max_header: Size = Field(80 * 1024, ge=4096, description="Request line and header lines together; then 431.")
    header_timeout: Duration = Field(20.0, description="How long a visitor may take to send a request's head.")
    keep_alive: Duration = Field(15.0, description="How long a visitor's idle connection is kept.")
    grace: Duration = Field(10.0, description="How long answers under way have when the server is told to stop.")
    proxy_protocol: bool = Field(
        False, description="Expect the PROXY protocol (v1 or v2) from clients.trusted_proxies."
    )
    access_log: AccessLog = AccessLog()

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        """A file's name alone may stand for the section."""
        if isinstance(data, dict) and isinstance(data.get("access_log"), str):
            return {**data, "access_log": {"file": data["access_log"]}}
        return data
