"""From a visit and the marked copy it got to the line in the record that tells of it."""

import time

from guardware.guard import Guard
from guardware.images.trace.record import Entry
from guardware.images.variant import Variant
from guardware.keys import key_id
from guardware.verdict import Verdict
from guardware.visit import Visit

_LONGEST_PATH = 300
_LONGEST_AGENT = 200


def trace_entry(guard: Guard, visit: Visit, verdict: Verdict, variant: Variant, key: bytes) -> Entry:
    """What is remembered of the visit: no address unless ``clients.keep_addresses`` is on."""
    agent = (visit.facts.user_agent or b"").decode("latin-1")
    return Entry(
        mark=variant.mark or 0,
        time=time.time(),
        event=verdict.support_id,
        path=visit.path[:_LONGEST_PATH],
        picture=variant.picture[:16],
        size=variant.size,
        scheme=variant.scheme,
        key=key_id(key),
        client=guard.client_of(visit),
        user_agent=agent[:_LONGEST_AGENT],
        decided_by=verdict.decided_by,
        variant=verdict.variant,
        address=visit.source.address if guard.config.clients.keep_addresses else "",
    )
