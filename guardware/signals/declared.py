"""What a client says it is: a known crawler, a tool, an automated browser, or nothing at all."""

from guardware.crawlers.crawler import Purpose
from guardware.crawlers.proof import Standing
from guardware.signals.table import Reading, Signal
from guardware.verdict import Group
from guardware.visit import Kind

REFUSED_PURPOSES = frozenset([Purpose.TRAINING, Purpose.DATASET, Purpose.AI_SEARCH, Purpose.USER_FETCH])


def _crawler(r: Reading) -> str:
    crawler = r.identity.crawler
    if crawler is None or crawler.robots_only or crawler.purpose not in REFUSED_PURPOSES:
        return ""
    return f"says it is {crawler.token} of {crawler.operator} ({crawler.purpose})"


def _impostor(r: Reading) -> str:
    proof = r.identity.proof
    if proof.standing is not Standing.LYING:
        return ""
    name = r.identity.crawler.token if r.identity.crawler else proof.agent or "a signed agent"
    return f"says it is {name}, and is not: {proof.how}"


def _liar(r: Reading) -> str:
    crawler = r.identity.crawler
    if crawler is None or not crawler.robots_only:
        return ""
    return f"carries {crawler.token}, a robots.txt token that its operator never sends"


def _tool_on_picture(r: Reading) -> str:
    return _tool(r) if r.kind is Kind.IMAGE else ""


def _tool_elsewhere(r: Reading) -> str:
    return _tool(r) if r.kind is not Kind.IMAGE else ""


def _tool(r: Reading) -> str:
    crawler = r.identity.crawler
    if crawler is None or crawler.purpose is not Purpose.TOOL or crawler.automation:
        return ""
    return f"says it is {crawler.token}, a tool and not a browser"


def _automation(r: Reading) -> str:
    crawler = r.identity.crawler
    if crawler is not None and crawler.automation:
        return f"says it is {crawler.token}, a browser driven by a program"
    return "its client hints say HeadlessChrome" if b"HeadlessChrome" in (r.facts.ua_brands or b"") else ""


def _nameless(r: Reading) -> str:
    return "sends no user-agent" if not (r.facts.user_agent or b"").strip() else ""


def _unknown(r: Reading) -> str:
    named = bool((r.facts.user_agent or b"").strip())
    if named and r.identity.crawler is None and r.identity.engine is None:
        return "names neither a browser engine nor a crawler that is known"
    return ""


_AGENT = ("user_agent",)

DECLARED: tuple[Signal, ...] = (
    # Weights: likelihood ratios of 95 captured clients (docs/detection.md).
    Signal("declared-crawler", Group.DECLARED, 7.0, _crawler, proof=True, needs=_AGENT),
    Signal("impostor", Group.DECLARED, 7.0, _impostor, proof=True, needs=_AGENT),
    Signal("robots-only-token", Group.DECLARED, 7.0, _liar, proof=True, needs=_AGENT),
    Signal("tool-on-picture", Group.DECLARED, 7.0, _tool_on_picture, proof=True, needs=_AGENT),
    Signal("tool", Group.DECLARED, 2.0, _tool_elsewhere, needs=_AGENT),
    Signal("automated-browser", Group.DECLARED, 7.0, _automation, proof=True, needs=_AGENT),
    Signal("no-user-agent", Group.DECLARED, 4.0, _nameless, needs=_AGENT),
    # Without it any made-up name would be the cheap way to originals. Small browsers see marked copies.
    Signal("unknown-agent", Group.DECLARED, 2.5, _unknown, needs=_AGENT),
)
