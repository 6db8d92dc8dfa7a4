"""Overview: what health and metrics say of all sites of a process together."""

from collections.abc import Iterable, Mapping
from typing import Any

from guardware.aggregates.words import Status
from guardware.common import Common
from guardware.config.schema import Config
from guardware.images.variants import Stats, VariantMaker


class Overview:
    """``hosts``: the sites' configurations by host name. ``makers`` come in while the sites are built."""

    def __init__(self, common: Common, hosts: Mapping[str, Config]) -> None:
        self._common = common
        self._modes = {name: config.mode for name, config in hosts.items()}
        self.makers: list[VariantMaker] = []

    def health(self, mode: str) -> dict[str, Any]:
        """As JSON: the state of the process, the ``mode`` of the site that is asked, and that of each host."""
        common = self._common
        store, crowds = common.store.status, self._crowds()
        health = {
            "status": "ok" if store.available and crowds.available else "degraded",
            "mode": mode,
            "store": store._asdict(),
            "aggregates": crowds._asdict(),
            "header_order": common.order.state,
            "crawlers": common.verifier.stats._asdict(),
            "images": self._stats()._asdict(),
        }
        return {**health, "hosts": self._modes} if self._modes else health

    def numbers(self) -> tuple[dict[tuple[str, str], int], dict[str, float]]:
        """Verdicts by action and kind, and gauges by name."""
        recorder, crowds = self._common.recorder, self._crowds()
        gauges: dict[str, float] = {f"images_{k}": float(v) for k, v in self._stats()._asdict().items()}
        gauges["events_lost"] = float(recorder.lost)
        gauges["unreadable_requests"] = float(recorder.unreadable)
        gauges["store_available"] = float(self._common.store.status.available)
        gauges["aggregates_available"] = float(crowds.available)
        gauges["aggregates_failures"] = float(crowds.failures)
        gauges["aggregates_lifted"] = float(crowds.lifted)
        gauges["crawlers_failed"] = float(self._common.verifier.stats.failed)
        gauges["hosts"] = float(len(self._modes))
        return dict(recorder.counts), gauges

    def _crowds(self) -> Status:
        return (self._common.sharing or self._common.aggregates).status

    def _stats(self) -> Stats:
        return summed(maker.stats for maker in self.makers)


def summed(stats: Iterable[Stats]) -> Stats:
    """What several makers of one atelier did together; what the atelier holds counts once."""
    made, hits, disk_hits, placeholders, held, waiting = zip(*stats, strict=True)
    return Stats(sum(made), sum(hits), sum(disk_hits), sum(placeholders), held[0], waiting[0])
