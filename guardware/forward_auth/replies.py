"""Replies: what the front is told of a verdict."""

from guardware.config.schema import Config
from guardware.http import Answer, RawHeaders, first_value
from guardware.notices import Notices
from guardware.verdict import Action, Verdict
from guardware.visit import Kind, Visit

VARIANT = b"x-guardware-variant"
"""The path from which the front gets what it answers with, in the place of what the visitor asked for."""

STATUS = b"x-guardware-status"
"""The status that the visitor is to get, where the front can be told no other than 403."""

ACTION = b"x-guardware-action"
"""The verdict's action in a word, for the front's log."""

NO_STORE = (b"cache-control", b"no-store")
_A_SECOND = (b"cache-control", b"max-age=1")

_TYPES = {Kind.IMAGE: b"image/*", Kind.PAGE: b"text/html"}
"""By what is asked for: the front alone sees the response's type."""

_READING = ("GET", "HEAD")
_ALLOW, _IMAGE = Action.ALLOW, Kind.IMAGE


def allowed(visit: Visit, verdict: Verdict, notices: Notices, *, lasting: bool) -> Answer:
    """200: the front serves what it has, and puts the notices that are here on it.

    It may keep this answer for a second if nothing that it does not tell visitors apart by could change it.
    ``lasting``: ``may_last`` of the configuration.
    """
    caching = _A_SECOND if lasting and _is_settled(visit, verdict) else NO_STORE
    return Answer(200, [*notice_lines(visit, notices), (ACTION, verdict.action.encode()), caching], b"")


def handed_over(verdict: Verdict, path: str) -> Answer:
    """200: the front serves what is at ``path``."""
    return Answer(200, [(VARIANT, path.encode()), (ACTION, verdict.action.encode()), NO_STORE], b"")


def refused_by_path(status: int, path: str, action: str) -> Answer:
    """403: the front answers with what is at ``path``, of ``status``."""
    told = [(VARIANT, path.encode()), (STATUS, b"%d" % status), (ACTION, action.encode()), NO_STORE]
    return Answer(403, told, b"")


def redirected(visit: Visit, path: str) -> Answer:
    """302 or 307: the visitor's program finds at ``path`` what it gets."""
    status = 302 if visit.method in _READING else 307
    return Answer(status, [(b"location", path.encode()), NO_STORE], b"")


def plain(status: int, text: str) -> Answer:
    """A line of text, for the owner who looks why."""
    return Answer(status, [(b"content-type", b"text/plain; charset=utf-8"), NO_STORE], f"{text}\n".encode())


def notice_lines(visit: Visit, notices: Notices) -> RawHeaders:
    """The notices for what is asked for, one line a name: fronts read the first of several, or join them."""
    lines: dict[bytes, bytes] = {}
    for name, value in notices.headers(_TYPES.get(visit.kind), visit.base_url):
        lines[name] = lines[name] + b", " + value if name in lines else value
    return list(lines.items())


def may_last(config: Config) -> bool:
    """Whether a front may keep answers by this configuration: a rule may look at any header, and what a front
    tells of a connection or of an account is told of one request."""
    clients = config.clients
    told = (clients.facts.protocol, clients.facts.alpn, clients.facts.ja4, clients.account.header)
    return not any(told) and not any(rule.match.header for rule in config.rules)


def _is_settled(visit: Visit, verdict: Verdict) -> bool:
    """Whether the same client gets the same answer for the same address within the second.

    A picture that is asked again is the same original to its budgets. Pages count one by one, and what a session
    or a signature changes only their owners know.
    """
    return (
        verdict.action is _ALLOW
        and visit.kind is _IMAGE
        and visit.method in _READING
        and visit.cookie is None
        and not visit.signed
        and not visit.account
        and first_value(visit.headers, b"authorization") is None
    )
