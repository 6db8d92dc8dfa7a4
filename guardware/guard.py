"""Guard: owns the parts and judges visits.

The core is sans-IO: ``begin`` says what it needs of the store (or decides without), ``finish`` decides with
what the store answered. ``judge`` and ``judge_now`` put the two around a store; ``explain``, ``replay`` and tests
run the same two.
"""

import itertools
import math
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from guardware.aftermath import Aftermath
from guardware.aggregates import Aggregates
from guardware.circumstances import Circumstances
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.verify import Verifier
from guardware.findings import Examiner, Findings
from guardware.hints import Hints
from guardware.hosting import HostingNetworks
from guardware.http import Scope
from guardware.identity import KeyMaker, Keys
from guardware.kinds import is_icon
from guardware.order import HeaderOrder
from guardware.policy import Policy
from guardware.policy.decide import Decision
from guardware.policy.score import total, with_evidence, with_record
from guardware.secrets import configured_masters, state_folder
from guardware.signals import SignalTable, navigated
from guardware.store import MemoryStore, ResilientStore, open_store
from guardware.store.protocol import COOKIE, NO_SCORES, PROOF, RENDERED, ROBOTS, Record, Touch
from guardware.verdict import GROUPS, LASTING, Action, Evidence, Group, Verdict
from guardware.visit import Kind, Visit, VisitReader

_LIMIT, _IMAGE, _PAGE, _ASSET, _NOTICE = Action.LIMIT, Kind.IMAGE, Kind.PAGE, Kind.ASSET, Kind.NOTICE
"""Looking a member up on its enumeration takes ten times as long as a global."""

_ROBOTS_TXT = "/robots.txt"
_WRONG = frozenset([400, 403, 404, 405, 410, 414])
"""Statuses with which an application says that there is nothing at an address; not those of who has to sign
in, or whose cache is stale."""

_BEHAVIOUR, _DEEDS = GROUPS.index(Group.BEHAVIOUR), LASTING.index(Group.BEHAVIOUR)
_NEVER = -math.inf

_new = tuple.__new__
"""What building a NamedTuple comes down to; several are built for every request, and it takes half the time."""


class Pending(NamedTuple):
    """A judgement that waits for the store's answer to ``touch``."""

    visit: Visit
    findings: Findings
    touch: Touch


