"""Which crawlers robots.txt turns away: the catalogue, seen through the owner's ``crawlers`` section."""

import re
from collections.abc import Iterable
from typing import Protocol

from guardware.config.schema import Crawlers
from guardware.verdict import Action

_VERSION = re.compile(r"(?:/.*| v?\d[\d.]*)$")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,63}")
_PRODUCT = re.compile(r"[A-Za-z_-]*")

_FINDERS = frozenset({"search", "preview"})
"""Purposes of crawlers by which people find the site: these must never be turned away by a slip."""


class Listed(Protocol):
    """What is asked of an entry of the crawler catalogue."""

    @property
    def token(self) -> str: ...
    @property
    def purpose(self) -> str: ...
    @property
    def ai(self) -> bool: ...
    @property
    def robots_only(self) -> bool: ...


def product(token: str) -> str:
    """The part of ``token`` that a reader by the letter of RFC 9309 keeps ([a-zA-Z_-]+), in lower case."""
    found = _PRODUCT.match(token)
    return found[0].lower() if found else ""


def robots_token(token: str) -> str:
    """``token`` as a User-agent line can carry it, or an empty string if it cannot.

    Versions go: urllib.robotparser cuts the crawler's name at the slash, so ``iaskspider/2.0`` would match
    nothing. Digits, dots and spaces stay, although RFC 9309 has none of them: readers by the letter keep the
    part before, all others compare the whole. (The part before is never printed alone: ``Crawl`` for
    ``Crawl4AI`` would turn away every crawler whose name has it inside, in readers that search for it there.)
    """
    name = _VERSION.sub("", token.strip())
    return name if _TOKEN.fullmatch(name) else ""


def refused_tokens(catalogue: Iterable[Listed], crawlers: Crawlers) -> tuple[str, ...]:
    """The robots.txt tokens to disallow, sorted, each once.

    Refused is what the configuration denies, and whatever serves AI (or exists in robots.txt only) unless the
    configuration allows it: a crawler that gets protected pictures need not come at all. A token within the name
    of a crawler by which people find the site is left out ("Spider", because of Baiduspider), unless the owner
    denied it by name: urllib.robotparser and robotexclusionrulesparser search for it anywhere in the name. The
    guard itself still refuses it.
    """
    overrides = {token.lower(): action for token, action in crawlers.tokens.items()}
    named = {robots_token(token) for token, action in crawlers.tokens.items() if action == Action.DENY}
    refused: set[str] = set()
    welcome: set[str] = set()
    for entry in catalogue:
        by_purpose: Action = getattr(crawlers, str(entry.purpose).replace("-", "_"))
        action = overrides.get(entry.token.lower(), by_purpose)
        if action == Action.DENY or ((entry.ai or entry.robots_only) and action != Action.ALLOW):
            refused.add(robots_token(entry.token))
        elif action == Action.ALLOW or str(entry.purpose) in _FINDERS:
            welcome.add(entry.token.lower())
    kept = named | {token for token in refused if not _hits(token.lower(), welcome)}
    by_name = {token.lower(): token for token in sorted(kept) if token}
    return tuple(by_name[name] for name in sorted(by_name))


def _hits(refused: str, welcome: set[str]) -> bool:
    """Whether some reader would take a welcome crawler for the refused one (both in lower case)."""
    return product(refused) in welcome or any(refused in name for name in welcome)
