"""``guardware explain``: the verdict for one visit, with all evidence."""

import json
import re
import time
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

import click

from guardware.addresses import parse_address
from guardware.cli.layout import table, terminal_width
from guardware.config import Config, load
from guardware.crawlers.assemble import build_verifier
from guardware.crawlers.catalogue import Catalogue
from guardware.explain.judging import judge_all, parse_given, visits_of
from guardware.explain.reasons import reasons
from guardware.explain.signals import listed
from guardware.explain.text import text
from guardware.explain.words import RECORD
from guardware.guard import Guard, distinct
from guardware.hosts import read_host
from guardware.http import RawHeaders, Scope
from guardware.notices import Notices, refused_tokens
from guardware.secrets import state_folder
from guardware.store import MemoryStore
from guardware.visit import Visit

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What methods and names of headers are made of (RFC 9110 section 5.6.2)."""

_HELP = "\n".join(
    ["\b", "A record has (K=V of --record):", *(f"  {name:<15}  {words}" for name, words in RECORD.items())]
)

_SIGNS = """\
weight  natural-log units: +0.7 doubles the odds of a scraper; "to": at most
proof   condemns by itself, where else two groups must agree
prior   says where a client comes from and who else comes: makes it doubtful, never refuses
What each signal looks for, where it was seen and whom it may hit: docs/detection.md"""


@click.command(epilog=_HELP)
@click.option("--config", "config_path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option(
    "--url", default="http://localhost/", show_default=True, help="What is asked for; {n} is the visit's number."
)
@click.option("--method", default="GET", show_default=True)
@click.option("--ip", default="203.0.113.7", show_default=True, help="Who asks.")
@click.option("--ua", default="", help="The User-Agent header.")
@click.option("--header", "-H", "extra", multiple=True, metavar="K:V", help="Another header; may be repeated.")
@click.option("--repeat", type=click.IntRange(1, 100_000), help="So many visits; the last is shown.")
@click.option("--every", type=click.FloatRange(0, 86_400), help="Seconds between them; 1 unless given.")
@click.option(
    "--record",
    "given",
    multiple=True,
    metavar="K=V",
    help="Say what the client did before (names below); may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--list", "as_list", is_flag=True, help="List all signals with their weights, and judge nothing.")
def command(
    config_path: str | None,
    url: str,
    method: str,
    ip: str,
    ua: str,
    extra: tuple[str, ...],
    repeat: int | None,
    every: float | None,
    given: tuple[str, ...],
    as_json: bool,
    as_list: bool,
) -> None:
    """The verdict for one visit, with all evidence: what a first visit like this one gets, and why.

    Only the headers given here are judged. A browser sends a dozen more, so its user-agent alone looks like
    somebody who borrowed it; add the others with -H.

    With --repeat the same client comes again and again, and what it does adds up; with --record it comes with a
    past: --record asked_hour=120 --record pages=0.

    In JSON, "rung" is the part of the configuration that decided: rules, crawlers, limits, thresholds, budgets, or
    none of them (default).
    """
    config = load(config_path)
    if as_list:
        click.echo(_list(config, as_json=as_json))
        return
    if parse_address(ip) is None:
        raise click.BadParameter(f"{ip!r} is no address", param_hint="--ip")
    if not _TOKEN.fullmatch(method):
        raise click.BadParameter(f"{method!r} is no method; write for example GET", param_hint="--method")
    if every is not None and repeat is None:
        raise click.UsageError("--every is the time between visits; say with --repeat how many there are")
    past = _past(given)
    config = _of_site(config, url)
    store = MemoryStore(distinct=distinct(config))
    guard = _guard(config, store)
    visits = visits_of(url, repeat or 1, _reader(guard, method, ip, ua, extra))
    judged, changes = judge_all(guard, store, visits, 1.0 if every is None else every, time.time(), past)
    several = repeat is not None and repeat > 1
    report = {**reasons(guard, judged, changes if several else ()), "visits": repeat or 1}
    click.echo(json.dumps(report, indent=2) if as_json else text(report, terminal_width()))


def _of_site(config: Config, url: str) -> Config:
    """The configuration by which visits to ``url`` are judged."""
    authority = read_host(dict(_scope(url, "GET", "", [])["headers"])[b"host"])
    return config.of_host(authority.host) if authority is not None else config


def _guard(config: Config, store: MemoryStore) -> Guard:
    """As the server's, but that nobody is asked who a crawler is: what the address lists say is known without."""
    folder = state_folder(config)
    catalogue = Catalogue.load(folder)
    notices = Notices(config.notices, config.site, refused_tokens(catalogue, config.crawlers))
    verifier = build_verifier(config.crawlers.verification, catalogue, folder)
    return Guard(config, catalogue=catalogue, store=store, notices=frozenset(notices.paths), verifier=verifier)


def _past(given: tuple[str, ...]) -> dict[str, float]:
    try:
        return dict(map(parse_given, given))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--record") from None


def _reader(guard: Guard, method: str, ip: str, ua: str, extra: tuple[str, ...]) -> Callable[[str], Visit]:
    """Makes a visit of an address. Raises click's errors for what cannot be one."""
    headers = _headers(ua, extra)

    def read(url: str) -> Visit:
        visit = guard.read(_scope(url, method, ip, headers))
        if visit is None:
            raise click.UsageError("this path cannot be judged safely; the guard answers 400 Bad Request")
        return visit

    return read


def _headers(ua: str, extra: tuple[str, ...]) -> RawHeaders:
    headers: RawHeaders = [(b"user-agent", ua.encode("utf-8", "surrogateescape"))] if ua else []
    for line in extra:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name.strip()):
            raise click.BadParameter(f"{line!r} is not of the form 'Name: value'", param_hint="--header")
        headers.append((name.strip().lower().encode("utf-8"), value.strip().encode("utf-8", "surrogateescape")))
    return headers


def _scope(url: str, method: str, ip: str, headers: RawHeaders) -> Scope:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{url!r} is no http or https address", param_hint="--url")
    raw_path = (parts.path or "/").encode("utf-8", "surrogateescape")
    return {
        "type": "http",
        "method": method.upper(),
        "scheme": parts.scheme,
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": parts.query.encode("utf-8", "surrogateescape"),
        "headers": [(b"host", parts.netloc.rpartition("@")[2].encode("utf-8", "surrogateescape")), *headers],
        "client": (ip, 0),
    }


def _list(config: Config, *, as_json: bool) -> str:
    signals = listed(config.signals)
    if as_json:
        return json.dumps([signal._asdict() for signal in signals], indent=2)
    rows = [(f"{'to ' if s.varies else ''}{s.weight:+.1f}", s.group.value, s.name, s.remarks) for s in signals]
    head = ("weight", "group", "signal", "remarks")
    return "\n".join([*table([head, *rows], terminal_width(), rights=1), "", _SIGNS])
