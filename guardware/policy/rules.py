"""The owner's rules: ordered, all conditions of one must hold, the first that matches decides.

A rule that restricts (protect, deny) matches a path widely: also in other case, and without ``;parameters``,
since some servers ignore both. A rule that allows matches it to the letter. So a trick with a path never gains.
"""

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from guardware.config.schema import Match, Rule
from guardware.identity import Identity
from guardware.verdict import Action
from guardware.visit import Visit

Condition = Callable[[Visit, Identity], bool]


class CompiledRule(NamedTuple):
    """``score``: the least score, or None; it is looked at last, since it needs the store."""

    label: str
    action: Action
    conditions: tuple[Condition, ...]
    score: float | None

    def holds(self, visit: Visit, identity: Identity) -> bool:
        """Whether all conditions but the score hold."""
        return all(condition(visit, identity) for condition in self.conditions)


class Rules:
    """All rules of a configuration, compiled."""

    __slots__ = ("_rules",)

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(_compile(rule, index) for index, rule in enumerate(rules))

    def first(self, visit: Visit, identity: Identity, score: float | None) -> CompiledRule | None:
        """The rule that decides, or None.

        With ``score=None`` (not known yet) a rule that asks for one is returned when the rest of it holds: the
        caller sees ``rule.score`` and comes back when the score is known.
        """
        for rule in self._rules:
            if rule.holds(visit, identity) and (rule.score is None or score is None or score >= rule.score):
                return rule
        return None


def _compile(rule: Rule, index: int) -> CompiledRule:
    label = f"rules[{index}]" + (f" {rule.name}" if rule.name else "")
    conditions = tuple(_conditions(rule.match, wide=rule.action is not Action.ALLOW))
    return CompiledRule(label, Action(rule.action), conditions, rule.match.score)


def _conditions(match: Match, *, wide: bool) -> list[Condition]:
    conditions: list[Condition] = []
    if match.kind:
        kinds = frozenset(match.kind)
        conditions.append(lambda v, i: v.kind in kinds)
    if match.method:
        methods = frozenset(m.upper() for m in match.method)
        conditions.append(lambda v, i: v.method in methods)
    if match.path:
        conditions.append(_paths(match.path, wide=wide))
    if match.host:
        hosts = _globs([h.lower() for h in match.host], within=".", flags=0)
        conditions.append(lambda v, i: hosts.fullmatch(v.host) is not None)
    if match.address:
        conditions.append(_addresses(match))
    conditions.extend(_header(name, pattern) for name, pattern in match.header.items())
    if match.crawler:
        tokens = frozenset(t.lower() for t in match.crawler)
        conditions.append(lambda v, i: i.crawler is not None and i.crawler.token.lower() in tokens)
    if match.purpose:
        purposes = frozenset(match.purpose)
        conditions.append(lambda v, i: i.crawler is not None and i.crawler.purpose in purposes)
    return conditions


def _paths(globs: Sequence[str], *, wide: bool) -> Condition:
    pattern = _globs(globs, within="/", flags=re.IGNORECASE if wide else 0)

    def holds(visit: Visit, identity: Identity) -> bool:
        if pattern.fullmatch(visit.path):
            return wide or ";" not in visit.path
        return wide and ";" in visit.path and pattern.fullmatch(re.sub(";[^/]*", "", visit.path)) is not None

    return holds


def _addresses(match: Match) -> Condition:
    networks = match.address

    def holds(visit: Visit, identity: Identity) -> bool:
        if not visit.source.address:
            return False
        address = ip_address(visit.source.address)
        return any(address in network for network in networks)

    return holds


def _header(name: str, glob: str) -> Condition:
    wanted = name.lower().encode("latin-1", "replace")
    pattern = _globs([glob], within="", flags=re.IGNORECASE)

    def holds(visit: Visit, identity: Identity) -> bool:
        return any(k == wanted and pattern.fullmatch(v.decode("latin-1")) for k, v in visit.headers)

    return holds


def _globs(globs: Sequence[str], *, within: str, flags: int) -> re.Pattern[str]:
    """One pattern for all: ``*`` stays within a part (up to ``within``), ``**`` crosses parts, ``?`` is one."""
    part = f"[^{re.escape(within)}]" if within else "."
    tokens = {"**": ".*", "*": f"{part}*", "?": part}
    patterns = (
        "".join(tokens.get(piece) or re.escape(piece) for piece in re.findall(r"\*\*|\*|\?|[^*?]+", glob))
        for glob in globs
    )
    return re.compile("|".join(f"(?:{p})" for p in patterns), flags | re.DOTALL)
