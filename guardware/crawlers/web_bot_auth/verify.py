"""Whether a claim is true: its times, its key, and the signature itself. Pure; the key is given."""

from guardware.crawlers.web_bot_auth.base import RequestComponents, signature_bases
from guardware.crawlers.web_bot_auth.claim import Claim
from guardware.crawlers.web_bot_auth.keys import TEST_KEYS, Key, is_signed
from guardware.crawlers.web_bot_auth.result import RefusalError, Result, Rules, invalid, unverified


def verify(
    claim: Claim, components: RequestComponents, key: Key, now: float, rules: Rules | None = None
) -> Result:
    """What ``claim`` in the request of ``components`` is worth at ``now`` (seconds since the epoch), if ``key`` is
    its agent's."""
    try:
        examine(claim, now, rules or Rules())
        _check_key(claim, key, now)
        bases = signature_bases(claim.label, components)
    except RefusalError as refusal:
        return refusal.result(claim.agent.origin)
    if any(is_signed(key, claim.label.signature, base) for base in bases):
        return Result("verified", claim.agent.origin, "the signature is by the agent's key")
    return Result("invalid", claim.agent.origin, "the signature is not by the agent's key, or of another request")


def examine(claim: Claim, now: float, rules: Rules) -> None:
    """Raises RefusalError for what can be refused without knowing the key."""
    # Each is asked so that a clock that is not a number refuses.
    if not claim.created <= now + rules.skew:
        raise invalid("the signature is dated in the future")
    if not now < claim.expires:
        raise invalid("the signature has expired")
    if not claim.expires - claim.created <= rules.longest:
        raise unverified("the signature lives longer than a day")
    if claim.keyid in TEST_KEYS and not rules.test_keys:
        raise unverified("the key is one of the specification's examples, which everybody has")


def _check_key(claim: Claim, key: Key, now: float) -> None:
    if key.thumbprint != claim.keyid:
        raise unverified("the key is another one")
    if claim.alg is not None and claim.alg != key.algorithm:
        raise invalid("the signature's algorithm does not fit the agent's key")
    if not key.is_good_at(now):
        raise unverified("the agent's key is not good at this time")
