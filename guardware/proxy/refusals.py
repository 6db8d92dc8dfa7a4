"""What a visitor is told when the site behind us gives no answer: a page, JSON or a line of text."""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from guardware.answers.accept import Form, form_for
from guardware.answers.words import BAD_REQUEST, Words, wait_words
from guardware.http import Answer, RawHeaders, Scope, Send, first_value, send_answer
from guardware.verdict import Verdict
from guardware.visit import Kind, Visit

_NO_FAULT = "This is not your doing, and nothing is wrong with your browser."

_ROWS = (
    BAD_REQUEST,
    Words(
        404,
        "There is nothing here",
        "No site answers at this address.",
        ("If you typed or pasted the address, look for stray signs in it.",),
        "There is nothing at this address.",
        button="Go to the front page",
        goes_to="/",
    ),
    Words(
        405,
        "This cannot be done here",
        "The request uses a method that is not passed on.",
        ("Open the page in an ordinary browser.",),
        "This method is not passed on.",
    ),
    Words(
        408,
        "Your upload stopped",
        "No more of it arrived for a while, so it was not kept.",
        ("Check your connection, and send it again.",),
        "The upload stopped half-way. Please send it again.",
    ),
    Words(
        413,
        "That is too large",
        "What you sent is larger than this site takes, so it was not kept.",
        ("Send a smaller file, or fewer at once.",),
        "What you sent is too large for this site.",
    ),
    Words(
        502,
        "The site does not answer",
        "The server behind this address gave no usable answer.",
        (_NO_FAULT, "Please try again in a moment."),
        "The site behind this address gave no usable answer. Please try again in a moment.",
    ),
    Words(
        503,
        "The site is busy",
        "Too many people want something of it at once. You can try again {wait}.",
        (_NO_FAULT,),
        "The site behind this address is busy. Please try again {wait}.",
    ),
    Words(
        504,
        "The site takes too long",
        "The server behind this address did not answer in time.",
        (_NO_FAULT, "Please try again in a moment."),
        "The site behind this address took too long to answer. Please try again in a moment.",
    ),
)

_WORDS = {words.status: words for words in _ROWS}

_MEDIA = {
    Form.HTML: b"text/html; charset=utf-8",
    Form.JSON: b"application/problem+json",
    Form.TEXT: b"text/plain; charset=utf-8",
}


class _Page(NamedTuple):
    """The template, and the policy that lets its style in."""

    template: Template
    policy: bytes


@cache
def _page() -> _Page:
    loader = PackageLoader("guardware.answers")
    environment = Environment(loader=loader, autoescape=True, auto_reload=False, undefined=StrictUndefined)
    style = environment.get_template("page.css").render()
    digest = b64encode(sha256(style.encode()).digest())
    policy = (
        b"default-src 'none'; style-src 'sha256-" + digest + b"'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'"
    )
    return _Page(environment.get_template("page.html"), policy)


def refusal(status: int, scope: Scope, wait: int = 0) -> Answer:
    """The answer ``status`` (400, 404, 405, 408, 413, 502, 503, 504) to the request of ``scope``.

    In the form that its Accept asks for, plain text where a picture is wanted. ``wait``: seconds until another
    try makes sense, told in Retry-After; 0 if nobody knows. Nothing in it is of the upstream's making.
    """
    words = _WORDS[status]
    form = form_for(first_value(scope["headers"], b"accept"), _wants_picture(scope))
    headers: RawHeaders = [
        (b"content-type", _MEDIA[form]),
        (b"cache-control", b"no-store"),
        (b"vary", b"Accept"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if form is Form.HTML:
        headers += [(b"content-security-policy", _page().policy), (b"referrer-policy", b"no-referrer")]
    if wait:
        headers.append((b"retry-after", str(wait).encode()))
    body = _body(words, form, _support_id(scope), wait)
    return Answer(status, headers, body.encode())


async def refuse(status: int, scope: Scope, send: Send, wait: int = 0) -> None:
    """Send ``refusal``."""
    await send_answer(refusal(status, scope, wait), scope["method"], send)


def _body(words: Words, form: Form, support_id: str, wait: int) -> str:
    detail = words.detail.replace("{wait}", wait_words(wait))
    if form is Form.TEXT:
        number = f"Number of this visit: {support_id}\n" if support_id else ""
        return words.text.replace("{wait}", wait_words(wait)) + "\n" + number
    if form is Form.JSON:
        title = HTTPStatus(words.status).phrase  # RFC 9457, 4.2.1: with the type about:blank
        members = {"type": words.type, "title": title, "status": words.status, "detail": detail}
        known = {"support_id": support_id, "retry_after": wait}
        return json.dumps(members | {name: value for name, value in known.items() if value}) + "\n"
    nobody = dict.fromkeys(("owner", "home", "email", "page", "contact", "licence"), "")
    return _page().template.render(words=words, detail=detail, support_id=support_id, **nobody)


def _wants_picture(scope: Scope) -> bool:
    visit = scope.get("state", {}).get("guardware.visit")
    if isinstance(visit, Visit) and visit.kind is Kind.IMAGE:
        return True
    return (first_value(scope["headers"], b"sec-fetch-dest") or b"").strip().lower() == b"image"


def _support_id(scope: Scope) -> str:
    verdict = scope.get("state", {}).get("guardware")
    return verdict.support_id if isinstance(verdict, Verdict) else ""
