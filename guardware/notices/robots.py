"""/robots.txt: the refused crawlers first, then the app's own words, in a form that every reader takes alike.

Measured with urllib.robotparser (3.11), protego 0.7, robotexclusionrulesparser 1.7 and robotspy 0.13; why a line
stands where it stands:

- no byte order mark: all four lose the first group to it;
- no blank line within a group: two of them end the group there;
- User-agent lines together, signals after them: protego strips the agents above a line it does not know;
- one group for each crawler: two of them read only the first;
- the longest rule first, Allow before Disallow: then readers that take the first match and readers that take
  the longest (RFC 9309) agree;
- a fence where readers by the letter skip every User-agent line of a group (``360Spider``): they would count its
  rules to the group above;
- ``License`` before all groups: it speaks for the whole site (rslstandard.org/guide/robots-txt).
"""

import re
from collections.abc import Iterable, Sequence

from guardware.config.schema import Notices
from guardware.notices import rsl
from guardware.notices.headers import CONTENT_USAGE
from guardware.notices.refused import product
from guardware.notices.robots_own import Group, Robots, Rule, clean_path, read_robots

PATH = "/robots.txt"

CONTENT_SIGNAL = {"search": "yes", "ai-input": "no", "ai-train": "no"}
"""contentsignals.org, policy of 24 September 2025; not the words of AIPREF, although they look alike."""

_HEAD = b"# Text and data mining of this site is reserved (Directive (EU) 2019/790, Article 4(3)).\n"
_PRODUCT = re.compile(r"[A-Za-z_-]+")
_FENCE = "guardware-fence"
_REFUSAL = (Rule(False, "/"),)


def robots_txt(config: Notices, base: str, body: bytes) -> bytes:
    """The whole file: ``body`` (see ``robots_body``) under the licence of ``base``, scheme and host or empty."""
    licence = f"License: {base}{rsl.PATH}\n".encode() if config.rsl and base else b""
    return _HEAD + licence + body


def robots_body(config: Notices, refused: Sequence[str], own: bytes | None = None) -> bytes:
    """All that does not depend on the host. ``refused``: tokens that may fetch nothing; ``own``: the app's file,
    in which groups for refused tokens count for nothing.
    """
    app = read_robots(own or b"")
    token = config.training_token
    sections = [
        _site_lines(app, "license"),
        _section(refused, (), _REFUSAL) if refused else [],
        _section([token], (), _REFUSAL) if token else [],
        *(_open_section(config, group) for group in _groups(app, [*refused, token])),
        _sitemaps(config, app),
    ]
    # The first section continues the head; between all others stands a blank line.
    return "\n".join("\n".join([*lines, ""]) for lines in sections if lines or lines is sections[0]).encode()


def _sitemaps(config: Notices, app: Robots) -> list[str]:
    ours = [f"Sitemap: {config.sitemap}"] if config.sitemap is not None else []
    return [*dict.fromkeys([*ours, *_site_lines(app, "sitemap")]), *_site_lines(app, "host")]


def _site_lines(app: Robots, field: str) -> list[str]:
    return [f"{field.capitalize()}: {value}" for name, value in app.site if name == field]


def _groups(app: Robots, banned: Iterable[str]) -> list[Group]:
    """The app's groups without the banned crawlers. That for everybody (``*``) is always there, and first: a
    reader that stops after 500 KiB shall not miss it.
    """
    names = {name.lower() for name in banned if name}
    products = {product(name) for name in names} - {""}
    named: list[Group] = []
    everybody = Group(("*",))
    for group in app.groups:
        if group.agents == ("*",):
            everybody = group
            continue
        agents = tuple(a for a in group.agents if a.lower() not in names and product(a) not in products)
        if agents:
            named.append(group._replace(agents=agents))
    return [everybody, *named]


def _open_section(config: Notices, group: Group) -> list[str]:
    """A group that may come: signals, which no group takes over from ``*``, and its rules in safe order."""
    closed = [path for path in map(_config_path, config.robots_disallow) if path]
    rules = [r for r in group.rules if not (r.allow and r.path.startswith(tuple(closed)))]
    rules += [Rule(False, path) for path in closed]
    if all(len(rule.path) > 1 for rule in rules):
        # Says what holds anyway. Beside "Disallow: /" it would win the tie.
        rules.append(Rule(True, "/"))
    return _section(group.agents, _signals(config, group), rules)


def _config_path(path: str) -> str:
    text = path.strip().encode("utf-8", "replace").decode("latin-1")
    return clean_path(text if text.startswith(("/", "*")) else f"/{text}") if text else ""


def _signals(config: Notices, group: Group) -> list[str]:
    """Content-Signal, Content-Usage and the app's other lines of this group."""
    lines: list[str] = []
    extras = list(group.extras)
    if config.content_signal:
        stated = [value for field, value in extras if field == "content-signal"]
        extras = [extra for extra in extras if extra[0] != "content-signal"]
        lines.append(f"Content-Signal: {_strictest(stated)}")
    if config.content_usage:
        # A second line of the app stays: the most restrictive applies (draft-ietf-aipref-attach-05).
        lines.append(f"Content-Usage: {CONTENT_USAGE}")
    lines += [
        f"{field.title() if field.startswith('content') else field.capitalize()}: {v}" for field, v in extras
    ]
    return list(dict.fromkeys(lines))


def _strictest(stated: Iterable[str]) -> str:
    """Our content signals, with every ``no`` of the app's and the keys that only the app has."""
    signals = dict(CONTENT_SIGNAL)
    for pair in (pair for value in stated for pair in value.split(",")):
        key, equals, word = (part.strip().lower() for part in pair.partition("="))
        if equals and key and (word == "no" or key not in signals):
            signals[key] = word
    return ", ".join(f"{key}={word}" for key, word in signals.items())


def _section(agents: Iterable[str], signals: Iterable[str], rules: Iterable[Rule]) -> list[str]:
    names = list(agents)
    if not any(name == "*" or _PRODUCT.fullmatch(name) for name in names):
        names.insert(0, _FENCE)
    ordered = sorted(dict.fromkeys(rules), key=lambda rule: (-len(rule.path), not rule.allow))
    lines = [f"{'Allow' if rule.allow else 'Disallow'}: {rule.path}" for rule in ordered]
    return [*(f"User-agent: {name}" for name in names), *signals, *lines]
