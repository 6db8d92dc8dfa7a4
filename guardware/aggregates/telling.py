"""What processes tell each other through Redis, as commands; and what their replies mean.

Keys, each of which expires::

    gw:agg:class:<hash of the class>:<hour>:<field>   HyperLogLog of clients, by field of ``cohorts.DISTINCT``
    gw:agg:class:<hash of the class>:<hour>           hash of the other fields of ``Counts``
    gw:agg:class:<hash of the class>:usual            what is usual for it (``Baseline.fields``)
    gw:agg:network:<network>:<hour>[:<field>]         the same, of addresses; nothing is learned of networks
    gw:agg:site::...                                  the same, of all visitors
    gw:agg:account:<account>:h:<hour> :d:<day> :c:<hour>   HyperLogLog of its pictures (hour, day) and classes
    gw:agg:client:<client>:<hour>                     HyperLogLog of its accounts
    gw:agg:pictures:<day>                             HyperLogLog of all pictures asked for

Hours and days are since the epoch, so a process that comes late finds what belongs to now.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from guardware.aggregates.accounts import Account
from guardware.aggregates.baseline import Baseline
from guardware.aggregates.cohorts import CLASS, DISTINCT, NETWORK, Cohort, Hour
from guardware.aggregates.counting import Counting
from guardware.aggregates.measures import Counts
from guardware.aggregates.site import DAYS

Command = tuple[Any, ...]

_COUNTED = tuple(name for name in Counts._fields if name not in DISTINCT)

_HOURS, _DAY, _WEEK = 3 * 3600, 26 * 3600, 8 * 86400
"""Seconds that keys live: an hour's until it is learned, a day's budget, what is usual."""

_LEAST = 2
"""Addresses that a network has before others are told of it: most have one."""

_PICTURES = 4096
"""At most in one telling."""


class Telling(NamedTuple):
    """``commands`` to send; ``hear`` takes their replies, if none of them is an error."""

    commands: list[Command]
    hear: Callable[[list[Any]], None]


def of_cohort(cohort: Cohort) -> Iterator[Telling]:
    """What to tell and to ask of ``cohort``."""
    stem = f"gw:agg:{cohort.sort}:{_short(cohort.key) if cohort.sort == CLASS else cohort.key}"
    for hour in (cohort.now, cohort.last):
        if hour is not None and (cohort.sort != NETWORK or hour.addresses >= _LEAST):
            yield _of_hour(f"{stem}:{hour.number}", hour)
    baseline = cohort.baseline
    if baseline is None:
        return
    usual = f"{stem}:usual"
    if cohort.unread:
        yield Telling([("HGETALL", usual)], lambda replies: _read(cohort, replies[0]))
    elif baseline.hour > cohort.stored:
        fields = [text for pair in baseline.fields().items() for text in pair]

        def written(_: list[Any], hour: int = baseline.hour) -> None:
            cohort.stored = hour

        yield Telling([("HSET", usual, *fields), ("EXPIRE", usual, _WEEK)], written)


def _of_hour(key: str, hour: Hour) -> Telling:
    own, told, taken = hour.own(), hour.told, len(hour.fresh)
    commands: list[Command] = []
    for field in DISTINCT:
        who = [w for f, w in hour.fresh[:taken] if f == field]
        if who:
            commands += [("PFADD", f"{key}:{field}", *who), ("EXPIRE", f"{key}:{field}", _HOURS)]
    for field in _COUNTED:
        more = getattr(own, field) - getattr(told, field)
        if more:
            commands.append(("HINCRBY", key, field, more))
    commands.append(("EXPIRE", key, _HOURS))
    commands += [("PFCOUNT", f"{key}:{field}") for field in DISTINCT]
    commands.append(("HMGET", key, *_COUNTED))

    def hear(replies: list[Any]) -> None:
        del hour.fresh[:taken]
        hour.told = own
        *distinct, counted = replies[-len(DISTINCT) - 1 :]
        fields = dict(zip((*DISTINCT, *_COUNTED), map(int, (*distinct, *(n or 0 for n in counted))), strict=True))
        hour.shared = Counts(**fields)

    return Telling(commands, hear)


def _read(cohort: Cohort, reply: Any) -> None:
    """Others may have learned more, and longer, of it."""
    cohort.unread = False
    known = Baseline.parse(_pairs(reply)) if reply else None
    if known is None or cohort.baseline is None:
        return
    cohort.stored = known.hour
    if known.hour >= cohort.baseline.hour or known.hours > cohort.baseline.hours:
        # An hour that has not come yet was written by a clock that was wrong, and would never be learned again.
        known.hour = min(known.hour, cohort.now.number - 1)
        cohort.baseline = known


def _pairs(reply: Any) -> dict[bytes, bytes]:
    """HGETALL's reply, which is a flat list or a dictionary."""
    return dict(reply) if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))


def of_account(account: Account) -> Telling:
    """What to tell and to ask of ``account``."""
    stem, hour, day = f"gw:agg:account:{account.key}", account.hour, account.day
    pictures = set(account.fresh_pictures)
    keys = (f"{stem}:h:{hour}", f"{stem}:d:{day}", f"{stem}:c:{hour}")
    commands: list[Command] = []
    for key, values, life in (
        (keys[0], pictures, _HOURS),
        (keys[1], pictures, _DAY),
        (keys[2], {_short(name) for name in account.classes}, _HOURS),
    ):
        if values:
            commands += [("PFADD", key, *values), ("EXPIRE", key, life)]
    commands += [("PFCOUNT", key) for key in keys]

    def hear(replies: list[Any]) -> None:
        account.fresh_pictures -= pictures
        in_hour, in_day, many = map(int, replies[-3:])
        if account.day == day:
            account.in_day = max(account.in_day, in_day)
        if account.hour == hour:
            account.in_hour, account.many = max(account.in_hour, in_hour), max(account.many, many)

    return Telling(commands, hear)


def of_clients(counting: Counting) -> Iterator[Telling]:
    """What to tell and to ask of clients with several accounts."""
    for client, member in counting.crowded.items():
        key = f"gw:agg:client:{client}:{member.hour}"
        commands: list[Command] = [
            ("PFADD", key, *member.accounts),
            ("EXPIRE", key, _HOURS),
            ("PFCOUNT", key),
        ]

        def hear(replies: list[Any], client: str = client, hour: int = member.hour) -> None:
            if hour == counting.hour:
                counting.crowded.pop(client, None)
                counting.crowd(client, int(replies[-1]))

        yield Telling(commands, hear)


def of_pictures(counting: Counting, *, earlier: bool) -> Iterator[Telling]:
    """What to tell and to ask of all pictures; ``earlier``: and of the days before this one."""
    pictures = counting.pictures
    day, fresh = pictures.day, tuple(islice(pictures.fresh, _PICTURES))
    if day < 0:
        return
    today = f"gw:agg:pictures:{day}"
    commands: list[Command] = []
    if fresh:
        commands += [("PFADD", today, *fresh), ("EXPIRE", today, _WEEK)]
    days = range(day - DAYS + 1 if earlier else day, day + 1)
    commands += [("PFCOUNT", f"gw:agg:pictures:{d}") for d in days]

    def hear(replies: list[Any]) -> None:
        if pictures.day == day:
            pictures.fresh.difference_update(fresh)
        for d, count in zip(days, replies[-len(days) :], strict=True):
            pictures.learn(d, int(count))

    yield Telling(commands, hear)


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
