"""The rung that decided, in words, and what the next ones would have needed (``policy/decide.py``)."""

from typing import Any, NamedTuple

from guardware.config.schema import Config, Limit
from guardware.crawlers.crawler import Crawler
from guardware.explain.judging import Judged
from guardware.identity import Identity
from guardware.policy.score import SUPPORTS, suspect_bound
from guardware.store.protocol import Record
from guardware.verdict import GROUPS, PRIORS, Action, Verdict
from guardware.visit import Kind

_TAKERS = {
    "client": "",
    "address": ", counted for all clients of its address",
    "account": ", counted for its account",
}


class Rung(NamedTuple):
    """``key``: the configuration path that decides there; ``needs``: what is missing, in words; ``short_by``: of
    score or of originals, None where that is not the question."""

    key: str
    action: Action
    needs: str
    short_by: float | None


class Weighed(NamedTuple):
    """What the upper rungs look at: the ``scores`` by group (``GROUPS`` order), and whether there is ``proof``."""

    scores: tuple[float, ...]
    proof: bool

    @property
    def own(self) -> float:
        """The score without where the client comes from and who else comes: only that may deny."""
        return sum(s for group, s in zip(GROUPS, self.scores, strict=True) if group not in PRIORS)

    @property
    def agreeing(self) -> list[str]:
        """The groups that speak against the client by its own doing."""
        pairs = zip(GROUPS, self.scores, strict=True)
        return [group.value for group, s in pairs if s >= SUPPORTS and group not in PRIORS]


def rung_of(decided_by: str) -> str:
    """The part of the ladder: rules, crawlers, limits, thresholds, budgets, default, notice or own."""
    for end in (".", "[", ":"):
        decided_by = decided_by.partition(end)[0]
    return decided_by


def why(judged: Judged, weighed: Weighed, config: Config) -> str:
    """Why this rung decided."""
    verdict, decided_by = judged.verdict, judged.verdict.decided_by
    match rung_of(decided_by):
        case "own":
            return "it is one of guardware's own addresses"
        case "notice":
            return "it is an opt-out file, which everybody may read"
        case "rules":
            return f"this rule of yours fits and says {verdict.action}; rules come before everything else"
        case "crawlers":
            return _crawler(judged.identity, decided_by, config)
        case "limits":
            return _limit(judged, config)
        case "thresholds":
            return _threshold(judged, weighed, config)
        case "budgets":
            return _budget(judged, config)
        case _:
            return "no rule, no crawler's purpose and no limit has a say, and too little speaks against it"


def next_rungs(judged: Judged, weighed: Weighed, config: Config) -> list[Rung]:
    """What would have been needed for the rungs above; none where the score is not asked."""
    if rung_of(judged.verdict.decided_by) not in ("thresholds", "budgets", "default"):
        return []
    score, bounds = judged.verdict.score, config.thresholds
    rungs = [
        Rung(f"thresholds.{name}", Action.PROTECT, f"{value - score:.2f} more score", round(value - score, 2))
        for name, value in (("protect", bounds.protect), ("suspect", suspect_bound(bounds)))
        if score < value
    ]
    if judged.verdict.action is not Action.DENY:
        rungs.append(_deny(judged, weighed, bounds.deny))
    if judged.verdict.decided_by == "default" and judged.record is not None and judged.visit.kind is Kind.IMAGE:
        left = config.budgets.per_hour - judged.verdict.hour
        whose = taker(judged.verdict, judged.record, "hour")
        needs = f"{left + 1} more different originals in this hour of the clock (UTC){_TAKERS[whose]}"
        rungs.append(Rung("budgets.per_hour", Action.PROTECT, needs, left + 1))
    return rungs


