"""The report: what totals and proposals say, as one mapping of plain values, of which text and JSON are made.

Its keys are part of the command's contract; docs/monitor.md lists them.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from guardware.config.faults import printable
from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.moments import iso
from guardware.observe.summary import HOUR, STEP
from guardware.policy.score import FLOOR
from guardware.report.proposals import ENOUGH, Proposal, propose
from guardware.report.reading import Found
from guardware.report.totals import Totals
from guardware.secrets import state_folder

Report = dict[str, Any]


def build(totals: Totals, found: Found, config: Config, *, configured: bool = True) -> Report:
    """The report on ``totals``, which were read from ``found``. ``configured``: a configuration was read, and
    ``config`` is not the mere defaults."""
    proposals = propose(totals, config)
    return {
        "from": iso(totals.first),
        "to": iso(totals.last + HOUR),
        "days": totals.days,
        "hours": totals.hours,
        "span_hours": round((totals.last - totals.first) / HOUR) + 1,
        "files": found.files,
        "damaged": found.damaged,
        "lost": totals.lost,
        "uncounted": totals.uncounted,
        "mode": config.mode,
        "configured": configured,
        "recorded_mode": recorded_mode(totals),
        "visits": totals.visits,
        "people_visits": totals.people,
        "people_hours": sum(n for key, n in totals.asked.items() if key.person),
        "enough": totals.people >= ENOUGH,
        "actions": _actions(totals),
        "decisions": list(_decisions(totals)),
        "crawlers": list(_crawlers(totals, config)),
        "touched": list(_touched(totals)),
        "scores": list(_scores(totals)),
        "asked": list(_asked(totals)),
        "proposals": [_proposal(proposal) for proposal in proposals],
        "snippet": snippet(proposals, config),
    }


def recorded_mode(totals: Totals) -> str:
    """In which mode the visits were judged: monitor, enforce, or "both"."""
    modes = {"enforce" if key.enforced else "monitor" for key in totals.decisions}
    return modes.pop() if len(modes) == 1 else "both"


def snippet(proposals: Iterable[Proposal], config: Config) -> str:
    """What to paste into guardware.yaml: all thresholds if one changes, since they belong together, and budgets.
    "" if nothing changes."""
    values = {p.key: p for p in proposals}
    thresholds = [p for key, p in values.items() if key.startswith("thresholds.")]
    lines: list[str] = []
    if any(p.proposed != p.now for p in thresholds):
        lines += ["thresholds:", *(f"  {p.key.partition('.')[2]}: {p.proposed:g}" for p in thresholds)]
    budget = values["budgets.per_hour"]
    if budget.proposed != budget.now:
        day = max(config.budgets.per_day, int(budget.proposed))
        lines += ["budgets:", f"  per_hour: {budget.proposed:.0f}", f"  per_day: {day}"]
    return "\n".join(lines)


def _actions(totals: Totals) -> list[dict[str, Any]]:
    """Visits by action and by whether it was done, most first."""
    rows: dict[tuple[str, bool], list[int]] = {}
    for key, visits in totals.decisions.items():
        row = rows.setdefault((printable(key.action), key.enforced), [0, 0])
        row[0] += visits
        row[1] += visits if key.person else 0
    return [
        {"action": action, "enforced": enforced, "visits": visits, "people": people}
        for (action, enforced), (visits, people) in sorted(rows.items(), key=lambda item: -item[1][0])
    ]


def _decisions(totals: Totals) -> Iterable[dict[str, Any]]:
    """Visits by action and what decided, most first."""
    visits, people, pictures = (Counter[tuple[str, str, bool]]() for _ in range(3))
    for key, count in totals.decisions.items():
        row = key.action, key.decided_by, key.enforced
        visits[row] += count
        people[row] += count if key.person else 0
        pictures[row] += count if key.kind == "image" else 0
    for row, count in sorted(visits.items(), key=lambda item: (-item[1], item[0])):
        action, decided_by, enforced = row
        yield {
            "action": printable(action),
            "decided_by": printable(decided_by),
            "enforced": enforced,
            "visits": count,
            "pictures": pictures[row],
            "people": people[row],
        }


def _crawlers(totals: Totals, config: Config) -> Iterable[dict[str, Any]]:
    """Crawlers and tools by the names they give, most visits first."""
    catalogue, visits = Catalogue.load(state_folder(config)), Counter[str]()
    for (token, _), count in totals.crawlers.items():
        visits[token] += count
    for token, count in sorted(visits.items(), key=lambda item: (-item[1], item[0])):
        crawler = catalogue.get(token)
        yield {
            "token": printable(token),
            "operator": crawler.operator if crawler else "",
            "purpose": crawler.purpose.value if crawler else "",
            "visits": count,
            "actions": {printable(a): n for (t, a), n in sorted(totals.crawlers.items()) if t == token},
        }


def _touched(totals: Totals) -> Iterable[dict[str, Any]]:
    """What budgets and limits touched, or would have."""
    for row in _decisions(totals):
        if row["decided_by"].startswith(("budgets.", "limits.")):
            yield row


def _scores(totals: Totals) -> Iterable[dict[str, Any]]:
    """Bins of scores of pictures and of all else, from the lowest in use to the highest."""
    bins: dict[int, Counter[str]] = {}
    for key, visits in totals.scores.items():
        name = ("people" if key.person else "others") + ("_pictures" if key.picture else "_pages")
        bins.setdefault(key.bin, Counter())[name] += visits
    names = ("people_pictures", "others_pictures", "people_pages", "others_pages")
    for at in range(min(bins, default=0), max(bins, default=-1) + 1):
        counts = bins.get(at, Counter())
        yield {"from": FLOOR + at * STEP, **{name: counts[name] for name in names}}


def _asked(totals: Totals) -> Iterable[dict[str, Any]]:
    """Clients, each once an hour, by the different pictures they asked in it."""
    for most in sorted({key.most for key in totals.asked}):
        counts = {key.person: n for key, n in totals.asked.items() if key.most == most}
        yield {"most": most, "people": counts.get(True, 0), "others": counts.get(False, 0)}


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {**proposal._asdict(), "change": round(proposal.proposed - proposal.now, 2)}
