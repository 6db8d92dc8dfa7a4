"""How a text is written in each front's configuration, so that nothing in it has a meaning there."""

import re
from collections.abc import Callable, Mapping

_APACHE_SIGNS = re.compile(r'[\\"$%{}\n\r]')


def nginx(text: str) -> str:
    """Within double quotes, where variables are not looked for (``geo``, regular expressions)."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")


def haproxy(text: str) -> str:
    """Within double quotes (HAProxy 2.6 configuration manual, section 2.2)."""
    text = re.sub(r'([\\"$])', r"\\\1", text)
    return text.replace("\r", "\\r").replace("\n", "\\n")


def haproxy_format(text: str) -> str:
    """The same, where it is a log-format."""
    return haproxy(text.replace("%", "%%"))


def caddy(text: str, brace: str = "%7B", backslash: str = "%5C") -> str:
    """Within double quotes.

    Caddy expands ``{env.NAME}`` in texts and ``{$NAME}`` in the whole file, and has no sign that keeps it from
    doing so (2.6 takes ``\\{`` away and then expands); nor can a backslash stand before a quote. So both are
    written in a form that the reader of the text takes for the same.
    """
    return text.replace("\\", backslash).replace("{", brace).replace('"', '\\"')


def caddy_xml(text: str) -> str:
    """An XML document."""
    return caddy(text, "&#123;", "&#92;")


def caddy_json(text: str) -> str:
    """A JSON document of ASCII in which no string holds a quote: an address is all that owners write there.

    A brace before a quote opens an object, and what follows is no name that Caddy knows.
    """
    return re.sub(r'\{(?!")', "%7B", text).replace('"', '\\"')


def caddy_pattern(text: str) -> str:
    """A regular expression by ``crawlers.py``: it has neither quotes nor braces."""
    return text


def apache(text: str) -> str:
    """Within double quotes, where expressions are expanded (``ErrorDocument``)."""
    return _APACHE_SIGNS.sub(_apache_sign, text)


def apache_header(text: str) -> str:
    """Within double quotes, as the value of ``Header``. ``${`` would name a variable of the configuration; what
    has it is an address, where %24 is the same."""
    return text.replace("%", "%%").replace("${", "%%24{").replace("\\", "\\\\").replace('"', '\\"')


def apache_pattern(text: str) -> str:
    """A regular expression by ``crawlers.py``, within double quotes."""
    return text.replace("\\", "\\\\")


def comment(text: str) -> str:
    """On one line, without what goes on in the next one (a backslash at the end does, in Apache)."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029\\{}$]", " ", text)


def _apache_sign(match: re.Match[str]) -> str:
    return {"\n": "\\n", "\r": ""}.get(match[0]) or f"%{{unescape:%{ord(match[0]):02X}}}"


FILTERS: Mapping[str, Callable[[str], str]] = {
    "nginx": nginx,
    "haproxy": haproxy,
    "haproxy_format": haproxy_format,
    "caddy": caddy,
    "caddy_xml": caddy_xml,
    "caddy_json": caddy_json,
    "caddy_pattern": caddy_pattern,
    "apache": apache,
    "apache_header": apache_header,
    "apache_pattern": apache_pattern,
    "comment": comment,
}
"""By the names under which the templates call them."""
