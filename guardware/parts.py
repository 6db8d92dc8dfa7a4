"""Parts: everything that one configuration builds; exchanged as a whole when the configuration is."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from guardware.answers import Answers
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.guard import Guard
from guardware.images import VariantMaker
from guardware.notices import Notices, refused_tokens, rsl
from guardware.observe.events import Recorder
from guardware.observe.own import OwnEndpoints
from guardware.store import MemoryStore, ResilientStore


class Parts(NamedTuple):
    """The rooms that serve a request."""

    config: Config
    guard: Guard
    notices: Notices
    answers: Answers
    maker: VariantMaker
    recorder: Recorder
    own: OwnEndpoints

    async def start(self) -> None:
        await self.guard.start()
        await self.maker.start()

    async def close(self) -> None:
        await self.maker.close()
        await self.guard.store.close()


def build(
    config: Config, previous: Parts | None = None, store: MemoryStore | ResilientStore | None = None
) -> Parts:
    """The parts for ``config``; what ``previous`` remembers (records, counts, variants) is kept where it fits."""
    kept = previous.config if previous is not None else None
    catalogue = previous.guard.catalogue if previous is not None else Catalogue.load()
    notices = Notices(config.notices, config.site, refused_tokens(catalogue, config.crawlers))
    if previous is not None and kept is not None and (kept.store, kept.budgets) == (config.store, config.budgets):
        store = previous.guard.store
    guard = Guard(config, catalogue=catalogue, store=store, notices=frozenset(notices.paths))
    maker = (
        previous.maker
        if previous is not None and kept is not None and (kept.images, kept.site) == (config.images, config.site)
        else VariantMaker(config.images, config.site.name)
    )
    recorder = (
        previous.recorder
        if previous is not None
        and kept is not None
        and (kept.observe, kept.clients) == (config.observe, config.clients)
        else Recorder(config.observe, keep_addresses=config.clients.keep_addresses)
    )
    answers = Answers(config.site, rsl.PATH if config.notices.rsl else None, config.limits)
    own = OwnEndpoints(config, _health(guard, maker), _numbers(guard, maker, recorder))
    return Parts(config, guard, notices, answers, maker, recorder, own)


async def retire(old: Parts, new: Parts) -> None:
    """Close what ``new`` did not take over from ``old``."""
    closers: list[Callable[[], Awaitable[None]]] = []
    if old.maker is not new.maker:
        closers.append(old.maker.close)
    if old.guard.store is not new.guard.store:
        closers.append(old.guard.store.close)
    for close in closers:
        await close()


def _health(guard: Guard, maker: VariantMaker) -> Callable[[], dict[str, Any]]:
    def health() -> dict[str, Any]:
        store = guard.store
        status = (
            store.status._asdict()
            if isinstance(store, ResilientStore)
            else {"backend": "memory", "available": True}
        )
        return {
            "status": "ok" if status["available"] else "degraded",
            "mode": guard.config.mode,
            "store": status,
            "images": maker.stats._asdict(),
        }

    return health


def _numbers(
    guard: Guard, maker: VariantMaker, recorder: Recorder
) -> Callable[[], tuple[dict[tuple[str, str], int], dict[str, float]]]:
    def numbers() -> tuple[dict[tuple[str, str], int], dict[str, float]]:
        store = guard.store
        gauges: dict[str, float] = {f"images_{k}": float(v) for k, v in maker.stats._asdict().items()}
        gauges["store_available"] = float(store.status.available) if isinstance(store, ResilientStore) else 1.0
        return dict(recorder.counts), gauges

    return numbers
