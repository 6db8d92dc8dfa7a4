"""Figures from exchanges: what a client asked for, and the best it got of each picture."""

import pytest

from benchmarks.leak.copies import Worth
from benchmarks.leak.counting import Count, count, path_of
from benchmarks.leak.wire import Exchange

PICTURES = ("/art/1.jpg", "/art/2.jpg", "/art/3 b.jpg")
BODIES = {b"original": Worth.ORIGINAL, b"usable": Worth.USABLE, b"veiled": Worth.PROTECTED, b"": Worth.NOTHING}


def judge(path: str, body: bytes) -> Worth:
    assert path in PICTURES
    return BODIES[body]


def visit(*answers: tuple[str, int, bytes], method: str = "GET", shown: tuple[str, ...] = ()) -> Count:
    """The figures of requests in this order: target, status, body."""
    exchanges = [
        Exchange(float(number), method, target, status, body, True)
        for number, (target, status, body) in enumerate(answers)
    ]
    return count(reversed(exchanges), PICTURES, judge, shown)


def test_every_picture_counts_once_by_the_best_that_came_of_it() -> None:
    figures = visit(
        ("/", 200, b"a page"),
        ("/art/1.jpg", 200, b"veiled"),
        ("/art/1.jpg", 200, b"original"),
        ("/art/1.jpg", 429, b""),
        ("/art/2.jpg", 429, b""),
        ("/art/2.jpg", 200, b"veiled"),
        ("/art/3%20b.jpg?size=2", 200, b"usable"),
    )
    assert figures[:7] == (7, 3, 1, 1, 1, 0, 0)
    assert figures.taken == 2


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"original", "originals"),
        (206, b"original", "originals"),
        (200, b"usable", "usable"),
        (200, b"veiled", "protected"),
        (403, b"", "refused"),
        (429, b"veiled", "refused"),
        (503, b"", "refused"),
        (404, b"", "nothing"),
        (500, b"", "nothing"),
        (0, b"", "nothing"),
        (304, b"", "nothing"),
    ],
)
def test_each_answer_has_one_kind(status: int, body: bytes, kind: str) -> None:
    figures = visit(("/art/1.jpg", status, body))
    kinds = ("originals", "usable", "protected", "refused", "nothing")
    assert [name for name in kinds if getattr(figures, name)] == [kind]


def test_a_head_gives_nothing_away() -> None:
    assert visit(("/art/1.jpg", 200, b""), method="HEAD").nothing == 1


@pytest.mark.parametrize(
    ("bodies", "first"),
    [
        ([b"original", b"original", b"veiled", b"original"], 3),
        ([b"veiled"], 1),
        ([b"original"], 0),
        ([b"usable", b"original"], 1),
        ([], 0),
    ],
)
def test_the_first_picture_that_was_no_original(bodies: list[bytes], first: int) -> None:
    assert visit(*[("/", 200, b"page"), *[("/art/1.jpg", 200, body) for body in bodies]]).first_protected == first


def test_refused_pages_are_denials_too() -> None:
    figures = visit(("/", 403, b""), ("/style.css", 429, b""), ("/art/1.jpg", 503, b""), ("/none", 404, b""))
    assert (figures.denials, figures.asked, figures.refused) == (3, 1, 1)


def test_a_person_saw_the_original_if_nothing_else_ever_came() -> None:
    shown = ("/art/1.jpg", "/art/2.jpg", "/art/3 b.jpg", "/art/1.jpg")
    figures = visit(
        ("/art/1.jpg", 200, b"original"),
        ("/art/1.jpg", 304, b""),
        ("/art/2.jpg", 200, b"veiled"),
        ("/art/2.jpg", 200, b"original"),
        shown=shown,
    )
    assert (figures.shown, figures.shown_whole) == (3, 1)


def test_without_a_request_all_is_nought() -> None:
    assert visit(shown=("/art/1.jpg",)) == (0,) * 9 + (1, 0)


@pytest.mark.parametrize(
    "target", ["/art/3%20b.jpg", "/art/3%20b.jpg?w=1#x", "http://localhost:80/art/3%20b.jpg", "/art/3 b.jpg"]
)
def test_the_path_of_a_target(target: str) -> None:
    assert path_of(target) == "/art/3 b.jpg"
