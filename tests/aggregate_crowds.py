"""Crowds for the tests of aggregates: honest visitors of a gallery, pools, posts that go round."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from random import Random

from guardware.aggregates import Aggregates, Crowd, Seen

HOUR = 3600.0
MIDNIGHT = 20_610 * 86_400.0
"""Some midnight (UTC): where the tests begin."""

GALLERY = [Random(n).getrandbits(64) for n in range(1000)]
"""Hashes of its pictures, the most popular first; twenty to a page."""

CHROME, FIREFOX, RARE = "chromium156/en/gdbz/cf", "gecko153/de/gdbz/f", "chromium131/en/gdbz/cf"

_POPULARITY = list(accumulate(1 / rank for rank in range(1, 1001)))
"""Zipf's law, as clicks on pictures follow."""
_PAGES = _POPULARITY[:50]

Visit = tuple[float, Seen]


def key(random: Random) -> str:
    """A salted key, as the guard makes them."""
    return f"{random.getrandbits(64):016x}"


class Person:
    """A client that comes from an address of its own; ``visit`` gives its next visit."""

    def __init__(
        self, random: Random, fingerprint: str, *, network: str = "", account: str = "", address: str = ""
    ) -> None:
        self.fingerprint, self.account = fingerprint, account
        self.network, self.address, self.client = network or key(random), address or key(random), key(random)
        self.visits, self.pages = 0, 0.0
        self.rendered = False

    def visit(self, picture: int | None = None, *, rate: float = 0.2) -> Seen:
        """A page, or a picture."""
        self.visits += 1
        self.pages += picture is None
        kind = "page" if picture is None else "image"
        who = (self.fingerprint, self.network, self.address, self.client, self.account)
        return Seen(*who, kind, picture, self.visits, self.pages, self.rendered, rate)


def honest(
    random: Random, count: int, start: float, *, fingerprint: str = CHROME, signed_in: bool = False
) -> Iterator[Visit]:
    """``count`` visitors in an hour from ``start``: four in five walk pages, the others come for a picture."""
    for _ in range(count):
        person = Person(random, fingerprint, account=key(random) if signed_in else "")
        at = start + random.random() * (HOUR - 120)
        if random.random() < 0.2:
            for picture in random.choices(GALLERY, cum_weights=_POPULARITY, k=random.choice((1, 1, 1, 2))):
                yield at, person.visit(picture)
                at += 5
        else:
            for page in random.choices(range(50), cum_weights=_PAGES, k=random.randint(1, 3)):
                yield at, person.visit()
                for picture in random.sample(GALLERY[page * 20 : page * 20 + 20], random.randint(3, 10)):
                    at += 1
                    yield at, person.visit(picture)
                at += 10


def pool(
    random: Random,
    people: Iterable[Person],
    pictures: Iterable[int],
    start: float,
    *,
    each: int,
    seconds: float = 1800.0,
    page: bool = False,
) -> Iterator[Visit]:
    """``people`` share a list and take ``each`` of it, every picture once; ``page``: each opens one first."""
    rest = iter(pictures)
    for person in people:
        at = start + random.random() * seconds
        if page:
            yield at, person.visit()
        for _ in range(each):
            at += random.random()
            yield at, person.visit(next(rest))


def play(aggregates: Aggregates, *crowds: Iterable[Visit]) -> None:
    """All of the crowds' visits, in the order of time."""
    for at, seen in sorted((visit for crowd in crowds for visit in crowd), key=lambda visit: visit[0]):
        aggregates.note(seen, at)


def lift(aggregates: Aggregates, fingerprint: str, network: str = "") -> float:
    """By how much a newcomer of the class or network would be lifted."""
    return (aggregates.crowd_of(fingerprint, network, "", "") or Crowd()).lift


def taught(random: Random, visitors: int, *, hours: int = 25, signed_in: bool = False) -> tuple[Aggregates, float]:
    """Aggregates that saw ``visitors`` honest ones in each of some hours, and when that was over."""
    aggregates = Aggregates(now=MIDNIGHT)
    now = MIDNIGHT
    for _ in range(hours):
        play(aggregates, honest(random, visitors, now, signed_in=signed_in))
        now += HOUR
    return aggregates, now
