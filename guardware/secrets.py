"""The owner's secrets, and the folder for what must outlive a restart.

Master keys come from ``GUARDWARE_SECRET`` or ``clients.secret_file`` (one on each line, the newest last), else
from the file ``keys`` in the folder, which is made when it is missing.
"""

import logging
import os
import secrets
from pathlib import Path

from guardware.config.schema import Config
from guardware.errors import ConfigError
from guardware.keys import Keyring

KEYS_FILE = "keys"
_SHORTEST = 16

_log = logging.getLogger("guardware")


def state_folder(config: Config) -> Path | None:
    """The folder of ``store.folder``, which need not exist yet; None if nothing is to be written.

    ``auto``: systemd's StateDirectory= if it gave one, else ``$XDG_STATE_HOME/guardware``, else
    ``~/.local/state/guardware`` (XDG Base Directory Specification 0.8); None where there is no home.
    """
    wanted = config.store.folder
    if wanted == "none":
        return None
    if wanted != "auto":
        return Path(wanted).expanduser()
    given = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if given:
        return Path(given)
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named if os.path.isabs(named) else os.path.expanduser("~/.local/state"))
    return base / "guardware" if base.is_absolute() else None


def configured_masters(config: Config) -> tuple[bytes, ...]:
    """The masters that the owner gave, oldest first; none if none were. Raises ConfigError if one is no secret."""
    text = os.environ.get("GUARDWARE_SECRET", "").encode()
    if config.clients.secret_file is not None:
        try:
            text = Path(config.clients.secret_file).read_bytes()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigError([f"clients.secret_file: {reason}; create it with 32 random characters"]) from None
    masters = tuple(line.strip() for line in text.splitlines() if line.strip())
    if any(len(master) < _SHORTEST for master in masters):
        raise ConfigError(["the secret is shorter than 16 characters; make one with: openssl rand -hex 32"])
    return masters


def lasting_masters(config: Config) -> tuple[bytes, ...]:
    """The masters that the next process has too, oldest first: the owner's, or those in the folder, where one is
    made on first use; none if nothing can be written. Raises ConfigError if one is no secret."""
    folder = state_folder(config)
    return configured_masters(config) or (_kept(folder / KEYS_FILE) if folder is not None else ())


def load_keyring(config: Config) -> Keyring:
    """The masters to serve and to read with; made and written down on first use.

    Where nothing can be written, they last as long as the process, and the log says so. Raises ConfigError if
    a secret is too short.
    """
    masters = lasting_masters(config)
    if not masters:
        _log.warning(
            "no key is kept (store.folder), so marks in pictures given out now cannot be read after a restart; "
            "set GUARDWARE_SECRET, or let store.folder be writable"
        )
        masters = (secrets.token_bytes(32),)
    return Keyring(masters)


def _kept(path: Path) -> tuple[bytes, ...]:
    """The keys in ``path``, one of them made if there is no such file; none if that cannot be done."""
    try:
        if not path.exists():
            _make(path)
        return _lines(path)
    except OSError as error:
        _log.warning("%s: %s", path, error.strerror or error)
        return ()


def _make(path: Path) -> None:
    """Write a new key to ``path``, whole or not at all; of several processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(secrets.token_hex(32) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _lines(path: Path) -> tuple[bytes, ...]:
    masters = tuple(line.strip() for line in path.read_bytes().splitlines() if line.strip())
    if any(len(master) < _SHORTEST for master in masters):
        raise ConfigError([f"{path}: a key has fewer than 16 characters; restore the file, or remove it"])
    return masters
