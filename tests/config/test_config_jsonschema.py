"""The JSON Schema shows the forms of a file, and knows every key."""

import json
import re
from typing import Any

import pytest

from guardware.config.fields import fields_of, sections
from guardware.config.jsonschema import json_schema
from guardware.config.schema import Config


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json_schema()["$defs"][name]["properties"]
    return found


def patterns(schema: Any) -> list[str]:
    """Every regular expression for a text within ``schema``."""
    if isinstance(schema, list):
        return [found for item in schema for found in patterns(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
    return own + [found for value in schema.values() for found in patterns(value)]


@pytest.mark.parametrize(
    ("section", "key", "text", "fits"),
    [
        ("Limit", "rate", "120/minute", True),
        ("Limit", "rate", "0.5 / s", True),
        ("Limit", "rate", "${RATE}", True),
        ("Limit", "rate", "120", False),
        ("Limit", "rate", "5/fortnight", False),
        ("Images", "max_bytes", "64 MB", True),
        ("Images", "max_bytes", "50MiB", True),
        ("Images", "max_bytes", "64 parrots", False),
        ("Images", "timeout", "50ms", True),
        ("Images", "timeout", "10 s", True),
        ("Images", "timeout", "soon", False),
        ("Images", "quality", "${QUALITY:-80}", True),
        ("Images", "quality", "fine", False),
    ],
)
def test_texts_that_stand_for_numbers(section: str, key: str, text: str, fits: bool) -> None:
    assert any(re.search(pattern, text) for pattern in patterns(definition(section)[key])) is fits


def test_a_rate_is_a_text_and_a_size_may_be_a_number() -> None:
    assert definition("Limit")["rate"]["type"] == "string"
    assert {"type": "integer", "minimum": 0} in definition("Images")["max_bytes"]["anyOf"]


def test_defaults_are_written_as_in_a_file() -> None:
    schema = json_schema()
    assert schema["properties"]["store"]["default"]["timeout"] == "50ms"
    limits = schema["properties"]["limits"]["default"]
    assert limits["client"]["page"] == {"rate": "120/minute", "burst": 60}


def test_one_condition_may_stand_where_a_list_may() -> None:
    single, listed = definition("Match")["path"]["anyOf"]
    assert (single, listed) == ({"type": "string"}, {"type": "array", "items": {"type": "string"}})


def test_empty_sections_and_lists_are_allowed() -> None:
    schema = json_schema()
    assert {"type": "null"} in schema["properties"]["site"]["anyOf"]
    assert {"type": "null"} in schema["properties"]["rules"]["anyOf"]
    assert {"type": "null"} not in schema["properties"]["mode"]["anyOf"]


def test_it_knows_every_key_and_no_other() -> None:
    schema = json_schema()
    for _, section in sections():
        known = schema if section is Config else schema["$defs"][section.__name__]
        assert known["properties"].keys() == fields_of(section).keys()
        assert known["additionalProperties"] is False


def test_it_is_json() -> None:
    assert json.loads(json.dumps(json_schema(), allow_nan=False)) == json_schema()
