"""Globs: what matches, and that nobody can make a match expensive."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.policy.globs import compile_globs


@pytest.mark.parametrize(
    ("glob", "text", "matches"),
    [
        ("/art/*", "/art/7.jpg", True),
        ("/art/*", "/art/", True),
        ("/art/*", "/art/a/7.jpg", False),
        ("/art/**", "/art/a/7.jpg", True),
        ("/**/full/*.png", "/a/b/full/7.png", True),
        ("/**/full/*.png", "/a/full/b/full/7.png", True),
        ("/**/full/*.png", "/a/full/b/7.png", False),
        ("/**a*b", "/xa/ab", True),
        ("/**a*b", "/ab/ax", False),
        ("/?.jpg", "/7.jpg", True),
        ("/?.jpg", "//.jpg", False),
        ("/*-*-*.jpg", "/a-b-c.jpg", True),
        ("/*-*-*.jpg", "/a-b.jpg", False),
        ("*.jpg.jpg", "a.jpg.jpg.jpg", True),
        ("/a", "/a", True),
        ("/a", "/ab", False),
        ("/a.c", "/abc", False),
    ],
)
def test_matches(glob: str, text: str, matches: bool) -> None:
    assert (compile_globs([glob], within="/").fullmatch(text) is not None) is matches


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_without_parts_it_is_fnmatch(glob: str, text: str) -> None:
    expected = re.fullmatch(fnmatch.translate(glob), text) is not None
    assert (compile_globs([glob], within="").fullmatch(text) is not None) is expected


@given(st.lists(st.sampled_from(["a", "b", "/", "*", "**", "?"]), max_size=7), st.text("ab/", max_size=12))
def test_with_parts_it_is_the_plain_translation(pieces: list[str], text: str) -> None:
    glob = re.sub(r"\*{3,}", "**", "".join(pieces))
    tokens = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    plain = "".join(tokens.get(p) or re.escape(p) for p in re.findall(r"\*\*|.", glob))
    expected = re.fullmatch(plain, text) is not None
    assert (compile_globs([glob], within="/").fullmatch(text) is not None) is expected


@pytest.mark.parametrize("glob", ["/*-*-*-*.jpg", "/wp/*-*x*.jpg", "/**-**-**-**.jpg", "/**/*a*b*c*.png"])
@pytest.mark.parametrize("text", ["/" + "-" * 4000, "/wp/" + "-x" * 2000, "/" + "-a/" * 1300, "/" + "abc" * 1300])
def test_ends_soon_whatever_is_sent(glob: str, text: str) -> None:
    # Minutes, if it backtracked; the suite would stand still.
    assert compile_globs([glob], within="/").fullmatch(text) is None
