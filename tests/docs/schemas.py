"""An OpenAPI document's schemas in words."""

from collections.abc import Mapping
from typing import Any

from app.fields import COUNTRY, LANGUAGE, SLUG

Schema = Mapping[str, Any]
PATTERNS = {SLUG: "[id](#ids)", COUNTRY: "country", LANGUAGE: "language"}
WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def kind(schema: Schema) -> str:
    """Say in a few words what a value may be."""
    if "$ref" in schema:
        return shape_link(schema["$ref"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(each) for each in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    return {"array": _list, "object": _mapping, "null": _null}.get(schema.get("type", ""), _plain)(schema)


def without_null(schema: Schema) -> Schema:
    """Return the schema of a field that is left out rather than null."""
    if "anyOf" not in schema:
        return schema
    [first, *others] = [each for each in schema["anyOf"] if each.get("type") != "null"]
    return {**schema, "anyOf": [first, *others]} if others else {**schema, "anyOf": [first]}


def shape_link(reference: str) -> str:
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _list(schema: Schema) -> str:
    most = f", up to {schema['maxItems']:,}" if "maxItems" in schema else ""
    return f"list of {kind(schema['items'])}{most}"


def _mapping(schema: Schema) -> str:
    patterns: Schema = schema.get("patternProperties", {})
    values: Schema | bool = schema.get("additionalProperties") or next(iter(patterns.values()), {})
    most = f", up to {schema['maxProperties']}" if "maxProperties" in schema else ""
    return f"object of {kind(values)}{most}" if values and values is not True else f"object{most}"


def _null(_: Schema) -> str:
    return "null"


def _plain(schema: Schema) -> str:
    if schema.get("format") == "binary":
        return "file"
    if schema.get("pattern") in PATTERNS:
        return PATTERNS[schema["pattern"]]
    bounds = _bounds(schema, "minimum", "maximum") or _bounds(schema, "minLength", "maxLength")
    unit = " characters" if bounds and schema.get("type") == "string" else ""
    return f"{WORDS[schema['type']]}{bounds}{unit}"


def _bounds(schema: Schema, least: str, most: str) -> str:
    if most in schema:
        return f", {schema.get(least, 0):.0f} to {schema[most]:.0f}"
    return f", {schema[least]:.0f} or more" if least in schema else ""
