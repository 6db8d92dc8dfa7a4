"""What only the memory store promises: bounds in entries, bytes and microseconds."""

import subprocess
import sys

import pytest

from guardware.store import MemoryStore, Rate, Touch
from guardware.store.protocol import RECORD_TTL

NOW = 1_780_000_000.0


def visit(client: object, network: str = "n") -> Touch:
    return Touch(f"{client}", network, "page", proof=True)


def test_the_least_recently_used_client_goes_first() -> None:
    store = MemoryStore(max_clients=3)
    for client in "abcad":
        store.touch_now(visit(client), NOW)
    assert len(store) == 3
    assert {c: store.touch_now(visit(c)._replace(proof=False), NOW).visits for c in "adc"} == {
        "a": 3,
        "d": 2,
        "c": 2,
    }
    assert store.touch_now(visit("b"), NOW).visits == 1


def test_a_flood_of_newcomers_stays_within_the_bound() -> None:
    store = MemoryStore(max_clients=50)
    for i in range(1000):
        store.touch_now(visit(i, network=f"n{i}")._replace(network_rate=Rate(1000, 1)), NOW + i / 1000)
        store.count_original_now(f"stranger{i}", f"n{i}", i, NOW + i / 1000)
    assert len(store) == 50
    assert len(store._networks) == 50


def test_a_network_that_goes_on_knocking_is_not_forgotten() -> None:
    store, rate = MemoryStore(max_clients=3), Rate(3600 * 10**6, 1)
    knock = visit("a", network="loud")._replace(network_rate=rate)
    store.touch_now(knock, NOW)
    for i in range(10):
        store.touch_now(visit(i, network=f"n{i}")._replace(network_rate=rate), NOW)
        assert store.touch_now(knock, NOW).limited_by == "network"


def test_what_is_over_leaves_memory_as_newcomers_arrive() -> None:
    store = MemoryStore()
    for i in range(100):
        store.touch_now(visit(i), NOW)
    for i in range(50):
        store.touch_now(visit(f"new{i}"), NOW + RECORD_TTL)
    assert len(store) == 50


def test_a_client_without_limits_or_pictures_takes_a_hundred_bytes() -> None:
    store = MemoryStore()
    store.touch_now(visit("a"), NOW)
    assert len(store._clients["a"]) == 105
    store.count_original_now("a", "n", 1, NOW)
    assert len(store._clients["a"]) == 105 + 16 + 2 * 112


def test_more_kinds_with_limits_than_there_is_room_for() -> None:
    store = MemoryStore()
    for i in range(8):
        store.touch_now(Touch("a", "n", f"kind{i}", client_rate=Rate(1, 1)), NOW)
    with pytest.raises(ValueError, match="'kind8' is one too many"):
        store.touch_now(Touch("a", "n", "kind8", client_rate=Rate(1, 1)), NOW)


def test_room_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="max_clients must be at least 1, not 0"):
        MemoryStore(max_clients=0)


def test_it_always_answers() -> None:
    assert MemoryStore(clock=lambda: NOW).status == ("memory", True, 0, NOW)


async def test_closing_forgets() -> None:
    store = MemoryStore()
    store.touch_now(visit("a"), NOW)
    await store.close()
    assert len(store) == 0


MEASURE = """
import resource
from guardware.store import MemoryStore, Rate, Touch

store, rate = MemoryStore(), Rate(500_000, 60)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for i in range(100_000):
    client, network = f"{i:016x}", f"{i // 4:016x}"
    for kind, original in (("page", None), ("image", i), ("image", i * 7919)):
        touch = Touch(client, network, kind, (1.0, 0.5), False, rate, rate, original, 2.0)
        store.touch_now(touch, 1.78e9 + i / 1000)
assert len(store) == 100_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
def test_a_hundred_thousand_clients_with_pictures_in_under_100_mb() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100
