"""Deny, limit and bad request: the right form for each visitor, safe whatever the owner or the visit is called."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.answers import Answers
from guardware.config.schema import Limits, Site
from guardware.http import Answer, first_value

BROWSER = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
HTTPS = "https://example.com"
MIRA = Answers(
    Site(name="Mira Holm", contact="studio@example.com", url="https://example.com/"),
    "/license.xml",
    Limits(),
)


class Page(HTMLParser):
    """The tags, links and words of a page."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(answer.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def everything(answers: Answers, support_id: str = "id-1", base_url: str = HTTPS) -> list[Answer]:
    """Every kind of answer in every form."""
    made = []
    for accept, picture in ((BROWSER, False), (b"application/json", False), (None, True)):
        made += [
            answers.deny(accept, picture, support_id, base_url),
            answers.limit(accept, picture, support_id, base_url, 42, "limits.client.page"),
            answers.bad_request(accept, picture, support_id, base_url),
        ]
    return made


def test_denied_page() -> None:
    answer = MIRA.deny(BROWSER, False, "id-7f3a", HTTPS)
    page = Page(answer)
    assert answer.status == 403
    assert first_value(answer.headers, b"content-type") == b"text/html; charset=utf-8"
    assert first_value(answer.headers, b"cache-control") == b"no-store"
    assert first_value(answer.headers, b"vary") == b"Accept"
    assert first_value(answer.headers, b"link") == (
        b'<https://example.com/license.xml>; rel="license"; type="application/rsl+xml"'
    )
    assert "Mira Holm keeps these pictures out of AI training sets." in page.words
    assert "id-7f3a" in page.words
    assert page.links == ["https://example.com/", "mailto:studio@example.com", "", f"{HTTPS}/license.xml"]


def test_denied_program() -> None:
    answer = MIRA.deny(b"*/*", False, "id-7f3a", HTTPS)
    assert answer.status == 403
    assert first_value(answer.headers, b"content-type") == b"application/problem+json"
    problem = json.loads(answer.body)
    assert problem.pop("detail").startswith("Mira Holm keeps")
    assert problem == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "support_id": "id-7f3a",
        "contact": "studio@example.com",
        "licence": "https://example.com/license.xml",
    }


def test_denied_picture() -> None:
    answer = MIRA.deny(BROWSER, True, "id-7f3a", HTTPS)
    assert answer.status == 403
    assert first_value(answer.headers, b"content-type") == b"text/plain; charset=utf-8"
    assert answer.body == b"This picture is not open to automated visits.\nNumber of this visit: id-7f3a\n"


def test_limited() -> None:
    answer = MIRA.limit(b"application/json", False, "id", HTTPS, 42, "limits.client.page")
    assert answer.status == 429
    assert answer.headers[-3:] == [
        (b"retry-after", b"42"),
        # 60 at once, 120 a minute: whole again after 30 s.
        (b"ratelimit-policy", b'"limits.client.page";q=60;w=30'),
        (b"ratelimit", b'"limits.client.page";r=0;t=42'),
    ]
    problem = json.loads(answer.body)
    assert problem["type"] == "https://iana.org/assignments/http-problem-types#quota-exceeded"
    assert problem["violated-policies"] == ["limits.client.page"]
    assert problem["retry_after"] == 42
    assert "in 42 seconds" in problem["detail"]


@pytest.mark.parametrize("policy", ["", "limits.client.asset", 'x";q=1\r\nset-cookie: a'])
def test_a_limit_without_figures_says_only_when_to_come_back(policy: str) -> None:
    answer = MIRA.limit(None, False, "id", HTTPS, 5, policy)
    assert [line for line in answer.headers if b"r" in line[0] and b"et" in line[0]] == [(b"retry-after", b"5")]
    assert not any(name.startswith(b"ratelimit") for name, _ in answer.headers)
    assert "violated-policies" not in json.loads(answer.body)


