"""Claim: what a signed request says of itself, read from its headers and held to the rules of form.

draft-ietf-webbotauth-httpsig-protocol-00 on top of RFC 9421. Whether it is true, ``verify.py`` finds out.
"""

from typing import NamedTuple

from guardware.crawlers.web_bot_auth.agent import Agent, AgentField
from guardware.crawlers.web_bot_auth.fields import Label, Parameters, joined, read_labels
from guardware.crawlers.web_bot_auth.result import RefusalError, Result, invalid, unverified
from guardware.http import RawHeaders

TAG = "web-bot-auth"
ALGORITHMS = frozenset(["ed25519", "rsa-pss-sha512", "ecdsa-p256-sha256"])
"""Of the registry of RFC 9421 section 6.2.2, those that this package can check."""

_WANTED = frozenset([b"signature", b"signature-input"])
_TARGETS = frozenset(["@authority", "@target-uri"])


class Claim(NamedTuple):
    """One signature that says where it is from.

    ``created``, ``expires``: seconds since the epoch. ``keyid``: the thumbprint of the key (RFC 7638).
    ``nonce``, ``alg``: None if not given. ``covered``: the identifiers of what it covers are in ``label``.
    """

    label: Label
    agent: Agent
    keyid: str
    created: int
    expires: int
    nonce: str | None
    alg: str | None

    @property
    def covered(self) -> tuple[str, ...]:
        """What the signature covers, as in the signature base, such as ``"@authority"`` with its quotes."""
        return tuple(component.text for component in self.label.components)


def read(headers: RawHeaders) -> tuple[Claim | Result, ...]:
    """The claims in ``headers`` (names in lower case); a Result in place of one that is broken.

    Empty when there is no signature for this purpose: nothing is claimed, as by nearly every visitor.
    """
    if not _WANTED.issubset([name for name, _ in headers]):
        return ()
    try:
        announced, signature = joined(headers, b"signature-input"), joined(headers, b"signature")
        labels = read_labels(announced or b"", signature or b"", TAG)
        agents = AgentField(joined(headers, b"signature-agent") if labels else None)
    except RefusalError as refusal:
        return (refusal.result(),)
    return tuple(_claim(label, agents) for label in labels)


def _claim(label: Label, agents: AgentField) -> Claim | Result:
    try:
        agent = agents.agent(label.components)
    except RefusalError as refusal:
        return refusal.result()
    try:
        return _well_formed(label, agent)
    except RefusalError as refusal:
        return refusal.result(agent.origin)


def _well_formed(label: Label, agent: Agent) -> Claim:
    parameters = label.parameters
    if not any(component.name in _TARGETS and not component.parameters for component in label.components):
        raise invalid("the signature does not cover the host")
    keyid = _text(parameters, "keyid")
    if not keyid:
        raise invalid("the signature lacks keyid")
    created, expires = _seconds(parameters, "created"), _seconds(parameters, "expires")
    if expires <= created:
        raise invalid("the signature expires before it is made")
    return Claim(label, agent, keyid, created, expires, _text(parameters, "nonce"), _algorithm(parameters))


def _algorithm(parameters: Parameters) -> str | None:
    name = _text(parameters, "alg")
    if name is None or name in ALGORITHMS:
        return name
    if name.startswith("hmac"):
        raise invalid("the signature is an HMAC, which whoever can check can forge")
    raise unverified("the signature's algorithm is not known")


def _text(parameters: Parameters, name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and type(value) is not str:
        raise unverified(f"the signature's {name} is no string")
    return value


def _seconds(parameters: Parameters, name: str) -> int:
    value = parameters.get(name)
    if value is None:
        raise invalid(f"the signature lacks {name}")
    if type(value) is not int:  # True is an int, a decimal or a date is none
        raise unverified(f"the signature's {name} is no whole number")
    return value
