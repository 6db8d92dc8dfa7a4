"""Guard: owns the parts and judges visits.

The core is sans-IO: ``begin`` says what it needs of the store (or decides without), ``finish`` decides with
what the store answered. ``judge`` and ``judge_now`` put the two around a store; ``explain`` and tests run the
same two.
"""

import itertools
import logging
import math
import os
import secrets
import time
from collections.abc import Callable
from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.http import Scope
from guardware.identity import Identity, KeyMaker, cut, identify
from guardware.policy import Policy
from guardware.policy.decide import Decision
from guardware.policy.limits import Pair
from guardware.policy.score import total
from guardware.secrets import configured_masters
from guardware.signals import SignalTable, group_weights, navigated
from guardware.store import MemoryStore, ResilientStore, open_store
from guardware.store.protocol import Record, Touch
from guardware.verdict import Action, Evidence, Group, Verdict
from guardware.visit import Facts, Kind, Visit, VisitReader

logger = logging.getLogger("guardware")

_LIMIT, _IMAGE, _PAGE = Action.LIMIT, Kind.IMAGE, Kind.PAGE
"""Looking a member up on its enumeration takes ten times as long as a global."""

_new = tuple.__new__
"""What building a NamedTuple comes down to; several are built for every request, and it takes half the time."""


class Findings(NamedTuple):
    """What a visit's headers yield; the same for every visit with these headers, so it is remembered.

    ``lasting`` and ``lasting_proof``: what of ``weights`` and ``proof`` the client's record keeps. What a visit
    declares is not: it is in each visit's own headers, and a record may be shared with others behind the same
    address who declare nothing. ``open``: by itself it gets originals, so its pictures count.
    """

    identity: Identity
    evidence: tuple[Evidence, ...]
    weights: tuple[float, ...]
    proof: bool
    lasting: tuple[float, ...]
    lasting_proof: bool
    standing: Decision | None
    limits: Pair
    open: bool


class Pending(NamedTuple):
    """A judgement that waits for the store's answer to ``touch``."""

    visit: Visit
    findings: Findings
    touch: Touch


