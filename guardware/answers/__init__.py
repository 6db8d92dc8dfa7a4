"""Answers: what a visitor is told who is denied, limited or not understood."""

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from http import HTTPStatus

from jinja2 import Environment, PackageLoader, StrictUndefined

from guardware.answers.accept import Form, form_for
from guardware.answers.ratelimit import limit_headers, policies
from guardware.answers.words import BAD_REQUEST, DENY, LIMIT, Words, wait_words
from guardware.config.schema import Limits, Site
from guardware.http import Answer, RawHeaders
from guardware.notices import rsl
from guardware.notices.owner import email_of, page_of, usable_base

__all__ = ["Answers"]

_MEDIA = {
    Form.HTML: b"text/html; charset=utf-8",
    Form.JSON: b"application/problem+json",
    Form.TEXT: b"text/plain; charset=utf-8",
}


@cache
def _environment() -> Environment:
    """Compiled templates are kept with it: compiling them takes 20 ms, and many sites have the same."""
    loader = PackageLoader("guardware.answers")
    return Environment(loader=loader, autoescape=True, auto_reload=False, undefined=StrictUndefined)


class Answers:
    """Writes whole answers in the owner's name. Immutable.

    ``site``: whose name and contact stand in them; ``licence_path``: where the licence is served (the path
    alone), or None; ``limits``: the figures for the RateLimit fields. Every method takes the visitor's Accept
    header, whether a picture was asked for (then the answer is a line of plain text, never HTML), the support
    id of the visit (may be empty) and the base URL (scheme and host) under which the visitor knows the site.
    """

    def __init__(self, site: Site, licence_path: str | None, limits: Limits | None = None) -> None:
        self._site = site
        self._policies = policies(limits) if limits is not None else {}
        self._licence_path = licence_path
        environment = _environment()
        self._page = environment.get_template("page.html")
        style = environment.get_template("page.css").render()
        digest = b64encode(sha256(style.encode()).digest())
        self._policy = (
            b"default-src 'none'; style-src 'sha256-" + digest + b"'; base-uri 'none'; form-action 'none'; "
            b"frame-ancestors 'none'"
        )

    def deny(self, accept: bytes | None, is_picture: bool, support_id: str, base_url: str) -> Answer:
        """403, with a ``Link`` to the licence."""
        return self._answer(DENY, form_for(accept, is_picture), support_id, base_url)

    def limit(
        self,
        accept: bytes | None,
        is_picture: bool,
        support_id: str,
        base_url: str,
        retry_after: int,
        policy: str = "",
    ) -> Answer:
        """429. ``retry_after``: seconds, taken as 1 if less; ``policy``: the dotted config path of the limit
        that was reached. Without figures for it there is only ``Retry-After``.
        """
        seconds = max(1, retry_after)
        figures = self._policies.get(policy)
        violated = policy if figures is not None else ""
        answer = self._answer(LIMIT, form_for(accept, is_picture), support_id, base_url, seconds, violated)
        return answer._replace(headers=[*answer.headers, *limit_headers(policy, figures, seconds)])

    def bad_request(
        self, accept: bytes | None = None, is_picture: bool = False, support_id: str = "", base_url: str = ""
    ) -> Answer:
        """400, for what cannot be passed on safely; of such a request nothing but Accept may be known."""
        return self._answer(BAD_REQUEST, form_for(accept, is_picture), support_id, base_url)

    def _answer(
        self, words: Words, form: Form, support_id: str, base_url: str, wait: int = 0, violated: str = ""
    ) -> Answer:
        base = usable_base(base_url)
        licence = f"{base}{self._licence_path}" if base and self._licence_path else ""
        if form is Form.HTML:
            body = self._html(words, support_id, licence, wait)
        elif form is Form.JSON:
            body = self._json(words, support_id, licence, wait, violated)
        else:
            body = _lines(self._fill(words.text, wait), support_id and f"Number of this visit: {support_id}")
        return Answer(words.status, self._headers(form, base if licence else ""), body.encode("utf-8", "replace"))

    def _headers(self, form: Form, base: str) -> RawHeaders:
        headers = [
            (b"content-type", _MEDIA[form]),
            (b"cache-control", b"no-store"),
            (b"vary", b"Accept"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if form is Form.HTML:
            headers += [(b"content-security-policy", self._policy), (b"referrer-policy", b"no-referrer")]
        if base and self._licence_path:
            headers.append((b"link", rsl.link(base, self._licence_path)))
        return headers

    def _html(self, words: Words, support_id: str, licence: str, wait: int) -> str:
        site = self._site
        return self._page.render(
            words=words,
            detail=self._fill(words.detail, wait),
            owner=site.name,
            home=str(site.url) if site.url else "",
            email=email_of(site.contact),
            page=page_of(site.contact),
            contact=site.contact,
            support_id=support_id,
            licence=licence,
        )

    def _json(self, words: Words, support_id: str, licence: str, wait: int, violated: str) -> str:
        members: dict[str, object] = {
            "type": words.type,
            # RFC 9457, 4.2.1: beside about:blank the title is the phrase of the status.
            "title": HTTPStatus(words.status).phrase if words.type == "about:blank" else words.title,
            "status": words.status,
            "detail": self._fill(words.detail, wait),
            "support_id": support_id,
            "contact": self._site.contact,
            "licence": licence,
            "retry_after": wait,
            "violated-policies": [violated] if violated else [],
        }
        return json.dumps({name: value for name, value in members.items() if value}) + "\n"

    def _fill(self, text: str, wait: int) -> str:
        # Not str.format: a site's name may hold braces.
        filled = text.replace("{wait}", wait_words(wait)).replace("{owner}", self._site.name or "this site")
        return filled[:1].upper() + filled[1:]


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines if line)
