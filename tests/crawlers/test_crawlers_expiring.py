"""The memory whose entries expire."""

from hypothesis import given
from hypothesis import strategies as st

from guardware.crawlers.expiring import SKEW, Expiring


def test_an_entry_lives_for_its_time() -> None:
    memory: Expiring[str, int] = Expiring(4, 100.0)
    memory.put("a", 1, 1000.0)
    assert memory.get("a", 1000.0) == memory.get("a", 1099.9) == 1
    assert memory.get("a", 1100.0) is None
    assert memory.get("b", 1000.0) is None
    assert (memory.age("a", 1030.0), memory.age("b", 1030.0)) == (30.0, float("inf"))


def test_putting_again_makes_it_young() -> None:
    memory: Expiring[str, int] = Expiring(2, 100.0)
    memory.put("a", 1, 1000.0)
    memory.put("b", 2, 1001.0)
    memory.put("a", 3, 1050.0)
    memory.put("c", 4, 1051.0)
    assert [memory.get(key, 1120.0) for key in "abc"] == [3, None, 4]


def test_putting_again_costs_no_other_entry() -> None:
    memory: Expiring[str, int] = Expiring(2, 100.0)
    memory.put("a", 1, 1000.0)
    memory.put("b", 2, 1000.0)
    memory.put("b", 3, 1000.0)
    assert (memory.get("a", 1000.0), memory.get("b", 1000.0)) == (1, 3)


def test_the_oldest_goes_when_it_is_full() -> None:
    memory: Expiring[int, int] = Expiring(3, 100.0)
    for number in range(5):
        memory.put(number, number, 1000.0)
    assert [memory.get(number, 1000.0) for number in range(5)] == [None, None, 2, 3, 4]


def test_what_has_expired_is_swept_out() -> None:
    memory: Expiring[str, int] = Expiring(9, 100.0)
    memory.put("a", 1, 1000.0)
    memory.put("b", 2, 1090.0)
    memory.sweep(1101.0)
    assert (len(memory), memory.get("b", 1101.0)) == (1, 2)
    memory.forget("b")
    memory.forget("b")
    assert len(memory) == 0


def test_a_clock_set_back_a_little_costs_nothing_and_set_back_far_forgets() -> None:
    memory: Expiring[str, int] = Expiring(9, 100.0)
    memory.put("a", 1, 1000.0)
    assert memory.get("a", 1000.0 - SKEW) == 1
    assert memory.get("a", 1000.0 - SKEW - 1) is None
    memory.sweep(500.0)
    assert len(memory) == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1000))), st.integers(1, 5))
def test_it_never_grows_past_its_size(puts: list[tuple[int, float]], size: int) -> None:
    memory: Expiring[int, float] = Expiring(size, 50.0)
    for key, now in puts:
        memory.put(key, now, now)
        assert memory.get(key, now) == now
        assert len(memory) <= size
