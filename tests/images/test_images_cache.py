"""Finished things in memory, bounded in bytes."""

from hypothesis import given
from hypothesis import strategies as st

from guardware.images.cache import OVERHEAD, MemoryCache


def cache_of(capacity: int) -> MemoryCache[bytes]:
    return MemoryCache(capacity, len)


def test_what_was_put_is_got_until_newer_things_need_the_room() -> None:
    cache = cache_of(3 * (OVERHEAD + 100))
    for key in (b"a", b"b", b"c"):
        cache.put(key, bytes(100))
    assert cache.get(b"a") is not None  # now the most recently used
    cache.put(b"d", bytes(100))
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.get(key)] == [b"a", b"c", b"d"]


def test_a_thing_larger_than_the_cache_is_not_kept_and_evicts_nothing() -> None:
    cache = cache_of(2_000)
    cache.put(b"a", bytes(100))
    cache.put(b"b", bytes(5_000))
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None


def test_a_second_put_replaces_the_first() -> None:
    cache = cache_of(10_000)
    cache.put(b"a", bytes(100))
    cache.put(b"a", bytes(300))
    assert cache.size == OVERHEAD + 300
    cache.put(b"a", bytes(20_000))  # too large: what it replaces goes all the same
    assert cache.get(b"a") is None
    assert cache.size == 0


def test_things_are_charged_what_the_charge_says_and_the_entry() -> None:
    cache = MemoryCache[list[int]](10_000, lambda thing: 8 * len(thing))
    growing = [1, 2]
    cache.put(b"a", growing)
    assert cache.size == OVERHEAD + 16
    growing.append(3)  # What it is charged stays what it was.
    cache.put(b"a", [])
    assert cache.size == OVERHEAD


def test_no_capacity_keeps_nothing() -> None:
    cache = cache_of(0)
    cache.put(b"a", b"")
    assert cache.get(b"a") is None
    assert cache.size == 0


@given(
    st.integers(0, 8_000),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3_000), st.booleans())),
)
def test_the_bound_holds_and_the_count_is_right(capacity: int, steps: list[tuple[str, int, bool]]) -> None:
    cache = cache_of(capacity)
    for key, size, put in steps:
        if put:
            cache.put(key.encode(), bytes(size))
        else:
            cache.get(key.encode())
        assert 0 <= cache.size <= capacity
    held = [thing for thing in map(cache.get, (c.encode() for c in "abcdefgh")) if thing is not None]
    assert cache.size == sum(OVERHEAD + len(thing) for thing in held)
