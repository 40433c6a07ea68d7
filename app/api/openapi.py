"""The OpenAPI document: beside what routes declare, who may call them, and how they refuse."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.api.examples import add_example
from app.api.feedback_schemas import FEEDBACK
from app.api.problems import MEDIA_TYPE

Refusals = dict[int | str, dict[str, Any]]
PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Always `about:blank`: `status` gives the kind."},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The value, the fault, and the remedy."},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/FieldError"},
            "description": "The fields that are not valid, if the refusal is about fields: the first 20.",
        },
        "rejected": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Rejected"},
            "description": "The reason for each item of feedback, if the service accepts none of them.",
        },
    },
}
FIELD_ERROR = {
    "type": "object",
    "description": "One field that is not valid.",
    "required": ["field", "reason"],
    "properties": {
        "field": {"type": "string", "description": "The path of the field: `attributes.country`, or `body`."},
        "reason": {"type": "string"},
        "value": {"type": "string", "description": "The value, as Python writes it; at most 200 characters."},
    },
}
NO_KEY = "The call has no key, or the key is not one of this service's."
OTHER_ROLE = "The key belongs to another role."
UNREAL = ("HTTPValidationError", "ValidationError")
"""Schemas of the refusals that FastAPI documents. Keyart answers with problems instead."""


def refusals(reasons: Mapping[int, str]) -> Refusals:
    """Return a route's declaration of the statuses that it refuses with, each with its reason."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": reason, "content": content} for status, reason in reasons.items()}


def parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the document's description of a query that a route reads without FastAPI."""
    schema = query.model_json_schema()
    required = set(schema.get("required", ()))
    found = []
    for name, each in schema["properties"].items():
        parameter = {"name": name, "in": "query", "required": name in required, "schema": each}
        found.append({**parameter, **({"description": each["description"]} if "description" in each else {})})
    return found


class Documented(FastAPI):
    """An API whose document tells how it refuses, and has each route's first sentence as its summary."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            for route in self.routes:
                if isinstance(route, APIRoute):
                    route.unique_id = route.name  # the function's name; client generators name their calls by it
            document = super().openapi()
            for operation in (each for methods in document["paths"].values() for each in methods.values()):
                _summarise(operation)
                _refuse(operation)
                add_example(operation)
            schemas = document["components"]["schemas"]
            schemas |= {"Problem": PROBLEM, "FieldError": FIELD_ERROR, **FEEDBACK}
            for name in UNREAL:
                schemas.pop(name, None)
            _close(document)
        return self.openapi_schema or {}


def _close(schema: object) -> None:
    """Declare that each mapping whose keys have to match a pattern has no other keys."""
    if isinstance(schema, dict):
        if "patternProperties" in schema:
            schema.setdefault("additionalProperties", False)
        schema = list(schema.values())
    for each in schema if isinstance(schema, list) else ():
        _close(each)


def _summarise(operation: dict[str, Any]) -> None:
    summary, _, rest = operation.pop("description", "").partition("\n\n")
    operation["summary"] = summary.replace("\n", " ").rstrip(".")
    if rest:
        operation["description"] = rest.replace("\n", " ")


def _refuse(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    reasons = {401: NO_KEY, 403: OTHER_ROLE} if "security" in operation else {}
    if answers.get("422", {}).get("description") == "Validation Error":
        reasons[422] = "A value is not valid; `errors` names each such field."
    answers |= {str(status): answer for status, answer in refusals(reasons).items()}
    answers["default"] = refusals({0: "Any other refusal."})[0]
    for answer in answers.values():
        if answer["description"] == "Successful Response":
            answer["description"] = "Done."