def _deny(judged: Judged, weighed: Weighed, bound: float) -> Rung:
    missing = []
    short_by = max(bound - weighed.own, bound - judged.verdict.score, 0.0)
    if short_by > 0:
        missing.append(f"{short_by:.2f} more score of its own doing")
    if not weighed.proof and len(weighed.agreeing) < 2:
        of = f" beside {weighed.agreeing[0]}" if weighed.agreeing else ""
        groups = "a second group" if weighed.agreeing else "two groups"
        missing.append(f"{groups} of {SUPPORTS:g} or more{of}, or one piece that is proof")
    return Rung("thresholds.deny", Action.DENY, ", and ".join(missing), round(short_by, 2))


def _threshold(judged: Judged, weighed: Weighed, config: Config) -> str:
    name = judged.verdict.decided_by.partition(".")[2]
    bound = getattr(config.thresholds, name)
    text = f"the score {judged.verdict.score:+.2f} reaches {judged.verdict.decided_by} ({bound:+.2f})"
    if name != "deny":
        return text
    return f"{text}, and {'one piece is proof' if weighed.proof else ' and '.join(weighed.agreeing) + ' agree'}"


def _budget(judged: Judged, config: Config) -> str:
    name = judged.verdict.decided_by.partition(".")[2]
    span = name.removeprefix("per_")
    taken, most = getattr(judged.verdict, span), getattr(config.budgets, name)
    whose = _TAKERS[taker(judged.verdict, judged.record, span)]
    clock = "hour of the clock" if span == "hour" else span
    return f"about {taken} different originals in this {clock} (UTC), of {most}{whose}"


def taker(verdict: Verdict, record: Record | None, span: str) -> str:
    """Whose originals were held against the budget of ``span`` ("hour" or "day"): client, address or account."""
    if record is None or getattr(verdict, span) > getattr(record, span):
        return "account"
    return "address" if getattr(record, span) > getattr(record, f"asked_{span}") else "client"


def counted(judged: Judged) -> dict[str, Any] | None:
    """What was held against the budgets, and whose it is; None if the verdict needed no record."""
    verdict, record = judged.verdict, judged.record
    if record is None:
        return None
    spans = ("hour", "day")
    numbers = {span: getattr(verdict, span) for span in spans}
    return numbers | {f"{span}_of": taker(verdict, record, span) for span in spans}


def _limit(judged: Judged, config: Config) -> str:
    _, whose, kind = judged.verdict.decided_by.split(".")
    limit: Limit = getattr(getattr(config.limits, whose), kind)
    who = "one address" if whose == "client" else "one network"
    text = f"more than {_rate(limit)} of kind {kind} from {who}"
    if judged.verdict.action is Action.LIMIT:
        return f"{text}; again in {judged.verdict.retry_after} s"
    return f"{text}; a newcomer there sees the pages, and marked pictures"


_UNITS = ((60, "minute"), (3600, "hour"), (86400, "day"))


def _rate(limit: Limit) -> str:
    seconds, unit = next((u for u in _UNITS if limit.rate * u[0] >= 1), _UNITS[-1])
    return f"{limit.burst} at once or {limit.rate * seconds:g}/{unit}"


def _crawler(identity: Identity, decided_by: str, config: Config) -> str:
    crawler = identity.crawler
    if crawler is None or decided_by.endswith("an impostor"):
        return f"it is not whom it names: {identity.proof.how}"
    if crawler.robots_only:
        return f"{crawler.token} stands in robots.txt only; no honest client sends it"
    key = decided_by.partition(",")[0]
    text = f"{crawler.token} is in the catalogue for {crawler.purpose}, and {key} says {_says(crawler, config)}"
    if not decided_by.endswith("unverified"):
        return text
    if not crawler.verification.possible:
        return f"{text} to those who prove who they are, and for it there is no way; crawlers.tokens can trust it"
    return f"{text} to those who prove who they are, which has not been done"


def _says(crawler: Crawler, config: Config) -> str:
    tokens = {token.lower(): answer for token, answer in config.crawlers.tokens.items()}
    named: Any = tokens.get(crawler.token.lower())
    return str(named or getattr(config.crawlers, crawler.purpose.value.replace("-", "_")))
