"""Desk: the endpoints of forward-auth, ``/.guardware/auth`` and ``/.guardware/image/...``."""

import time
from collections.abc import Awaitable, Callable
from operator import itemgetter
from typing import NamedTuple

from guardware.forward_auth.control import Asked, asked_scope, host_of, read_asked, with_host
from guardware.forward_auth.handover import seal, unseal
from guardware.forward_auth.options import Form, Options, read_options
from guardware.forward_auth.probe import shows_picture
from guardware.forward_auth.replies import (
    NO_STORE,
    allowed,
    handed_over,
    may_last,
    plain,
    redirected,
    refused_by_path,
)
from guardware.forward_auth.uses import Uses
from guardware.guard import Guard
from guardware.http import Answer, ASGIApp, RawHeaders, Receive, Scope, Send, send_answer, without_ours
from guardware.keys import derive
from guardware.notice_answers import notice_answer
from guardware.parts import Parts
from guardware.sites import Sites
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

AUTH, IMAGE = "/auth", "/image/"
"""The endpoints, under ``site.prefix``. The first also with the visitor's path behind it (Envoy's path_prefix)."""

_UNREADABLE = "-"
"""In the place of a sealed path: where a visitor finds the answer whose request cannot be judged."""

_IN_PATH = 7000
"""Letters of a sealed path. That of a long address goes on in the query, since a path that is longer than
``guardware.paths.MAX_LENGTH`` is none; not all of them do, since Caddy 2.6 rewrites to no query."""

_READING = ("GET", "HEAD")

_name = itemgetter(0)

Protect = Callable[[Parts, Visit, Verdict, Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Parts, Visit, Verdict, Send], Awaitable[None]]


def unread(now: Parts, scope: Scope, *, enforced: bool) -> Answer | None:
    """The answer to a front's question whose Host cannot be read; None if ``scope`` asks something else.

    nginx and HAProxy take any other status than 200 and 403 for a guard that is away.
    """
    if scope["type"] != "http" or scope["path"] != now.config.site.prefix + AUTH:
        return None
    return plain(403, "The Host header cannot be read.") if enforced else Answer(200, [NO_STORE], b"")


class Guarding(NamedTuple):
    """The guard's own ways: of reading a visit, of answering with a variant, and of refusing."""

    read: Callable[[Guard, Scope], Visit | None]
    protect: Protect
    refuse: Refuse


