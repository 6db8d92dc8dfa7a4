"""The reasons of one verdict, as one mapping of plain values, of which table and JSON are made.

Its keys are part of the command's contract; they are only ever added to.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from user_agents import parse as parse_user_agent

from guardware.config.faults import printable
from guardware.crawlers.proof import NOTHING_CLAIMED
from guardware.explain.judging import Change, Judged
from guardware.explain.ladder import Weighed, counted, next_rungs, rung_of, why
from guardware.explain.unasked import missing, unasked
from guardware.explain.words import class_in_words
from guardware.guard import Guard
from guardware.policy.score import CEILING, FLOOR, SUMS, condemned, group_weights, total, with_record
from guardware.store.protocol import HABITS, PROOF, Record
from guardware.verdict import GROUPS, LASTING, PRIORS, Evidence, Group

Reasons = dict[str, Any]

_LONGEST_AGENT = 512


class Line(NamedTuple):
    """A step of the sum. ``counts``: what it adds; ``running``: the score with it; ``evidence`` is None for what
    the record kept of earlier visits."""

    group: Group
    evidence: Evidence | None
    counts: float
    running: float


def reasons(guard: Guard, judged: Judged, changes: Sequence[Change] = ()) -> Reasons:
    """Everything that led to the verdict, ready for JSON. ``changes``: where the verdict did, if that is asked."""
    verdict, record = judged.verdict, judged.record
    weights = group_weights(verdict.evidence)
    scores = weights if record is None else with_record(weights, record.scores)
    proof = any(e.proof for e in verdict.evidence) or (record is not None and bool(record.habits & PROOF))
    weighed = Weighed(scores, proof)
    steps = list(lines(verdict.evidence, scores))
    return {
        "verdict": verdict.action.value,
        "enforced": verdict.enforced,
        "decided_by": verdict.decided_by,
        "rung": rung_of(verdict.decided_by),
        "why": printable(why(judged, weighed, guard.config)),
        "next": [rung._asdict() for rung in next_rungs(judged, weighed, guard.config)],
        "variant": verdict.variant or None,
        "score": round(verdict.score, 2),
        "condemned": condemned(scores, proof, guard.config.thresholds.deny),
        "thresholds": guard.config.thresholds.model_dump(),
        "visit": _visit(judged),
        "crawler": _crawler(judged),
        "headers_given": len(judged.visit.headers) - 1,
        "headers_missing": missing(judged),
        "unasked": [unheard._asdict() for unheard in unasked(guard, judged.visit)],
        "groups": {g.value: round(s, 2) for g, s in zip(GROUPS, weights, strict=True)},
        "group_details": {g.value: _group(g, weights, scores) for g in GROUPS},
        "total": round(total(weights), 2),
        "bounds": [FLOOR, CEILING],
        "evidence": [_evidence(line, found) for line in steps if (found := line.evidence) is not None],
        "remembered": {line.group.value: _step(line) for line in steps if line.evidence is None},
        "record": None if record is None else _record(record),
        "counted": counted(judged),
        "changes": [change._asdict() for change in changes],
    }


def lines(evidence: Sequence[Evidence], scores: Sequence[float]) -> Iterator[Line]:
    """The sum step by step, group by group, heaviest first. ``scores``: what each group comes to in the end."""
    values = [0.0] * len(GROUPS)
    for at, group in enumerate(GROUPS):
        pieces = sorted((e for e in evidence if e.group is group), key=lambda e: -e.weight)
        for count, piece in enumerate(pieces, 1):
            before, values[at] = values[at], group_weights(pieces[:count])[at]
            yield Line(group, piece, values[at] - before, total(values))
        if scores[at] > values[at]:
            before, values[at] = values[at], scores[at]
            yield Line(group, None, values[at] - before, total(values))


def _visit(judged: Judged) -> dict[str, Any]:
    visit, identity = judged.visit, judged.identity
    return {
        "method": visit.method,
        "kind": visit.kind.value,
        "path": visit.path,
        "host": visit.host,
        "scheme": visit.scheme,
        "address": visit.source.address or "unknown",
        "fingerprint": identity.fingerprint,
        "class": class_in_words(identity.fingerprint),
        "agent": _agent(identity.user_agent),
    }


def _agent(user_agent: str) -> str:
    """A person's name for the agent; too slow for the request path (0.7 ms), right for a report."""
    return str(parse_user_agent(user_agent[:_LONGEST_AGENT])) if user_agent else "none"


def _crawler(judged: Judged) -> dict[str, Any] | None:
    crawler, proof = judged.identity.crawler, judged.identity.proof
    if crawler is None:
        return None
    return {
        "token": crawler.token,
        "operator": crawler.operator,
        "purpose": crawler.purpose.value,
        "standing": proof.standing.value,
        "how": "" if proof is NOTHING_CLAIMED else printable(proof.how),
    }


def _group(group: Group, weights: Sequence[float], scores: Sequence[float]) -> dict[str, Any]:
    at = GROUPS.index(group)
    return {
        "rule": "sum" if group in SUMS else "maximum",
        "cap": SUMS.get(group),
        "prior": group in PRIORS,
        "lasting": group in LASTING,
        "this_visit": round(weights[at], 2),
        "value": round(scores[at], 2),
    }


def _evidence(line: Line, found: Evidence) -> dict[str, Any]:
    return {
        "name": found.name,
        "group": found.group.value,
        "weight": round(found.weight, 2),
        "proof": found.proof,
        "prior": found.group in PRIORS,
        "reason": printable(found.reason),
        **_step(line),
    }


def _step(line: Line) -> dict[str, float]:
    return {"counts": round(line.counts, 2), "running": round(line.running, 2)}


def _record(record: Record) -> dict[str, Any]:
    """What the verdict rested on of the client's record."""
    plain = {name: value for name, value in record._asdict().items() if name not in ("scores", "habits")}
    return {
        **{name: round(value, 2) if isinstance(value, float) else value for name, value in plain.items()},
        "scores": {g.value: round(s, 2) for g, s in zip(LASTING, record.scores, strict=True)},
        "habits": [word for bit, word in HABITS.items() if record.habits & bit],
    }
