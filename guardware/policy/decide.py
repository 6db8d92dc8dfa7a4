"""The ladder that decides, top to bottom; the first rung that has an opinion wins.

1. our own addresses and the notices: always allowed;
2. the owner's ``rules``;
3. ``crawlers``: impostors, liars and denied purposes;
4. ``limits``;
5. ``crawlers``: the other purposes;
6. ``thresholds`` on the score;
7. ``budgets``.

Rules stand above crawlers because a rule can name a crawler or a purpose, and because otherwise whoever calls
himself Googlebot would pass the owner's own deny rules. Rungs 1 to 3 need no store, and a static asset ends at
3: it is judged by its headers alone. What a purpose is denied, whoever names himself so is denied; what it is
allowed, only who proves that he is (or whom nobody can verify, where the owner names that very one). Others who
name themselves so get protected pictures until they have.
"""

import re
from typing import NamedTuple

from guardware.config.crawlers import purposes
from guardware.config.schema import Config
from guardware.crawlers.crawler import Crawler
from guardware.crawlers.proof import Standing
from guardware.identity import Identity
from guardware.policy.choice import Choice
from guardware.policy.globs import compile_globs
from guardware.policy.limits import Pair, limit_table
from guardware.policy.rules import CompiledRule, Rules
from guardware.policy.score import condemned, suspect_bound, total
from guardware.store.protocol import Record
from guardware.verdict import Action
from guardware.visit import Kind, Visit


class Decision(NamedTuple):
    """An action, and the rung that chose it as a dotted configuration path.

    ``variant``: the name of the variant that pictures become, "" for the original. Given with protect, and with
    allow where ``images.verdicts.everyone`` names one.
    """

    action: Action
    decided_by: str
    variant: str = ""


_DEFAULT = Decision(Action.ALLOW, "default")


