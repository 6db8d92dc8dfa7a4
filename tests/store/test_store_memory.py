"""What only the memory store promises: bounds in entries, bytes and microseconds."""

import subprocess
import sys

import pytest

from guardware.config.schema import KindLimits
from guardware.store import MemoryStore, Rate, Touch
from guardware.store.protocol import ADDRESS_SHARE, NEWCOMER, PROOF, RECORD_TTL

NOW = 1_780_000_000.0


def visit(client: object, network: str = "n", address: object = "a") -> Touch:
    return Touch(f"{client}", network, f"{address}", "page", habits=PROOF)


def test_the_least_recently_used_client_goes_first() -> None:
    store = MemoryStore(max_clients=3)
    for client in "abcad":
        store.touch_now(visit(client), NOW)
    assert len(store) == 3
    assert all(store.touch_now(visit(c)._replace(habits=0), NOW).habits for c in "adc")
    assert not store.touch_now(visit("b")._replace(habits=0), NOW).habits


def test_the_least_recently_used_address_goes_first() -> None:
    store = MemoryStore(max_clients=3)
    for address in "abcad":
        store.touch_now(visit("c", address=address), NOW)
    assert {a: store.touch_now(visit("c", address=a), NOW).visits for a in "adc"} == {"a": 3, "d": 2, "c": 2}
    assert store.touch_now(visit("c", address="b"), NOW).visits == 1


def test_a_flood_of_newcomers_stays_within_the_bound() -> None:
    store = MemoryStore(max_clients=50)
    for i in range(1000):
        store.touch_now(visit(i, f"n{i}", i)._replace(network_rate=Rate(1000, 1)), NOW + i / 1000)
        store.count_original_now(f"stranger{i}", f"n{i}", f"stranger{i}", i, NOW + i / 1000)
    assert len(store) == 50
    assert len(store._addresses) == 50
    assert len(store._networks) == 12


def test_a_network_and_an_address_that_go_on_knocking_are_not_forgotten() -> None:
    store, rate = MemoryStore(max_clients=12), Rate(3600 * 10**6, 1)
    for _ in range(NEWCOMER + 1):
        store.touch_now(visit("a", "loud"), NOW)
    knock = visit("a", "loud")._replace(network_rate=rate)
    store.touch_now(knock, NOW)
    for i in range(50):
        store.touch_now(visit(i, f"n{i}", i)._replace(network_rate=rate), NOW)
        assert store.touch_now(knock, NOW).limited_by == "network"


def test_an_address_whose_clients_are_forgotten_keeps_its_sum() -> None:
    """More classes of headers than there is room for do not empty the address's budget."""
    store = MemoryStore(max_clients=2)
    for i in range(400):
        record = store.touch_now(visit(i)._replace(original=i, count_below=1.0), NOW)
    assert len(store) == 2
    assert record.hour == 400 // ADDRESS_SHARE


def test_what_is_over_leaves_memory_as_newcomers_arrive() -> None:
    store = MemoryStore()
    for i in range(100):
        store.touch_now(visit(i, address=i), NOW)
    for i in range(50):
        store.touch_now(visit(f"new{i}", address=f"new{i}"), NOW + RECORD_TTL)
    assert len(store) == 50
    assert len(store._addresses) == 50


def test_bytes_of_a_record() -> None:
    store = MemoryStore()
    store.touch_now(visit("c")._replace(network_rate=Rate(1000, 1)), NOW)
    assert (len(store._clients["c"]), len(store._addresses["a"]), len(store._networks["n"])) == (50, 86, 40)
    store.count_original_now("c", "n", "a", 1, NOW)
    assert len(store._clients["c"]) == 50 + 16 + 2 * 112
    assert len(store._addresses["a"]) == 86


def test_every_kind_that_the_configuration_can_limit_has_room() -> None:
    store = MemoryStore()
    for kind in KindLimits.model_fields:
        limited = Touch("c", "n", "a", kind, client_rate=Rate(10**6, 1))
        assert [store.touch_now(limited, NOW).limited_by for _ in range(2)] == ["", "client"]


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
    assert store.touch_now(visit("a"), NOW).visits == 1


MEASURE = """
import resource
from guardware.store import MemoryStore, Rate, Touch

store, rate = MemoryStore(), Rate(500_000, 60)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for i in range(100_000):
    client, network, address = f"c{i:015x}", f"n{i:015x}", f"a{i:015x}"
    for kind, original in (("page", None), ("image", i), ("image", i * 7919)):
        touch = Touch(client, network, address, kind, (1.0, 0.5), rate, rate, original, 2.0)
        store.touch_now(touch, 1.78e9 + i / 1000)
assert len(store) == len(store._addresses) == 100_000
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / 1e6)
"""


@pytest.mark.slow
def test_a_hundred_thousand_clients_of_as_many_addresses_with_pictures_in_under_100_mb() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100
