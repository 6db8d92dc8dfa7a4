"""Plans: what a visit gets if the application answers with a picture, and what of it is ready."""

from functools import partial

from guardware.images.variant import Variant
from guardware.images.variants import Asked
from guardware.kinds import is_icon
from guardware.parts import Parts
from guardware.protected import Plan
from guardware.traced import trace_entry
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

_PROTECT, _IMAGE = Action.PROTECT, Kind.IMAGE
"""Looking a member up on its enumeration takes ten times as long as a global."""


async def make_plan(now: Parts, visit: Visit, verdict: Verdict) -> Plan:
    """The plan for ``visit`` by the verdict on it."""
    images = now.config.images
    # A style sheet that turns out to be a picture, and icons, which browsers treat apart: no scrambled colours.
    plain = not verdict.variant or is_icon(visit.path)
    variant = images.verdicts.unmanaged if plain and now.maker.veils(verdict.variant) else verdict.variant
    asked = Asked(variant, visit.facts.accept, verdict.mark)
    known = now.originals.get(visit) if visit.kind is _IMAGE else None
    ready = await now.maker.find(known[1], asked) if known is not None else None
    return Plan(
        asked,
        images.max_bytes,
        doubtful=bool(verdict.variant),
        svg=images.svg if verdict.action is _PROTECT else "serve",
        tag=known[0] if known is not None and ready is not None else b"",
        ready=ready,
        given=partial(_note, now, visit, verdict),
        seen=partial(now.originals.learn, visit) if visit.kind is _IMAGE else None,
        answered=now.guard.answered,
    )


def _note(now: Parts, visit: Visit, verdict: Verdict, variant: Variant) -> None:
    """Write down who got this marked copy."""
    if now.ledger is not None:
        now.ledger.note(trace_entry(now.guard, visit, verdict, variant, now.maker.trace_key))
