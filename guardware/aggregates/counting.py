"""Counting: each visit is counted in its class, its network, its account, and on the site as a whole."""

from guardware.aggregates.accounts import Account, Accounts
from guardware.aggregates.baseline import Baseline
from guardware.aggregates.cohorts import CLASS, NETWORK, SITE, Cohort, Table
from guardware.aggregates.judgement import Usage, usage
from guardware.aggregates.learning import turn
from guardware.aggregates.members import MANY_ACCOUNTS, Home, Member
from guardware.aggregates.site import Pictures, Rates
from guardware.aggregates.words import Seen
from guardware.caching import BoundedCache
from guardware.store.protocol import OPENED

_COHORTS = 2048
"""Classes, and networks, remembered at once."""

_MEMBERS = 8192
"""Clients, and addresses, of this hour, remembered in each of two generations. Who comes again after having been
pushed out counts as one more."""

_OF_A_NETWORK = 8
"""Addresses of one network that count in a class within an hour. What more of them do is their network's matter:
who has a whole IPv6 /48 must not be able to make a popular browser look like a pool."""

_CROWDED = 4096
"""Clients with several accounts, remembered for an hour."""


class Counting:
    """In the hour ``hour`` (since the epoch), counting up to ``pictures`` of an account within a few per cent.

    - ``changed``: cohorts that wait to be judged; ``untold``: those of which other processes wait to be told;
    - ``whole``: all visitors; ``around``: what is usual on the site;
    - ``crowded``: clients with several accounts in this hour; ``many``: those with too many, how many and when.
    """

    def __init__(self, hour: int, pictures: int, *, shared: bool) -> None:
        self.hour = hour
        self.accounts = Accounts(pictures, shared=shared)
        self.pictures = Pictures(shared=shared)
        self.rates = Rates()
        self.whole = Cohort(SITE, "", hour)
        self.around = Usage(Baseline())
        self.changed: list[Cohort] = []
        self.untold: list[Cohort] = []
        self.crowded: dict[str, Member] = {}
        self.many: dict[str, tuple[int, int]] = {}
        self._shared = shared
        self._classes: Table[Cohort] = Table(_COHORTS, Cohort.worth)
        self._networks: Table[Cohort] = Table(_COHORTS, Cohort.worth)
        self._members: BoundedCache[str, Member] = BoundedCache(_MEMBERS)
        self._homes: BoundedCache[str, Home] = BoundedCache(_MEMBERS)
        self._heard: BoundedCache[tuple[str, str], int] = BoundedCache(_MEMBERS)

    def turn(self, hour: int) -> None:
        """``hour`` begins. A clock set back by an hour or less goes on in the present one."""
        if hour in (self.hour, self.hour - 1):
            return
        self.hour = hour
        self.rates.turn(hour)
        self.crowded.clear()
        self._heard = BoundedCache(_MEMBERS)
        self.many = {client: known for client, known in self.many.items() if known[1] == hour - 1}

    def count(self, seen: Seen) -> None:
        """Count one visit in the present hour."""
        _, _, address, client, account, kind, picture, visits, pages, rendered, rate = seen
        if kind == "api":  # what a page's script asks for says nothing of pages and pictures
            return
        member = self._members.get(client)
        if member is None or member.hour != self.hour:
            member = self._arrive(seen)
        if not member.opened and (pages >= OPENED or rendered):
            self._open(member, client, address)
        if visits > 1 and not member.settled:
            self._settle(member, client, address)
        cohort = member.cohort
        if picture is not None:
            self.pictures.add(picture, self.hour // 24)
            if member.heard and cohort.ask(picture):
                self._touch(cohort)
            if not member.opened:
                network = member.home.network
                for crowd in (cohort, network) if member.heard else (network,):
                    if crowd.ask_bare(picture):
                        self._touch(crowd)
        if rate > member.edge and member.opened:
            member.bin, member.edge = self.rates.move(member.bin, rate)
        if account:
            if self.accounts.see(account, seen.fingerprint, picture, self.hour) and member.heard:
                self._add(cohort, "accounts", account)
            if account not in member.accounts:
                self._sign_in(member, client, account)

    def settle(self) -> None:
        """Bring ``around`` up to date."""
        known = [cohort.baseline for cohort in self._classes.values() if cohort.baseline is not None]
        self.around = usage(known, self.whole.baseline or Baseline())

    def cohorts(self) -> list[Cohort]:
        """All classes and networks that are remembered."""
        return [*self._classes.values(), *self._networks.values()]

    def retell(self, cohorts: list[Cohort], accounts: list[Account], most: int) -> None:
        """These could not be told of; they wait again, with at most ``most`` names among all that wait."""
        self.accounts.retell(accounts, most)
        for cohort in cohorts:
            if not cohort.untold:
                cohort.untold = True
                self.untold.append(cohort)
        for cohort in self.untold:
            for hour in (cohort.now, cohort.last):
                if hour is not None:
                    del hour.fresh[: max(len(hour.fresh) - most, 0)]
                    most -= len(hour.fresh)

    def _arrive(self, seen: Seen) -> Member:
        """A client's first visit in this hour."""
        hour = self.hour
        home = self._homes.get(seen.address)
        if home is None or home.hour != hour:
            network = self._cohort(self._networks, NETWORK, seen.network)
            home = Home(network, hour)
            self._homes.put(seen.address, home)
            self._add(network, "addresses", seen.address)
        cohort = self._cohort(self._classes, CLASS, seen.fingerprint)
        before = self._heard.get((seen.network, seen.fingerprint)) or 0
        member = Member(cohort, home, hour, heard=before < _OF_A_NETWORK)
        self._members.put(seen.client, member)
        if member.heard:
            self._heard.put((seen.network, seen.fingerprint), before + 1)
            self._add_both(member, "addresses", seen.client)
        return member

    def _add_both(self, member: Member, field: str, client: str) -> None:
        """Count ``client`` in its class and on the site."""
        self._add(member.cohort, field, client)
        self._add(self.whole, field, client)

    def _cohort(self, table: Table[Cohort], sort: str, key: str) -> Cohort:
        cohort = table.get(key)
        if cohort is None:
            cohort = Cohort(sort, key, self.hour)
            table.add(key, cohort)
        return cohort

    def _open(self, member: Member, client: str, address: str) -> None:
        """It opened a page or rendered one."""
        member.opened = True
        if member.heard:
            self._add_both(member, "opened", client)
        if not member.home.opened:
            member.home.opened = True
            self._add(member.home.network, "opened", address)
        if not member.settled:
            self._settle(member, client, address)

    def _settle(self, member: Member, client: str, address: str) -> None:
        """It did more than to ask for one picture."""
        member.settled = True
        if member.heard:
            self._add_both(member, "settled", client)
        if not member.home.settled:
            member.home.settled = True
            self._add(member.home.network, "settled", address)

    def _sign_in(self, member: Member, client: str, account: str) -> None:
        """It uses an account that it did not use before in this hour."""
        if member.sign_in(account) and len(member.accounts) > 1:
            if len(self.crowded) < _CROWDED:
                self.crowded[client] = member
            self.crowd(client, len(member.accounts))

    def crowd(self, client: str, accounts: int) -> None:
        """``client`` used ``accounts`` in this hour."""
        if accounts > MANY_ACCOUNTS and (client in self.many or len(self.many) < _CROWDED):
            known, hour = self.many.get(client, (0, 0))
            self.many[client] = (max(accounts, known if hour == self.hour else 0), self.hour)

    def _add(self, cohort: Cohort, field: str, who: str) -> None:
        """Count ``who`` in ``field`` of the cohort's hour."""
        if cohort.now.number != self.hour:
            turn(cohort, self.hour, self.around)
        now = cohort.now
        setattr(now, field, getattr(now, field) + 1)
        if self._shared:
            now.fresh.append((field, who))
        self._touch(cohort)

    def _touch(self, cohort: Cohort) -> None:
        """It changed."""
        if cohort.judged:
            cohort.judged = False
            self.changed.append(cohort)
        if self._shared and not cohort.untold:
            cohort.untold = True
            self.untold.append(cohort)
