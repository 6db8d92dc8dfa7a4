"""Findings: what a visit's headers yield, worked out once for all visits that have the same."""

from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.proof import Proof, Standing
from guardware.identity import Identity, cut, identify
from guardware.policy import Policy
from guardware.policy.decide import Decision
from guardware.policy.limits import Pair
from guardware.policy.score import group_weights
from guardware.signals import SignalTable
from guardware.verdict import GROUPS, LASTING, Evidence, Group
from guardware.visit import Facts, Kind, Visit

_KEPT = tuple(GROUPS.index(group) for group in LASTING)


class Findings(NamedTuple):
    """``lasting`` and ``lasting_proof``: what of ``weights`` and ``proof`` the client's record keeps. What a visit
    declares is not: it is in each visit's own headers, and a record may be shared with others behind the same
    address who declare nothing. ``decision``: what can be decided already. ``open``: by itself it gets originals.
    """

    identity: Identity
    evidence: tuple[Evidence, ...]
    weights: tuple[float, ...]
    proof: bool
    lasting: tuple[float, ...]
    lasting_proof: bool
    decision: Decision | None
    limits: Pair
    open: bool


class Examiner:
    """Finds what headers yield, and remembers it for some thousand sets of headers."""

    def __init__(self, catalogue: Catalogue, signals: SignalTable, policy: Policy) -> None:
        self._catalogue = catalogue
        self._signals = signals
        self._policy = policy
        self._known: BoundedCache[tuple[Facts, Kind, bool], Findings] = BoundedCache(2048)

    def find(self, visit: Visit) -> Findings:
        """The findings for ``visit``, whose claims nobody has verified yet."""
        findings = self._known.get((visit.facts, visit.kind, visit.trustworthy)) or self._examine(visit)
        referer = visit.referer
        if (
            referer is not None
            and referer.endswith(visit.query or visit.raw_path)
            and (extra := self._signals.of_visit(visit))
        ):
            return self._weigh(visit, findings.identity, (*findings.evidence, *extra))
        return findings

    def proven(self, visit: Visit, findings: Findings, proof: Proof) -> Findings:
        """``findings`` once more, if something is known of whether the visit comes from whom it names."""
        standing = proof.standing
        if standing is Standing.UNVERIFIED or (standing is Standing.LYING and _hearsay(visit)):
            return findings
        crawler = findings.identity.crawler or proof.crawler
        identity = findings.identity._replace(crawler=crawler, proof=proof)
        extra = self._signals.of_visit(visit)
        return self._weigh(visit, identity, (*self._signals.of_headers(visit, identity), *extra))

    def _examine(self, visit: Visit) -> Findings:
        """Findings for headers not seen before; or for long ones, which are remembered cut."""
        visit = visit._replace(facts=cut(visit.facts))
        key = (visit.facts, visit.kind, visit.trustworthy)
        findings = self._known.get(key)
        if findings is None:
            identity = identify(visit.facts, self._catalogue)
            findings = self._weigh(visit, identity, self._signals.of_headers(visit, identity))
            self._known.put(key, findings)
        return findings

    def _weigh(self, visit: Visit, identity: Identity, evidence: tuple[Evidence, ...]) -> Findings:
        weights, proof = group_weights(evidence), any(e.proof for e in evidence)
        kept = group_weights(e for e in evidence if e.group is not Group.DECLARED)
        return Findings(
            identity,
            evidence,
            weights,
            proof,
            tuple(kept[index] for index in _KEPT),
            any(e.proof for e in evidence if e.group is not Group.DECLARED),
            self._policy.of_headers(visit.kind, identity, weights, proof),
            self._policy.limits(visit.kind),
            self._policy.gives_originals(identity, weights),
        )


_FORWARDED = frozenset([b"x-forwarded-for", b"forwarded", b"x-real-ip", b"cf-connecting-ip", b"true-client-ip"])


def _hearsay(visit: Visit) -> bool:
    """Whether the address may be a proxy's that ``clients.trusted_proxies`` forgot: an honest crawler behind it
    must not be called a liar. Whoever adds such a header to be spared gains what the unverified get."""
    return not visit.source.trusted and any(name in _FORWARDED for name, _ in visit.headers)
