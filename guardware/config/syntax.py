"""What is wrong with a text that is not YAML: the parser's findings in the words of an artist."""

from typing import NamedTuple

from yaml import MarkedYAMLError

from guardware.config.faults import Fault, Place


class _Finding(NamedTuple):
    """A parser message (``context`` and ``problem`` as it begins, empty: any) and what to say instead."""

    context: str
    problem: str
    text: str
    at_context: bool = False
    """Tell the place where the trouble began, and not the one where the parser gave up."""


_STAR = "a value that begins with * is taken for a reference; put the value in quotes"
_AND = "a value that begins with & is taken for a label; put the value in quotes"
_BANG = "a value that begins with ! is taken for a type; put the value in quotes"
_BAR = "a value that begins with | or > is taken for a text of several lines; put the value in quotes"
_RAGGED = "the indentation fits no line above; line up the keys of a section"
_COLON = (
    "a colon stands where no key can be; add one in the line above, indent alike, or quote a value that has one"
)
_BRACKETS = "these brackets do not close, or a value in them needs quotes; close them, quote values with ${…} or :"
_AFTER = "text follows a value that has ended; put the whole value in one pair of quotes"
_DASH = "a list begins in the middle of a line; put each - on a line of its own, or write [one, two]"
_SECOND = "a second document begins here; remove the line --- and merge the two"

# The messages are PyYAML 6.0's: scanner.py, parser.py and composer.py. The first row that fits is taken.
_FINDINGS = (
    _Finding("", "found character '\\t'", "a tab stands where only spaces may; indent with spaces"),
    _Finding("", "found character '", "a value begins with a sign that YAML reserves; put the value in quotes"),
    _Finding("", "found undefined alias", _STAR),
    _Finding("while scanning an alias", "", _STAR, at_context=True),
    _Finding("while scanning an anchor", "", _AND, at_context=True),
    _Finding("found duplicate anchor", "", "the same &label is given twice; give the second another name"),
    _Finding("while parsing a node", "found undefined tag", _BANG),
    _Finding("while scanning a tag", "", _BANG, at_context=True),
    _Finding("while parsing a tag", "", _BANG, at_context=True),
    _Finding("while scanning a block scalar", "", _BAR, at_context=True),
    _Finding("while scanning a quoted scalar", "", "a quote is never closed; close it", at_context=True),
    _Finding("while scanning a double-quoted", "", "a backslash here means nothing; use single quotes"),
    _Finding("while parsing a flow sequence", "", _BRACKETS, at_context=True),
    _Finding("while parsing a flow mapping", "", _BRACKETS, at_context=True),
    _Finding("while parsing a block collection", "", "a line of a list has no - ; begin each line of it alike"),
    _Finding("while parsing a block mapping", "expected <block end>, but found '<scalar>'", _AFTER),
    _Finding("while parsing a block mapping", "", _RAGGED),
    _Finding("", "expected '<document start>'", _RAGGED),
    _Finding("", "mapping values are not allowed", _COLON),
    _Finding("", "sequence entries are not allowed", _DASH),
    _Finding("", "could not find expected ':'", "a line is no key with a value; write key: value"),
    _Finding("expected a single document", "", _SECOND),
    _Finding("", "too ", "the file is nested or branched beyond all need; write it plainly"),
    _Finding("", "", "this is not YAML; compare the line with an example in docs/configuration.md"),
)


def explain(error: MarkedYAMLError) -> Fault:
    """What ``error`` means, as a fault that shows nothing of the file."""
    context, problem = error.context or "", error.problem or ""
    found = next(f for f in _FINDINGS if context.startswith(f.context) and problem.startswith(f.problem))
    mark = error.context_mark if found.at_context else error.problem_mark
    return syntax_fault(found.text, mark.line + 1, mark.column + 1) if mark else syntax_fault(found.text)


def syntax_fault(text: str, line: int = 1, column: int = 1) -> Fault:
    """A fault of the file as such, not of one of its keys."""
    return Fault(("syntax",), text, Place(line, column))
