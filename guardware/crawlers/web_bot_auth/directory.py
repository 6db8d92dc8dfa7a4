"""A key directory: the answer of an agent's origin, read as keys and how long they may be kept. Pure.

draft-ietf-webbotauth-httpsig-directory (before: draft-meunier-http-message-signatures-directory).
"""

import hashlib
import json
import logging
from typing import Any, NamedTuple, NoReturn

from guardware.crawlers.web_bot_auth.base import Fields, SignedRequest, authority, signature_bases
from guardware.crawlers.web_bot_auth.fields import Component, Label, joined, parse, read_labels
from guardware.crawlers.web_bot_auth.keys import TEST_KEYS, Key, is_signed, read_jwk
from guardware.crawlers.web_bot_auth.result import Rules, unverified
from guardware.http import RawHeaders, first_value

PATH = "/.well-known/http-message-signatures-directory"
MEDIA_TYPE = "application/http-message-signatures-directory+json"
TAG = "http-message-signatures-directory"
MAX_BYTES = 64 * 1024
MAX_KEYS = 32

SHORTEST = 60.0
"""Seconds that a directory is kept at least, whatever it asks for: it is asked at a visitor's bidding."""
LONGEST = 86400.0
"""Seconds that it is kept at most: how long a key may live on that its owner has taken back."""
USUAL = 3600.0
"""Where it does not say."""

_MAX_SIGNATURE_BYTES = 8190
"""What aiohttp lets a field have; a directory is signed by each of its keys."""
_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
"""RFC 9530 section 5; the others are not to be used against an attacker."""

_log = logging.getLogger(__name__)


class Fetched(NamedTuple):
    """What an origin answered. ``headers``: names in lower case. ``body``: of at most ``MAX_BYTES``."""

    status: int
    headers: RawHeaders
    body: bytes


class Directory(NamedTuple):
    """``keys`` by thumbprint, and for how many seconds they may be kept."""

    keys: dict[str, Key]
    lifetime: float


def read_directory(fetched: Fetched, origin: str, now: float, rules: Rules) -> Directory:
    """The directory that ``origin`` answered with. Raises RefusalError if it is none that can be used."""
    if fetched.status != 200:
        raise unverified(f"the key directory answered with status {fetched.status}")
    _check_type(fetched.headers, origin)
    keys = _keys(fetched.body)
    if not rules.test_keys:
        keys = {thumbprint: key for thumbprint, key in keys.items() if thumbprint not in TEST_KEYS}
    _check_own_signatures(fetched, origin, keys, now, rules)
    return Directory(keys, _lifetime(fetched.headers))


def _check_type(headers: RawHeaders, origin: str) -> None:
    media_type = (
        (first_value(headers, b"content-type") or b"").partition(b";")[0].strip().lower().decode("latin-1")
    )
    if media_type == "application/json":
        _log.info("%s serves its key directory as application/json instead of %s", origin, MEDIA_TYPE)
    elif media_type != MEDIA_TYPE:
        raise unverified("the key directory has another media type")
    if first_value(headers, b"content-encoding") not in (None, b"", b"identity"):
        raise unverified("the key directory is compressed, though that was not asked for")


def _keys(body: bytes) -> dict[str, Key]:
    try:
        document: Any = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        listed = document["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise unverified("the key directory is malformed") from None
    if not isinstance(listed, list):
        raise unverified("the key directory is malformed")
    if len(listed) > MAX_KEYS:
        raise unverified(f"the key directory has more than {MAX_KEYS} keys")
    return {key.thumbprint: key for key in map(read_jwk, listed) if key is not None}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _lifetime(headers: RawHeaders) -> float:
    """Seconds by RFC 9111 section 4.2, within our bounds."""
    asked = USUAL
    lines = [value for name, value in headers if name == b"cache-control"]
    for directive in b",".join(lines).lower().split(b","):
        name, _, value = directive.strip().partition(b"=")
        if name in (b"no-store", b"no-cache"):
            return SHORTEST
        if name == b"max-age":
            asked = _whole(value.strip(b' "'))
    return min(max(asked - _whole(first_value(headers, b"age") or b""), SHORTEST), LONGEST)


def _whole(digits: bytes) -> float:
    digits = digits.strip()
    return float(digits) if digits.isdigit() and len(digits) <= 12 else 0.0


def _check_own_signatures(fetched: Fetched, origin: str, keys: dict[str, Key], now: float, rules: Rules) -> None:
    """A directory may be signed by its keys, so that nobody passes a copy off as his own. One that is not signed
    is good; one that is signed wrongly is not. Signatures by keys that are of no use here are passed over."""
    announced = joined(fetched.headers, b"signature-input", _MAX_SIGNATURE_BYTES)
    signature = joined(fetched.headers, b"signature", _MAX_SIGNATURE_BYTES)
    if announced is None or signature is None:
        return
    for label in read_labels(announced, signature, TAG, MAX_KEYS):
        key = keys.get(str(label.parameters.get("keyid")))
        if key is not None and not _is_own(label, key, fetched, origin, now, rules):
            raise unverified("the key directory's own signature is wrong")


def _is_own(label: Label, key: Key, fetched: Fetched, origin: str, now: float, rules: Rules) -> bool:
    created, expires = label.parameters.get("created", now), label.parameters.get("expires", now + 1)
    if type(created) not in (int, float) or type(expires) not in (int, float):
        return False
    if label.parameters.get("alg", key.algorithm) != key.algorithm:
        return False
    covered = {component.text for component in label.components}
    if not created <= now + rules.skew or not now < expires or '"@authority";req' not in covered:
        return False
    if '"content-digest"' in covered and not _is_digest(fetched):
        return False
    fields = Fields(fetched.headers)
    bases = signature_bases(label, lambda component: _value(component, fields, origin))
    return any(is_signed(key, label.signature, base) for base in bases)


def _value(component: Component, fields: Fields, origin: str) -> bytes:
    """A component of the answer, or of the request that led to it (``;req``)."""
    if component.text == '"@authority";req':
        return authority(SignedRequest("GET", "https", origin.removeprefix("https://"), b"", b"", []))
    if component.text == '"@status"':
        return b"200"
    return fields.value(component)


def _is_digest(fetched: Fetched) -> bool:
    """Whether Content-Digest (RFC 9530) holds a digest of the body that we know, and none that is wrong."""
    members = parse(joined(fetched.headers, b"content-digest") or b"", "dictionary", "Content-Digest")
    known = [
        (member[0], _DIGESTS[name](fetched.body).digest()) for name, member in members.items() if name in _DIGESTS
    ]
    return bool(known) and all(given == digest for given, digest in known)
