"""What the crowd around a client gives away: its class of headers, its network, its account.

Fact 10 and section 4 of the list measured on 95 clients: pools of addresses and of accounts stay under every
limit for a single one. A crowd raises suspicion by at most 2 and never condemns; who shows that a browser stands
behind it is left out.
"""

from guardware.aggregates.words import Crowd
from guardware.store.protocol import OPENED
from guardware.verdict import Evidence, Group

MOST_WITH_A_PAGE = 1.0
"""What a crowd weighs at most for who opened a page and fetched nothing of what it shows. (Our judgement.)"""

CLASS_LIFT, NETWORK_LIFT, MANY_CLASSES, MANY_ACCOUNTS = (
    *("class-lift", "network-lift"),
    *("account-many-classes", "many-accounts"),
)

WEIGHTS: dict[str, float] = {CLASS_LIFT: 2.0, NETWORK_LIFT: 2.0, MANY_CLASSES: 2.0, MANY_ACCOUNTS: 1.0}
"""What each weighs, or weighs at most; also the names for lists."""

_LIFTS = {"class": (CLASS_LIFT, "these headers"), "network": (NETWORK_LIFT, "this network")}


def of_crowd(crowd: Crowd, *, pages: float, rendered: bool) -> tuple[Evidence, ...]:
    """Evidence in ``crowd``, for a client that opened ``pages`` (fading) and ``rendered`` one, or not. Pure."""
    found: tuple[Evidence, ...] = ()
    if crowd.lift > 0 and not rendered:
        name, who = _LIFTS[crowd.sort]
        weight = crowd.lift if pages < OPENED else min(crowd.lift, MOST_WITH_A_PAGE)
        found = (Evidence(name, Group.AGGREGATE, weight, f"with {who}: {crowd.reason}"),)
    if crowd.classes:
        reason = f"its account came as {crowd.classes} kinds of browsers within an hour"
        found = (*found, Evidence(MANY_CLASSES, Group.AGGREGATE, WEIGHTS[MANY_CLASSES], reason))
    if crowd.accounts:
        reason = f"used {crowd.accounts} accounts within an hour"
        found = (*found, Evidence(MANY_ACCOUNTS, Group.AGGREGATE, WEIGHTS[MANY_ACCOUNTS], reason))
    return found
