"""Metrics in Prometheus' text format, read from the recorder and the parts when scraped: nothing on the way."""

from collections.abc import Callable, Iterable
from typing import Any

from guardware.errors import MissingExtraError

try:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError as _error:
    raise MissingExtraError("prometheus-client", "metrics") from _error

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Numbers(Collector):
    """Asks for the current numbers at each scrape: ``read`` returns verdict counts and gauges by name."""

    def __init__(self, read: Callable[[], tuple[dict[tuple[str, str], int], dict[str, float]]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Any]:
        counts, gauges = self._read()
        verdicts = CounterMetricFamily(
            "guardware_verdicts", "Visits by action and kind.", labels=["action", "kind"]
        )
        for (action, kind), count in counts.items():
            verdicts.add_metric([action, kind], count)
        yield verdicts
        for name, value in gauges.items():
            yield GaugeMetricFamily(f"guardware_{name}", name.replace("_", " "), value=value)


def render(numbers: Numbers) -> bytes:
    """One scrape's text."""
    registry = CollectorRegistry()
    registry.register(numbers)
    return generate_latest(registry)
