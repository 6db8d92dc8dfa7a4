"""The summary of an hour: out as a line, back as it was; what is damaged is refused."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardware.observe.summary import (
    ASKED,
    BINS,
    Asked,
    Decided,
    Scored,
    Summary,
    bin_of,
    from_data,
    to_line,
)

HOUR = 1_793_700_000.0

SOME = Summary(
    HOUR,
    Counter({Decided("deny", "crawlers.training", "page", True, False): 7}),
    Counter({("GPTBot", "deny"): 7}),
    Counter({Scored(True, True, False, bin_of(2.25)): 3, Scored(True, True, False, bin_of(0)): 90}),
    Counter({Asked(True, 20): 4}),
    lost=2,
    uncounted=1,
)


def data_of(summary: Summary) -> Any:
    return json.loads(to_line(summary))["summary"]


def test_a_line_as_it_is_written() -> None:
    assert to_line(SOME).decode() == (
        '{"summary":{"version":1,"hour":"2026-11-03T10:00:00Z",'
        '"decisions":[{"action":"deny","decided_by":"crawlers.training","kind":"page","enforced":true,'
        '"person":false,"visits":7}],'
        '"crawlers":[{"token":"GPTBot","action":"deny","visits":7}],'
        '"scores":[{"picture":true,"person":true,"denied":false,"visits":{"0":90,"2.25":3}}],'
        '"asked":[{"person":true,"most":20,"clients":4}],"lost":2,"uncounted":1}}\n'
    )


@pytest.mark.parametrize(
    ("score", "low"),
    [
        (-6.0, -6.0),
        (-5.76, -6.0),
        (-0.01, -0.25),
        (0.0, 0.0),
        (2.24, 2.0),
        (2.25, 2.25),
        (6.86, 6.75),
        (14.0, 13.75),
    ],
)
def test_the_bin_of_a_score(score: float, low: float) -> None:
    assert -6.0 + bin_of(score) * 0.25 == low


names = st.text(max_size=200)
counts = st.integers(0, 2**53)
summaries = st.builds(
    Summary,
    st.integers(0, 1_000_000).map(lambda hour: hour * 3600.0),
    st.dictionaries(st.builds(Decided, names, names, names, st.booleans(), st.booleans()), counts),
    st.dictionaries(st.tuples(names, names), counts),
    st.dictionaries(
        st.builds(Scored, st.booleans(), st.booleans(), st.booleans(), st.integers(0, BINS - 1)), counts
    ),
    st.dictionaries(st.builds(Asked, st.booleans(), st.sampled_from(ASKED)), counts),
    counts,
    counts,
)


@given(summaries)
def test_what_goes_out_comes_back(summary: Summary) -> None:
    line = to_line(summary)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert from_data(json.loads(line)["summary"]) == summary


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("version",), 2),
        (("version",), "1"),
        (("hour",), "yesterday"),
        (("hour",), 1793700000),
        (("hour",), "2026-11-03T10:00:00"),
        (("lost",), -1),
        (("lost",), True),
        (("lost",), 2**60),
        (("decisions",), None),
        (("decisions",), "text"),
        (("decisions", 0, "person"), 1),
        (("decisions", 0, "visits"), 1.5),
        (("decisions", 0, "action"), "x" * 300),
        (("crawlers", 0, "token"), None),
        (("scores", 0, "visits"), {"nan": 1}),
        (("scores", 0, "visits"), {"14": 1}),
        (("scores", 0, "visits"), {"-7": 1}),
        (("scores", 0, "visits"), [1]),
        (("asked", 0, "most"), 7),
        (("asked", 0, "most"), [20]),
    ],
)
def test_what_is_damaged_is_refused(place: tuple[str | int, ...], value: Any) -> None:
    data = data_of(SOME)
    at = data
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    with pytest.raises(ValueError):
        from_data(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(data_of(SOME))), inner),
)


@given(json_values)
def test_any_json_is_a_summary_or_a_value_error(value: Any) -> None:
    data = {**data_of(SOME), **value} if isinstance(value, dict) else value
    try:
        found = from_data(data)
    except ValueError:
        return
    assert found.lost >= 0
