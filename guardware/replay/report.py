"""The report: what a replay found, as one mapping of plain values, which text, JSON and page are made of.

Its keys are part of the command's contract; docs/replay.md lists them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from user_agents import parse as parse_user_agent

from guardware.config.faults import printable
from guardware.moments import iso
from guardware.policy.score import FLOOR
from guardware.replay.clients import Client, Manner, manner_of
from guardware.replay.masking import masked
from guardware.replay.player import Player
from guardware.replay.tally import BINS, STEP, Sums, Tally, network_of
from guardware.verdict import Action

ACTIONS: tuple[Action, ...] = tuple(Action)
FATES = ("original", "protected", "refused")
"""What becomes of a picture, by ORIGINAL, PROTECTED and REFUSED."""

_ROWS = 25
"""Crawlers, networks and clients that are listed."""

_AGENT = 200
"""Characters of a user-agent that are shown."""

_COUNTED = ("visits", "pictures", *(action.value for action in ACTIONS))
_NOTHING = dict.fromkeys(("clients", *_COUNTED), 0)

Report = dict[str, Any]


def build(
    player: Player,
    logs: Sequence[Mapping[str, Any]],
    notes: Sequence[str],
    *,
    addresses: bool,
    cut_short: bool = False,
) -> Report:
    """The report of a finished replay. ``logs``: one mapping for each; ``notes``: what its reader must know.

    ``addresses``: show whole addresses; otherwise their networks. ``cut_short``: the owner ended the reading.
    """
    tally, config = player.tally, player.config
    return {
        "logs": list(logs),
        "lines": _lines(player, addresses=addresses),
        "cut_short": cut_short,
        "from": iso(player.first),
        "to": iso(player.last),
        "site": {
            "host": printable(player.site.host.decode("utf-8", "replace")),
            "scheme": player.site.scheme,
            "how": player.site.how,
        },
        "mode": config.mode,
        "thresholds": config.thresholds.model_dump(),
        "notes": list(notes),
        "total": _sums(tally.total),
        "pictures": _pictures(tally),
        "mistakes": _mistakes(tally, player, addresses=addresses),
        "decisions": [
            {"action": treatment.action.value, "decided_by": treatment.decided_by, **_sums(sums)}
            for treatment, sums in _ranked(tally.treatments)
        ],
        "manners": [{"manner": manner.value, **_sums(tally.manners[manner])} for manner in Manner],
        "crawlers": [_crawler(token, sums, player) for token, sums in _ranked(tally.crawlers)[:_ROWS]],
        "networks": [{"network": name, **_sums(sums)} for name, sums in _ranked(tally.networks)[:_ROWS]],
        "clients": [_client(c, player, addresses=addresses) for c in tally.largest.sorted()[:_ROWS]],
        "scores": {
            "lowest": FLOOR,
            "step": STEP,
            "clients": {m.value: [tally.scores[m, at] for at in range(BINS)] for m in Manner},
        },
        "timeline": {"hours": tally.timeline.width, "bins": list(_bins(tally))},
    }


def _lines(player: Player, *, addresses: bool) -> dict[str, Any]:
    lines = player.lines
    return {
        "read": lines.read,
        "judged": lines.judged,
        "no_request": lines.no_request,
        "bad_request": lines.refused,
        "own": lines.own,
        "unparsable": lines.unparsable,
        "too_long": lines.too_long,
        "back": lines.back,
        "examples": [
            {
                "source": printable(e.source),
                "number": e.number,
                "text": printable(e.text if addresses else masked(e.text)),
            }
            for e in lines.examples
        ],
    }


def _sums(sums: Sums) -> dict[str, int]:
    by_action = {action.value: sums.actions[action] for action in ACTIONS}
    return {"clients": sums.clients, "visits": sums.visits, "pictures": sums.pictures, **by_action}


def _ranked(table: Mapping[Any, Sums]) -> list[tuple[Any, Sums]]:
    """The most visits first."""
    return sorted(table.items(), key=lambda item: (-item[1].visits, str(item[0])))


def _pictures(tally: Tally) -> dict[str, int]:
    timeline = tally.timeline
    return {
        name: sum(timeline.count(start, manner, fate) for start in timeline.starts for manner in Manner)
        for fate, name in enumerate(FATES)
    }


def _mistakes(tally: Tally, player: Player, *, addresses: bool) -> dict[str, Any]:
    people = tally.people
    touched = people.visits - people.actions[Action.ALLOW]
    clients = [_client(c, player, addresses=addresses) for c in tally.mistakes.sorted()]
    return {
        "people": people.clients,
        "people_visits": people.visits,
        "clients": tally.mistakes.offered,
        "visits": touched,
        "share": touched / people.visits if people.visits else 0.0,
        "list": clients[:_ROWS],
        "groups": grouped(clients)[:_ROWS],
    }


def grouped(clients: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``clients`` of the report, those that had the same done for the same reasons as one, most visits first.

    Each is as its first client, but with the counts of all; ``alike`` has their networks.
    """
    groups: dict[Any, dict[str, Any]] = {}
    for client in clients:
        touched = [d for d in client["decisions"] if d["action"] != Action.ALLOW]
        done = frozenset((d["action"], d["decided_by"]) for d in touched)
        key = client["agent"], done, frozenset(e["name"] for e in client["evidence"])
        group = groups.setdefault(key, {**client, **_NOTHING, "decisions": [], "alike": []})
        if client["client"] not in group["alike"]:
            group["alike"].append(client["client"])
        group["clients"] += 1
        group["first"] = min(group["first"], client["first"])
        group["score"] = max(group["score"], client["score"])
        for name in _COUNTED:
            group[name] += client[name]
        _add(group["decisions"], touched)
    return sorted(groups.values(), key=lambda group: -group["visits"])


