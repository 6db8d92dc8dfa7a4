"""HostingNetworks: which hosting company an address belongs to, if any."""

from pathlib import Path

from guardware.caching import BoundedCache
from guardware.config.clients import Networks
from guardware.errors import ConfigError
from guardware.hosting.asn_database import AsnDatabase
from guardware.hosting.asns import HOSTING_ASNS
from guardware.hosting.lists import Entry, read_networks
from guardware.prefixes import PrefixTable

_REMEMBERED = 8192
"""Addresses; the address reader remembers 4096 header sets, and a person's visit needs one entry for its hour."""


_Stamp = tuple[int, int, int]


class HostingNetworks:
    """The owner's lists and ASN database. False when nothing is configured, and then it knows nobody.

    A list goes before the database: it names what the owner chose to name.
    """

    __slots__ = ("_asns", "_database", "_files", "_known", "_table", "owner")

    def __init__(
        self,
        entries: list[Entry] | None = None,
        database: AsnDatabase | None = None,
        asns: tuple[int, ...] = (),
    ) -> None:
        """``entries``: networks with their owners; ``asns``: numbers that count besides ``HOSTING_ASNS``."""
        self._table = PrefixTable(entries or ())
        self._database = database
        self._asns = HOSTING_ASNS.keys() | asns
        self._files: dict[Path, _Stamp] = {}
        self._known: BoundedCache[int, str] = BoundedCache(_REMEMBERED)
        self.owner = self._owner if self else _nobody

    @classmethod
    def load(cls, config: Networks) -> "HostingNetworks":
        """Reads the files that ``clients.networks`` names: some 10 s for a million networks, so not in a request.

        Raises ConfigError with all that is wrong in all of them, MissingExtraError if there is an ASN database and
        ``guardware[mmdb]`` is not installed.
        """
        entries: list[Entry] = []
        faults: list[str] = []
        lists = [Path(name).expanduser() for name in config.hosting]
        named = lists if config.asn_database is None else [*lists, Path(config.asn_database).expanduser()]
        stamps = {path: _stamp(path) for path in named}  # before they are read: what changes meanwhile is newer
        for path in lists:
            read = read_networks(path)
            entries += read.entries
            faults += read.faults
        database = None
        if config.asn_database is not None:
            try:
                database = AsnDatabase(named[-1])
            except ConfigError as error:
                faults += error.faults
        if faults:
            raise ConfigError(faults)
        found = cls(entries, database, config.hosting_asns)
        found._files = stamps
        return found

    @property
    def current(self) -> bool:
        """Whether the files are those that were read."""
        return all(_stamp(path) == stamp for path, stamp in self._files.items())

    def __bool__(self) -> bool:
        return self._database is not None or len(self._table) > 0

    def _owner(self, address: str) -> str | None:
        """Who rents out the server at ``address``, such as "Amazon" or "AS16509 AMAZON-02"; None if nobody known.

        Remembered by the address's hash, which has the process's own salt, so that no address is kept.
        """
        key = hash(address)
        known = self._known.get(key)
        if known is None:
            known = self._find(address) or ""
            self._known.put(key, known)
        return known or None

    def _find(self, address: str) -> str | None:
        label = self._table.find(address)
        if label is not None or self._database is None:
            return label
        system = self._database.find(address)
        if system is None or system.number not in self._asns:
            return None
        return f"AS{system.number} {system.name or HOSTING_ASNS.get(system.number, '')}".rstrip()


def _stamp(path: Path) -> "_Stamp":
    """What tells one state of a file from another; of one that is not there, zeros."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _nobody(address: str) -> str | None:
    return None
