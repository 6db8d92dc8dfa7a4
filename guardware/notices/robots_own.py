"""Reading the app's own robots.txt, by the letter of RFC 9309 and with the slips that Google's reader forgives.

What comes out is clean: printable ASCII, one group for each crawler, nothing that one reader takes for a rule
and another does not. Comments and lines of no known field are dropped.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

MAX_BYTES = 500 * 1024
"""RFC 9309 section 2.5: a reader must take at least 500 KiB; what stands beyond may never be read."""

_BOM = b"\xef\xbb\xbf"

_BLANK = " \t\0\v\f"
"""What is stripped; not all that ``str.strip`` takes, for a letter's last octet may be among it (``\xa0``)."""

_AGENT, _ALLOW, _DISALLOW = "user-agent", "allow", "disallow"

_FIELDS = {
    # The misspellings are those that google/robotstxt accepts.
    _AGENT: ("user-agent", "useragent", "user agent"),
    _ALLOW: ("allow",),
    _DISALLOW: ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"),
    "sitemap": ("sitemap", "site-map"),
}

_EXTRAS = {
    # Lines of a group beside its rules, each with what its value must be. A value never holds a colon:
    # robotexclusionrulesparser finds "allow:" anywhere in a line.
    "crawl-delay": re.compile(r"\d{1,6}(?:\.\d{1,6})?"),
    "request-rate": re.compile(r"\d{1,6}/\d{1,6}[smhd]?(?: +\d{3,4} *- *\d{3,4})?"),
    "visit-time": re.compile(r"\d{3,4} *- *\d{3,4}"),
    "clean-param": re.compile(r"[A-Za-z0-9&_.%~*-]+(?: +/[!-9;-~]*)?"),
    "content-signal": re.compile(r"[A-Za-z0-9 ,;=_./*-]+"),
    "content-usage": re.compile(r"[A-Za-z0-9 ,;=_./*-]+"),
}

_SITE = {
    # Lines that belong to the whole file.
    "sitemap": re.compile(r"https?://[!-~]+", re.IGNORECASE),
    "host": re.compile(r"(?:https?://)?[A-Za-z0-9.-]+(?::\d{1,5})?", re.IGNORECASE),
    "license": re.compile(r"https?://[!-~]+", re.IGNORECASE),
}

_CANONICAL = {name: field for field, names in _FIELDS.items() for name in names}
_CANONICAL |= {name: name for name in (*_EXTRAS, *_SITE) if name not in _CANONICAL}

_LINE = re.compile(
    rf"({'|'.join(sorted(_CANONICAL, key=len, reverse=True))})(?:\s*:(.*)|\s+(\S+))", re.IGNORECASE | re.ASCII
)
_NAME = re.compile(r"([A-Za-z0-9_.~ -]*[A-Za-z0-9_.~-])(?:/[A-Za-z0-9_.-]*)?")


class Rule(NamedTuple):
    """One Allow or Disallow line; ``path`` starts with ``/`` or ``*``."""

    allow: bool
    path: str


class Group(NamedTuple):
    """What some crawlers (by token; ``*`` always alone) are told: rules, and other lines as field and value."""

    agents: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    extras: tuple[tuple[str, str], ...] = ()


class Robots(NamedTuple):
    """A whole file: its groups, in order of first mention, and the lines of no group."""

    groups: tuple[Group, ...] = ()
    site: tuple[tuple[str, str], ...] = ()


def read_robots(raw: bytes) -> Robots:
    """The meaning of ``raw``. Never fails: what is not robots.txt reads as an empty file."""
    text = raw[:MAX_BYTES].removeprefix(_BOM).decode("latin-1")
    if len(raw) > MAX_BYTES:
        text = text.rpartition("\n")[0]
    reader = _Reader()
    for line in re.split(r"[\r\n]+", text):
        match = _LINE.fullmatch(line.partition("#")[0].strip(_BLANK))
        if match:
            reader.take(_CANONICAL[match[1].lower()], (match[2] or match[3] or "").strip(_BLANK))
    return reader.result()


def clean_path(path: str) -> str:
    """``path`` as a rule can carry it, octets outside printable ASCII in percent form; empty if it has no use.

    ``path`` is text of octets (latin-1). Left out are patterns that match no address, and the few on which
    urllib.robotparser fails with a ValueError, which would cost its users the whole file.
    """
    if not path.startswith(("/", "*")):
        return ""
    clean = "".join(c if "!" <= c <= "~" and c != "#" else f"%{ord(c):02X}" for c in path)
    try:
        urlsplit(unquote(clean))
    except ValueError:
        return ""
    return clean


class _Reader:
    """Takes one line after the other; groups that name the same crawler become one (RFC 9309, 2.2.1)."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._rules: dict[str, dict[Rule, None]] = {}
        self._extras: dict[str, dict[tuple[str, str], None]] = {}
        self._site: dict[tuple[str, str], None] = {}
        self._agents: list[str] = []
        self._open = False

    def take(self, field: str, value: str) -> None:
        if field == _AGENT:
            self._agent(value)
        elif field in (_ALLOW, _DISALLOW):
            self._open = False
            path = clean_path(value)
            for agent in self._agents if path else ():
                self._rules[agent][Rule(field == _ALLOW, path)] = None
        elif field in _SITE:
            if _SITE[field].fullmatch(value):
                self._site[(field, value)] = None
        elif _EXTRAS[field].fullmatch(value):
            # No rule in the sense of RFC 9309: the run of User-agent lines goes on.
            for agent in self._agents:
                self._extras[agent][(field, value)] = None

    def _agent(self, value: str) -> None:
        if not self._open:
            self._agents, self._open = [], True
        name = _agent_name(value)
        if name:
            key = name.lower()
            self._names.setdefault(key, name)
            self._rules.setdefault(key, {})
            self._extras.setdefault(key, {})
            self._agents.append(key)

    def result(self) -> Robots:
        together: dict[tuple[object, ...], list[str]] = {}
        for key, name in self._names.items():
            alone = name == "*"
            together.setdefault((tuple(self._rules[key]), tuple(self._extras[key]), alone), []).append(key)
        groups = (
            Group(tuple(self._names[k] for k in keys), tuple(self._rules[keys[0]]), tuple(self._extras[keys[0]]))
            for keys in together.values()
        )
        return Robots(tuple(groups), tuple(self._site))


def _agent_name(value: str) -> str:
    """The crawler's name in a User-agent line without version; ``*``; or empty if there is none to be had."""
    if value == "*" or re.match(r"\*\s", value):
        return "*"
    # "GPTBot*" means GPTBot to the readers that forgive it.
    match = _NAME.fullmatch(value.partition("*")[0].strip())
    return match[1] if match else ""
