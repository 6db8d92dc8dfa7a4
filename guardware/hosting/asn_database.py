"""AsnDatabase: whose autonomous system an address is in, from a database in MaxMind's format."""

import logging
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from guardware.config.faults import printable
from guardware.errors import ConfigError, MissingExtraError

_log = logging.getLogger("guardware")

_NUMBERS = ("autonomous_system_number", "asn")
_NAMES = ("autonomous_system_organization", "as_name", "name", "organization")
"""Fields of GeoLite2-ASN and DB-IP's ASN Lite, and of IPinfo's, which writes the number as text ("AS16509")."""
_LOOKED_AT = 200
"""Records at the beginning of which one at least must name a system. GeoLite2-ASN begins with one."""
_LONGEST_NAME = 60


class System(NamedTuple):
    """An autonomous system: its number, and its holder's name or ""."""

    number: int
    name: str


def _library() -> ModuleType:
    """maxminddb, which is an extra: imported only where a database is configured."""
    try:
        import maxminddb
    except ImportError as error:
        raise MissingExtraError("maxminddb", "mmdb") from error
    return maxminddb


class AsnDatabase:
    """A database that is kept in memory, so that whoever writes over the file does no harm to a running server."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError if the file cannot be used, MissingExtraError without ``guardware[mmdb]``."""
        library = _library()
        where = f"clients.networks.asn_database: {printable(str(path))}"
        mend = "download a database of autonomous systems, such as GeoLite2-ASN.mmdb"
        try:
            self._reader: Any = library.open_database(path, library.MODE_MEMORY)
            known = any(_system(record) for _, record in islice(self._reader, _LOOKED_AT))
        except OSError as error:
            raise ConfigError([f"{where}: {error.strerror or error}; {mend}"]) from None
        # A damaged file makes the library trip over its own pointers in many ways.
        except Exception as error:
            raise ConfigError(
                [f"{where}: is damaged, or no such database ({type(error).__name__}); {mend}"]
            ) from None
        if not known:
            raise ConfigError([f"{where}: names no autonomous systems; {mend}"])
        self._failed = False

    def find(self, address: str) -> System | None:
        """The system that ``address`` is in, or None; None too for what is no address."""
        try:
            return _system(self._reader.get(address))
        except ValueError:
            return None  # no address, or IPv6 in a database of IPv4
        except Exception as error:
            if not self._failed:
                _log.warning("clients.networks.asn_database: is damaged (%s); download it again", error)
            self._failed = True
            return None


def _system(record: Any) -> System | None:
    if not isinstance(record, dict):
        return None
    number = next((record[field] for field in _NUMBERS if field in record), None)
    if isinstance(number, str) and number[:2].upper() == "AS" and number[2:].isdecimal():
        number = int(number[2:])
    if not isinstance(number, int):
        return None
    name = next((record[field] for field in _NAMES if isinstance(record.get(field), str)), "")
    return System(number, printable(name)[:_LONGEST_NAME])
