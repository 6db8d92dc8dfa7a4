"""The score: what adds up, what counts once, and what may never condemn."""

import pytest

from guardware.policy.score import CEILING, condemned, group_weights, total
from guardware.verdict import GROUPS, Evidence, Group

BOUND = 6.86


def scores(**by_group: float) -> tuple[float, ...]:
    return tuple(by_group.get(group.value, 0.0) for group in GROUPS)


def evidence(group: Group, *weights: float) -> list[Evidence]:
    return [Evidence(str(n), group, weight, "") for n, weight in enumerate(weights)]


def test_a_group_counts_its_maximum_not_its_sum() -> None:
    assert group_weights(evidence(Group.HEADERS, 1.5, 3.5, 2.0)) == scores(headers=3.5)


def test_deeds_add_up_to_six() -> None:
    assert group_weights(evidence(Group.BEHAVIOUR, 1.5, 2.0)) == scores(behaviour=3.5)
    assert group_weights(evidence(Group.BEHAVIOUR, 5.0, 4.0, 3.0)) == scores(behaviour=6.0)


def test_a_score_has_bounds() -> None:
    assert total(scores(declared=7, headers=7, behaviour=6)) == CEILING
    assert total(scores()) == 0


@pytest.mark.parametrize(
    ("found", "proof", "denied"),
    [
        ({"headers": 3.5, "behaviour": 3.4}, False, True),
        ({"headers": 3.5, "behaviour": 3.3}, False, False),
        ({"headers": 7.0}, False, False),  # one group
        ({"headers": 7.0}, True, True),
        ({"behaviour": 6.0}, False, False),
        ({"headers": 6.5, "behaviour": 0.5}, False, False),  # a second group that hardly speaks
        # Where a client comes from neither condemns nor helps to: a visitor by VPN, a class that others are in.
        ({"behaviour": 6.0, "network": 1.0}, False, False),
        ({"headers": 5.0, "network": 1.0, "aggregate": 2.0}, False, False),
        ({"headers": 3.5, "behaviour": 2.0, "network": 1.0, "aggregate": 2.0}, False, False),
        ({"headers": 5.0, "network": 1.0, "aggregate": 2.0}, True, False),
    ],
)
def test_what_condemns(found: dict[str, float], proof: bool, denied: bool) -> None:
    assert condemned(scores(**found), proof, BOUND) is denied
