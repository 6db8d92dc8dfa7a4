"""Judging for the owner's eyes: by the guard that serves, but nothing of the way is thrown away."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from guardware.crawlers.proof import Standing
from guardware.guard import Guard
from guardware.identity import Identity, cut, identify
from guardware.policy.score import CEILING, SUMS
from guardware.store import MemoryStore
from guardware.store.protocol import HABITS, Record
from guardware.verdict import LASTING, Action, Verdict
from guardware.visit import Visit

_WHOLE = (
    "visits",
    "hour",
    "day",
    "asked_hour",
    "asked_day",
    "navigated",
    "walk",
    "cookies",
    "home_asked",
    "home_walk",
)
_FADING = ("pages", "errors", "rate", "home_pages")
_BITS = {word: bit for bit, word in HABITS.items()}
_MOST = 1_000_000
_SCORES: dict[str, float] = {f"{group}_score": SUMS.get(group, CEILING) for group in LASTING}
"""The most that each may be."""

GIVEN: tuple[str, ...] = (*_WHOLE, *_FADING, *_BITS, *_SCORES)
"""What may be said of a client's record: its counters, its habits (1 or 0), and the scores it has from earlier."""


class Judged(NamedTuple):
    """``record``: the client's, after this visit; None if the verdict needed none. ``identity``: whom it names."""

    visit: Visit
    identity: Identity
    verdict: Verdict
    record: Record | None


class Change(NamedTuple):
    """The verdict from visit ``number`` on (the first is 1), ``seconds`` after the first; ``evidence``: what each
    piece weighed then, by its name."""

    number: int
    seconds: float
    action: Action
    decided_by: str
    score: float
    evidence: dict[str, float]


def judge(
    guard: Guard, store: MemoryStore, visit: Visit, now: float, given: Mapping[str, float] | None = None
) -> Judged:
    """The verdict on ``visit`` at ``now``. ``given``: what to put in place of the record's own values."""
    step = guard.begin(visit, now)
    if isinstance(step, Verdict):
        named = identify(cut(visit.facts), guard.catalogue)
        return Judged(visit, _with_proof(guard, visit, named, step, now), step, None)
    record = store.touch_now(step.touch, now)
    if given:
        record = with_given(record, given)
    verdict = guard.finish(step, record, now)
    return Judged(visit, _with_proof(guard, visit, step.findings.identity, verdict, now), verdict, record)


def _with_proof(guard: Guard, visit: Visit, identity: Identity, verdict: Verdict, now: float) -> Identity:
    """``identity`` with what its claim is worth; which is a lie only if the verdict took it for one."""
    if guard.verifier is None or not (visit.signed or identity.crawler):
        return identity
    proof = guard.verifier.standing(visit, identity.crawler, now)
    if proof.standing is Standing.LYING and not verdict.decided_by.endswith("an impostor"):
        return identity
    return identity._replace(crawler=identity.crawler or proof.crawler, proof=proof)


def judge_all(
    guard: Guard,
    store: MemoryStore,
    visits: Iterable[Visit],
    every: float,
    start: float,
    given: Mapping[str, float] | None = None,
) -> tuple[Judged, list[Change]]:
    """The last of ``visits``, which come ``every`` seconds, and where the verdict changed. There must be one."""
    changes: list[Change] = []
    last: Judged | None = None
    for index, visit in enumerate(visits):
        last = judge(guard, store, visit, start + index * every, given)
        action, decided_by, score, evidence = last.verdict[:4]
        if not changes or (action, decided_by) != changes[-1][2:4]:
            weights = {e.name: round(e.weight, 2) for e in evidence}
            changes.append(Change(index + 1, index * every, action, decided_by, round(score, 2), weights))
    if last is None:
        raise ValueError("there is no visit to judge")
    return last, changes


def parse_given(text: str) -> tuple[str, float]:
    """``"asked_hour=120"`` as a name of ``GIVEN`` and its value. Raises ValueError, which names the mend."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if name not in GIVEN:
        raise ValueError(f"{name!r} is nothing a record has; write one of {', '.join(GIVEN)}")
    most = 1 if name in _BITS else _SCORES.get(name, _MOST)
    whole = "a whole number" if name in (*_WHOLE, *_BITS) else "a number"
    try:
        number = float(value) if equals else -1.0
    except ValueError:
        number = -1.0
    # "not … <=" also refuses nan.
    if not 0 <= number <= most or (whole != "a number" and number != int(number)):
        raise ValueError(f"{text!r} does not fit: {name} is {whole} from 0 to {most:,.0f}, such as {name}=1")
    return name, number


def with_given(record: Record, given: Mapping[str, float]) -> Record:
    """``record`` with the values that were ``given``. A day has at least what an hour of it has."""
    changed: dict[str, Any] = {name: int(given[name]) for name in _WHOLE if name in given}
    for hour, day in (("hour", "day"), ("asked_hour", "asked_day")):
        changed[day] = max(changed.get(day, getattr(record, day)), changed.get(hour, getattr(record, hour)))
    changed.update((name, given[name]) for name in _FADING if name in given)
    habits = record.habits
    for word, bit in _BITS.items():
        if word in given:
            habits = habits | bit if given[word] else habits & ~bit
    scores = tuple(given.get(f"{g}_score", score) for g, score in zip(LASTING, record.scores, strict=True))
    return record._replace(**changed, habits=habits, scores=scores)


def visits_of(url: str, count: int, read: Callable[[str], Visit]) -> Iterable[Visit]:
    """``count`` visits to ``url``, in which ``{n}`` stands for their number: 1, 2, 3 ... ``read`` makes them."""
    for number in range(1, count + 1):
        yield read(url.replace("{n}", str(number)))
