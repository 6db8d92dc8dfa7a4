"""Variants in memory, bounded in bytes."""

from hypothesis import given
from hypothesis import strategies as st

from guardware.images.cache import OVERHEAD, VariantCache
from guardware.images.pipeline import Variant


def variant(size: int, *, placeholder: bool = False) -> Variant:
    return Variant(bytes(size), "image/png", b'"gw-x"', placeholder)


def test_what_was_put_is_got_until_newer_variants_need_the_room() -> None:
    cache = VariantCache(3 * (OVERHEAD + 100))
    for key in (b"a", b"b", b"c"):
        cache.put(key, variant(100))
    assert cache.get(b"a") is not None  # now the most recently used
    cache.put(b"d", variant(100))
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.get(key)] == [b"a", b"c", b"d"]


def test_a_variant_larger_than_the_cache_is_not_kept_and_evicts_nothing() -> None:
    cache = VariantCache(2_000)
    cache.put(b"a", variant(100))
    cache.put(b"b", variant(5_000))
    assert cache.get(b"b") is None
    assert cache.get(b"a") is not None


def test_a_second_put_replaces_the_first() -> None:
    cache = VariantCache(10_000)
    cache.put(b"a", variant(100))
    cache.put(b"a", variant(300))
    assert cache.size == OVERHEAD + 300


def test_placeholders_share_a_body_and_are_charged_for_the_entry_alone() -> None:
    cache = VariantCache(10_000)
    cache.put(b"a", variant(5_000, placeholder=True))
    assert cache.size == OVERHEAD


def test_no_capacity_keeps_nothing() -> None:
    cache = VariantCache(0)
    cache.put(b"a", variant(0))
    assert cache.get(b"a") is None
    assert cache.size == 0


@given(
    st.integers(0, 8_000),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3_000), st.booleans(), st.booleans())),
)
def test_the_bound_holds_and_the_count_is_right(capacity: int, steps: list[tuple[str, int, bool, bool]]) -> None:
    cache = VariantCache(capacity)
    for key, size, placeholder, put in steps:
        if put:
            cache.put(key.encode(), variant(size, placeholder=placeholder))
        else:
            cache.get(key.encode())
        assert 0 <= cache.size <= capacity
    held = [v for v in map(cache.get, (c.encode() for c in "abcdefgh")) if v is not None]
    assert cache.size == sum(OVERHEAD + (0 if v.placeholder else len(v.body)) for v in held)
