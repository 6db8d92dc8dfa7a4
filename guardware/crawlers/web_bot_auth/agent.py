"""Signature-Agent: who says that he signed, and where his keys are.

Three shapes are in use: a dictionary (the draft: ``g="https://agent.bot.goog"``), a string (OpenAI, Cloudflare's
documents) and a bare URL (DuckDuckGo, against the draft).
"""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from guardware.crawlers.web_bot_auth.fields import Component, Parameters, parse
from guardware.crawlers.web_bot_auth.result import invalid, unverified

FIELD = "signature-agent"

_BARE_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://")
_URL = re.compile(r"(?i:https)://([^/?#\\]*)(?:[/?][!\"$-\[\]-~]*)?")
"""Scheme and authority, then whatever is visible but # and the backslash, which some readers take for a slash."""
_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class Agent(NamedTuple):
    """``origin``: ``https://host`` or ``https://host:port``, or "" when nobody is named. ``kind``: what its URL
    leads to: "directory", "jwks_uri" or "cimd" (a client ID metadata document)."""

    origin: str
    kind: str = "directory"


NOBODY = Agent("")

Member = tuple[Any, Parameters]
"""A value and its parameters."""


class AgentField:
    """The field Signature-Agent of one request, or its absence (None), for all its signatures."""

    def __init__(self, field: bytes | None) -> None:
        self._field = field and field.strip(b" \t")

    def agent(self, components: Sequence[Component]) -> Agent:
        """Whom the signature over ``components`` names.

        Raises RefusalError when that is not told as the draft has it.
        """
        covering = [component for component in components if component.name == FIELD]
        if self._field is None:
            if covering:
                raise unverified("the signature covers Signature-Agent, which is not there")
            return NOBODY
        if not covering:
            raise invalid("the signature does not cover Signature-Agent")
        if len(covering) > 1:
            raise unverified("the signature covers more than one agent")
        value, parameters = self._member(covering[0].parameters)
        if type(value) is not str:
            raise unverified("Signature-Agent is malformed")
        return Agent(read_origin(value), str(parameters.get("type", "directory")))

    def _member(self, selector: Parameters) -> Member:
        """The URL and its parameters: the member that ``selector`` names, or the only one."""
        if selector.keys() - {"key"}:
            raise unverified("the signature covers Signature-Agent in an unknown way")
        if "key" not in selector:
            return self._only_member
        key = selector["key"]
        if type(key) is not str or key not in self._members:
            raise invalid("the signature covers an agent that Signature-Agent does not name")
        return self._members[key]

    @cached_property
    def _members(self) -> dict[str, Member]:
        members: dict[str, Member] = parse(self._field or b"", "dictionary", "Signature-Agent")
        return members

    @cached_property
    def _only_member(self) -> Member:
        field = self._field or b""
        if _BARE_URL.match(field):
            return field.decode("latin-1"), {}
        if field.startswith(b'"'):
            member: Member = parse(field, "item", "Signature-Agent")
            return member
        if len(self._members) != 1:
            raise unverified("Signature-Agent names several, and the signature does not say which")
        return next(iter(self._members.values()))


def read_origin(url: str) -> str:
    """The origin of an agent's URL, lower case, without the default port. Raises RefusalError for others than
    https, with a user name or a fragment, or without the name of a public host."""
    match = _URL.fullmatch(url)
    if match is None:
        raise invalid("Signature-Agent is no https URL, or has a fragment")
    if "@" in match[1]:
        raise invalid("Signature-Agent holds a user name")
    host, _, port = match[1].lower().partition(":")
    if not is_host_name(host):
        raise unverified("Signature-Agent names no public host")
    if not port or port == "443":
        return f"https://{host}"
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise unverified("Signature-Agent has no such port")
    return f"https://{host}:{port}"


def is_host_name(host: str) -> bool:
    """Whether ``host`` (lower case) is a name with a domain. No address: the last part of those is a number."""
    labels = host.split(".")
    return (
        len(host) <= 253
        and len(labels) > 1
        and labels[-1][:1].isalpha()
        and all(map(_HOST_LABEL.fullmatch, labels))
    )
