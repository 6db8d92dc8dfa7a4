"""Web Bot Auth as a whole: a signed request in, what it proves out. Off the request path: it may fetch keys."""

import logging
from math import isfinite

from guardware.crawlers.web_bot_auth.base import RequestComponents, SignedRequest
from guardware.crawlers.web_bot_auth.claim import Claim, read
from guardware.crawlers.web_bot_auth.directories import KeyDirectories
from guardware.crawlers.web_bot_auth.nonces import Nonces, nonce_key
from guardware.crawlers.web_bot_auth.result import RefusalError, Result, Rules, Validity, unverified
from guardware.crawlers.web_bot_auth.verify import examine, verify
from guardware.errors import StoreError
from guardware.http import RawHeaders

_NOTHING = Result("unverified", "", "it carries no signature")
_FAILED = Result("unverified", "", "the signature could not be checked")
_BEST_FIRST: dict[Validity, int] = {"verified": 0, "invalid": 1, "unverified": 2}

_log = logging.getLogger(__name__)


class WebBotAuth:
    """Checks signed requests. Belongs to one event loop. ``rules``: the same that ``directories`` has."""

    def __init__(self, directories: KeyDirectories, nonces: Nonces, rules: Rules | None = None) -> None:
        self._directories = directories
        self._nonces = nonces
        self._rules = rules or Rules()

    async def check(
        self,
        headers: RawHeaders,
        *,
        method: str,
        scheme: str,
        authority: str,
        raw_path: bytes,
        query: bytes,
        now: float,
    ) -> Result:
        """What the signatures in ``headers`` (names in lower case) prove of the request at ``now``, seconds since
        the epoch. ``authority``: the public host, as visitors have it. Never raises.

        Ask once for each request: the second time its signature is used up. With several signatures the best one
        counts; a false one counts for more than one of which nothing is known.
        """
        try:
            request = SignedRequest(method, scheme, authority, raw_path, query, headers)
            components = RequestComponents(request)
            results = [
                found if isinstance(found, Result) else await self._prove(found, components, now)
                for found in read(headers)
            ]
        except Exception:
            # What comes from strangers must not end the task that checks them; nothing is proven by it.
            _log.exception("checking a signed request")
            return _FAILED
        return min(results, key=lambda result: _BEST_FIRST[result.outcome], default=_NOTHING)

    async def close(self) -> None:
        """End fetches under way, and let go of the nonces' connections."""
        await self._directories.close()
        await self._nonces.close()

    async def _prove(self, claim: Claim, components: RequestComponents, now: float) -> Result:
        origin = claim.agent.origin
        try:
            self._check_before_fetching(claim, now)
            found = await self._directories.key(origin, claim.keyid)
            if found.key is None:
                raise unverified(found.reason)
            result = verify(claim, components, found.key, now, self._rules)
            if result.outcome == "verified":
                await self._use_up(claim)
        except RefusalError as refusal:
            return refusal.result(origin)
        return result

    def _check_before_fetching(self, claim: Claim, now: float) -> None:
        if not isfinite(now):
            raise unverified("the clock tells no time")
        examine(claim, now, self._rules)
        if not claim.agent.origin:
            raise unverified("it does not say whose signature it is")
        if claim.agent.kind != "directory":
            raise unverified(f"Signature-Agent leads to a {claim.agent.kind[:60]}, which guardware does not read")

    async def _use_up(self, claim: Claim) -> None:
        # Without a nonce the signature is one. Its first half: of an ECDSA signature anybody can turn the other
        # one around, and it stays good.
        nonce = claim.label.signature[:32].hex() if claim.nonce is None else claim.nonce
        try:
            first = await self._nonces.first_use(nonce_key(claim.agent.origin, claim.keyid, nonce), claim.expires)
        except StoreError:
            raise unverified("whether the signature was used before cannot be told") from None
        if not first:
            # The draft answers 429. An honest client that tries again does not lie, so it is no false claim.
            raise unverified("the signature was used before")