def _add(sums: list[dict[str, Any]], decisions: Iterable[Mapping[str, Any]]) -> None:
    for decision in decisions:
        same = (s for s in sums if all(s[key] == decision[key] for key in ("action", "decided_by")))
        if (found := next(same, None)) is None:
            sums.append(dict(decision))
        else:
            found["visits"] += decision["visits"]


def _crawler(token: str, sums: Sums, player: Player) -> dict[str, Any]:
    crawler = player.catalogue.get(token)
    about = {} if crawler is None else {"operator": crawler.operator, "purpose": crawler.purpose.value}
    return {"token": token, "operator": "", "purpose": "", **about, **_sums(sums)}


def _client(client: Client, player: Player, *, addresses: bool) -> dict[str, Any]:
    sums = Sums()
    sums.add(client)
    manner = manner_of(client, player.catalogue, agents_seen=player.agents_seen)
    agent = (client.agent or b"").decode("utf-8", "replace")
    decided = sorted(client.treatments.items(), key=lambda item: (item[0].action is Action.ALLOW, -item[1]))
    return {
        "client": printable(client.address) if addresses else network_of(client.address),
        "agent": _agent(agent),
        "user_agent": printable(agent[:_AGENT]),
        "manner": manner.value,
        "crawler": client.crawler,
        "first": iso(client.first),
        "last": iso(client.last),
        "score": round(client.top, 2),
        **{name: number for name, number in _sums(sums).items() if name != "clients"},
        "decisions": [
            {"action": treatment.action.value, "decided_by": treatment.decided_by, "visits": visits}
            for treatment, visits in decided
        ],
        "evidence": [
            {"name": e.name, "group": e.group.value, "weight": round(e.weight, 2), "reason": printable(e.reason)}
            for e in sorted(client.evidence.values(), key=lambda e: -e.weight)
        ],
    }


def _agent(user_agent: str) -> str:
    """A person's name for a user-agent."""
    if not user_agent:
        return "no user-agent"
    parsed = parse_user_agent(user_agent[:512])
    browser, system = parsed.get_browser().strip(), parsed.get_os().strip()
    return printable(browser if system in ("", "Other") else f"{browser} on {system}")


def _bins(tally: Tally) -> Iterable[dict[str, Any]]:
    timeline = tally.timeline
    for start in timeline.starts:
        counts = {(m, fate): timeline.count(start, m, fate) for m in Manner for fate in range(len(FATES))}
        yield {
            "start": iso(start * 3600),
            **{name: sum(counts[m, fate] for m in Manner) for fate, name in enumerate(FATES)},
            **{m.value: sum(counts[m, fate] for fate in range(len(FATES))) for m in Manner},
        }
