"""The ASGI scope of a request: what the connection says, and what the head says."""

import asyncio
import urllib.parse
from typing import Any, Literal

from uvicorn.config import Config as ServerSettings
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl

from guardware.http import RawHeaders, Scope
from guardware.proxy.extensions import TARGET
from guardware.proxy.request_head import Target


class ScopeMaker:
    """What all requests of one connection have in common.

    ``plain``: whether what is written to the connection's socket is what the visitor reads, and he knows it.
    """

    __slots__ = ("_app_state", "_asgi", "_raw_root", "_root", "_server", "client", "plain", "scheme")

    def __init__(self, settings: ServerSettings, app_state: dict[str, Any], transport: asyncio.Transport) -> None:
        self._app_state = app_state
        self._asgi = settings.asgi_version
        self._root = settings.root_path
        self._raw_root = settings.root_path.encode("ascii")
        self._server = get_local_addr(transport)
        self.client = get_remote_addr(transport)
        self.plain = not is_ssl(transport)
        self.scheme: Literal["http", "https"] = "http" if self.plain else "https"

    def came_from(self, client: tuple[str, int] | None, scheme: Literal["http", "https"] | None) -> None:
        """What a trusted front says of the connection: its visitor's address, and scheme if it knows that."""
        self.client = client
        self.scheme = scheme or self.scheme
        self.plain = self.plain and self.scheme == "http"

    def make(self, method: str, version: str, target: Target, headers: RawHeaders) -> Scope:
        """The scope of one of them."""
        path = target.path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": self._asgi, "spec_version": "2.3"},
            "http_version": version,
            "method": method,
            "path": self._root + (urllib.parse.unquote(path) if "%" in path else path),
            "raw_path": self._raw_root + target.path,
            "query_string": target.query,
            "server": self._server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self._root,
            "headers": headers,
            "state": self._app_state.copy(),
            "extensions": {TARGET: target.whole},
        }
