"""Result: what a signature proves, and the rules that it is held to. Values only."""

from typing import Literal, NamedTuple

from guardware.errors import GuardwareError

Validity = Literal["verified", "invalid", "unverified"]


class Result(NamedTuple):
    """What became of one claim.

    ``verified``: the key that ``agent`` publishes signed this request. ``invalid``: the claim is false, or breaks
    a rule that honest signers keep. ``unverified``: neither is known. ``agent``: the origin that is claimed, such
    as ``https://chatgpt.com``, or "" when none can be read. ``reason``: in words, for the owner's eyes.
    """

    outcome: Validity
    agent: str
    reason: str


class Rules(NamedTuple):
    """``skew``: seconds that a signer's clock may be ahead of ours. ``longest``: seconds that a signature may
    live; the draft recommends a day. ``test_keys``: accept the keys of the specifications, whose private halves
    are public: for tests only."""

    skew: float = 60.0
    longest: float = 86400.0
    test_keys: bool = False


class RefusalError(GuardwareError):
    """Why something is not verified. Stays within this package: it ends as a ``Result``."""

    def __init__(self, outcome: Literal["invalid", "unverified"], reason: str) -> None:
        super().__init__(reason)
        self.outcome: Literal["invalid", "unverified"] = outcome
        self.reason = reason

    def result(self, agent: str = "") -> Result:
        """The same as a value."""
        return Result(self.outcome, agent, self.reason)


def unverified(reason: str) -> RefusalError:
    """Nothing is proven, nor refuted."""
    return RefusalError("unverified", reason)


def invalid(reason: str) -> RefusalError:
    """The claim is false or against the rules."""
    return RefusalError("invalid", reason)
