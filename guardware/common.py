"""Common: what all sites of a process share; taken over from one configuration to the next where it fits."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from guardware.aggregates import Aggregates
from guardware.config.schema import Config
from guardware.crawlers.assemble import build_verifier
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.verify import Verifier
from guardware.guard import distinct
from guardware.hosting import HostingNetworks
from guardware.images.atelier import Atelier
from guardware.images.trace.ledger import Ledger
from guardware.keys import Keyring
from guardware.known import KnownOriginals
from guardware.notices import refused_tokens
from guardware.observe.events import SUMMARIES, Recorder
from guardware.order import HeaderOrder
from guardware.secrets import lasting_masters, load_keyring, state_folder
from guardware.store import MemoryStore, ResilientStore, open_store

if TYPE_CHECKING:
    from guardware.aggregates.share import Sharing


class Common(NamedTuple):
    """One of each, however many sites there are: so a client of two sites is one client, and what is bounded is
    bounded for all together. ``config`` is the whole one; ``pictures`` the most that any site must tell apart;
    ``refused`` the tokens that robots.txt disallows by ``config.crawlers``."""

    config: Config
    pictures: int
    catalogue: Catalogue
    refused: tuple[str, ...]
    store: MemoryStore | ResilientStore
    aggregates: Aggregates
    sharing: "Sharing | None"
    verifier: Verifier
    hosting: HostingNetworks
    order: HeaderOrder
    keyring: Keyring
    atelier: Atelier
    ledger: Ledger | None
    originals: KnownOriginals
    recorder: Recorder


def build_common(
    config: Config, previous: Common | None = None, store: MemoryStore | ResilientStore | None = None
) -> Common:
    """What the sites of ``config`` share; what ``previous`` remembers is kept where it fits. ``store``: one that
    was given to us. Raises ConfigError."""
    folder = state_folder(config)
    catalogue = Catalogue.load(folder)
    pictures = max(map(distinct, (config, *config.hosts.values())))
    originals, keyring = KnownOriginals(), None
    aggregates = sharing = verifier = hosting = order = atelier = ledger = recorder = None
    if previous is not None:
        old, originals = previous.config, previous.originals
        if old.store == config.store and previous.pictures == pictures:
            aggregates, sharing = previous.aggregates, previous.sharing
            store = previous.store if store is None else store
        if old.clients.trusted_proxies == config.clients.trusted_proxies:
            order = previous.order
        if old.clients.networks == config.clients.networks and previous.hosting.current:
            hosting = previous.hosting
        same_crawlers = tuple(catalogue) == tuple(previous.catalogue)
        if same_crawlers and (old.crawlers.verification, old.store) == (
            config.crawlers.verification,
            config.store,
        ):
            verifier = previous.verifier
        if _room(old) == _room(config):
            atelier = previous.atelier
        if (state_folder(old), old.images.trace.keep) == (folder, config.images.trace.keep):
            ledger = previous.ledger
        if (old.observe, old.clients.keep_addresses, old.store.folder) == (
            config.observe,
            config.clients.keep_addresses,
            config.store.folder,
        ):
            recorder = previous.recorder
        # The files with keys change without a change of the configuration; a key made for this process stays.
        keyring = None if lasting_masters(config) else previous.keyring
    if aggregates is None:
        aggregates, sharing = _aggregates(config, pictures)
    return Common(
        config,
        pictures,
        catalogue,
        tuple(refused_tokens(catalogue, config.crawlers)),
        # Not "store or": a store that remembers nobody yet is as false as an empty list.
        open_store(config.store, distinct=pictures) if store is None else store,
        aggregates,
        sharing,
        verifier or _verifier(config, catalogue, folder),
        HostingNetworks.load(config.clients.networks) if hosting is None else hosting,
        order or HeaderOrder(),
        keyring or load_keyring(config),
        atelier or Atelier(config.images, folder),
        ledger or (Ledger(folder / "trace", config.images.trace.keep) if folder is not None else None),
        originals,
        recorder or _recorder(config, folder),
    )


async def retire_common(
    old: Common, new: Common | None = None, *, given: MemoryStore | ResilientStore | None = None
) -> None:
    """Close what ``new`` did not take over from ``old``; never a store that was ``given`` to us."""
    if new is None or old.atelier is not new.atelier:
        await old.atelier.close()
    if old.ledger is not None and (new is None or old.ledger is not new.ledger):
        await asyncio.to_thread(old.ledger.close)
    if new is None or old.verifier is not new.verifier:
        await old.verifier.close()
    if new is None or old.recorder is not new.recorder:
        await asyncio.to_thread(old.recorder.close)
    if old.sharing is not None and (new is None or old.sharing is not new.sharing):
        await old.sharing.close()
    if old.store is not given and (new is None or old.store is not new.store):
        await old.store.close()


def _aggregates(config: Config, pictures: int) -> tuple[Aggregates, "Sharing | None"]:
    """What crowds do; all processes that share a Redis see the same."""
    if not _has_redis(config):
        return Aggregates(now=time.time(), pictures=pictures), None
    # Imported here because redis-py costs every start 0.1 s and 18 MB, and most sites have no Redis.
    from guardware.aggregates.share import Sharing

    aggregates = Aggregates(now=time.time(), pictures=pictures, shared=True)
    return aggregates, Sharing(aggregates, config.store.url)


def _verifier(config: Config, catalogue: Catalogue, folder: Path | None) -> Verifier:
    nonces = None
    if _has_redis(config):
        from guardware.crawlers.web_bot_auth.redis_nonces import RedisNonces  # as above

        nonces = RedisNonces(config.store.url)
    return build_verifier(config.crawlers.verification, catalogue, folder, nonces)


def _has_redis(config: Config) -> bool:
    return not config.store.url.startswith("memory:")


def _room(config: Config) -> tuple[object, ...]:
    """All that an atelier is made of."""
    images = config.images
    bounds = images.max_bytes, images.timeout, images.workers, images.worker_memory, images.queue
    return (*bounds, images.cache_bytes, images.disk_bytes, state_folder(config))


def _recorder(config: Config, folder: Path | None) -> Recorder:
    summaries = folder / SUMMARIES if folder is not None else None
    return Recorder(config.observe, keep_addresses=config.clients.keep_addresses, folder=summaries)
