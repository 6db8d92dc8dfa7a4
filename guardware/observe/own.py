"""Our own addresses under ``site.prefix``: health for everyone, events and metrics for whom the owner allows."""

import json
import time
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from typing import Any

from guardware.config.schema import Config
from guardware.errors import MissingExtraError
from guardware.http import Answer, first_value
from guardware.keys import derive
from guardware.observe.events import Event
from guardware.observe.seen import PURPOSE, is_token, seen
from guardware.secrets import lasting_masters
from guardware.visit import Visit

_NO_STORE = (b"cache-control", b"no-store")


class OwnEndpoints:
    """``health``: what to show, as a JSON-ready dict; ``numbers``: verdict counts and gauges for metrics;
    ``events``: the last verdicts other than allow, oldest first.
    """

    def __init__(
        self,
        config: Config,
        health: Callable[[], dict[str, Any]],
        numbers: Callable[[], tuple[dict[tuple[str, str], int], dict[str, float]]],
        events: Callable[[], Iterable[Event]],
    ) -> None:
        self._prefix = config.site.prefix
        self._allowed = config.observe.metrics_allow
        self._health = health
        self._numbers = numbers
        self._events = events
        self._config = config
        self._doctors = tuple(derive(master, PURPOSE) for master in lasting_masters(config))

    def answer(self, visit: Visit, peer: tuple[str, int] | None = None) -> Answer:
        """The response; 404 for what is not ours, and for what the visitor may not read. ``peer``: the other end
        of the connection, which may be a proxy."""
        if visit.method not in ("GET", "HEAD"):
            return _text(405, "Only GET and HEAD.", (b"allow", b"GET, HEAD"))
        match visit.path.removeprefix(self._prefix):
            case "/health":
                return _json(self._shown(visit))
            case "/events" if self._may_read(visit):
                return _json([event._asdict() for event in reversed(list(self._events()))])
            case "/seen" if self._may_read(visit) or self._is_doctor(visit):
                return _json(seen(visit, peer, self._config, str(self._health().get("header_order", ""))))
            case "/metrics" if self._may_read(visit):
                return self._metrics()
            case _:
                return _text(404, "There is nothing here.")

    def _shown(self, visit: Visit) -> dict[str, Any]:
        """Health, but whose sites share this process is not for everybody."""
        health = self._health()
        return health if self._may_read(visit) else {key: value for key, value in health.items() if key != "hosts"}

    def _may_read(self, visit: Visit) -> bool:
        source = visit.source
        if not source.address or source.unheeded:
            return False  # unheeded: a stranger behind a proxy of ours that clients.trusted_proxies forgot
        address = ip_address(source.address)
        return any(address in network for network in self._allowed)

    def _is_doctor(self, visit: Visit) -> bool:
        """Whether the visitor has the owner's secret: ``guardware doctor`` on the owner's server."""
        return is_token(self._doctors, first_value(visit.headers, b"authorization"), time.time())

    def _metrics(self) -> Answer:
        try:
            # Lazily: prometheus-client is an extra, and most sites are never scraped by Prometheus.
            from guardware.observe.metrics import CONTENT_TYPE, Numbers, render
        except MissingExtraError as error:
            return _text(501, str(error))
        return Answer(200, [(b"content-type", CONTENT_TYPE), _NO_STORE], render(Numbers(self._numbers)))


def _json(data: Any) -> Answer:
    body = json.dumps(data, separators=(",", ":")).encode()
    return Answer(200, [(b"content-type", b"application/json"), _NO_STORE], body)


def _text(status: int, text: str, *headers: tuple[bytes, bytes]) -> Answer:
    return Answer(
        status, [(b"content-type", b"text/plain; charset=utf-8"), _NO_STORE, *headers], f"{text}\n".encode()
    )