class Policy:
    """A compiled configuration's opinion. Holds no state: the same visit and record decide the same."""

    def __init__(self, config: Config) -> None:
        self._rules = Rules(config.rules)
        self._purposes = purposes(config.crawlers)
        self._tokens = {t.lower(): Action(a) for t, a in config.crawlers.tokens.items()}
        self._limits = limit_table(config.limits)
        self._choice = Choice(config.images)
        self._protect = config.thresholds.protect
        self._suspect = suspect_bound(config.thresholds)
        self.count_below = config.thresholds.protect
        """The score below which a picture goes out as it is, and so counts against the budgets."""
        self.ruled = bool(config.rules)
        """Whether there are rules at all; if not, ``of_headers`` is the whole early decision."""
        self._deny = config.thresholds.deny
        self._disallowed = [_robots_path(path) for path in config.notices.robots_disallow]
        self._per_hour = config.budgets.per_hour
        self._per_day = config.budgets.per_day

    def limits(self, kind: Kind) -> Pair:
        """The limits that a visit of this kind must pass."""
        return self._limits[kind]

    def of_headers(
        self, kind: Kind, identity: Identity, weights: tuple[float, ...], proof: bool
    ) -> Decision | None:
        """What rungs 1 and 3 say of all visits with these headers; None: the store must be asked."""
        if kind is Kind.NOTICE or kind is Kind.OWN:
            return Decision(Action.ALLOW, kind.value)
        by_crawler = self._by_crawler(identity)
        if by_crawler is not None and (by_crawler.action is Action.DENY or kind is Kind.ASSET):
            return by_crawler
        if kind is Kind.ASSET:
            return self._by_score(total(weights), weights, proof, identity) or self._default(identity)
        return None

    def disallowed(self, visit: Visit) -> bool:
        """Whether robots.txt lets no crawler go there, by ``notices.robots_disallow`` (RFC 9309, 2.2.2)."""
        return bool(self._disallowed) and any(path.fullmatch(visit.path) for path in self._disallowed)

    def gives_originals(self, identity: Identity, weights: tuple[float, ...]) -> bool:
        """Whether a visit with these headers gets originals as long as nothing else is known of its client."""
        by_crawler = self._by_crawler(identity)
        if by_crawler is not None:
            return by_crawler.action is Action.ALLOW
        return total(weights) < self._protect

    def early(self, visit: Visit, identity: Identity, decision: Decision | None) -> Decision | None:
        """Rungs 1 to 3: the decision, if what the store knows cannot change it; else None."""
        if visit.kind is Kind.NOTICE or visit.kind is Kind.OWN:
            return decision
        rule = self._rules.first(visit, identity, None)
        if rule is None:
            return decision
        return None if rule.score is not None else self._by_rule(rule, identity)

    def late(
        self,
        visit: Visit,
        identity: Identity,
        score: float,
        scores: tuple[float, ...],
        proof: bool,
        record: Record,
        hour: int,
        day: int,
    ) -> Decision:
        """Rungs 2 to 7, given the client's record; ``scores`` by group, of record and visit together; ``hour`` and
        ``day``: what counts against the budgets, which may be the account's."""
        if self.ruled and (rule := self._rules.first(visit, identity, score)):
            return self._by_rule(rule, identity)
        by_crawler = self._by_crawler(identity)
        if by_crawler is not None and by_crawler.action is Action.DENY:
            return by_crawler
        if record.limited_by:
            return Decision(Action.LIMIT, f"limits.{record.limited_by}.{visit.kind}")
        if by_crawler is not None:
            return by_crawler
        if record.crowded and score < self._deny:
            return self._protected(f"limits.network.{visit.kind}", "doubtful", identity)
        if score >= self._protect:
            return self._by_score(score, scores, proof, identity) or self._default(identity)
        if hour > self._per_hour:
            return self._protected("budgets.per_hour", "over_budget", identity)
        if day > self._per_day:
            return self._protected("budgets.per_day", "over_budget", identity)
        return self._default(identity)

    def _default(self, identity: Identity) -> Decision:
        if not self._choice.everyone:
            return _DEFAULT
        return Decision(Action.ALLOW, "default", self._choice.of("everyone", identity.engine))

    def _protected(self, decided_by: str, verdict: str, identity: Identity) -> Decision:
        return Decision(Action.PROTECT, decided_by, self._choice.of(verdict, identity.engine))

    def _by_crawler(self, identity: Identity) -> Decision | None:
        """What ``crawlers`` says of whom the visit names; None if that has no say."""
        crawler, standing = identity.crawler, identity.proof.standing
        if standing is Standing.LYING:
            return Decision(Action.DENY, "crawlers: an impostor")
        if crawler is None:
            return None
        if crawler.robots_only:
            return Decision(Action.DENY, "crawlers: a token that is never sent")
        named = self._tokens.get(crawler.token.lower())
        decided_by = f"crawlers.{crawler.purpose}" if named is None else f"crawlers.tokens.{crawler.token}"
        action = named or self._purposes[crawler.purpose.value]
        if action is Action.ALLOW and standing is not Standing.VERIFIED and not _taken_at_his_word(crawler, named):
            action, decided_by = Action.PROTECT, f"{decided_by}, unverified"
        variant = self._choice.of_crawler(crawler) if action is Action.PROTECT else ""
        return Decision(action, decided_by, variant)

    def _by_score(
        self, score: float, scores: tuple[float, ...], proof: bool, identity: Identity
    ) -> Decision | None:
        if score < self._protect:
            return None
        if score >= self._deny and condemned(scores, proof, self._deny):
            return Decision(Action.DENY, "thresholds.deny")
        if score >= self._suspect:
            return self._protected("thresholds.suspect", "suspect", identity)
        return self._protected("thresholds.protect", "doubtful", identity)

    def _by_rule(self, rule: CompiledRule, identity: Identity) -> Decision:
        if rule.action is not Action.PROTECT or rule.variant:
            return Decision(rule.action, rule.label, rule.variant)
        return self._protected(rule.label, "doubtful", identity)


def _taken_at_his_word(crawler: Crawler, named: Action | None) -> bool:
    return named is not None and not crawler.verification.possible


def _robots_path(path: str) -> re.Pattern[str]:
    """``*`` is any text, and a rule holds for all that begins like it, unless it ends in ``$``."""
    whole = path.endswith("$")
    return compile_globs([path.removesuffix("$") + ("" if whole else "*")], within="")