class Guard:
    """Judges visits by one configuration. ``clock`` gives seconds since the epoch.

    ``seen``: the headers that visits can show at all, where they come from a log (see ``SignalTable``);
    ``verifier``: who knows whether crawlers are whom they name; without one none is verified or found lying.
    """

    def __init__(
        self,
        config: Config,
        *,
        catalogue: Catalogue | None = None,
        store: MemoryStore | ResilientStore | None = None,
        secret: bytes | None = None,
        notices: frozenset[str] = frozenset(),
        verifier: Verifier | None = None,
        hosting: HostingNetworks | None = None,
        aggregates: Aggregates | None = None,
        seen: Collection[str] | None = None,
        order: HeaderOrder | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.catalogue = catalogue if catalogue is not None else Catalogue.load(state_folder(config))
        # Not "store or": a store that remembers nobody yet is as false as an empty list.
        self.store = store if store is not None else open_store(config.store, distinct=distinct(config))
        self.local = self.store if isinstance(self.store, MemoryStore) else None
        """The store, if it answers without waiting; then ``judge_now`` may be used."""
        self.enforced = config.mode == "enforce"
        self.verifier = verifier
        self.aggregates = aggregates if aggregates is not None else Aggregates(now=clock())
        self.hosting = hosting if hosting is not None else HostingNetworks.load(config.clients.networks)
        self._fixed_secret = secret or next(iter(configured_masters(config)[::-1]), None)
        self._keys = KeyMaker(self._fixed_secret or secrets.token_bytes(32))
        self._reader = VisitReader(
            config.clients.trusted_proxies,
            config.clients.scheme,
            config.site.prefix,
            notices,
            facts=config.clients.facts,
            account=config.clients.account,
            order=order,
        )
        self.order = self._reader.order
        signals = SignalTable(config.signals, seen)
        self._policy = Policy(config)
        self._examiner = Examiner(self.catalogue, signals, self._policy)
        self._after = Aftermath()
        self._circumstances = Circumstances(config, signals, self._policy, self.hosting, self.aggregates)
        self._clock = clock
        self._numbers = itertools.count(int.from_bytes(os.urandom(5), "big"))
        self._hints = Hints(config)

    async def start(self, others: Sequence["Guard"] = ()) -> None:
        """Agree on the secret with all who share the store; ``others``, of the same store, take it over. Without
        one in the configuration, the store has it."""
        guards = (self, *others)
        for guard in guards:
            guard._hints.at_start()
        agree = partial(self._agree_on_secret, guards) if self._fixed_secret is None else None
        if agree is not None:
            await agree()
        if isinstance(self.store, ResilientStore):
            # Set anew even if there is nothing to agree on: the store may have served other guards before.
            self.store.on_return = agree

    async def _agree_on_secret(self, guards: Iterable["Guard"]) -> None:
        """Also when a store comes back that was away at the start: what it knows is under its own secret."""
        keys = KeyMaker(await self.store.secret(secrets.token_bytes(32)))
        for guard in guards:
            guard._keys = keys

    def read(self, scope: Scope) -> Visit | None:
        """The visit of an ASGI scope, or None if its path or host cannot be judged safely: answer 400."""
        visit = self._reader.read(scope)
        if visit is not None and self._hints.asked(visit):
            self._hints.look(visit)
        return visit

    async def judge(self, visit: Visit) -> Verdict:
        """The verdict on ``visit``, after at most one round trip to the store."""
        step = self.begin(visit, now := self._clock())
        if isinstance(step, Verdict):
            return step
        return self.finish(step, await self.store.touch(step.touch), now)

    def judge_now(self, visit: Visit, store: MemoryStore, now: float | None = None) -> Verdict:
        """``judge`` without waiting, for a store in memory."""
        if now is None:
            now = self._clock()
        step = self.begin(visit, now)
        if isinstance(step, Verdict):
            return step
        return self.finish(step, store.touch_now(step.touch, now), now)

    def client_of(self, visit: Visit) -> str:
        """The key of the visit's client, 16 hex digits, new each day: it says which events belong together."""
        return self._keys_of(visit, self._clock()).client

    def answered(self, visit: Visit, status: int, sets_cookie: bool, now: float | None = None) -> None:
        """Learn from what the application answered: ``status``, and whether it set a cookie. Counts with the
        client's next visit. A picture that is missing is the fault of the page that names it."""
        wrong = status in _WRONG and visit.kind is not _IMAGE
        if wrong or (sets_cookie and visit.cookie is None):
            client = self._keys_of(visit, self._clock() if now is None else now).client
            if wrong:
                self._after.error(client, self._keys.picture(visit).hash)
            if sets_cookie and visit.cookie is None:
                self._after.cookie(client)

    async def count_original(self, visit: Visit) -> None:
        """Count a picture that was given at an address which did not look like one."""
        keys = self._keys_of(visit, self._clock())
        await self.store.count_original(keys.client, keys.network, keys.address, self._keys.picture(visit).hash)

    def count_original_now(self, visit: Visit, store: MemoryStore) -> None:
        """``count_original`` without waiting, for a store in memory."""
        now = self._clock()
        keys = self._keys_of(visit, now)
        picture = self._keys.picture(visit).hash
        store.count_original_now(keys.client, keys.network, keys.address, picture, now)

    def begin(self, visit: Visit, now: float) -> Verdict | Pending:
        """The first half: what headers and configuration alone decide, else what to ask of the store."""
        findings = self._examiner.find(visit)
        if self.verifier is not None and (visit.signed or findings.identity.crawler is not None):
            proof = self.verifier.standing(visit, findings.identity.crawler, now)
            findings = self._examiner.proven(visit, findings, proof)
        decision, kind = findings.decision, visit.kind
        if self._policy.ruled:
            decision = self._policy.early(visit, findings.identity, decision)
        if decision is not None:
            if kind is _ASSET or kind is _NOTICE:
                self._learn(visit, findings, now)
            return self._verdict(decision, findings, findings.evidence, total(findings.weights), 0.0)
        if kind is _ASSET:
            self._learn(visit, findings, now)
        keys = self._keys.keys(visit, findings.identity.fingerprint, now)
        learned = self._after.take(keys.client)
        habits = 0 if visit.cookie is None else COOKIE
        picture, number, below = None, -1, self._policy.count_below
        if kind is _IMAGE:
            picture, number = self._keys.picture(visit)
            if not findings.open:
                below = _NEVER
            if not findings.evidence and is_icon(visit.path):
                habits |= RENDERED
        if findings.lasting_proof:
            habits |= PROOF
        weights, cookies, errors = findings.lasting, 0, 0
        if learned is not None:
            habits, cookies, errors = habits | learned.habits, learned.cookies, learned.errors
            if learned.behaviour:
                weights = (*weights[:_DEEDS], max(weights[_DEEDS], learned.behaviour), *weights[_DEEDS + 1 :])
        touch = (
            keys.client,
            keys.network,
            keys.address,
            kind._value_,  # ``value`` is a Python function in Python 3.11
            weights,
            findings.limits.client,
            findings.limits.network,
            picture,
            below,
            number,
            picture is not None and visit.facts.fetch_dest != b"image" and navigated(visit),
            kind is _PAGE,
            picture is None and kind is not _ASSET,
            habits,
            cookies,
            errors,
        )
        return _new(Pending, (visit, findings, _new(Touch, touch)))

    def finish(self, pending: Pending, record: Record, now: float) -> Verdict:
        """The second half: the verdict, given the record that the store returned for ``pending.touch``."""
        visit, findings, touch = pending
        account = self._keys.account(visit.account) if visit.account else ""
        found, crowd = self._circumstances.look(visit, findings.identity, touch, record, account, now)
        evidence = findings.evidence
        if found:
            evidence = (*evidence, *found)
            scores = with_evidence(findings.weights, found)
            # Headers are no deeds: this is what those just found weigh, for the client's next visit.
            if scores[_BEHAVIOUR] > record.scores[_DEEDS]:
                self._after.behaviour(touch.client, scores[_BEHAVIOUR])
        else:
            scores = findings.weights
        if record.scores != NO_SCORES:
            scores = with_record(scores, record.scores)
        score = total(scores)
        proof = findings.proof or bool(record.habits & PROOF)
        hour, day = record.hour, record.day
        if crowd is not None:
            hour, day = max(hour, crowd.hour), max(day, crowd.day)
        decision = self._policy.late(visit, findings.identity, score, scores, proof, record, hour, day)
        people_like = bool(record.habits & RENDERED and record.pages)
        wait, asked = record.retry_after, record.asked_hour
        return self._verdict(
            decision, findings, evidence, score, wait, people_like, asked, touch.client, hour, day
        )

    def _learn(self, visit: Visit, findings: Findings, now: float) -> None:
        """What a visit tells that asks nothing of the store: the client's next one carries it there."""
        if visit.kind is _ASSET:
            if findings.identity.engine is not None and not findings.evidence:
                keys = self._keys.keys(visit, findings.identity.fingerprint, now)
                self._after.habit(keys.client, RENDERED)
        elif visit.path == _ROBOTS_TXT:
            keys = self._keys.keys(visit, findings.identity.fingerprint, now)
            self._after.habit(keys.client, ROBOTS)

    def _keys_of(self, visit: Visit, now: float) -> Keys:
        return self._keys.keys(visit, self._examiner.find(visit).identity.fingerprint, now)

    def _verdict(
        self,
        decision: Decision,
        findings: Findings,
        evidence: tuple[Evidence, ...],
        score: float,
        retry_after: float,
        people_like: bool = False,
        asked: int = 0,
        client: str = "",
        hour: int = 0,
        day: int = 0,
    ) -> Verdict:
        action, decided_by, variant = decision
        crawler = findings.identity.crawler
        token = crawler.token if crawler is not None else None
        wait = math.ceil(retry_after) if action is _LIMIT else 0
        number, enforced = next(self._numbers), self.enforced
        # fmt: off
        fields = (
            action, decided_by, score, evidence, number, token, wait, enforced, variant, people_like, asked,
            client, hour, day,
        )
        # fmt: on
        return _new(Verdict, fields)


def distinct(config: Config) -> int:
    """The count of pictures that a store must be able to tell apart: a power of two, so that few changes of the
    budgets need another store."""
    return max(1024, 1 << (max(config.budgets.per_hour, config.budgets.per_day) - 1).bit_length())
