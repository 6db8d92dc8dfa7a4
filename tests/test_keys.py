"""Keys: one master, a key for each purpose, rotation by adding a master."""

import pytest

from guardware.keys import KEY_SIZE, Keyring, derive, key_id

OLD, NEW = b"o" * 16, b"n" * 32


def test_each_purpose_has_its_own_key() -> None:
    ring = Keyring([OLD])
    assert len({ring.newest(name) for name in ("trace", "veil", "seed")}) == 3
    assert len(ring.newest("trace")) == KEY_SIZE


def test_the_newest_master_makes_and_all_of_them_read() -> None:
    ring = Keyring([OLD, NEW])
    assert ring.newest("trace") == derive(NEW, "trace")
    assert ring.every("trace") == (derive(NEW, "trace"), derive(OLD, "trace"))


def test_known_answers_so_that_marks_of_today_can_be_read_in_years() -> None:
    assert derive(OLD, "trace").hex().startswith("bb7a7873265c4550")
    assert key_id(derive(OLD, "trace")) == "f26add3a"


@pytest.mark.parametrize("masters", [[], [b"short"], [OLD, b""]])
def test_what_is_no_master(masters: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Keyring(masters)


def test_a_keyring_does_not_show_its_keys() -> None:
    assert "oooo" not in repr(Keyring([OLD]))
