"""Notes: what a reader of the report must know of the log, and what a log cannot show."""

from collections.abc import Collection, Iterable, Iterator

from guardware.config.faults import printable
from guardware.replay.lines import Lines
from guardware.replay.player import Player
from guardware.signals import TABLE

OLD = 365 * 86400.0
"""Seconds after which a log is old: browsers renew themselves several times in that time."""

_WORDS = {
    "accept": "Accept",
    "accept_language": "Accept-Language",
    "accept_encoding": "Accept-Encoding",
    "fetch_dest": "Sec-Fetch",
    "ua_brands": "client hints",
    "user_agent": "User-Agent",
    "referer": "Referer",
    "cookie": "Cookie",
}


def unseen(seen: Collection[str]) -> str:
    """What signals could not be asked for want of headers in the log; "" if all could."""
    missing = [words for name, words in _WORDS.items() if name not in seen]
    if not missing:
        return ""
    asked = sum(set(signal.needs) <= set(seen) for signal in TABLE)
    return (
        f"The log does not have {_list(missing)}. So {len(TABLE) - asked} of the {len(TABLE)} signals on headers "
        "were not asked, and visitors behind one address with the same user-agent count as one. A running guard "
        "sees more, in favour of people and against programs."
    )


def notes(player: Player, seen: Collection[str], now: float) -> Iterator[str]:
    """Sentences, what matters most first. ``now``: seconds since the epoch."""
    lines, site, tally = player.lines, player.site, player.tally
    if text := unseen(seen):
        yield text
    if now - player.first > OLD:
        years = f"{(now - player.first) / OLD:.1f}".removesuffix(".0")
        yield (
            f"The log began {years} {'year' if years == '1' else 'years'} ago. Its browsers are old by now, which "
            "is not held against them here (the signal stale-engine was off); crawlers are judged by today's "
            "catalogue."
        )
    if site.host:
        host = printable(site.host.decode("utf-8", "replace"))
        yield f"The site is taken to be {site.scheme}://{host}, {site.how}."
    elif not player.hosts_told:
        yield "The log does not say which site it is of, so no referer counts as its own; use --site."
    if lines.unheeded:
        yield (
            "Visits come from a proxy at a private address, and clients.trusted_proxies does not name it, so all "
            "behind it count as one; add its network, and write the log with X-Forwarded-For."
        )
    yield from _counts(player)
    if tally.crawlers:
        yield (
            "Crawlers are taken at their word: nothing is looked up for a replay, so none is verified and none "
            "found lying."
        )
    yield from _unread(lines)


def _counts(player: Player) -> Iterator[str]:
    lines, tally = player.lines, player.tally
    if lines.back:
        yield (
            f"{count(lines.back, 'line is', 'lines are')} earlier than others before by more than a minute, so "
            "the order of visits, and with it limits and rates, are less sure."
        )
    if player.hosts_named:
        yield (
            "The log has names of hosts in the place of addresses. Each name counts as a client and as a network "
            "of its own."
        )
    if player.clients.let_go:
        yield (
            f"Many clients: {player.clients.let_go:,} were summed up before the end, and count again if they came "
            "back."
        )
    if tally.networks_dropped:
        yield f"Many networks: {tally.networks_dropped:,} small ones are not in the table."


def _unread(lines: Lines) -> Iterator[str]:
    """The last note, since examples of such lines are shown below it."""
    if lines.unparsable or lines.too_long:
        lost = [f"{count(lines.unparsable, 'line', 'lines')} could not be read"] if lines.unparsable else []
        lost += [f"{count(lines.too_long, 'line was', 'lines were')} longer than 64 kB"] if lines.too_long else []
        yield f"{_list(lost)}{', such as:' if lines.examples else '.'}"


def count(number: int, one: str, many: str) -> str:
    """``1 line``, ``2 lines``."""
    return f"{number:,} {one if number == 1 else many}"


def _list(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
