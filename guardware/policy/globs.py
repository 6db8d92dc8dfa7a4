"""Globs as regular expressions that cannot be made to backtrack: whoever sends the text must not choose the cost.

``*`` matches within a part, ``**`` across parts, ``?`` one character within a part. Between two stars the first
place where the text in between fits is as good as any later one, so it is taken for good (an atomic group); only
the last star of a stretch between two ``**``, and the last ``**``, may try further. The cost is at most quadratic
in the length of the text, which is bounded.
"""

import re
from collections.abc import Sequence


def compile_globs(globs: Sequence[str], *, within: str, flags: int = 0) -> re.Pattern[str]:
    """One pattern for all ``globs``; ``within`` separates parts ("/" in paths, "" for none). Use ``fullmatch``."""
    return re.compile("|".join(f"(?:{_pattern(glob, within)})" for glob in globs), flags | re.DOTALL)


def _pattern(glob: str, within: str) -> str:
    one = f"[^{re.escape(within)}]" if within else "."
    first, *rest = re.split(r"\*{2,}", glob) if within else [re.sub(r"\*+", "*", glob)]
    if not rest:
        return _stretch(first, one, to_the_end=True)
    start = _stretch(first, one, to_the_end=False)
    between = "".join(f"(?>.*?{_stretch(text, one, to_the_end=False)})" for text in rest[:-1])
    return f"{start}{between}.*?{_stretch(rest[-1], one, to_the_end=True)}"


def _stretch(glob: str, one: str, *, to_the_end: bool) -> str:
    """The pattern of what stands between two ``**``: texts with a ``*`` between each two."""
    first, *rest = ("".join(one if c == "?" else re.escape(c) for c in text) for text in glob.split("*"))
    if not rest:
        return first
    *between, last = rest
    tail = f"{one}*{last}" if to_the_end else f"(?>{one}*?{last})"
    return first + "".join(f"(?>{one}*?{text})" for text in between) + tail
