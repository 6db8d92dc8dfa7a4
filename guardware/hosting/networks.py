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


class HostingNetworks:
    """The owner's lists and ASN database. False when nothing is configured, and then it knows nobody.

    A list goes before the database: it names what the owner chose to name.
    """

    __slots__ = ("_asns", "_database", "_known", "_table", "owner")

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
        for name in config.hosting:
            read = read_networks(Path(name).expanduser())
            entries += read.entries
            faults += read.faults
        database = None
        if config.asn_database is not None:
            try:
                database = AsnDatabase(Path(config.asn_database).expanduser())
            except ConfigError as error:
                faults += error.faults
        if faults:
            raise ConfigError(faults)
        return cls(entries, database, config.hosting_asns)

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


def _nobody(address: str) -> str | None:
    return None
