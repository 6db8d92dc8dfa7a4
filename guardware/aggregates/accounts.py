"""Accounts: how many different pictures each asked for, and under how many classes of headers it came."""

from guardware.aggregates.cohorts import Table
from guardware.store.distinct import LinearCounter

MANY_CLASSES = 3
"""Classes of headers an account may come under within an hour: a computer, a telephone, and another browser."""

_ACCOUNTS = 8192
"""Remembered at once. More than cohorts: who is forgotten has a new budget."""

_CLASSES = 16
"""Classes of one account that are told apart."""

_FRESH = 256
"""Pictures of one account that wait to be told to other processes; in a second, or while Redis is away."""


class Account:
    """``hour``, ``day``: which they are; ``in_hour``, ``in_day``: different pictures, as far as is known;
    ``classes`` of this hour, ``many``: how many as far as is known, ``before``: how many in the hour before.

    ``fresh_pictures``: those that other processes were not told of.
    """

    __slots__ = (
        *("_bits", "_day_ones", "_hour_ones", "before", "classes", "day", "fresh_pictures", "hour", "in_day"),
        *("in_hour", "key", "many", "untold"),
    )

    def __init__(self, key: str, hour: int) -> None:
        self.key = key
        self.hour, self.day = hour, hour // 24
        self.in_hour = self.in_day = 0
        self.classes: tuple[str, ...] = ()
        self.many = self.before = 0
        self.untold = False
        self.fresh_pictures: set[int] = set()
        self._bits = bytearray()
        self._hour_ones = self._day_ones = 0

    def turn(self, hour: int) -> None:
        """A new hour, and maybe day, begins; a clock set back by an hour or less changes nothing."""
        if hour == self.hour - 1:
            return
        self.before = self.many if hour == self.hour + 1 else 0
        self.many = self.in_hour = self._hour_ones = 0
        self.classes = ()
        self.fresh_pictures.clear()
        half = len(self._bits) // 2
        self._bits[:half] = bytes(half)
        self.hour = hour
        if hour // 24 != self.day:
            self.day = hour // 24
            self.in_day = self._day_ones = 0
            self._bits[half:] = bytes(half)

    def ask(self, picture: int, counter: LinearCounter) -> None:
        """It asked for ``picture``."""
        if not self._bits:
            self._bits = bytearray(2 * counter.size)
        place, mask = counter.place(picture)
        bits = self._bits
        if not bits[place] & mask:
            bits[place] |= mask
            self._hour_ones += 1
            count = counter.estimates[self._hour_ones]
            if count > self.in_hour:  # all processes together may know of more
                self.in_hour = count
        place += counter.size
        if not bits[place] & mask:
            bits[place] |= mask
            self._day_ones += 1
            count = counter.estimates[self._day_ones]
            if count > self.in_day:
                self.in_day = count

    def come(self, fingerprint: str) -> bool:
        """It came under the class ``fingerprint``; whether that is new in this hour."""
        if fingerprint in self.classes or len(self.classes) >= _CLASSES:
            return False
        self.classes = (*self.classes, fingerprint)
        self.many = max(self.many, len(self.classes))
        return True

    @property
    def split(self) -> int:
        """Under how many classes it came within an hour, 0 if not under too many."""
        most = max(self.many, self.before)
        return most if most > MANY_CLASSES else 0

    def worth(self) -> int:
        """What it is remembered for: what it took of today's, and when it came."""
        return (self.day << 32) + (self.in_day << 5) + self.hour % 24


class Accounts:
    """Up to ``pictures`` different ones are counted within a few per cent, and beyond never fewer."""

    def __init__(self, pictures: int, *, shared: bool) -> None:
        self._table: Table[Account] = Table(_ACCOUNTS, Account.worth)
        self._counter = LinearCounter(pictures)
        self._shared = shared
        self.get = self._table.get
        self.untold: list[Account] = []

    def see(self, key: str, fingerprint: str, picture: int | None, hour: int) -> bool:
        """A visit of account ``key``; whether the account is new to the class ``fingerprint`` in this hour."""
        account = self._table.get(key)
        if account is None:
            account = Account(key, hour)
            self._table.add(key, account)
        elif account.hour != hour:
            account.turn(hour)
        if picture is not None:
            account.ask(picture, self._counter)
        new = account.come(fingerprint)
        if self._shared and (new or picture is not None):
            self._wait(account, picture)
        return new

    def _wait(self, account: Account, picture: int | None) -> None:
        if picture is not None and len(account.fresh_pictures) < _FRESH:
            account.fresh_pictures.add(picture)
        if not account.untold:
            account.untold = True
            self.untold.append(account)

    def retell(self, accounts: list[Account], most: int) -> None:
        """``accounts`` could not be told of; they wait again, with at most ``most`` pictures among them."""
        for account in accounts:
            if not account.untold:
                account.untold = True
                self.untold.append(account)
        for account in self.untold:
            if len(account.fresh_pictures) > most:
                account.fresh_pictures.clear()
            most -= len(account.fresh_pictures)

    def __len__(self) -> int:
        return len(self._table)
