"""What one visit could not be asked: facts of a connection, the order of headers, headers that were not given."""

from collections.abc import Iterator
from typing import NamedTuple

from guardware.explain.judging import Judged
from guardware.guard import Guard
from guardware.signals.transport import TRANSPORT
from guardware.visit import Visit

_CLIENT_HINTS_SINCE = 89
"""The Chromium that sends them to all (``signals/headers.py``)."""


class Unasked(NamedTuple):
    """``signals``: those that could not be asked; ``why``: in words."""

    signals: tuple[str, ...]
    why: str


def unasked(guard: Guard, visit: Visit) -> list[Unasked]:
    """Signals on the connection that are on and could not speak, where a front is configured to pass facts."""
    told = guard.config.clients.facts
    if not (told.protocol or told.alpn or told.ja4):
        return []
    off = guard.config.signals.off
    by_reason: dict[str, list[str]] = {}
    for signal in TRANSPORT:
        why = "" if signal.name in off else _why(guard, visit, signal.needs)
        if why:
            by_reason.setdefault(why, []).append(signal.name)
    return [Unasked(tuple(names), why) for why, names in by_reason.items()]


def _why(guard: Guard, visit: Visit, needs: tuple[str, ...]) -> str:
    told, facts = guard.config.clients.facts, visit.facts
    if "order" in needs:
        return (
            "" if guard.order.kept else "a server learns from its first 200 requests whether header order counts"
        )
    if not visit.source.trusted:
        return "facts are believed of clients.trusted_proxies only, and this visit comes from elsewhere"
    if visit.scheme != "https":
        return "facts are of TLS, and this visit came by http; add -H 'X-Forwarded-Proto: https'"
    if "ja4" in needs:
        return "" if facts.ja4 or not told.ja4 else f"no JA4 came in {told.ja4}"
    if facts.alpn or facts.protocol or not (told.alpn or told.protocol):
        return "" if told.alpn or told.protocol else "the front passes neither ALPN nor the protocol"
    names = [name for name in (told.alpn, told.protocol) if name]
    if not any(key.decode("latin-1").lower() == name.lower() for key, _ in visit.headers for name in names):
        return f"nothing came in {' or '.join(names)}"
    return (
        "ALPN and protocol count once a visit has come by HTTP/2 or 3, since until then the front may not offer it"
    )


def missing(judged: Judged) -> list[str]:
    """Headers that the claimed browser sends here and that are not there, so that their absence counts."""
    engine, visit = judged.identity.engine, judged.visit
    if engine is None or not engine.modern or not visit.trustworthy:
        return []
    return list(_missing(judged))


def _missing(judged: Judged) -> Iterator[str]:
    engine, facts = judged.identity.engine, judged.visit.facts
    if (facts.fetch_dest, facts.fetch_mode, facts.fetch_site) == (None, None, None):
        yield "Sec-Fetch-Dest, -Mode and -Site"
    chromium = engine is not None and engine.family == "chromium" and engine.major >= _CLIENT_HINTS_SINCE
    if chromium and engine is not None and not engine.webview and facts.ua_brands is None:
        yield "Sec-CH-UA"