class Desk(NamedTuple):
    """What serves the endpoints of one site: its parts, the application behind the guard, and ``sites``, by which
    the visitor's host is judged. ``lasting``: whether its answers may be kept."""

    now: Parts
    app: ASGIApp
    sites: Sites
    ways: Guarding
    uses: Uses
    lasting: bool
    clock: Callable[[], float] = time.time

    @classmethod
    def of(cls, now: Parts, app: ASGIApp, sites: Sites, ways: Guarding, uses: Uses) -> "Desk":
        """The desk of the site ``now``; to be made once for each, and not for each request."""
        return cls(now, app, sites, ways, uses, may_last(now.config))

    async def serve(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer ``visit``, which came for one of guardware's own addresses; False if it is not one of these."""
        prefix = self.now.config.site.prefix
        place = visit.path.removeprefix(prefix)
        raw = visit.raw_path.removeprefix(prefix.encode())
        if not (place == AUTH or place.startswith((f"{AUTH}/", IMAGE))):
            return False
        if not visit.source.trusted or not raw.startswith((AUTH.encode(), IMAGE.encode())):
            await send_answer(plain(404, "There is nothing here."), visit.method, send)
        elif place.startswith(IMAGE):
            text = place.removeprefix(IMAGE)
            if len(text) == _IN_PATH:  # of a shorter one, Caddy leaves the visitor's own query where it was
                text += visit.query.decode("latin-1")
            await self._hand_over(visit, text, scope, receive, send)
        else:
            await self._ask(visit, raw.removeprefix(AUTH.encode()), scope, send)
        return True

    async def _ask(self, own: Visit, behind: bytes, scope: Scope, send: Send) -> None:
        """The front's question. ``behind``: what stands behind the endpoint's address, for Envoy."""
        if behind:  # then the query is the visitor's
            options: Options | None = Options(Form.REDIRECT)
            target = behind + b"?" + own.query if own.query else behind
            asked = read_asked(scope["headers"], target, own.method)
        else:
            options = read_options(own.query)
            asked = read_asked(scope["headers"])
        if options is None:
            answer = plain(403, "The address that the front asks has an option that there is not.")
        elif isinstance(asked, str):
            answer = plain(403, asked)
        else:
            inner = asked_scope(scope, asked)
            if not options.ordered:  # an order that nobody chose would be evidence against people
                inner["headers"].sort(key=_name)
            # The front may ask under a name of guardware's own: the visitor's host has its own policy.
            desk = self._for(inner["headers"])
            visit = self.ways.read(desk.now.guard, inner)
            if visit is None:
                answer = desk._unjudged(own, options, inner["headers"])
            elif visit.kind is Kind.OWN:
                answer = plain(403, "Let the front pass guardware's own addresses on, and not ask about them.")
            else:
                await desk._judge(visit, asked, options, inner, own.method, send)
                return
        await send_answer(answer, own.method, send)

    def _unjudged(self, own: Visit, options: Options, headers: RawHeaders) -> Answer:
        """A request that servers read differently; in monitor mode it is served all the same."""
        self.now.recorder.unreadable += 1
        if not self.sites.enforces(self.now, headers):
            return Answer(200, [NO_STORE], b"")
        if options.form is Form.PATH:
            return refused_by_path(400, self._path(_UNREADABLE), Action.DENY)
        return self.now.answers.bad_request(own.facts.accept)

    async def _judge(
        self, visit: Visit, asked: Asked, options: Options, scope: Scope, method: str, send: Send
    ) -> None:
        """``method``: the one by which the front asks, which decides whether its answer has a body."""
        guard, local = self.now.guard, self.now.guard.local
        verdict = await guard.judge(visit) if local is None else guard.judge_now(visit, local)
        self.now.recorder.record(visit, verdict)
        action = verdict.action if verdict.enforced else Action.ALLOW
        if visit.kind is not Kind.NOTICE and action not in (Action.ALLOW, Action.PROTECT):
            await self._refusal(visit, verdict, asked, options, method, send)
            return
        if await self._is_for_the_front(visit, verdict, options, scope):
            answer = allowed(visit, verdict, self.now.notices, lasting=self.lasting)
        else:
            path = self._path(seal(self._key, visit, asked.target, verdict, self.clock()))
            redirect = options.form is Form.REDIRECT
            answer = redirected(visit, path) if redirect else handed_over(verdict, path)
        await send_answer(answer, method, send)

    async def _is_for_the_front(self, visit: Visit, verdict: Verdict, options: Options, scope: Scope) -> bool:
        """Whether the front may serve what it has.

        A picture may stand at any address, so whoever gets none gets everything from guardware, which looks at the
        answer. A redirect would spoil the links of a page; so what may be one is looked at before.
        """
        if visit.kind is Kind.NOTICE:
            return False
        if not verdict.enforced:
            return True
        if verdict.action is Action.ALLOW and not verdict.variant:
            # Assets are judged without budgets: one that turns out to be a picture is a picture for nobody.
            return options.files or visit.kind is not Kind.ASSET
        if options.form is not Form.REDIRECT or visit.kind in (Kind.IMAGE, Kind.ASSET):
            return False
        if visit.method not in _READING:
            return False
        drawings = self.now.config.images.svg != "serve"
        return not await shows_picture(self.app, self._clean(scope, visit), drawings=drawings)

    async def _refusal(
        self, visit: Visit, verdict: Verdict, asked: Asked, options: Options, method: str, send: Send
    ) -> None:
        if options.form is Form.PATH:
            path = self._path(seal(self._key, visit, asked.target, verdict, self.clock()))
            status = 429 if verdict.action is Action.LIMIT else 403
            await send_answer(refused_by_path(status, path, verdict.action), method, send)
        else:
            await self.ways.refuse(self.now, visit._replace(method=method), verdict, send)

    async def _hand_over(self, own: Visit, text: str, scope: Scope, receive: Receive, send: Send) -> None:
        """What the front gets for the visitor: judged already, neither judged nor counted again."""
        if text == _UNREADABLE:
            await send_answer(self.now.answers.bad_request(own.facts.accept), own.method, send)
            return
        host = host_of(scope["headers"])
        desk = self._for(with_host(scope["headers"], host) if host else scope["headers"])
        handed = unseal(desk._key, own, text, self.clock())
        visit = None
        if handed is not None and handed.is_for(own.method):
            scope = asked_scope(scope, Asked(own.method, handed.target, host))
            visit = self.ways.read(desk.now.guard, scope)
        if handed is None or visit is None or visit.host != handed.host:
            await send_answer(plain(403, "This address was for somebody else, or is too old."), own.method, send)
            return
        if not self.uses.take(handed.seal, own.method, visit.headers):
            await send_answer(plain(403, "This address was used; ask for the picture's own."), own.method, send)
            return
        await desk._give(visit, handed.verdict, self._clean(scope, visit), receive, send)

    async def _give(self, visit: Visit, verdict: Verdict, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"].update({"guardware": verdict, "guardware.visit": visit})
        if visit.kind is Kind.NOTICE:
            answer = await notice_answer(self.app, scope, visit, self.now.notices)
            await send_answer(answer, visit.method, send)
        elif verdict.action in (Action.ALLOW, Action.PROTECT):
            await self.ways.protect(self.now, visit, verdict, scope, receive, send)
        else:
            await self.ways.refuse(self.now, visit, verdict, send)

    def _for(self, headers: RawHeaders) -> "Desk":
        """The desk of the site that serves a request with these headers."""
        now = self.sites.of(headers) if self.sites.hosts else self.sites.default
        return self if now is self.now else self.of(now, self.app, self.sites, self.ways, self.uses)

    def _clean(self, scope: Scope, visit: Visit) -> Scope:
        return {**scope, "headers": without_ours(scope["headers"])} if visit.forged else scope

    def _path(self, last: str) -> str:
        rest = f"?{last[_IN_PATH:]}" if len(last) > _IN_PATH else ""
        return f"{self.now.config.site.prefix}{IMAGE}{last[:_IN_PATH]}{rest}"

    @property
    def _key(self) -> bytes:
        """Lasts as long as the key of the marks: all processes that share the keys can open each other's paths."""
        return derive(self.now.maker.trace_key, "hand-over")
