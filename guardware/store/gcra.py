"""GCRA, the limiter: one number a client and limit, exact waits, and denied visits cost nothing.

The virtual scheduling form of the generic cell rate algorithm (ITU-T I.371, annex A). The number kept is the
theoretical arrival time, *tat*: when the next visit would come if the client kept exactly to the average.
``lua/touch.lua`` has the same arithmetic; the conformance suite holds the two together.
"""

from guardware.store.protocol import RECORD_TTL, Rate

_LONGEST = RECORD_TTL * 1_000_000
"""Microseconds. A longer interval counts as this one: the record that would hold it is forgotten by then."""


def gcra(tat: int, now: int, rate: Rate) -> tuple[bool, int, int]:
    """Judge one visit: ``(admitted, new tat, wait)``, all times in microseconds.

    ``tat`` is what the last admitted visit left, 0 for none. When the visit is not admitted the tat comes back
    unchanged and ``wait`` is the time (>= 1, at most one interval) until it would be; else ``wait`` is 0.
    """
    interval, burst = rate
    if interval > _LONGEST:
        interval = _LONGEST
    # No visit admitted by now under this rate leaves a later tat. One that is later comes from a rate since
    # changed or a clock set back, and must not lock the client out: the visit is admitted, as the burst's last.
    latest = now + burst * interval
    due = now if tat < now else latest - interval if tat > latest else tat
    wait = due - (burst - 1) * interval - now
    if wait > 0:
        return False, tat, wait
    return True, due + interval, 0
