"""Origins: which application serves which host; a folder of pictures, or a site to forward to."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from guardware.config.hosts import most_exact
from guardware.config.proxy import Proxy
from guardware.config.schema import Config
from guardware.errors import ConfigError, GuardwareError
from guardware.hosts import read_host
from guardware.http import ASGIApp, Receive, Scope, Send, first_value
from guardware.proxy.accel import Accel
from guardware.proxy.gallery import gallery
from guardware.proxy.headers import WhoVisits, from_scope
from guardware.proxy.lifespan import run_lifespan
from guardware.proxy.upstream import Upstream
from guardware.visit import Visit

Source = tuple[object, ...]


class Origins:
    """What stands behind the guard. ``root`` or ``upstream`` (of the command line) go before ``config.proxy``, for
    all hosts that do not name their own; at most one of them is given.

    A host with neither in its part has the whole configuration's; where that has none, the answer is 404. Hosts
    with equal proxy sections share one Upstream, so its connections and what is known of its health. Raises
    NotADirectoryError, ValueError for a bad address and GuardwareError; ConfigError that names the host for those.
    """

    def __init__(
        self,
        config: Config,
        *,
        root: Path | None = None,
        upstream: str | None = None,
        who_visits: WhoVisits = from_scope,
    ) -> None:
        self._who_visits = who_visits
        self._upstreams: dict[Proxy, Upstream] = {}
        self._whole = _source(config.proxy)
        self._given: dict[str, object] = {}
        if root is not None:
            self._given = {"root": str(root), "upstream": (), "routes": ()}
        elif upstream is not None:
            self._given = {"root": None, "upstream": (upstream,)}
        self.default = self._app(config)
        self.hosts = {name: _told(name, partial(self._app, site)) for name, site in config.hosts.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await run_lifespan(receive, send, start=self.open, stop=self.close)
        else:
            await self.of(scope)(scope, receive, send)

    def of(self, scope: Scope) -> ASGIApp:
        """What serves this request: by the host that was judged, else, where no guard stands in front, by the
        Host line. A Host that cannot be read is the default's."""
        if not self.hosts:
            return self.default
        visit = scope.get("state", {}).get("guardware.visit")
        if isinstance(visit, Visit):
            return most_exact(self.hosts, visit.host) or self.default
        authority = read_host(first_value(scope["headers"], b"host"))
        return (most_exact(self.hosts, authority.host) if authority is not None else None) or self.default

    async def open(self) -> None:
        """Start all; if one cannot be started, none is."""
        async with AsyncExitStack() as stack:
            for upstream in self._upstreams.values():
                await upstream.open()
                stack.push_async_callback(upstream.close)
            stack.pop_all()

    async def close(self) -> None:
        """End all, also when one of them fails to."""
        async with AsyncExitStack() as stack:
            for upstream in self._upstreams.values():
                stack.push_async_callback(upstream.close)

    def _app(self, config: Config) -> ASGIApp:
        """The application for the site of ``config``."""
        settings = config.proxy
        if _source(settings) == self._whole:  # what is given on the command line is for the default's site
            settings = settings.model_copy(update=self._given)
        if settings.root is not None:
            folder = Path(settings.root)
            app, place = gallery(folder, title=config.site.name or "Pictures"), config.forward_auth.accel
            return Accel(app, folder, place) if place else app
        if settings not in self._upstreams:
            self._upstreams[settings] = Upstream(settings, who_visits=self._who_visits)
        return self._upstreams[settings]


def _source(settings: Proxy) -> Source:
    """Where a site is."""
    return settings.root, settings.upstream, settings.routes


def _told(name: str, make: Callable[[], ASGIApp]) -> ASGIApp:
    try:
        return make()
    except ConfigError:
        raise
    except (NotADirectoryError, ValueError, GuardwareError) as error:
        raise ConfigError([f"hosts.{name}.proxy: {error}"]) from None
