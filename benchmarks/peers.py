"""The ASGI apps that are compared: the bare one, and the same one behind each peer and behind guardware."""

from collections.abc import Callable, Iterator
from functools import partial

from guard import PureASGISecurityMiddleware, SecurityConfig  # type: ignore[import-not-found]
from limits import RateLimitItemPerMinute  # type: ignore[import-not-found]
from limits.aio.storage import MemoryStorage  # type: ignore[import-not-found]
from limits.aio.strategies import FixedWindowRateLimiter  # type: ignore[import-not-found]
from slowapi import Limiter  # type: ignore[import-not-found]
from slowapi.middleware import SlowAPIASGIMiddleware  # type: ignore[import-not-found]
from slowapi.util import get_remote_address  # type: ignore[import-not-found]
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from benchmarks.timing import Job
from benchmarks.visits import Kind, scope
from guardware import Config, Guard, GuardMiddleware, Verdict
from guardware.config.schema import Store as StoreConfig
from guardware.http import ASGIApp, Message, Receive, Scope, Send
from guardware.verdict import Action

NEVER = 1_000_000
"""Requests a minute that no client of the benchmark reaches."""

_PAGE = "<!doctype html><title>Gallery</title>" + "<img src='/art/1.jpg' alt=''>" * 30
_PICTURE = b"\xff\xd8\xff\xe0" + b"\x00" * 1020


async def _page(request: Request) -> Response:
    return HTMLResponse(_PAGE)


async def _picture(request: Request) -> Response:
    return Response(_PICTURE, media_type="image/jpeg")


def _app(*middleware: Middleware) -> Starlette:
    return Starlette(routes=[Route("/", _page), Route("/art/{name}", _picture)], middleware=middleware)


class _NoOp:
    """The least a pure ASGI middleware can do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Limits:
    """A fixed window in memory by the ``limits`` library, with nothing around it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._item = RateLimitItemPerMinute(NEVER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not await self._limiter.hit(self._item, scope["client"][0]):
            raise AssertionError("the limit was reached")
        await self._app(scope, receive, send)


def _slowapi() -> Starlette:
    app = _app(Middleware(SlowAPIASGIMiddleware))
    app.state.limiter = Limiter(key_func=get_remote_address, default_limits=[f"{NEVER}/minute"])
    return app


def _fastapi_guard(penetration_detection: bool) -> Starlette:
    """``penetration_detection=False`` is its lightest set-up with a rate limit; True is its default."""
    config = SecurityConfig(
        enable_redis=False,
        enable_penetration_detection=penetration_detection,
        rate_limit=NEVER,
        rate_limit_window=60,
        log_request_level=None,
    )
    return _app(Middleware(PureASGISecurityMiddleware, config=config))


def _guarded(store: str = "memory://") -> Starlette:
    """The app behind guardware in its default configuration; only the store may differ.

    Redis gets a second instead of 50 ms: on a busy machine some visit of thousands takes longer, and guardware
    would go on with local memory, which is timed in a row of its own.
    """
    return _app(Middleware(GuardMiddleware, config={"store": {"url": store, "timeout": "1s"}}))


class AsgiSubject:
    """One app, visited in process: no sockets, no server."""

    def __init__(
        self, name: str, app: ASGIApp, kind: Kind, *, judged: bool = False, most: int | None = None
    ) -> None:
        """``judged``: by guardware. ``most``: calls a round, for what is too slow for more."""
        self.name = name
        self.kind: Kind = kind
        self._app = app
        self._judged = judged
        self._most = most
        self._scopes: list[Scope] = []

    def jobs(self, start: int, count: int) -> Iterator[Job]:
        self._scopes = []
        for number in range(start, start + (count if self._most is None else min(count, self._most))):
            self._scopes.append(scope(self.kind, number))
            yield partial(self._app, self._scopes[-1], _receive, _send)

    def verify(self) -> None:
        """Every answer was 200 (``_send`` sees to it); guardware moreover judged, and let the original out."""
        if not self._judged:
            return
        for visit in self._scopes:
            verdict = visit["state"]["guardware"]
            if verdict.action is not Action.ALLOW:
                raise AssertionError(f"{self.name}: a browser got {verdict}")


class JudgeSubject:
    """The judgement alone, with no application around it: what stands beside a bare script call."""

    def __init__(self, name: str, store: str, kind: Kind) -> None:
        self.name = name
        self._kind: Kind = kind
        self._guard = Guard(Config(store=StoreConfig(url=store, timeout=1.0)))
        self._verdicts: list[Verdict] = []

    def jobs(self, start: int, count: int) -> Iterator[Job]:
        self._verdicts = []
        for number in range(start, start + count):
            yield partial(self._judge, scope(self._kind, number))

    async def _judge(self, visit_scope: Scope) -> None:
        visit = self._guard.read(visit_scope)
        if visit is not None:
            self._verdicts.append(await self._guard.judge(visit))

    def verify(self) -> None:
        """A browser was judged, and is allowed."""
        if not self._verdicts or any(v.action is not Action.ALLOW for v in self._verdicts):
            raise AssertionError(f"{self.name}: not every browser was allowed")


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: Message) -> None:
    if message["type"] == "http.response.start" and message["status"] != 200:
        raise AssertionError(f"answered {message['status']}")


BARE = {"page": "bare Starlette, page", "image": "bare Starlette, picture"}
"""The rows that the ratios of each kind of visit are taken to."""

# name, app, kind of visit, judged by guardware
_ROWS: tuple[tuple[str, Callable[[], ASGIApp], Kind, bool], ...] = (
    (BARE["page"], _app, "page", False),
    ("no-op ASGI middleware", lambda: _app(Middleware(_NoOp)), "page", False),
    ("limits, fixed window, memory", lambda: _app(Middleware(_Limits)), "page", False),
    ("slowapi ASGI, memory", _slowapi, "page", False),
    ("fastapi-guard ASGI, lightest", lambda: _fastapi_guard(False), "page", False),
    ("guardware, memory, page", _guarded, "page", True),
    (BARE["image"], _app, "image", False),
    ("guardware, memory, picture", _guarded, "image", True),
)


def subjects() -> list[AsgiSubject]:
    """Every app of the table, each with state of its own."""
    return [AsgiSubject(name, make(), kind, judged=judged) for name, make, kind, judged in _ROWS]


def guarded_by_redis(url: str) -> list[AsgiSubject | JudgeSubject]:
    """The app behind guardware with its records in the Redis at ``url``, and the judgement without the app."""
    return [
        AsgiSubject("guardware, Redis, page", _guarded(url), "page", judged=True),
        AsgiSubject("guardware, Redis, picture", _guarded(url), "image", judged=True),
        JudgeSubject("guardware judgement alone, Redis, page", url, "page"),
        JudgeSubject("guardware judgement alone, Redis, picture", url, "image"),
    ]


def fastapi_guard_defaults() -> AsgiSubject:
    """fastapi-guard as it comes: more than 100 ms a request, so it is timed only when asked for, and seldom."""
    return AsgiSubject("fastapi-guard ASGI, defaults", _fastapi_guard(True), "page", most=2)
