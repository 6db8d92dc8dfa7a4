"""What the schema found wrong, in sentences: what is wrong; how to mend it."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from guardware.config.faults import shown
from guardware.config.fields import at, choices, closest, fields_of, mend_key, section_in
from guardware.config.schema import Config

_ALPHABETS = {
    r"^[A-Za-z0-9_-]*$": "only letters a to z, digits, - and _",
    r"^[A-Za-z0-9-]*$": "only letters a to z, digits and -",
    r"^(/[A-Za-z0-9._/-]*[A-Za-z0-9._-]/)?$": "a path that begins and ends with /, such as /.originals/",
    r"^/": "a path that begins with /",
    r"^/[!-~]*$": "a path that begins with /, without spaces",
    r"^[^\s;,=\"]*$": "only letters, digits and signs other than space ; , = and quotes",
}
"""What the patterns in the schema allow, in words."""

_NUMBER = "must be a number; write digits, for example 20 or 0.5"
_WHOLE = "must be a whole number; write digits only"
_YES_NO = "must be yes or no; write true or false"
_ADDRESS = "is not a web address; write it whole, for example https://example.com"
_TEXT = "must be a text; put it in quotes"

_FIXED: Mapping[str, str] = {
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "string_type": _TEXT,
    "string_unicode": "has signs that are no text; write it anew",
    "tuple_type": "must be a list; write [one, two], or each on a line of its own that begins with -",
    "dict_type": "must be a table; write lines key: value beneath it, indented",
    "missing": "is missing; add it",
    "url_type": _ADDRESS,
    "url_parsing": _ADDRESS,
    "url_scheme": _ADDRESS,
    "url_syntax_violation": _ADDRESS,
    "url_too_long": _ADDRESS,
}
"""By error type of pydantic 2 (its documentation, "Validation errors"): all that need no more than a place."""

_BOUNDS: Mapping[str, tuple[str, str, str]] = {
    "greater_than_equal": ("ge", "is too small", "at least"),
    "greater_than": ("gt", "is too small", "more than"),
    "less_than_equal": ("le", "is too large", "at most"),
    "less_than": ("lt", "is too large", "less than"),
}


def sentence(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    """``error`` in words. The value is not shown when it came from the environment ``variables``."""
    kind = error["type"]
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in _BOUNDS:
        name, wrong, bound = _BOUNDS[kind]
        return f"{wrong}; write a number of {bound} {error['ctx'][name]:.15g}"
    return _SPOKEN.get(kind, _other)(error, variables)


def _unknown(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    return f"is no key that guardware knows here; {mend_key(error['loc'])}"


def _no_section(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    section = section_in(at(error["loc"])) or Config
    return f"must be a section; write its keys beneath it, indented: {', '.join(fields_of(section))}"


def _no_choice(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    words, value = choices(at(error["loc"])), error["input"]
    guess = closest(value, words) if isinstance(value, str) else None
    mend = f"did you mean {guess}?" if guess and not variables else f"write one of {', '.join(words)}"
    return f"{_subject(value, variables)} is no choice here; {mend}"


def _too_long(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    return f"is too long; write at most {error['ctx']['max_length']} characters"


def _wrong_letters(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    return f"has letters that cannot stand here; write {_ALPHABETS[error['ctx']['pattern']]}"


def _refused(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    """The schema's own validators speak in sentences already; if one shows a value, then through ``shown``."""
    text = str(error["ctx"]["error"])
    if variables and shown(error["input"]) in text:
        return f"{_subject(None, variables)} does not fit; set it to a value as docs/configuration.md has it"
    return text


def _other(error: ErrorDetails, variables: tuple[str, ...]) -> str:
    return f"is not what belongs here ({error['type']}); write it as docs/configuration.md has it"


def _subject(value: Any, variables: tuple[str, ...]) -> str:
    return f"the value of {' and '.join(variables)}" if variables else shown(value)


_SPOKEN: Mapping[str, Callable[[ErrorDetails, tuple[str, ...]], str]] = {
    "extra_forbidden": _unknown,
    "model_type": _no_section,
    "literal_error": _no_choice,
    "string_too_long": _too_long,
    "string_pattern_mismatch": _wrong_letters,
    "value_error": _refused,
}
