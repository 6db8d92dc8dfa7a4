"""The access log: one line for each request, in combined or JSON form, with the verdict it got."""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, NamedTuple

from guardware.addresses import AddressReader, Network, parse_address
from guardware.caching import BoundedCache
from guardware.config.server import AccessLog as Settings
from guardware.facts import FACT_HEADERS, by_name
from guardware.http import RawHeaders, Scope
from guardware.journal import Journal
from guardware.linefiles import EventFile
from guardware.verdict import Verdict

_WAITING, _PAUSE = 10_000, 0.25
"""Lines that wait for the disk (80 MB if each is as long as it may be), and seconds between two writings: enough
for 40,000 requests a second. More are lost, and counted."""

_STANDARD_OUTPUT = 1

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
"""English whatever the locale, as in the formats of Apache and nginx."""

_ODD = re.compile(rb"[^ !#-\[\]-~]")
"""What could end a field or a line, or begin an escape of a terminal; nginx escapes the same (``log_escape``)."""

_LONGEST_TARGET, _LONGEST_HEADER = 2048, 512
"""Bytes that are kept of what the visitor wrote, which may be 80 kB."""

_KEYS = {name: "http_" + name.decode().replace("-", "_") for name in (b"host", b"referer", *FACT_HEADERS)}
"""Headers that ``guardware replay`` learns something from, under the names that nginx gives them."""

Values = dict[bytes, bytes]
Trusted = Network | Literal["unix"]


def picked(headers: RawHeaders) -> Values:
    """Of a request's headers those that are written, as much as is written of them."""
    return {name: value[:_LONGEST_HEADER] for name, value in headers if name in _KEYS}


class Access(NamedTuple):
    """One request that was answered. ``time``: seconds since the epoch at its end. ``address``: whole, or "".

    ``target``: as sent. ``headers``: those that ``picked`` picks. ``status`` 499: the visitor left before there
    was an answer (nginx's number). ``length``: bytes of the body. ``type``: the answer's Content-Type.
    ``seconds``: from the request's head to the answer's end.
    """

    time: float
    address: str
    scheme: str
    method: str
    target: bytes
    version: str
    headers: Values
    status: int
    length: int
    type: bytes
    seconds: float
    verdict: Verdict | None


class AccessLog:
    """Writes lines as ``settings`` says, on a thread of its own; ``put`` never waits.

    ``keep_addresses``: write whole addresses; else the network (IPv4 /24, IPv6 /48), the rest being zeros.
    ``trusted``: ``clients.trusted_proxies``, which may say who visits. The file is opened anew for each writing,
    so what logrotate renames is followed without being told.
    """

    def __init__(
        self, settings: Settings, *, keep_addresses: bool = False, trusted: Sequence[Trusted] = ()
    ) -> None:
        self._addresses = AddressReader(trusted)
        lines = Lines(settings.format, keep_addresses=keep_addresses)
        write = _writer(settings)

        def put_down(items: Sequence[Access]) -> None:
            write(map(lines.line, items))

        name = f"lines of the access log {settings.file}"
        self._journal = Journal(put_down, name, most=_WAITING, pause=_PAUSE)

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._journal.lost

    def address(self, scope: Scope) -> str:
        """Whose request it is, by the connection and, where that is trusted, by what it says; "" if unknown."""
        value = by_name(scope["headers"], frozenset()).get
        client = scope.get("client")
        hops, elements = value(b"x-forwarded-for", b""), value(b"forwarded", b"")
        return self._addresses.read(client[0] if client else None, hops, elements, b"").address

    def put(self, access: Access) -> None:
        self._journal.put(access)

    def close(self) -> None:
        """Write what waits; blocks for some seconds at most. What is put in later begins anew."""
        self._journal.close()


