"""Where the owner's keys come from, and the folder they are kept in."""

import logging
import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from guardware.config import Config, from_mapping
from guardware.errors import ConfigError
from guardware.secrets import KEYS_FILE, configured_masters, load_keyring, state_folder


def config(folder: object = "auto", **clients: str) -> Config:
    return from_mapping({"store": {"folder": str(folder)}, "clients": clients})


@pytest.mark.parametrize(
    ("environment", "folder", "expected"),
    [
        ({"XDG_STATE_HOME": "/s"}, "auto", "/s/guardware"),
        ({"XDG_STATE_HOME": "s", "HOME": "/home/a"}, "auto", "/home/a/.local/state/guardware"),
        ({"STATE_DIRECTORY": "/var/lib/g:/var/lib/h", "XDG_STATE_HOME": "/s"}, "auto", "/var/lib/g"),
        ({"HOME": "/home/a"}, "~/kept", "/home/a/kept"),
        ({}, "/srv/kept", "/srv/kept"),
        ({"XDG_STATE_HOME": "/s"}, "none", None),
    ],
)
def test_the_folder(
    environment: dict[str, str], folder: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert state_folder(config(folder)) == (Path(expected) if expected else None)


def test_keys_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    kept = config(tmp_path / "deep" / "state")
    first = load_keyring(kept)
    assert load_keyring(kept).newest("trace") == first.newest("trace")
    file = tmp_path / "deep" / "state" / KEYS_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [KEYS_FILE]


def test_of_several_servers_that_start_at_once_all_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPool(8) as pool:
        rings = pool.map(lambda _: load_keyring(config(tmp_path / "state")), range(8))
    assert len({ring.newest("trace") for ring in rings}) == 1


def test_a_secret_of_the_owner_goes_first_and_its_last_line_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("an old secret of mine\na new secret of mine\n\n")
    of_file = config(tmp_path / "state", secret_file=str(tmp_path / "secret"))
    assert configured_masters(of_file) == (b"an old secret of mine", b"a new secret of mine")
    monkeypatch.setenv("GUARDWARE_SECRET", "a new secret of mine")
    of_environment = config(tmp_path / "state")
    assert load_keyring(of_file).newest("veil") == load_keyring(of_environment).newest("veil")
    assert not (tmp_path / "state").exists()


def test_without_a_folder_keys_last_as_long_as_the_process(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        one, other = (load_keyring(config("none")).newest("trace") for _ in range(2))
    assert one != other
    assert "cannot be read after a restart" in caplog.text


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        load_keyring(config(tmp_path / "file"))
    assert "file/keys: File exists" in caplog.text
    assert "GUARDWARE_SECRET" in caplog.text


def test_a_keys_file_that_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / KEYS_FILE).write_text("abc\n")
    with pytest.raises(ConfigError, match="fewer than 16 characters; restore the file, or remove it"):
        load_keyring(config(tmp_path))
