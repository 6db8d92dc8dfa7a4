"""Parts: everything that one configuration builds; exchanged as a whole when the configuration is."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from guardware.aggregates import Aggregates
from guardware.answers import Answers
from guardware.config.schema import Config
from guardware.crawlers.assemble import build_verifier
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.verify import Verifier
from guardware.guard import Guard, distinct
from guardware.images.trace.ledger import Ledger
from guardware.images.variants import VariantMaker
from guardware.keys import Keyring
from guardware.known import KnownOriginals
from guardware.notices import Notices, refused_tokens, rsl
from guardware.observe.events import SUMMARIES, Recorder
from guardware.observe.own import OwnEndpoints
from guardware.secrets import lasting_masters, load_keyring, state_folder
from guardware.store import MemoryStore, ResilientStore

if TYPE_CHECKING:
    from guardware.aggregates.share import Sharing


class Parts(NamedTuple):
    """The rooms that serve a request."""

    config: Config
    guard: Guard
    notices: Notices
    answers: Answers
    maker: VariantMaker
    originals: KnownOriginals
    ledger: Ledger | None
    recorder: Recorder
    own: OwnEndpoints
    sharing: "Sharing | None"

    async def start(self) -> None:
        await self.guard.start()
        if self.guard.verifier is not None:
            await self.guard.verifier.start()
        if self.sharing is not None:
            self.sharing.start()


def build(
    config: Config, previous: Parts | None = None, store: MemoryStore | ResilientStore | None = None
) -> Parts:
    """The parts for ``config``; what ``previous`` remembers (records, counts, variants) is kept where it fits."""
    folder = state_folder(config)
    catalogue = Catalogue.load(folder)
    notices = Notices(config.notices, config.site, refused_tokens(catalogue, config.crawlers))
    maker = recorder = ledger = verifier = aggregates = sharing = hosting = order = None
    originals = KnownOriginals() if previous is None else previous.originals
    if previous is not None:
        old = previous.config
        if old.store == config.store and distinct(old) == distinct(config):
            aggregates, sharing = previous.guard.aggregates, previous.sharing
            if store is None:
                store = previous.guard.store
        if _shapes_pictures(old) == _shapes_pictures(config) and _has_newest_key(previous.maker, config):
            maker, ledger = previous.maker, previous.ledger
        if (old.observe, old.clients, old.store.folder) == (config.observe, config.clients, config.store.folder):
            recorder = previous.recorder
        if old.clients.trusted_proxies == config.clients.trusted_proxies:
            order = previous.guard.order
        if old.clients.networks == config.clients.networks and previous.guard.hosting.current:
            hosting = previous.guard.hosting
        same_crawlers = tuple(catalogue) == tuple(previous.guard.catalogue)
        if same_crawlers and (old.crawlers, old.store) == (config.crawlers, config.store):
            verifier = previous.guard.verifier
    if aggregates is None:
        aggregates, sharing = _aggregates(config)
    guard = Guard(
        config,
        catalogue=catalogue,
        store=store,
        notices=frozenset(notices.paths),
        verifier=verifier or _verifier(config, catalogue, folder),
        hosting=hosting,
        order=order,
        aggregates=aggregates,
    )
    if maker is None:
        maker, ledger = VariantMaker(config, load_keyring(config)), _ledger(config)
    recorder = recorder or Recorder(
        config.observe,
        keep_addresses=config.clients.keep_addresses,
        folder=folder / SUMMARIES if folder is not None else None,
    )
    answers = Answers(config.site, rsl.PATH if config.notices.rsl else None, config.limits)
    own = OwnEndpoints(config, _health(guard, maker), _numbers(guard, maker, recorder), lambda: recorder.events)
    return Parts(config, guard, notices, answers, maker, originals, ledger, recorder, own, sharing)


def _aggregates(config: Config) -> tuple[Aggregates, "Sharing | None"]:
    """What crowds do; all processes that share a Redis see the same."""
    if not _has_redis(config):
        return Aggregates(now=time.time(), pictures=distinct(config)), None
    # Imported here because redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
    from guardware.aggregates.share import Sharing

    aggregates = Aggregates(now=time.time(), pictures=distinct(config), shared=True)
    return aggregates, Sharing(aggregates, config.store.url)


def _verifier(config: Config, catalogue: Catalogue, folder: Path | None) -> Verifier:
    nonces = None
    if _has_redis(config):
        from guardware.crawlers.web_bot_auth.redis_nonces import RedisNonces  # as above

        nonces = RedisNonces(config.store.url)
    return build_verifier(config.crawlers.verification, catalogue, folder, nonces)


def _has_redis(config: Config) -> bool:
    return not config.store.url.startswith("memory:")


def _shapes_pictures(config: Config) -> tuple[object, ...]:
    """All of a configuration that variants depend on."""
    clients, store = config.clients, config.store
    return config.images, config.site, config.notices.tdm_policy, clients.secret_file, store.folder


def _has_newest_key(maker: VariantMaker, config: Config) -> bool:
    """Whether no key was added since: the files with keys change without a change of the configuration."""
    masters = lasting_masters(config)
    return not masters or Keyring(masters).newest("trace") == maker.trace_key


def _ledger(config: Config) -> Ledger | None:
    folder = state_folder(config)
    return None if folder is None else Ledger(folder / "trace", config.images.trace.keep)


async def retire(
    old: Parts, new: Parts | None = None, *, given: MemoryStore | ResilientStore | None = None
) -> None:
    """Close what ``new`` did not take over from ``old``; never a store that was ``given`` to us."""
    if new is None or old.maker is not new.maker:
        await old.maker.close()
        if old.ledger is not None:
            await asyncio.to_thread(old.ledger.close)
    verifier = old.guard.verifier
    if verifier is not None and (new is None or new.guard.verifier is not verifier):
        await verifier.close()
    if new is None or old.recorder is not new.recorder:
        await asyncio.to_thread(old.recorder.close)
    if old.sharing is not None and (new is None or new.sharing is not old.sharing):
        await old.sharing.close()
    if old.guard.store is not given and (new is None or old.guard.store is not new.guard.store):
        await old.guard.store.close()


def _health(guard: Guard, maker: VariantMaker) -> Callable[[], dict[str, Any]]:
    def health() -> dict[str, Any]:
        status = guard.store.status._asdict()
        return {
            "status": "ok" if status["available"] else "degraded",
            "mode": guard.config.mode,
            "store": status,
            "header_order": guard.order.state,
            "crawlers": guard.verifier.stats._asdict() if guard.verifier is not None else None,
            "images": maker.stats._asdict(),
        }

    return health


def _numbers(
    guard: Guard, maker: VariantMaker, recorder: Recorder
) -> Callable[[], tuple[dict[tuple[str, str], int], dict[str, float]]]:
    def numbers() -> tuple[dict[tuple[str, str], int], dict[str, float]]:
        gauges: dict[str, float] = {f"images_{k}": float(v) for k, v in maker.stats._asdict().items()}
        gauges["events_lost"] = float(recorder.lost)
        gauges["unreadable_requests"] = float(recorder.unreadable)
        gauges["store_available"] = float(guard.store.status.available)
        return dict(recorder.counts), gauges

    return numbers
