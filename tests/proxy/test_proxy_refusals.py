"""What visitors are told when there is no answer: in the form they understand, and nothing of the upstream."""

import json

import pytest

from guardware.http import first_value
from guardware.proxy.refusals import refusal
from guardware.visit import VisitReader

from .peers import http_scope

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PICTURE = b"image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
STATUSES = (400, 404, 405, 408, 413, 502, 503, 504)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("headers", "media"),
    [
        ([(b"accept", BROWSER)], b"text/html; charset=utf-8"),
        ([(b"accept", PICTURE)], b"text/plain; charset=utf-8"),
        ([(b"accept", BROWSER), (b"sec-fetch-dest", b"image")], b"text/plain; charset=utf-8"),
        ([(b"accept", b"*/*")], b"application/problem+json"),
        ([(b"accept", b"application/json")], b"application/problem+json"),
        ([], b"application/problem+json"),
    ],
)
def test_the_form_is_what_the_visitor_understands(
    status: int, headers: list[tuple[bytes, bytes]], media: bytes
) -> None:
    answer = refusal(status, http_scope(headers=headers), wait=5 if status == 503 else 0)
    assert answer.status == status
    assert first_value(answer.headers, b"content-type") == media
    assert first_value(answer.headers, b"cache-control") == b"no-store"
    assert first_value(answer.headers, b"retry-after") == (b"5" if status == 503 else None)
    assert (b"<html" in answer.body) is (b"html" in media)
    assert b"{" not in answer.body or b"json" in media or b"<style>" in answer.body
    assert b"{wait}" not in answer.body
    if b"json" in media:
        assert json.loads(answer.body)["status"] == status


def test_a_picture_by_its_address_gets_no_page() -> None:
    scope = http_scope(b"/art/x.png", headers=[(b"accept", BROWSER)])
    visit = VisitReader().read(scope)
    answer = refusal(502, {**scope, "state": {"guardware.visit": visit}})
    assert first_value(answer.headers, b"content-type") == b"text/plain; charset=utf-8"


def test_a_busy_site_says_when_to_come_back() -> None:
    assert b"in 5 seconds" in refusal(503, http_scope(headers=[(b"accept", BROWSER)]), wait=5).body


def test_the_page_brings_its_own_style_and_nothing_else() -> None:
    answer = refusal(502, http_scope(headers=[(b"accept", BROWSER)]))
    policy = first_value(answer.headers, b"content-security-policy")
    assert policy is not None
    assert policy.startswith(b"default-src 'none'; style-src 'sha256-")
    assert b"<script" not in answer.body
