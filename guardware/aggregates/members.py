"""Members: what each client and each address did in this hour, so that it counts once in its cohorts."""

from guardware.aggregates.cohorts import Cohort

MANY_ACCOUNTS = 10
"""Accounts that one client may use within an hour: a family, a small office with one kind of browser."""

_ACCOUNTS = 32
"""Accounts of one client that are told apart."""


class Home:
    """An address in its network, in ``hour``."""

    __slots__ = ("hour", "network", "opened", "settled")

    def __init__(self, network: Cohort, hour: int) -> None:
        self.network = network
        self.hour = hour
        self.opened = self.settled = False


class Member:
    """A client (an address in its class), in ``hour``. ``bin``, ``edge``: where it stands among the rates;
    ``heard``: it counts in its class and on the site."""

    __slots__ = ("accounts", "bin", "cohort", "edge", "heard", "home", "hour", "opened", "settled")

    def __init__(self, cohort: Cohort, home: Home, hour: int, *, heard: bool) -> None:
        self.heard = heard
        self.cohort = cohort
        self.home = home
        self.hour = hour
        self.opened = self.settled = False
        self.bin, self.edge = -1, 0.0
        self.accounts: tuple[str, ...] = ()

    def sign_in(self, account: str) -> bool:
        """It uses ``account``, which is new; whether that counts."""
        if len(self.accounts) >= _ACCOUNTS:
            return False
        self.accounts = (*self.accounts, account)
        return True
