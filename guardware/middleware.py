"""GuardMiddleware: the guard around an ASGI application."""

import asyncio
import os
import weakref
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from guardware import sites
from guardware.accounts import AccountFunction
from guardware.config import Config, from_mapping, load
from guardware.forward_auth.desk import Desk, Guarding, unread
from guardware.forward_auth.uses import Uses
from guardware.guard import Guard
from guardware.http import (
    Answer,
    ASGIApp,
    Receive,
    Scope,
    Send,
    first_value,
    send_answer,
    without_ours,
)
from guardware.lifespan import follow_lifespan
from guardware.notice_answers import notice_answer
from guardware.parts import Parts
from guardware.plans import make_plan
from guardware.protected import Protected, body_scope, doubtful_scope
from guardware.responses import open_send
from guardware.sites import Sites
from guardware.store import MemoryStore, ResilientStore
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

# Looking a member up on its enumeration takes ten times as long as a global, and is done for every request.
_ALLOW, _PROTECT = Action.ALLOW, Action.PROTECT
_IMAGE, _ASSET, _NOTICE, _OWN = Kind.IMAGE, Kind.ASSET, Kind.NOTICE, Kind.OWN


GRACE = 30.0
"""Seconds that requests under way have after a reload, before what served them is closed."""


class GuardMiddleware:
    """Pure ASGI middleware: judges every request and answers in the application's place where it must.

    ``config``: a Config, a mapping of the same shape, the path of a YAML file, or None for the portfolio
    preset (``./guardware.yaml`` is not read: an application says what it wants). Raises ConfigError.

    ``account``: says which account of the site a request belongs to, given its ASGI scope, or None; it is called
    for every request, so it should look up and not ask a database. Only a salted hash of its answer is kept.

    The verdict is in ``scope["state"]["guardware"]`` (Starlette: ``request.state.guardware``), the Visit that was
    judged in ``scope["state"]["guardware.visit"]``.
    """

    def __init__(
        self,
        app: ASGIApp,
        config: Config | Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        store: MemoryStore | ResilientStore | None = None,
        account: Callable[[Scope], str | None] | None = None,
    ) -> None:
        self.app = app
        self._account = AccountFunction(account) if account is not None else None
        self._given = store
        self._serve_by(sites.build_sites(_config(config), store=store))
        # Where the application has no lifespan (Django), nothing is told of the end: what is to be written down is
        # written when the process ends.
        self._holder = [self._sites]
        self._at_exit = weakref.finalize(self, _write_down, self._holder)
        self._desk: Desk | None = None
        self._uses = Uses()
        self._started = False
        # One at a time: what a reload takes over must not be what another one has given up.
        self._changing = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()

    def _serve_by(self, new: Sites) -> None:
        # Three names for one thing, so that a process with a single site pays nothing for the others.
        self._sites, self._parts = new, new.default
        self._find = new.of if new.hosts else None

    @property
    def parts(self) -> Parts:
        """What serves requests at this moment, for all hosts that have no site of their own."""
        return self._parts

    @property
    def sites(self) -> Sites:
        """All that serves requests at this moment."""
        return self._sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        if not self._started:
            await self._start()
        find = self._find
        now = self._parts if find is None else find(scope["headers"])
        guard = now.guard
        visit = self._read(guard, scope)
        if visit is None:
            await self._unjudged(now, scope, receive, send)
            return
        kind = visit.kind
        if kind is _OWN:
            await self._own(now, visit, scope, receive, send)
            return
        local = guard.local
        verdict = await guard.judge(visit) if local is None else guard.judge_now(visit, local)
        now.recorder.record(visit, verdict)
        state = scope.setdefault("state", {})
        state["guardware"] = verdict
        state["guardware.visit"] = visit
        if visit.forged:
            scope["headers"] = without_ours(visit.headers)
        action = verdict.action if verdict.enforced else _ALLOW
        if kind is _NOTICE:
            answer = await notice_answer(self.app, scope, visit, now.notices)
            await send_answer(answer, visit.method, send)
        elif action is _ALLOW and not (verdict.enforced and (verdict.variant or kind is _ASSET)):
            pictured = None if kind is _IMAGE else self._count_original
            await self.app(scope, receive, open_send(send, visit, now.notices, pictured, guard.answered))
        elif action is _ALLOW or action is _PROTECT:
            await self._protect(now, visit, verdict, scope, receive, send)
        else:
            await self._refuse(now, visit, verdict, send)

    def _read(self, guard: Guard, scope: Scope) -> Visit | None:
        visit = guard.read(scope)
        if visit is not None and self._account is not None:
            return visit._replace(account=self._account(scope))
        return visit

    async def _own(self, now: Parts, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        if not await self._desk_of(now).serve(visit, scope, receive, send):
            await send_answer(now.own.answer(visit, scope.get("client")), visit.method, send)

    def _desk_of(self, now: Parts) -> Desk:
        desk = self._desk
        if desk is None or desk.now is not now or desk.sites is not self._sites:
            ways = Guarding(self._read, self._protect, self._refuse)
            desk = self._desk = Desk.of(now, self.app, self._sites, ways, self._uses)
        return desk

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await follow_lifespan(self.app, scope, receive, send, start=self._start, stop=self._stop)
        elif kind == "websocket":
            if not self._started:
                await self._start()
            await self._websocket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def reload(self, config: Config) -> None:
        """Serve all sites by ``config`` from the next request on; requests under way end by the old one.

        What the old one has for itself is closed after GRACE seconds. Raises ConfigError.
        """
        async with self._changing:
            old = self._sites
            new = await asyncio.to_thread(sites.build_sites, config, old, self._given)
            try:
                await new.start()
            except BaseException:
                await sites.retire(new, old, given=self._given)
                raise
            self._serve_by(new)
            self._holder[0] = new
            self._started = True
            self._run(self._retire(old, new))
            await asyncio.sleep(0)  # A task that has not begun is cancelled without its ``finally``.

    async def _retire(self, old: Sites, new: Sites) -> None:
        try:
            await asyncio.sleep(GRACE)
        finally:  # sooner if the server stops: the last lines of the record are to be written
            await sites.retire(old, new, given=self._given)

    async def _unjudged(self, now: Parts, scope: Scope, receive: Receive, send: Send) -> None:
        """A request that servers read differently; in monitor mode it is served all the same."""
        now.recorder.unreadable += 1
        enforced = self._sites.enforces(now, scope["headers"])
        answer = unread(now, scope, enforced=enforced)
        if answer is not None:
            await send_answer(answer, scope["method"], send)
        elif not enforced:
            await self.app({**scope, "headers": without_ours(scope["headers"])}, receive, send)
        elif scope["type"] == "websocket":
            await _close(receive, send)
        else:
            answer = now.answers.bad_request(first_value(scope["headers"], b"accept"))
            await send_answer(answer, scope["method"], send)

    async def _protect(
        self, now: Parts, visit: Visit, verdict: Verdict, scope: Scope, receive: Receive, send: Send
    ) -> None:
        plan = await make_plan(now, visit, verdict)
        if verdict.action is not _ALLOW or (visit.kind is _IMAGE and plan.doubtful):
            scope = doubtful_scope(scope, image=visit.kind is _IMAGE, known=plan.tag)
        else:
            scope = body_scope(scope)
        responder = Protected(send, visit, now.notices, now.maker, plan)
        try:
            await self.app(scope, receive, responder.send)
        finally:
            responder.close()

    async def _refuse(self, now: Parts, visit: Visit, verdict: Verdict, send: Send) -> None:
        picture = visit.kind is _IMAGE
        accept = visit.facts.accept
        if verdict.action is Action.LIMIT:
            answer = now.answers.limit(
                accept, picture, verdict.support_id, visit.base_url, verdict.retry_after, verdict.decided_by
            )
        else:
            answer = now.answers.deny(accept, picture, verdict.support_id, visit.base_url)
        noticed = now.notices.headers(b"text/html", visit.base_url)
        names = {name for name, _ in answer.headers}
        headers = [*(h for h in noticed if h[0] not in names), *answer.headers]
        await send_answer(Answer(answer.status, headers, answer.body), visit.method, send)

    def _count_original(self, visit: Visit) -> None:
        """Count a picture that was given at an address which did not look like one; nobody waits for it."""
        guard = self._sites.of_host(visit.host).guard
        if guard.local is not None:
            guard.count_original_now(visit, guard.local)
        else:
            self._run(guard.count_original(visit))

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = self._sites.of(scope["headers"])
        visit = self._read(now.guard, scope)
        if visit is None:
            await self._unjudged(now, scope, receive, send)
            return
        verdict = await now.guard.judge(visit)
        now.recorder.record(visit, verdict)
        if visit.kind is _OWN or (verdict.enforced and verdict.action not in (_ALLOW, _PROTECT)):
            await _close(receive, send)
            return
        state = scope.setdefault("state", {})
        state["guardware"] = verdict
        state["guardware.visit"] = visit
        if visit.forged:
            scope["headers"] = without_ours(visit.headers)
        await self.app(scope, receive, send)

    async def _stop(self) -> None:
        """After the application's own shutdown: it may still have had visits to judge."""
        async with self._changing:
            for task in self._background:
                task.cancel()
            await asyncio.gather(*self._background, return_exceptions=True)
            await sites.retire(self._sites, given=self._given)
            self._started = False

    async def _start(self) -> None:
        async with self._changing:
            if not self._started:
                await self._sites.start()
                self._started = True


def _write_down(holder: list[Sites]) -> None:
    """Close what writes to files; twice does no harm. Python 3.12 and later start no thread any more when the
    process ends: what no thread was begun for is lost then."""
    common = holder[0].common
    with suppress(RuntimeError):
        common.recorder.close()
        if common.ledger is not None:
            common.ledger.close()


async def _close(receive: Receive, send: Send) -> None:
    """Refuse a WebSocket before it is accepted; the server answers 403."""
    await receive()
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


def _config(config: Config | Mapping[str, Any] | str | os.PathLike[str] | None) -> Config:
    if config is None:
        return Config()
    if isinstance(config, Config):
        return config
    return from_mapping(config) if isinstance(config, Mapping) else load(config)
