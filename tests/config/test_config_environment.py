"""Variables in values: a table of what is written, what is set, and what comes of it."""

import pytest

from guardware.config.environment import expand, without_variables

SET = {"NAME": "Ada", "EMPTY": "", "SIGNS": "${NAME} $${x}"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("no variable, 5 $ and {x}", "no variable, 5 $ and {x}"),
        ("${NAME}", "Ada"),
        ("a ${NAME}${NAME} b", "a AdaAda b"),
        ("${EMPTY}", ""),
        ("${EMPTY:-nobody}", "nobody"),
        ("${UNSET:-nobody}", "nobody"),
        ("${UNSET:-}", ""),
        ("${NAME:-nobody}", "Ada"),
        ("${UNSET:-redis://h:1/0?a=b}", "redis://h:1/0?a=b"),
        ("$${NAME}", "${NAME}"),
        ("$NAME", "$NAME"),
        ("${SIGNS}", "${NAME} $${x}"),  # what a variable holds is not looked at again
    ],
)
def test_what_is_filled_in(text: str, expanded: str) -> None:
    result = expand(text, SET)
    assert (result.text, result.faults) == (expanded, ())


@pytest.mark.parametrize("text", ["${", "${}", "${1A}", "${A-B}", "${A B}", "${NAME", "${UNSET:-${NAME}}"])
def test_what_is_no_variable(text: str) -> None:
    (fault, *_) = expand(text, SET).faults
    assert fault.startswith("has a ${ that is no variable; write ${NAME}")


def test_an_unset_variable_is_named() -> None:
    result = expand("${UNSET} ${NAME}", SET)
    assert result.faults == (
        "needs the environment variable UNSET, which is not set; set it, or write a default: ${UNSET:-…}",
    )
    assert result.names == ("UNSET", "NAME")


def test_what_stands_literally_in_a_file() -> None:
    assert without_variables("redis://:${A}x@${B:-h}") == "redis://:x@h"