class Guard:
    """Judges visits by one configuration. ``clock`` gives seconds since the epoch."""

    def __init__(
        self,
        config: Config,
        *,
        catalogue: Catalogue | None = None,
        store: MemoryStore | ResilientStore | None = None,
        secret: bytes | None = None,
        notices: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.catalogue = catalogue or Catalogue.load()
        # Not "store or": a store that remembers nobody yet is as false as an empty list.
        self.store = store if store is not None else open_store(config.store, distinct=distinct(config))
        self.local = self.store if isinstance(self.store, MemoryStore) else None
        """The store, if it answers without waiting; then ``judge_now`` may be used."""
        self.enforced = config.mode == "enforce"
        self._fixed_secret = secret or next(iter(configured_masters(config)[::-1]), None)
        self._keys = KeyMaker(self._fixed_secret or secrets.token_bytes(32))
        self._reader = VisitReader(
            config.clients.trusted_proxies, config.clients.scheme, config.site.prefix, notices
        )
        self._signals = SignalTable(config.signals)
        self._policy = Policy(config)
        self._clock = clock
        self._findings: BoundedCache[tuple[Facts, Kind, bool], Findings] = BoundedCache(2048)
        self._numbers = itertools.count(int.from_bytes(os.urandom(5), "big"))
        self._warned = False

    async def start(self) -> None:
        """Agree on the secret with all who share the store. Without one in the configuration, the store has it."""
        clients, url = self.config.clients, self.config.site.url
        if url is not None and url.scheme == "https" and clients.scheme == "auto" and not clients.trusted_proxies:
            logger.warning(
                "site.url is https and clients.trusted_proxies is empty; if something in front of this server "
                "ends TLS, name its address there, or all visitors behind it count as one"
            )
        if self._fixed_secret is None:
            await self._agree_on_secret()
            if isinstance(self.store, ResilientStore):
                self.store.on_return = self._agree_on_secret

    async def _agree_on_secret(self) -> None:
        """Also when a store comes back that was away at the start: what it knows is under its own secret."""
        self._keys = KeyMaker(await self.store.secret(secrets.token_bytes(32)))

    def read(self, scope: Scope) -> Visit | None:
        """The visit of an ASGI scope, or None if its path or host cannot be judged safely: answer 400."""
        visit = self._reader.read(scope)
        if visit is not None and visit.source.unheeded and not self._warned:
            self._warned = True
            logger.warning(
                "a proxy at a private address sends forwarded headers, but clients.trusted_proxies does not "
                "name it, so all visitors behind it count as one; add its network, for example 10.0.0.0/8"
            )
        return visit

    async def judge(self, visit: Visit) -> Verdict:
        """The verdict on ``visit``, after at most one round trip to the store."""
        now = self._clock()
        step = self.begin(visit, now)
        if isinstance(step, Verdict):
            return step
        return self.finish(step, await self.store.touch(step.touch))

    def judge_now(self, visit: Visit, store: MemoryStore, now: float | None = None) -> Verdict:
        """``judge`` without waiting, for a store in memory."""
        if now is None:
            now = self._clock()
        step = self.begin(visit, now)
        if isinstance(step, Verdict):
            return step
        return self.finish(step, store.touch_now(step.touch, now))

    def client_of(self, visit: Visit) -> str:
        """The key of the visit's client, 16 hex digits, new each day: it says which events belong together."""
        return self._keys.keys(visit, self._find(visit).identity.fingerprint, self._clock()).client

    async def count_original(self, visit: Visit) -> None:
        """Count a picture that was given at an address which did not look like one."""
        findings = self._find(visit)
        keys = self._keys.keys(visit, findings.identity.fingerprint, self._clock())
        await self.store.count_original(keys.client, keys.network, keys.address, self._keys.picture(visit))

    def count_original_now(self, visit: Visit, store: MemoryStore) -> None:
        """``count_original`` without waiting, for a store in memory."""
        now = self._clock()
        keys = self._keys.keys(visit, self._find(visit).identity.fingerprint, now)
        store.count_original_now(keys.client, keys.network, keys.address, self._keys.picture(visit), now)

    def begin(self, visit: Visit, now: float) -> Verdict | Pending:
        """The first half: what headers and configuration alone decide, else what to ask of the store."""
        findings = self._find(visit)
        decision = findings.standing
        if self._policy.ruled:
            decision = self._policy.early(visit, findings.identity, decision)
        if decision is not None:
            return self._verdict(decision, findings, findings.evidence, total(findings.weights), 0.0)
        kind = visit.kind
        keys = self._keys.keys(visit, findings.identity.fingerprint, now)
        picture = kind is _IMAGE
        touch = (
            keys.client,
            keys.network,
            keys.address,
            kind.value,
            findings.lasting,
            findings.lasting_proof,
            findings.limits.client,
            findings.limits.network,
            self._keys.picture(visit) if picture and findings.open else None,
            self._policy.count_below,
            picture and visit.facts.fetch_dest != b"image" and navigated(visit),
            kind is _PAGE,
        )
        return _new(Pending, (visit, findings, _new(Touch, touch)))

    def finish(self, pending: Pending, record: Record) -> Verdict:
        """The second half: the verdict, given the record that the store returned for ``pending.touch``."""
        visit, findings, _ = pending
        evidence, scores = findings.evidence, record.scores
        if evidence:
            scores = tuple(map(max, scores, findings.weights))
        if record.navigated and (found := self._signals.of_record(record)):
            evidence = (*evidence, *found)
            scores = tuple(map(max, scores, group_weights(found)))
        score = total(scores)
        proof = record.proof or findings.proof
        decision = self._policy.late(visit, findings.identity, score, scores, proof, record)
        return self._verdict(decision, findings, evidence, score, record.retry_after)

    def _find(self, visit: Visit) -> Findings:
        findings = self._findings.get((visit.facts, visit.kind, visit.trustworthy)) or self._examine(visit)
        referer = visit.referer
        if (
            referer is not None
            and referer.endswith(visit.query or visit.raw_path)
            and (extra := self._signals.of_visit(visit))
        ):
            return self._weigh(visit, findings.identity, (*findings.evidence, *extra))
        return findings

    def _examine(self, visit: Visit) -> Findings:
        """Findings for headers not seen before; or for long ones, which are remembered cut."""
        visit = visit._replace(facts=cut(visit.facts))
        key = (visit.facts, visit.kind, visit.trustworthy)
        findings = self._findings.get(key)
        if findings is None:
            identity = identify(visit.facts, self.catalogue)
            findings = self._weigh(visit, identity, self._signals.of_headers(visit, identity))
            self._findings.put(key, findings)
        return findings

    def _weigh(self, visit: Visit, identity: Identity, evidence: tuple[Evidence, ...]) -> Findings:
        weights, proof = group_weights(evidence), any(e.proof for e in evidence)
        lasting = [e for e in evidence if e.group is not Group.DECLARED]
        return Findings(
            identity,
            evidence,
            weights,
            proof,
            group_weights(lasting),
            any(e.proof for e in lasting),
            self._policy.standing(visit.kind, identity, weights, proof),
            self._policy.limits(visit.kind),
            self._policy.gives_originals(identity, weights),
        )

    def _verdict(
        self,
        decision: Decision,
        findings: Findings,
        evidence: tuple[Evidence, ...],
        score: float,
        retry_after: float,
    ) -> Verdict:
        action, decided_by, variant = decision
        crawler = findings.identity.crawler
        token = crawler.token if crawler is not None else None
        wait = math.ceil(retry_after) if action is _LIMIT else 0
        return _new(
            Verdict,
            (action, decided_by, score, evidence, next(self._numbers), token, wait, self.enforced, variant),
        )


def distinct(config: Config) -> int:
    """The count of pictures that a store must be able to tell apart: a power of two, so that few changes of the
    budgets need another store."""
    return max(1024, 1 << (max(config.budgets.per_hour, config.budgets.per_day) - 1).bit_length())
