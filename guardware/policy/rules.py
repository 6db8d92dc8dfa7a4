"""The owner's rules: ordered, all conditions of one must hold, the first that matches decides.

A rule that restricts (protect, deny) matches a path widely: also in other case, without ``;parameters``, and
without the dots and spaces at a segment's end, since some servers ignore these. It takes a method in any case for
the same reason. A rule that allows matches both to the letter. So a trick never gains.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import NamedTuple

from guardware.config.schema import Match, Rule
from guardware.identity import Identity
from guardware.policy.globs import compile_globs
from guardware.verdict import Action
from guardware.visit import Visit

Condition = Callable[[Visit, Identity], bool]

_LONGEST_VALUE = 4096
"""Bytes of a header value that a rule looks at."""

_PARAMETERS = re.compile(";[^/]*")
_IGNORED = re.compile(";|[. ](?:/|$)")
"""Where ``_other_forms`` finds something to leave out."""


class CompiledRule(NamedTuple):
    """``score``: the least score, or None; it is looked at last, since it needs the store. ``variant``: of
    protected pictures, or ""."""

    label: str
    action: Action
    conditions: tuple[Condition, ...]
    score: float | None
    variant: str

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
    return CompiledRule(label, Action(rule.action), conditions, rule.match.score, rule.variant or "")


def _conditions(match: Match, *, wide: bool) -> list[Condition]:
    conditions: list[Condition] = []
    if match.kind:
        kinds = frozenset(match.kind)
        conditions.append(lambda v, i: v.kind in kinds)
    if match.method:
        methods = frozenset(m.upper() for m in match.method)
        conditions.append(lambda v, i: (v.method.upper() if wide else v.method) in methods)
    if match.path:
        conditions.append(_paths(match.path, wide=wide))
    if match.host:
        hosts = compile_globs([h.lower().removesuffix(".") for h in match.host], within=".", flags=0)
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
    pattern = compile_globs(globs, within="/", flags=re.IGNORECASE if wide else 0)

    def to_the_letter(visit: Visit, identity: Identity) -> bool:
        return ";" not in visit.path and pattern.fullmatch(visit.path) is not None

    def widely(visit: Visit, identity: Identity) -> bool:
        path = visit.path
        if pattern.fullmatch(path):
            return True
        return _IGNORED.search(path) is not None and any(pattern.fullmatch(form) for form in _other_forms(path))

    return widely if wide else to_the_letter


def _other_forms(path: str) -> Iterator[str]:
    """What servers may make of ``path``: without parameters (Java), without final dots and spaces (Windows), and
    without either.
    """
    bare = _PARAMETERS.sub("", path)
    yield bare
    for form in (path, bare):
        yield re.sub("/{2,}", "/", "/".join(segment.rstrip(". ") for segment in form.split("/")))


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
    pattern = compile_globs([glob], within="", flags=re.IGNORECASE)

    def holds(visit: Visit, identity: Identity) -> bool:
        return any(
            k == wanted and pattern.fullmatch(v[:_LONGEST_VALUE].decode("latin-1")) for k, v in visit.headers
        )

    return holds
