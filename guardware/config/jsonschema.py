"""JSON Schema of a configuration file, from the code: what an editor needs to complete and to mark keys."""

from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from guardware.config.forms import written
from guardware.config.hosts import KEY as HOSTS
from guardware.config.hosts import PROCESS
from guardware.config.images import PLAIN_STEPS
from guardware.config.schema import MANY, Config, Section
from guardware.config.values import (
    DURATIONS,
    SECONDS,
    parse_duration,
    parse_network,
    parse_proxy,
    parse_rate,
    parse_size,
)

_VARIABLE: JsonSchemaValue = {"type": "string", "pattern": r"\$\{"}
"""A value from the environment; what it is worth only the loader can tell."""

_NUMBER = r"^\s*\d+(\.\d+)?\s*"
_DURATION_UNITS = "|".join(filter(None, DURATIONS))

_KINDS = ("$ref", "type", "items", "properties", "additionalProperties")
"""What says which kind of value stands somewhere."""

_FORMS: Mapping[Any, JsonSchemaValue] = {
    parse_rate: {
        "type": "string",
        "anyOf": [{"pattern": rf"{_NUMBER}/\s*({'|'.join(SECONDS)})\s*$"}, _VARIABLE],
        "examples": ["120/minute"],
    },
    parse_size: {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            # Either case of each letter: the regular expressions of JSON Schema (ECMA-262) have no flag for it.
            {"type": "string", "pattern": rf"{_NUMBER}([kKmMgG]?[iI]?[bB])?\s*$"},
            _VARIABLE,
        ],
        "examples": ["64 MB"],
    },
    parse_duration: {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "string", "pattern": rf"{_NUMBER}({_DURATION_UNITS})?\s*$"},
            _VARIABLE,
        ],
        "examples": ["50ms", "10s"],
    },
    parse_network: {"type": "string", "examples": ["10.0.0.0/8", "2001:db8::/32"]},
    parse_proxy: {"type": "string", "examples": ["127.0.0.1", "10.0.0.0/8", "unix"]},
}
"""What stands in a file where the code, past these parsers, has a number or a network."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a configuration file. It knows shapes; ``check`` also knows sense."""
    return {"$schema": _Generator.schema_dialect, **Config.model_json_schema(schema_generator=_Generator)}


class _Generator(GenerateJsonSchema):
    """Pydantic's, with the forms of a file in place of those of the code."""

    def generate(self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation") -> JsonSchemaValue:
        whole = super().generate(schema, mode)
        # Since hosts hold configurations, pydantic gives a name to the whole, too.
        whole = {**whole["$defs"].pop("Config"), "$defs": whole["$defs"]}
        conditions = whole["$defs"]["Match"]["properties"]
        for name in MANY:
            listed = conditions[name]
            conditions[name] = {"anyOf": [listed["items"], {"type": "array", "items": listed["items"]}]} | {
                key: listed[key] for key in ("title", "description", "default")
            }
        # What a kind has that is not written depends on where it is missing: see ``Limits``.
        for limit in whole["$defs"]["KindLimits"]["properties"].values():
            del limit["default"]
        for section in (whole, *whole["$defs"].values()):
            section["properties"] = {key: _or_empty(value) for key, value in section["properties"].items()}
        steps = whole["$defs"]["Images"]["properties"]["variants"]["anyOf"][0]["additionalProperties"]
        steps["items"] = {"anyOf": [{"enum": list(PLAIN_STEPS)}, steps["items"]]}
        resize = whole["$defs"]["Step"]["properties"]["resize"]
        resize["anyOf"] = [{"type": "integer", "minimum": 16}, *resize["anyOf"]]
        whole["properties"][HOSTS]["anyOf"][0]["additionalProperties"] = _or_empty(_part(whole["properties"]))
        return whole

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        form = _FORMS.get(schema["function"]["function"])
        return dict(form) if form else super().function_before_schema(schema)

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_variable(super().int_schema(schema))

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_variable(super().float_schema(schema))

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        either = _or_variable(super().bool_schema(schema))
        return {"anyOf": [*either["anyOf"], {"enum": ["yes", "no", "on", "off"]}]}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return _or_variable(super().literal_schema(schema))

    def encode_default(self, dft: Any) -> Any:
        return written(dft) if isinstance(dft, Section) else super().encode_default(dft)


def _part(keys: Mapping[str, JsonSchemaValue]) -> JsonSchemaValue:
    """What may stand beneath a host: the ``keys`` of the whole but those of the process; their default is the
    whole's own value, which no schema knows."""
    others = {path[0] for path in PROCESS if len(path) == 1} | {HOSTS}
    parts = {
        name: {key: value for key, value in schema.items() if key != "default"}
        for name, schema in keys.items()
        if name not in others
    }
    return {"type": "object", "properties": parts, "additionalProperties": False}


def _or_empty(schema: JsonSchemaValue) -> JsonSchemaValue:
    """A section, list or table whose lines are all commented out counts as not written."""
    kinds = {key: schema[key] for key in _KINDS if key in schema}
    if "$ref" not in kinds and kinds.get("type") not in ("array", "object"):
        return schema
    rest = {key: value for key, value in schema.items() if key not in kinds}
    return {"anyOf": [kinds, {"type": "null"}], **rest}


def _or_variable(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {"anyOf": [schema, _VARIABLE]}
