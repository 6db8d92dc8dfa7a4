"""Our own addresses under ``site.prefix``: health for everyone, metrics for whom the owner allows."""

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from guardware.config.schema import Config
from guardware.errors import MissingExtraError
from guardware.http import Answer
from guardware.visit import Visit

_NO_STORE = (b"cache-control", b"no-store")


class OwnEndpoints:
    """``health``: what to show, as a JSON-ready dict; ``numbers``: verdict counts and gauges for metrics."""

    def __init__(
        self,
        config: Config,
        health: Callable[[], dict[str, Any]],
        numbers: Callable[[], tuple[dict[tuple[str, str], int], dict[str, float]]],
    ) -> None:
        self._prefix = config.site.prefix
        self._allowed = config.observe.metrics_allow
        self._health = health
        self._numbers = numbers

    def answer(self, visit: Visit) -> Answer:
        """The response; 404 for what is not ours, and for metrics that the visitor may not read."""
        if visit.method not in ("GET", "HEAD"):
            return _text(405, "Only GET and HEAD.", (b"allow", b"GET, HEAD"))
        match visit.path.removeprefix(self._prefix):
            case "/health":
                body = json.dumps(self._health(), separators=(",", ":")).encode()
                return Answer(200, [(b"content-type", b"application/json"), _NO_STORE], body)
            case "/metrics" if self._may_read(visit):
                return self._metrics()
            case _:
                return _text(404, "There is nothing here.")

    def _may_read(self, visit: Visit) -> bool:
        if not visit.source.address:
            return False
        address = ip_address(visit.source.address)
        return any(address in network for network in self._allowed)

    def _metrics(self) -> Answer:
        try:
            # Lazily: prometheus-client is an extra, and most sites are never scraped by Prometheus.
            from guardware.observe.metrics import CONTENT_TYPE, Numbers, render
        except MissingExtraError as error:
            return _text(501, str(error))
        return Answer(200, [(b"content-type", CONTENT_TYPE), _NO_STORE], render(Numbers(self._numbers)))


def _text(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(
        status, [(b"content-type", b"text/plain; charset=utf-8"), _NO_STORE, *headers], f"{text}\n".encode()
    )
