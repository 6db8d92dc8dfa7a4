"""The signature base: the bytes that were signed, put together from a message (RFC 9421 section 2)."""

from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote

from guardware.crawlers.web_bot_auth.fields import MAX_BYTES, Component, Label, joined, parse, serialised
from guardware.crawlers.web_bot_auth.result import RefusalError, unverified
from guardware.http import RawHeaders

MAX_BASE = 32 * 1024
"""Bytes. Honest ones have some hundred; a server lets a request have more headers than we care to hash."""
MAX_QUERY_FIELDS = 32
MAX_DICTIONARIES = 2
"""Fields of which members are covered: Signature-Agent, and Content-Digest perhaps. Parsing takes its time."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class SignedRequest(NamedTuple):
    """A request as its sender saw it: ``authority`` is the public host with its port, if any, and ``raw_path`` the
    path before anything was decoded. ``query`` has no question mark. ``headers``: names in lower case."""

    method: str
    scheme: str
    authority: str
    raw_path: bytes
    query: bytes
    headers: RawHeaders


Resolve = Callable[[Component], bytes]
"""The value of a component in a message. Raises RefusalError if it has none."""


def signature_bases(label: Label, resolve: Resolve) -> list[bytes]:
    """The bytes that may have been signed: one for each spelling of the parameters (section 2.5).

    Raises RefusalError when something that is covered cannot be told.
    """
    lines = b""
    for component in label.components:
        value = resolve(component)
        if b"\n" in value or b"\r" in value:
            raise unverified("the signature covers a field with a line break")
        lines += b"%b: %b\n" % (component.text.encode(), value)
        if len(lines) > MAX_BASE:
            raise unverified(f"the signature covers more than {MAX_BASE} bytes")
    return [lines + b'"@signature-params": ' + spelling.encode() for spelling in label.spellings]


class RequestComponents:
    """Tells the components of a request, for all its signatures: what is parsed, is parsed once."""

    def __init__(self, request: SignedRequest) -> None:
        self._request = request
        self._pairs: list[tuple[str, str]] | None = None
        self._fields = Fields(request.headers)

    def __call__(self, component: Component) -> bytes:
        """See ``Resolve``."""
        name, parameters = component.name, component.parameters
        if not name.startswith("@"):
            return self._fields.value(component)
        if name == "@query-param" and parameters.keys() == {"name"}:
            return self._query_param(parameters["name"])
        derived = _DERIVED.get(name)
        if derived is None or parameters:
            raise _not_known(component)
        return derived(self._request)

    def _query_param(self, name: object) -> bytes:
        """Section 2.2.8: the only parameter of that name, decoded and encoded anew."""
        if self._pairs is None:
            self._pairs = _query_pairs(self._request.query)
        values = [value for key, value in self._pairs if key == name]
        if len(values) != 1:
            raise unverified("the signature covers part of a query that is not there once")
        return values[0].encode()


class Fields:
    """Tells the header fields of a message (section 2.1) and members of those that are dictionaries (2.1.2)."""

    def __init__(self, headers: RawHeaders) -> None:
        self._headers = headers
        self._dictionaries: dict[str, Any] = {}

    def value(self, component: Component) -> bytes:
        """See ``Resolve``."""
        name, parameters = component.name.encode(), component.parameters
        lines = [value.strip(b" \t") for key, value in self._headers if key == name]
        if not lines:
            raise unverified(f"the signature covers {component.text[:60]}, which did not arrive")
        if not parameters:
            return b", ".join(lines)
        key = parameters.get("key")
        if parameters.keys() != {"key"} or type(key) is not str:
            raise _not_known(component)
        members = self._dictionary(component.name)
        if key not in members:
            raise unverified(f"the signature covers {component.text[:60]}, which did not arrive")
        return serialised(members[key]).encode()

    def _dictionary(self, name: str) -> Any:
        known = self._dictionaries.get(name)
        if known is None:
            if len(self._dictionaries) == MAX_DICTIONARIES:
                raise unverified(f"the signatures cover parts of more than {MAX_DICTIONARIES} fields")
            known = parse(joined(self._headers, name.encode()) or b"", "dictionary", name[:60])
            self._dictionaries[name] = known
        return known


def authority(request: SignedRequest) -> bytes:
    """``@authority``: lower case, the default port dropped (section 2.2.3)."""
    return request.authority.lower().removesuffix(_DEFAULT_PORTS.get(request.scheme.lower(), "//")).encode()


def _path(request: SignedRequest) -> bytes:
    return request.raw_path or b"/"


def _request_target(request: SignedRequest) -> bytes:
    return _path(request) + (b"?" + request.query if request.query else b"")


def _target_uri(request: SignedRequest) -> bytes:
    return b"%b://%b%b" % (request.scheme.lower().encode(), authority(request), _request_target(request))


_DERIVED: dict[str, Callable[[SignedRequest], bytes]] = {
    "@method": lambda request: request.method.upper().encode(),
    "@target-uri": _target_uri,
    "@authority": authority,
    "@scheme": lambda request: request.scheme.lower().encode(),
    "@request-target": _request_target,
    "@path": _path,
    "@query": lambda request: b"?" + request.query,
}
"""Section 2.2. All but @query-param, which has a parameter, and @status, which is a response's."""


def _query_pairs(query: bytes) -> list[tuple[str, str]]:
    if len(query) > MAX_BYTES:
        raise unverified("the signature covers part of a query that is too long")
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        raise unverified("the signature covers part of a query with too many parts") from None
    return [(_encoded(key), _encoded(value)) for key, value in pairs]


def _not_known(component: Component) -> RefusalError:
    return unverified(f"the signature covers {component.text[:60]}, which guardware does not know")


def _encoded(text: str) -> str:
    """By the percent-encode set of application/x-www-form-urlencoded (WHATWG URL), spaces as %20."""
    return quote(text, safe="*-._").replace("~", "%7E")  # quote() never encodes the tilde