class Lines:
    """Makes lines of requests, each ending in a newline, in ASCII: nothing a visitor sends can begin another."""

    def __init__(self, form: str, *, keep_addresses: bool) -> None:
        self.line: Callable[[Access], bytes] = self._json if form == "json" else self._combined
        self._keep = keep_addresses
        self._shown: BoundedCache[str, str] = BoundedCache(4096)

    def _address(self, address: str) -> str:
        if self._keep:
            return address or "-"
        known = self._shown.get(address)
        if known is None:
            known = network_address(address)
            self._shown.put(address, known)
        return known

    def _combined(self, access: Access) -> bytes:
        value = access.headers.get
        asked = f"{access.method} {_safe(access.target)} HTTP/{access.version}"
        return (
            f"{self._address(access.address)} - - [{_common(access.time)}] "
            f'"{asked}" {access.status} {access.length} '
            f'"{_safe(value(b"referer", b"-"))}" "{_safe(value(b"user-agent", b"-"))}" '
            f"host={_word(value(b'host', b'-'))} time={access.seconds:.3f} {_said(access.verdict)}\n"
        ).encode("ascii", "backslashreplace")

    def _json(self, access: Access) -> bytes:
        found: dict[str, object] = {
            "time_iso8601": datetime.fromtimestamp(access.time, UTC).isoformat(timespec="milliseconds"),
            "remote_addr": self._address(access.address),
            "scheme": access.scheme,
            "request_method": access.method,
            "request_uri": _text(access.target),
            "server_protocol": f"HTTP/{access.version}",
            "status": access.status,
            "body_bytes_sent": access.length,
            "request_time": round(access.seconds, 6),
            "sent_http_content_type": _text(access.type),
            # Also those that were not sent: a header of which a log says nothing may just not be in the log.
            **{key: _text(access.headers.get(name, b"")) for name, key in _KEYS.items()},
            **_told(access.verdict),
        }
        return json.dumps(found, separators=(",", ":")).encode() + b"\n"


def _said(verdict: Verdict | None) -> str:
    """The verdict at the end of a combined line. Names are the owner's own words, and may have spaces."""
    if verdict is None:
        return "verdict=-"
    by, crawler = (_safe(name.encode()) for name in (verdict.decided_by, verdict.crawler or "-"))
    return (
        f"verdict={verdict.action.value} score={verdict.score:.2f} variant={verdict.variant or '-'} "
        f'id={verdict.support_id} by="{by}" crawler="{crawler}"{"" if verdict.enforced else " mode=monitor"}'
    )


def _told(verdict: Verdict | None) -> dict[str, object]:
    if verdict is None:
        return {"verdict": None}
    return {
        "verdict": verdict.action.value,
        "enforced": verdict.enforced,
        "score": round(verdict.score, 2),
        "variant": verdict.variant,
        "support_id": verdict.support_id,
        "decided_by": verdict.decided_by,
        "crawler": verdict.crawler,
    }


def network_address(address: str) -> str:
    """The address's network with zeros in place of the rest: ``203.0.113.0``, ``2001:db8:1::``; "-" for none."""
    parsed = parse_address(address)
    if parsed is None:
        return "-"
    return str(ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False).network_address)


def _common(moment: float) -> str:
    """``22/Nov/2026:10:05:03 +0000``."""
    at = time.gmtime(moment)
    day = f"{at.tm_mday:02}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year}"
    return f"{day}:{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} +0000"


def _safe(value: bytes) -> str:
    return _ODD.sub(lambda match: b"\\x%02X" % match[0][0], value).decode("ascii")


def _word(value: bytes) -> str:
    """Where nothing stands around it, a space would begin another field."""
    return _safe(value).replace(" ", "\\x20") or "-"


def cut_target(path: bytes, query: bytes) -> bytes:
    """The request's target as it was sent, as much as is written of it."""
    target = path + b"?" + query if query else path
    return target[:_LONGEST_TARGET]


def _text(value: bytes) -> str:
    """Bytes that are no UTF-8 become lone surrogates, which JSON writes as escapes and reads back."""
    return value.decode("utf-8", "surrogateescape")


def _writer(settings: Settings) -> Callable[[Iterable[bytes]], None]:
    if settings.file == "-":
        return _to_standard_output
    return EventFile(Path(settings.file or os.devnull), settings.size).append


def _to_standard_output(lines: Iterable[bytes]) -> None:
    """Line by line: a piece of up to 4 kB is not mixed with those of other processes in a pipe (pipe(7))."""
    for line in lines:
        left = memoryview(line)
        while left:
            left = left[os.write(_STANDARD_OUTPUT, left) :]
