"""What waits for a client's next visit."""

from guardware.aftermath import Aftermath
from guardware.store.protocol import RENDERED, ROBOTS


def test_what_was_learned_is_taken_once() -> None:
    after = Aftermath()
    after.habit("c", ROBOTS)
    after.habit("c", RENDERED)
    after.cookie("c")
    after.error("c", 1)
    after.behaviour("c", 2.5)
    learned = after.take("c")
    assert learned is not None
    assert (learned.habits, learned.cookies, learned.errors, learned.behaviour) == (ROBOTS | RENDERED, 1, 1, 2.5)
    assert after.take("c") is None
    assert after.take("stranger") is None


def test_one_broken_link_on_every_page_is_one_error() -> None:
    after = Aftermath()
    errors = 0
    for _ in range(30):
        after.error("c", 404)
        learned = after.take("c")
        errors += 0 if learned is None else learned.errors
    assert errors == 1


def test_different_wrong_addresses_add_up() -> None:
    after = Aftermath()
    for address in range(30):
        after.error("c", address)
    learned = after.take("c")
    assert learned is not None
    assert learned.errors == 30


def test_a_flood_of_clients_stays_within_the_bound() -> None:
    after = Aftermath(size=100)
    for client in range(10_000):
        after.habit(str(client), ROBOTS)
        after.error(str(client), 1)
    assert len(after) == 100
    assert after.take("9999") is not None
    assert after.take("0") is None
