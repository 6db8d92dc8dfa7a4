"""The shape of the ``server`` section: how ``guardware serve`` listens, and what it accepts."""

from pydantic import Field

from guardware.config.section import Section
from guardware.config.values import Duration, Size


class Server(Section):
    """How ``guardware serve`` listens, and what it accepts."""

    max_connections: int = Field(2048, ge=1, description="Visitors' connections at the same time; then 503.")
    max_header: Size = Field(80 * 1024, ge=4096, description="Request line and header lines together; then 431.")
    header_timeout: Duration = Field(20.0, description="How long a visitor may take to send a request's head.")
    keep_alive: Duration = Field(15.0, description="How long a visitor's idle connection is kept.")
    grace: Duration = Field(10.0, description="How long answers under way have when the server is told to stop.")
    proxy_protocol: bool = Field(
        False, description="Expect the PROXY protocol (v1 or v2) from clients.trusted_proxies."
    )
