"""Parts: everything that serves the requests for one site."""

from typing import TYPE_CHECKING, NamedTuple

from guardware.answers import Answers
from guardware.common import Common
from guardware.config.schema import Config
from guardware.guard import Guard
from guardware.images.trace.ledger import Ledger
from guardware.images.variants import VariantMaker
from guardware.known import KnownOriginals
from guardware.notices import Notices, refused_tokens, rsl
from guardware.observe.events import Recorder
from guardware.observe.own import OwnEndpoints
from guardware.overview import Overview

if TYPE_CHECKING:
    from guardware.aggregates.share import Sharing


class Parts(NamedTuple):
    """The rooms that serve a request. A site has its own ``guard`` (policy), ``notices``, ``answers``, ``maker``
    (recipes) and ``own`` endpoints; the others it shares with all sites of the process (``Common``)."""

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


def build_parts(config: Config, common: Common, overview: Overview, previous: Parts | None = None) -> Parts:
    """The parts for the site with ``config``; what ``previous`` knows of its pictures is kept where it fits.

    Raises ConfigError.
    """
    same = config.crawlers == common.config.crawlers
    refused = common.refused if same else refused_tokens(common.catalogue, config.crawlers)
    notices = Notices(config.notices, config.site, refused)
    guard = Guard(
        config,
        catalogue=common.catalogue,
        store=common.store,
        notices=frozenset(notices.paths),
        verifier=common.verifier,
        hosting=common.hosting,
        order=common.order,
        aggregates=common.aggregates,
    )
    maker = previous.maker if previous is not None and _still_fits(previous, config, common) else None
    maker = maker or VariantMaker(config, common.keyring, common.atelier)
    overview.makers.append(maker)
    recorder = common.recorder
    own = OwnEndpoints(config, lambda: overview.health(config.mode), overview.numbers, lambda: recorder.events)
    return Parts(
        config,
        guard,
        notices,
        Answers(config.site, rsl.PATH if config.notices.rsl else None, config.limits),
        maker,
        common.originals,
        common.ledger,
        recorder,
        own,
        common.sharing,
    )


def _still_fits(previous: Parts, config: Config, common: Common) -> bool:
    """Whether the maker of ``previous`` makes what a new one would."""
    maker = previous.maker
    same = _shapes_pictures(previous.config) == _shapes_pictures(config)
    return same and maker.atelier is common.atelier and maker.trace_key == common.keyring.newest("trace")


def _shapes_pictures(config: Config) -> tuple[object, ...]:
    """All of a configuration that variants depend on."""
    return config.images, config.site, config.notices.tdm_policy