@pytest.mark.parametrize(("seconds", "said"), [(0, b"1"), (-3, b"1"), (1, b"1"), (86_400, b"86400")])
def test_retry_after_is_at_least_one_second(seconds: int, said: bytes) -> None:
    assert first_value(MIRA.limit(None, True, "", HTTPS, seconds).headers, b"retry-after") == said


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "in 1 second."),
        (42, "in 42 seconds."),
        (60, "in 60 seconds."),
        (61, "in about 2 minutes."),
        (3600, "in about 60 minutes."),
        (3601, "in about 2 hours."),
    ],
)
def test_the_wait_in_words_is_never_too_short(seconds: int, words: str) -> None:
    assert words in Page(MIRA.limit(BROWSER, False, "", HTTPS, seconds)).words


def test_bad_request_of_which_nothing_is_known() -> None:
    answer = MIRA.bad_request()
    assert answer.status == 400
    assert json.loads(answer.body)["title"] == "Bad Request"
    assert first_value(answer.headers, b"link") is None


def test_an_owner_who_says_nothing_still_gets_a_whole_page() -> None:
    answer = Answers(Site(), None).deny(BROWSER, False, "", HTTPS)
    page = Page(answer)
    assert "This site keeps these pictures" in page.words
    assert page.links == [""]
    assert "footer" not in page.tags
    assert first_value(answer.headers, b"link") is None


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("https://example.com/contact", "https://example.com/contact"),
        ("studio@example.com", "mailto:studio@example.com"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("Ring twice", None),
    ],
)
def test_a_contact_becomes_a_link_only_if_it_is_a_safe_one(contact: str, link: str | None) -> None:
    page = Page(Answers(Site(contact=contact), None).deny(BROWSER, False, "", HTTPS))
    assert page.links == ([link, ""] if link else [""])
    assert contact in page.words


# Nothing that comes from outside becomes markup

PLAIN = {kind: Page(answer).tags for kind, answer in enumerate(everything(MIRA)[:3])}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}{wait}{owner}",
    "</style>",
    "a\r\nb",
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("support_id", HOSTILE)
def test_hostile_names_stay_words(name: str, support_id: str) -> None:
    site = Site(name=name, contact="studio@example.com", url="https://example.com/")
    for kind, answer in enumerate(everything(Answers(site, "/license.xml", Limits()), support_id)[:3]):
        page = Page(answer)
        assert page.tags == PLAIN[kind]
        assert not any(attribute.startswith("on") for attribute in page.attributes)
        assert name.replace("\r\n", "\n") in page.words.replace("\r\n", "\n")
        assert "49" not in page.words


@given(name=st.text(max_size=40), contact=st.text(max_size=40), support_id=st.text(max_size=40), base=st.text())
def test_no_owner_visit_or_host_breaks_an_answer(name: str, contact: str, support_id: str, base: str) -> None:
    answers = Answers(Site(name=name, contact=contact), "/license.xml", Limits())
    for answer in everything(answers, support_id, f"https://{base}"):
        for _, value in answer.headers:
            assert not re.search(rb"[\x00-\x1f\x7f]", value)
        if first_value(answer.headers, b"content-type") == b"application/problem+json":
            assert json.loads(answer.body)["status"] == answer.status
        assert "script" not in Page(answer).tags


def test_the_page_loads_nothing_and_its_policy_allows_its_style_alone() -> None:
    answer = MIRA.deny(BROWSER, False, "id", HTTPS)
    text = answer.body.decode()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = (first_value(answer.headers, b"content-security-policy") or b"").decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert not {"script", "img", "link", "iframe", "form"} & set(Page(answer).tags)
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text


def test_the_page_is_accessible_in_its_bones() -> None:
    text = MIRA.deny(BROWSER, False, "id", HTTPS).body.decode()
    assert '<html lang="en">' in text
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in text
    assert text.count("<h1>") == 1
    assert "<main>" in text
    assert "<title>This page stays closed to automated visits · Mira Holm</title>" in text
