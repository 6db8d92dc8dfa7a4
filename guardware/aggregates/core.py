"""Aggregates: counts every visit in its crowds, and says which of them stand out.

Sans-IO, owned by one event loop; time comes in with each call. On the request path a visit is only appended;
what was appended is counted in batches, after ``_BATCH`` visits or a second, whichever is first.
"""

from guardware.aggregates.cohorts import NETWORK, Cohort
from guardware.aggregates.counting import Counting
from guardware.aggregates.judgement import LEAST_OF_NETWORK, NOTHING
from guardware.aggregates.learning import settle, turn
from guardware.aggregates.words import Crowd, Lift, Seen, Site, Status

_BATCH = 64
"""Visits. A pool may take a whole gallery within a second, so its first hundred must tell."""

_HOUR = 3600
_USAGE = 60.0
"""Seconds after which what is usual on the site is put together anew, from the hours that were learned."""


class Aggregates:
    """What crowds do.

    ``now``: seconds since the epoch; ``pictures``: the largest number of an account's different pictures that
    matters; ``shared``: a ``share.Sharing`` tells other processes of what is counted here; ``every``: seconds
    between two looks at all that stands out.
    """

    def __init__(self, *, now: float, pictures: int = 1024, shared: bool = False, every: float = 1.0) -> None:
        self.counting = Counting(int(now // _HOUR), pictures, shared=shared)
        self.site = Site(0, None)
        self._noted: list[Seen] = []
        self._every = every
        self._due = now + every
        self._settled = now
        self._classes: dict[str, Cohort] = {}
        self._networks: dict[str, Cohort] = {}
        """Those that stand out."""

    def note(self, seen: Seen, now: float) -> None:
        """Remember a judged visit."""
        noted = self._noted
        noted.append(seen)
        # An account's budget must not be overdrawn while its pictures wait to be counted.
        if seen.account or len(noted) >= _BATCH or not self._due - self._every <= now < self._due:
            self.roll(now)

    def crowd_of(self, fingerprint: str, network: str, account: str, client: str) -> Crowd | None:
        """What is known of the crowds that a visit belongs to; None if there is nothing to say."""
        counting = self.counting
        cohort = self._classes.get(fingerprint)
        place = self._networks.get(network)
        known = counting.accounts.get(account) if account else None
        many = counting.many.get(client) if counting.many else None
        if cohort is None and place is None and known is None and many is None:
            return None
        lift, sort = (NOTHING, "") if cohort is None else (cohort.lift, cohort.sort)
        if place is not None and place.lift.value > lift.value:
            lift, sort = place.lift, place.sort
        hour, day, classes = (0, 0, 0) if known is None else (known.in_hour, known.in_day, known.split)
        return Crowd(lift.value, sort, lift.reason, hour, day, classes, 0 if many is None else many[0])

    @property
    def status(self) -> Status:
        """See ``Status``; of this process alone, so see ``Sharing.status`` where it shares."""
        lifted = self.lifted
        return Status(len(lifted), round(lifted[0].value, 2) if lifted else 0.0, True, 0)

    @property
    def lifted(self) -> tuple[Lift, ...]:
        """What stands out now, most first."""
        cohorts = (*self._classes.values(), *self._networks.values())
        return tuple(sorted((cohort.lift for cohort in cohorts), reverse=True))

    def roll(self, now: float) -> None:
        """Count what was noted, and judge the cohorts that changed; when it is due, all that stand out."""
        counting = self.counting
        counting.turn(int(now // _HOUR))
        noted, self._noted = self._noted, []
        for seen in noted:
            counting.count(seen)
        due = not self._due - self._every <= now < self._due
        changed, counting.changed = counting.changed, []
        for cohort in changed:
            if not due and not cohort.grown():
                counting.changed.append(cohort)
                continue
            cohort.judged = True
            if not _small(cohort):
                self.judge(cohort, now)
        if due:
            self._due = now + self._every
            self.site = Site(counting.pictures.size, counting.rates.fast())
            for cohort in (*self._classes.values(), *self._networks.values()):
                self.judge(cohort, now)
            if not 0.0 <= now - self._settled < _USAGE:
                self._settled = now
                counting.settle()

    def judge(self, cohort: Cohort, now: float) -> None:
        """Bring a cohort's lift up to date."""
        hour, around = self.counting.hour, self.counting.around
        turn(cohort, hour, around)
        settle(cohort, min(max(now - hour * _HOUR, 0.0), _HOUR), around)
        lifted = self._networks if cohort.sort == NETWORK else self._classes
        if cohort.lift.value > 0 and cohort is not self.counting.whole:
            lifted[cohort.key] = cohort
        else:
            lifted.pop(cohort.key, None)


def _small(cohort: Cohort) -> bool:
    """Whether there is nothing to judge or learn: nearly every network. Asked first, since it costs a tenth."""
    hour = cohort.now
    return (
        hour.addresses < LEAST_OF_NETWORK
        and hour.shared.addresses < LEAST_OF_NETWORK
        and cohort.last is None
        and not cohort.before.value
    )
