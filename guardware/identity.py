"""Identity: what a visit's headers say of its sender, and the keys under which the store knows it."""

import hashlib
import re
from typing import NamedTuple

from guardware.caching import BoundedCache
from guardware.crawlers.catalogue import Catalogue
from guardware.crawlers.crawler import Crawler
from guardware.crawlers.proof import NOTHING_CLAIMED, Proof
from guardware.engines import Engine, claimed_engine
from guardware.visit import Facts, Visit

_DAY = 86400


class Identity(NamedTuple):
    """``fingerprint``: the class of clients that send such headers; coarse, so that a crowd shares each.

    ``crawler``: whom the visit names; ``proof``: what is known of whether it is.
    """

    user_agent: str
    crawler: Crawler | None
    engine: Engine | None
    fingerprint: str
    proof: Proof = NOTHING_CLAIMED


class Keys(NamedTuple):
    """Names in the store: salted hashes, 16 hex digits, new each day (UTC).

    ``address`` is shared by all clients behind one address (IPv6: one /64), ``network`` by its neighbourhood.
    """

    client: str
    network: str
    address: str


class Picture(NamedTuple):
    """``hash``: 64 bits, salted, so that nobody can choose addresses that all count as one. ``number``: the number
    in its address, -1 if there is none."""

    hash: int
    number: int


MAX_VALUE = 512
"""Bytes of a header value that are looked at; longer ones are cut (a user-agent of 64 kB is one to scan once)."""


def cut(facts: Facts) -> Facts:
    """``facts`` with every value cut to ``MAX_VALUE``."""
    return Facts._make(None if value is None else value[:MAX_VALUE] for value in facts)


def identify(facts: Facts, catalogue: Catalogue) -> Identity:
    """Who ``facts`` claim to be. Pure; costs some 10 µs, so callers remember the answer."""
    user_agent = (facts.user_agent or b"").decode("latin-1")
    crawler = catalogue.match(user_agent) if user_agent else None
    engine = claimed_engine(user_agent)
    return Identity(user_agent, crawler, engine, fingerprint(facts, engine))


def fingerprint(facts: Facts, engine: Engine | None) -> str:
    """Stable over one browser's pages and pictures: only what it sends with each is in it.

    For example ``chromium156/en/gdbz/cf`` (engine, first language, encodings, client hints and fetch metadata).
    All that claim no engine are one class: a name that anybody can make up must not make a new client. Not
    JA4H, whose licence does not allow it.
    """
    claim = f"{engine.family}{engine.major}" if engine else "other"
    language = (facts.accept_language or b"")[:2].decode("latin-1").lower()
    language = language if language.isascii() and language.isalpha() else ""
    encodings = facts.accept_encoding or b""
    offered = "".join(
        letter
        for letter, name in (("g", b"gzip"), ("d", b"deflate"), ("b", b"br"), ("z", b"zstd"))
        if name in encodings
    )
    hints = ("c" if facts.ua_brands is not None else "") + ("f" if facts.fetch_mode is not None else "")
    return f"{claim}/{language}/{offered}/{hints}"


_SIZES = re.compile(rb"\d{1,5}x\d{0,5}|@\dx|\d{1,5}(?:px|w|h|p)(?![a-z])")
"""Widths and densities in the names of pictures; no numbers of theirs."""
_NUMBER = re.compile(rb"\d{1,15}")


def number_in(path: bytes, query: bytes) -> int:
    """The number that tells one picture's address from the next one's, -1 if there is none: the last in the last
    part of the path (``/art/0007-dune-800x600.jpg`` has 7), else the first in the query (``?id=7&w=800``)."""
    numbers = _NUMBER.findall(_SIZES.sub(b"", path[-MAX_VALUE:].rpartition(b"/")[2]))
    if numbers:
        return int(numbers[-1])
    first = _NUMBER.search(query[:MAX_VALUE])
    return int(first[0]) if first else -1


class KeyMaker:
    """Turns sources into store keys. The salt is the secret and the day, so keys cannot be joined over days."""

    def __init__(self, secret: bytes, cache_size: int = 4096) -> None:
        self._secret = secret
        self._cache_size = cache_size
        self._turn(0.0)

    def keys(self, visit: Visit, fingerprint: str, now: float) -> Keys:
        """``now``: seconds since the epoch."""
        if not self._since <= now < self._until:
            self._turn(now)
        source = visit.source
        known = self._seen.get((source.client, fingerprint))
        if known is None:
            client = self._hash(f"{source.client}|{fingerprint}")
            known = Keys(client, self._hash(source.network), self._hash(source.client))
            self._seen.put((source.client, fingerprint), known)
        return known

    def _turn(self, now: float) -> None:
        """A new day, a new salt."""
        day = int(now // _DAY)
        self._since, self._until = day * _DAY, (day + 1) * _DAY
        self._salt = hashlib.blake2b(str(day).encode(), key=self._secret[:64], digest_size=16).digest()
        self._seen: BoundedCache[tuple[str, str], Keys] = BoundedCache(self._cache_size)
        self._pictures: BoundedCache[tuple[str, bytes, bytes], Picture] = BoundedCache(self._cache_size)
        self._accounts: BoundedCache[bytes, str] = BoundedCache(self._cache_size)

    def picture(self, visit: Visit) -> Picture:
        """The picture asked for: host, raw path and query (``/show.php?id=7`` is one too)."""
        key = (visit.host, visit.raw_path, visit.query)
        picture = self._pictures.get(key)
        if picture is None:
            name = b"%b|%b?%b" % (visit.host.encode(), visit.raw_path, visit.query)
            digest = hashlib.blake2b(name, key=self._salt, digest_size=8).digest()
            picture = Picture(int.from_bytes(digest, "big"), number_in(visit.raw_path, visit.query))
            if len(name) <= MAX_VALUE:
                self._pictures.put(key, picture)
        return picture

    def account(self, name: bytes) -> str:
        """The key of the account called ``name``, "" for none; new each day, as all keys are."""
        if not name:
            return ""
        key = self._accounts.get(name)
        if key is None:
            key = hashlib.blake2b(name, key=self._salt, digest_size=8, person=b"account").hexdigest()
            self._accounts.put(name, key)
        return key

    def _hash(self, text: str) -> str:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=8).hexdigest()
