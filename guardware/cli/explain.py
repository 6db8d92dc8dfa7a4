"""``guardware explain``: the verdict for one visit, with all evidence."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import click
from user_agents import parse as parse_user_agent

from guardware.addresses import parse_address
from guardware.config import load
from guardware.guard import Guard
from guardware.http import RawHeaders, Scope
from guardware.identity import identify
from guardware.policy.score import condemned, total
from guardware.signals import TABLE, group_weights
from guardware.store import MemoryStore
from guardware.verdict import GROUPS
from guardware.visit import Visit


@click.command()
@click.option("--config", "config_path", metavar="FILE", help="Default: ./guardware.yaml if there is one.")
@click.option("--url", default="http://localhost/", show_default=True, help="What is asked for.")
@click.option("--method", default="GET", show_default=True)
@click.option("--ip", default="203.0.113.7", show_default=True, help="Who asks.")
@click.option("--ua", default="", help="The User-Agent header.")
@click.option("--header", "-H", "extra", multiple=True, metavar="K:V", help="Another header; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--list", "as_list", is_flag=True, help="List all signals with their weights, and judge nothing.")
def command(
    config_path: str | None,
    url: str,
    method: str,
    ip: str,
    ua: str,
    extra: tuple[str, ...],
    as_json: bool,
    as_list: bool,
) -> None:
    """The verdict for one visit, with all evidence: what a first visit like this one gets, and why.

    Only the headers given here are judged. A browser sends a dozen more, so its user-agent alone looks like
    somebody who borrowed it; add the others with -H.
    """
    if as_list:
        click.echo("\n".join(f"{s.weight:+5.1f}  {s.group:<9} {s.name}{' (proof)' * s.proof}" for s in TABLE))
        return
    if parse_address(ip) is None:
        raise click.BadParameter(f"{ip!r} is no address", param_hint="--ip")
    store = MemoryStore()
    guard = Guard(load(config_path), store=store)
    visit = guard.read(_scope(url, method, ip, ua, extra))
    if visit is None:
        raise click.UsageError("this path cannot be judged safely; the guard answers 400 Bad Request")
    report = explain(guard, store, visit)
    click.echo(json.dumps(report, indent=2) if as_json else _table(report))


def explain(guard: Guard, store: MemoryStore, visit: Visit) -> dict[str, Any]:
    """Everything that led to the verdict, ready for JSON."""
    verdict = guard.judge_now(visit, store)
    identity = identify(visit.facts, guard.catalogue)
    scores = group_weights(verdict.evidence)
    crawler = identity.crawler
    return {
        "verdict": verdict.action.value,
        "enforced": verdict.enforced,
        "decided_by": verdict.decided_by,
        "variant": verdict.variant or None,
        "score": round(verdict.score, 2),
        "condemned": condemned(scores, any(e.proof for e in verdict.evidence)),
        "thresholds": guard.config.thresholds.model_dump(),
        "visit": {
            "method": visit.method,
            "kind": visit.kind.value,
            "path": visit.path,
            "host": visit.host,
            "scheme": visit.scheme,
            "address": visit.source.address or "unknown",
            "fingerprint": identity.fingerprint,
            "agent": _agent(identity.user_agent),
        },
        "crawler": None
        if crawler is None
        else {"token": crawler.token, "operator": crawler.operator, "purpose": crawler.purpose.value},
        "headers_given": len(visit.headers) - 1,
        "groups": {g.value: s for g, s in zip(GROUPS, scores, strict=True)},
        "total": round(total(scores), 2),
        "evidence": [
            {"name": e.name, "group": e.group.value, "weight": e.weight, "proof": e.proof, "reason": e.reason}
            for e in verdict.evidence
        ],
    }


def _scope(url: str, method: str, ip: str, ua: str, extra: tuple[str, ...]) -> Scope:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise click.BadParameter(f"{url!r} is no http or https address", param_hint="--url")
    headers: RawHeaders = [(b"host", parts.netloc.rpartition("@")[2].encode("utf-8", "surrogateescape"))]
    if ua:
        headers.append((b"user-agent", ua.encode("utf-8", "surrogateescape")))
    for line in extra:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"{line!r} is not of the form 'Name: value'", param_hint="--header")
        headers.append((name.strip().lower().encode("utf-8"), value.strip().encode("utf-8", "surrogateescape")))
    raw_path = (parts.path or "/").encode("utf-8", "surrogateescape")
    return {
        "type": "http",
        "method": method.upper(),
        "scheme": parts.scheme,
        "path": unquote(raw_path.decode("latin-1")),
        "raw_path": raw_path,
        "query_string": parts.query.encode("utf-8", "surrogateescape"),
        "headers": headers,
        "client": (ip, 0),
    }


def _agent(user_agent: str) -> str:
    """A person's name for the agent; too slow for the request path (0.7 ms), right for a report."""
    return str(parse_user_agent(user_agent)) if user_agent else "none"


def _table(report: dict[str, Any]) -> str:
    visit, crawler = report["visit"], report["crawler"]
    lines = [
        f"{report['verdict'].upper()}  decided by {report['decided_by']}"
        + ("" if report["enforced"] else "  (mode: monitor, so it is served all the same)"),
        "",
        f"visit      {visit['method']} {visit['path']} on {visit['host'] or 'no host'} by {visit['scheme']}",
        f"kind       {visit['kind']}",
        f"client     {visit['address']}, {visit['agent']}; class {visit['fingerprint']}",
    ]
    if report["variant"]:
        lines.append(f"pictures   become {report['variant']}, a variant of images.variants")
    if crawler:
        lines.append(f"crawler    {crawler['token']} of {crawler['operator']} ({crawler['purpose']}), unverified")
    lines += ["", "evidence"]
    for item in sorted(report["evidence"], key=lambda e: -e["weight"]):
        proof = " (proof)" if item["proof"] else ""
        lines.append(f"  {item['weight']:+5.1f}  {item['group']:<9} {item['name']}: {item['reason']}{proof}")
    if not report["evidence"]:
        lines.append("  none")
    groups = ", ".join(f"{name} {score:+.1f}" for name, score in report["groups"].items())
    thresholds = report["thresholds"]
    lines += [
        "",
        f"score      {report['score']:+.2f} = the maximum of each group: {groups}",
        f"           protect from {thresholds['protect']:+.2f}, as a suspect from {thresholds['suspect']:+.2f}, "
        f"deny from {thresholds['deny']:+.2f} if two groups agree or one piece is proof",
    ]
    if report["headers_given"] < 3:
        lines += [
            "",
            "Only the headers given were judged. A browser sends a dozen more: add them with -H 'Name: value'.",
        ]
    if report["decided_by"].startswith("crawlers."):
        lines += [
            "",
            "What a known crawler or tool gets is set under crawlers:, which stands before the thresholds.",
        ]
    return "\n".join(lines)
