"""Logs of one JSON object a line: Caddy's, Traefik's, and nginx's with whatever names its owner gave.

Which key holds what is settled once a file, from its first lines (``Layout``), so that a line is a few look-ups.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from guardware.caching import BoundedCache
from guardware.http import RawHeaders
from guardware.replay.entry import Entry, Request, RequestReader
from guardware.replay.times import TimeReader

_TIME = "time_iso8601 StartUTC msec time_local @timestamp timestamp ts time datetime date".split()
_ADDRESS = "remote_addr ClientHost client_ip clientip remote_ip remote_address ip ClientAddr client".split()
_LINE = "request request_line http_request".split()
_METHOD = "request_method RequestMethod method http_method verb".split()
_TARGET = "request_uri RequestPath uri url request_path path target".split()
_STATUS = "status DownstreamStatus status_code response_status statusCode response code".split()
_HOST = "http_host RequestHost host server_name vhost virtual_host domain".split()
_SCHEME = "scheme RequestScheme request_scheme".split()
_TYPE = "sent_http_content_type downstream_Content-Type content_type".split()
_COOKIE = ["sent_http_set_cookie", "downstream_Set-Cookie"]
"""Under which names each fact is looked for, the surest first: nginx's, Traefik's, common ones."""

_HEADER_KEYS = {
    **dict.fromkeys("user_agent userAgent useragent agent http_useragent".split(), b"user-agent"),
    **dict.fromkeys("referer referrer http_referrer".split(), b"referer"),
    "accept_language": b"accept-language",
    "x_forwarded_for": b"x-forwarded-for",
}
"""Names of headers that follow no rule; nginx's are ``http_accept``, Traefik's ``request_Accept``."""

_NO_HEADERS = frozenset("http_host http_method http_request http_status http_version".split())

_SCHEMES = frozenset(["http", "https"])
_NOTHING = (None, "", "-")


def decoded(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None if it holds none."""
    try:
        # Not bytes: the decoder would guess at an encoding first. What is no UTF-8 stays what it is.
        value = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class Layout(NamedTuple):
    """Which keys of flat objects hold what; "" where none does. ``headers``: a key and a header's name each."""

    time: str
    address: str
    line: str
    method: str
    target: str
    status: str
    host: str
    scheme: str
    type: str
    cookie: str
    headers: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, samples: Iterable[Mapping[str, Any]]) -> "Layout | None":
        """The layout of these objects; None if time, address or request cannot be found in them."""
        keys = {key: value for sample in samples for key, value in sample.items() if value not in _NOTHING}

        def first(names: Iterable[str]) -> str:
            return next((name for name in names if isinstance(keys.get(name), str | int | float)), "")

        line = next((n for n in _LINE if isinstance(v := keys.get(n), str) and " " in v), "")
        found = cls(
            *(first(_TIME), first(_ADDRESS), line, first(_METHOD), first(_TARGET), first(_STATUS)),
            *(first(_HOST), first(_SCHEME), first(_TYPE), first(_COOKIE)),
            tuple((key, name) for key in keys if (name := _header_name(key))),
        )
        asked = found.line or (found.method and found.target)
        return found if found.time and found.address and asked else None


def _header_name(key: str) -> bytes:
    if key in _HEADER_KEYS:
        return _HEADER_KEYS[key]
    if key.startswith("http_") and key not in _NO_HEADERS:
        name = key[5:].replace("_", "-")
    elif key.startswith("request_") and key[8:9].isupper():
        name = key[8:]
    else:
        return b""
    return name.lower().encode("latin-1", "replace") if name.lower() != "host" else b""


def flat(samples: Iterable[bytes]) -> Callable[[bytes], Entry | None] | None:
    """A parser of lines like these; None if they do not tell enough."""
    layout = Layout.of(found for line in samples if (found := decoded(line)) is not None)
    if layout is None:
        return None
    known = layout
    requests, times = RequestReader(), TimeReader()

    def parse(line: bytes) -> Entry | None:
        found = decoded(line)
        if found is None:
            return None
        get = found.get
        time, address = times.any(get(known.time)), get(known.address)
        if time is None or not isinstance(address, str):
            return None
        headers = [(name, _bytes(value)) for key, name in known.headers if (value := get(key)) not in _NOTHING]
        host, scheme = get(known.host), get(known.scheme)
        return Entry(
            address,
            time,
            _request(requests, get(known.line), get(known.method), get(known.target)),
            _status(get(known.status)),
            headers,
            _bytes(host) if host not in _NOTHING else b"",
            scheme if isinstance(scheme, str) and scheme in _SCHEMES else "",
            str(get(known.type, "")).startswith("image/"),
            get(known.cookie) not in _NOTHING,
        )

    return parse


def caddy() -> Callable[[bytes], Entry | None]:
    """A parser of Caddy's access log; None for its other lines and for what is none.

    It has all headers of the request, unless the owner filters them, but for what they say of accounts.
    """
    requests, times = RequestReader(), TimeReader()
    names: BoundedCache[str, bytes] = BoundedCache(256)

    def name_of(text: str) -> bytes:
        known = names.get(text)
        if known is None:
            known = text.lower().encode("latin-1", "replace")
            names.put(text[:64], known)
        return known

    def parse(line: bytes) -> Entry | None:
        found = decoded(line)
        asked = found.get("request") if found is not None else None
        if found is None or not isinstance(asked, dict):
            return None
        # ``remote_addr`` is of Caddy before 2.5; ``client_ip`` heeds Caddy's own trusted_proxies.
        address = asked.get("client_ip") or asked.get("remote_ip") or asked.get("remote_addr")
        time = times.any(found.get("ts"))
        if time is None or not isinstance(address, str):
            return None
        host, answer = asked.get("host"), found.get("resp_headers")
        answer = answer if isinstance(answer, dict) else {}
        return Entry(
            address,
            time,
            _request(requests, None, asked.get("method"), asked.get("uri")),
            _status(found.get("status")),
            _headers(asked.get("headers"), name_of),
            _bytes(host) if host else b"",
            "https" if asked.get("tls") else "http",
            _starts_with_image(answer.get("Content-Type")),
            "Set-Cookie" in answer,
        )

    return parse


def _headers(found: object, name_of: Callable[[str], bytes]) -> RawHeaders:
    if not isinstance(found, dict):
        return []
    return [
        (name_of(name), _bytes(value))
        for name, values in found.items()
        if isinstance(values, list) and name != "Host"
        for value in values
    ]


def _starts_with_image(values: object) -> bool:
    return isinstance(values, list) and bool(values) and str(values[0]).startswith("image/")


def _request(requests: RequestReader, line: object, method: object, target: object) -> Request | None:
    if isinstance(line, str):
        return requests.line(_bytes(line))
    if isinstance(method, str) and isinstance(target, str):
        return requests.line(_bytes(f"{method} {target} HTTP/1.1"))
    return None


def _status(value: object) -> int:
    """100 to 999, or 0 for what is none."""
    try:
        status = int(value) if isinstance(value, str | int) else 0
    except ValueError:
        return 0
    return status if 100 <= status <= 999 else 0


def _bytes(value: object) -> bytes:
    """As the request had it; a lone surrogate that JSON wrote as an escape becomes a question mark."""
    try:
        return str(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return str(value).encode("utf-8", "replace")
